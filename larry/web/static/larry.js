// What pages do beyond HTML: shortcuts, what the browser knows, rows that grow, copying. All works without it.

const year = "; path=/; max-age=31536000; samesite=lax";
const tell = (name, value) => {
  if (!document.cookie.includes(`${name}=${value}`)) document.cookie = `${name}=${value}${year}`;
};
const has = (name) => document.cookie.split("; ").some((each) => each.startsWith(`${name}=`));

// The zone is told once, so that a chosen one stays; the width whenever it changes, for pictures of the next page.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !has("larry_zone")) tell("larry_zone", zone);
let drawnFor = Number(document.cookie.match(/larry_width=(\d+)/)?.[1]) || 1200;
const tellWidth = () => {
  const content = document.getElementById("content");
  const room = content ? content.clientWidth - 2 * Number.parseFloat(getComputedStyle(content).paddingLeft) - 2 : 0;
  const fits = [330, 460, 600, 740, 900, 1060, 1200, 1320, 1440, 1560].filter((width) => width <= room).pop() ?? 330;
  if (room > 0) tell("larry_width", fits);
  return room > 0 ? fits : drawnFor;
};

// Interval maps that were drawn for another width are drawn anew, in their places.
const redraw = async () => {
  const fits = tellWidth();
  const maps = [...document.querySelectorAll(".map > .drawing")];
  if (fits === drawnFor || !maps.length) return;
  drawnFor = fits;
  for (const map of maps) map.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const drawn = new Map([...page.querySelectorAll(".map > .drawing")].map((each) => [each.ariaLabel, each]));
    for (const map of maps) if (drawn.has(map.ariaLabel)) map.replaceChildren(...drawn.get(map.ariaLabel).childNodes);
  } catch {
    // As it was drawn, it can be scrolled.
  }
  for (const map of maps) map.removeAttribute("aria-busy");
};
redraw();
let resized = 0;
addEventListener("resize", () => {
  tellWidth();
  clearTimeout(resized);
  resized = setTimeout(redraw, 200);
});

// On a narrow screen, where one is among the tabs is brought into sight.
for (const here of document.querySelectorAll(".tabs > :is([aria-current], .here), .subtabs > [aria-current]")) {
  const tabs = here.parentElement;
  tabs.scrollLeft = here.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - here.offsetWidth) / 2;
}

const isWriting = (element) => element.matches("input, textarea, select, [contenteditable]");
addEventListener("keydown", (event) => {
  const search = document.getElementById("search");
  const asks = (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isWriting(event.target))
    || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey));
  if (search && asks) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// Arrows lead from the search field through what was found, and back.
addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [document.getElementById("search"), ...document.querySelectorAll("a[data-hit]")];
  const place = stops.indexOf(event.target);
  const next = place < 0 ? null : stops[place + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next || stops.length < 2) return;
  event.preventDefault();
  next.focus();
});

// A graph that is larger than its frame begins with what it is about in the middle.
for (const about of document.querySelectorAll("[data-graph] .lp-focus")) {
  const drawing = about.closest("[data-graph]"), box = about.getBoundingClientRect(), frame = drawing.getBoundingClientRect();
  const [left, top] = [box.left + box.right - frame.left - frame.right, box.top + box.bottom - frame.top - frame.bottom];
  drawing.scrollBy({ left: left / 2, top: top / 2, behavior: "instant" });
}

// A graph is made larger and smaller by the size it says of itself, from 5% to 400%, or until all of it is seen; with
// the control key by the wheel too. What was in the middle, or under the pointer, stays there.
const zoom = (svg, by, place) => {
  const drawing = svg.parentElement, box = drawing.getBoundingClientRect();
  const [, , width, height] = svg.getAttribute("viewBox").split(/\s+/).map(Number);
  const before = Number(svg.dataset.scale) || 1;
  const fit = Math.min(1, drawing.clientWidth / width, innerHeight * .85 / height);
  const scale = Math.min(4, Math.max(.05, by === "fit" ? fit : by === "1" ? 1 : before * Number(by)));
  const [x, y] = place ? [place.clientX - box.left, place.clientY - box.top] : [box.width / 2, box.height / 2];
  const [left, top] = [(drawing.scrollLeft + x) * scale / before - x, (drawing.scrollTop + y) * scale / before - y];
  svg.dataset.scale = scale;
  svg.setAttribute("width", Math.round(width * scale));
  svg.setAttribute("height", Math.round(height * scale));
  drawing.scrollTo({ left, top, behavior: "instant" });
  if (place) scrollBy({ top: top - drawing.scrollTop, behavior: "instant" });
};
const zoomAll = (by) => {
  for (const svg of document.querySelectorAll("[data-graph] > svg")) zoom(svg, by);
};
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-zoom]");
  if (button) zoomAll(button.dataset.zoom);
});
addEventListener("keydown", (event) => {
  const by = { "+": "1.25", "-": ".8", 0: "1", f: "fit" }[event.key];
  if (by && !event.ctrlKey && !event.metaKey && !event.altKey && !isWriting(event.target)) zoomAll(by);
});
addEventListener("wheel", (event) => {
  const svg = event.target.closest?.("[data-graph]")?.querySelector(":scope > svg");
  if (!svg || !(event.ctrlKey || event.metaKey) || !event.deltaY) return;
  event.preventDefault();
  zoom(svg, event.deltaY < 0 ? "1.25" : ".8", event);
}, { passive: false });

// A graph that is larger than its frame is dragged about.
let drag = null;
document.addEventListener("pointerdown", (event) => {
  const drawing = event.target.closest?.("[data-graph]");
  if (!drawing || event.button || event.pointerType !== "mouse" || event.target.closest("a")) return;
  drag = { drawing, x: event.clientX + drawing.scrollLeft, y: event.clientY + drawing.scrollTop };
});
document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag.drawing.classList.add("dragged");
  drag.drawing.scrollTo({ left: drag.x - event.clientX, top: drag.y - event.clientY, behavior: "instant" });
});
for (const ends of ["pointerup", "pointercancel"]) {
  document.addEventListener(ends, () => {
    drag?.drawing.classList.remove("dragged");
    drag = null;
  });
}

// In a graph, the box that is looked at stands out with all that it needs and all that needs it. Space keeps it so,
// Escape lets go; arrows lead to the next box in their direction.
const graphs = new WeakMap();
const readGraph = (svg) => {
  if (graphs.has(svg)) return graphs.get(svg);
  const boxes = new Map(), below = new Map(), above = new Map();
  for (const box of svg.querySelectorAll("[data-id]")) {
    const [x, y] = (box.getAttribute("transform") ?? "").match(/-?[\d.]+/g)?.map(Number) ?? [0, 0];
    boxes.set(box.dataset.id, { box, x, y });
  }
  const bonds = [...svg.querySelectorAll("[data-source]")];
  for (const { dataset: { source, target } } of bonds) {
    below.set(source, [...(below.get(source) ?? []), target]);
    above.set(target, [...(above.get(target) ?? []), source]);
  }
  const graph = { boxes, bonds, heads: [...svg.querySelectorAll("[data-head]")], below, above, kept: null };
  graphs.set(svg, graph);
  return graph;
};
const follow = (ways, from) => {
  const found = new Set([from]);
  for (const id of found) for (const next of ways.get(id) ?? []) found.add(next);
  return found;
};
const light = (svg, id) => {
  const { boxes, bonds, heads, below, above, kept } = readGraph(svg);
  id ??= kept;
  const needs = id && follow(below, id), needed = id && follow(above, id);
  svg.classList.toggle("path-shown", Boolean(id));
  for (const [each, { box }] of boxes) {
    box.classList.toggle("on-path", Boolean(id) && (needs.has(each) || needed.has(each)));
    box.classList.toggle("kept", each === kept);
  }
  const met = new Set();
  for (const bond of bonds) {
    const { source, target } = bond.dataset;
    const isOn = Boolean(id) && ((needs.has(source) && needs.has(target)) || (needed.has(source) && needed.has(target)));
    bond.classList.toggle("on-path", isOn);
    if (isOn) met.add(target);
  }
  for (const head of heads) head.classList.toggle("on-path", met.has(head.dataset.head));
  const says = svg.closest("[data-graph]").parentElement.querySelector("[data-graph-says]");
  if (!says || !id) return;
  const name = (each) => boxes.get(each)?.box.querySelector("title")?.textContent ?? each;
  says.textContent = `${name(id)}: reaches ${needs.size - 1}, is reached by ${needed.size - 1}${id === kept ? "; kept until Escape" : ""}.`;
};
const boxOf = (event) => event.target.closest?.("[data-graph] [data-id]");
for (const [begins, ends] of [["focusin", "focusout"], ["pointerover", "pointerout"]]) {
  document.addEventListener(begins, (event) => {
    const box = boxOf(event);
    if (box) light(box.ownerSVGElement, box.dataset.id);
  });
  document.addEventListener(ends, (event) => {
    const box = boxOf(event);
    if (box) light(box.ownerSVGElement, null);
  });
}
const nearest = (boxes, from, key) => {
  const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  let best = null, least = Infinity;
  for (const each of boxes.values()) {
    const along = (each.x - from.x) * dx + (each.y - from.y) * dy;
    const aside = Math.abs((each.x - from.x) * dy) + Math.abs((each.y - from.y) * dx);
    if (along > 0 && each.box.matches("a") && along + 3 * aside < least) [best, least] = [each, along + 3 * aside];
  }
  return best;
};
document.addEventListener("keydown", (event) => {
  const box = boxOf(event);
  if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
  const graph = readGraph(box.ownerSVGElement);
  if (event.key.startsWith("Arrow")) nearest(graph.boxes, graph.boxes.get(box.dataset.id), event.key)?.box.focus();
  else if (event.key === " ") graph.kept = graph.kept === box.dataset.id ? null : box.dataset.id;
  else if (event.key === "Escape") graph.kept = null;
  else return;
  event.preventDefault();
  if (!event.key.startsWith("Arrow")) light(box.ownerSVGElement, box.dataset.id);
});

// Light and dark change at once; the cookie is what the form would have had the server set.
document.getElementById("themes")?.addEventListener("submit", (event) => {
  const theme = event.submitter?.value;
  if (!theme) return;
  event.preventDefault();
  document.cookie = `larry_theme=${theme}${year}`;
  document.documentElement.dataset.theme = theme;
  for (const button of event.target.querySelectorAll("[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
});

// A menu opens beneath its button.
addEventListener("beforetoggle", (event) => {
  const menu = event.target;
  if (event.newState !== "open" || !menu.matches?.("[popover].menu")) return;
  const button = document.querySelector(`[popovertarget="${menu.id}"]`);
  const box = button?.getBoundingClientRect();
  if (!box) return;
  const isLow = box.top > innerHeight / 2;
  menu.classList.toggle("right", box.left > innerWidth / 2);
  menu.classList.toggle("low", isLow);
}, true);

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(source ? source.textContent : button.dataset.copy);
  const said = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = said; }, 1500);
});

// Lists of rows in forms: there is always one empty row more, and it completes what is typed as the others do.
const oneMore = (text, number) => text.replace(number, (digits) => Number(digits) + 1);
const grow = (list) => {
  const last = list.querySelector(":scope > [data-row]:last-of-type");
  if (!last || ![...last.querySelectorAll("input:not([type=checkbox]), textarea")].some((each) => each.value)) return;
  const row = last.cloneNode(true);
  for (const field of row.querySelectorAll("input, textarea, select")) {
    if (field.type === "checkbox") field.checked = false;
    else if (field.tagName !== "SELECT") field.value = "";
    for (const word of ["name", "id", "aria-describedby", "aria-label"]) {
      const value = field.getAttribute(word);
      if (value) field.setAttribute(word, oneMore(value, word === "aria-label" ? /\d+(?=:|$)/ : /(?<=\.)\d+(?=\.|$)/));
    }
    field.removeAttribute("aria-invalid");
    field.classList.remove("htmx-request");
  }
  for (const fault of row.querySelectorAll(".fault")) fault.remove();
  last.after(row);
  window.htmx?.process(row);
};
document.addEventListener("click", (event) => {
  const row = event.target.closest?.("[data-remove]")?.closest("[data-row]");
  if (!row) return;
  const [list, next] = [row.parentElement, row.nextElementSibling ?? row.previousElementSibling];
  row.remove();
  next?.querySelector("input, select")?.focus();
  list.dispatchEvent(new Event("input", { bubbles: true }));
});
document.addEventListener("input", (event) => {
  const list = event.target.closest("[data-rows]");
  if (list) grow(list);
  if (event.target.closest("form[data-guard]")) event.target.closest("form").dataset.changed = "";
});
document.addEventListener("submit", (event) => delete event.target.dataset.changed);
addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-guard][data-changed]")) event.preventDefault();
});

// One box chooses all rows of a table; with shift all between two.
let before = null;
document.addEventListener("click", (event) => {
  const box = event.target;
  if (!box.matches?.("input[type=checkbox][data-chooses]")) return;
  const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${box.dataset.chooses}"]`)];
  if (box.name !== box.dataset.chooses) for (const each of boxes) each.checked = box.checked;
  else if (event.shiftKey && before) {
    const [from, to] = [boxes.indexOf(before), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const each of boxes.slice(Math.max(from, 0), to + 1)) each.checked = box.checked;
  }
  before = box;
  const chosen = boxes.filter((each) => each.checked).length;
  for (const place of document.querySelectorAll("[data-counts]")) place.textContent = String(chosen);
});

// Moments count down while they are looked at.
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const countDown = () => {
  for (const each of document.querySelectorAll("time[data-countdown]")) {
    let left = Math.max(0, Math.round((Date.parse(each.dateTime) - Date.now()) / 1000));
    const words = [];
    for (const [unit, seconds] of units) {
      const number = Math.floor(left / seconds);
      left -= number * seconds;
      if (number && words.length < 2) words.push(`${number} ${unit}${number > 1 ? "s" : ""}`);
    }
    each.textContent = words.length ? `in ${words.join(" ")}` : "now";
  }
};
if (document.querySelector("time[data-countdown]")) {
  countDown();
  setInterval(countDown, 1000);
}
