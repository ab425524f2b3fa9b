"""What the small script adds to the pages, in Chromium over the demonstration: each of it seen to work, and to stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.browser import NAME, NARROW, PASSWORD, WIDE, Visit, browsing, visiting
from tests.journeys.served import add_user, serving_the_demonstration

HOST = "web2.nordlicht.example"
SHOP = "acme/shop/production"
GRAPH = f"/graph/instance/{SHOP}"
PICTURE = "[data-graph] > svg"
CHECKOUT = "service checkout"

_BONDS = "all => all.map(each => [each.dataset.source, each.dataset.target])"
_LIT = f"document.querySelectorAll('{PICTURE} [data-id].on-path')"
_UNDER = "([x, y]) => document.elementFromPoint(x, y).closest('[data-id]')?.dataset.id"


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with serving_the_demonstration(tmp_path_factory.mktemp("script")) as served, browsing() as browser:
        add_user(served, "larry user add NAME --administrator", NAME, PASSWORD)
        with visiting(browser, served.url) as visit:
            visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            yield visit


@pytest.fixture(autouse=True)
def _nothing_is_complained_of(visit: Visit) -> Iterator[None]:
    visit.page.set_viewport_size({"width": WIDE, "height": 900})
    visit.complaints.clear()
    yield
    assert visit.complaints == []


def width(visit: Visit, selector: str = PICTURE) -> int:
    return int(visit.page.get_attribute(selector, "width") or 0)


def test_a_graph_is_zoomed_by_keyboard(visit: Visit) -> None:
    visit.go(GRAPH)
    whole = width(visit)
    for key, factor in (("+", 1.25), ("+", 1.5625), ("-", 1.25), ("0", 1), ("-", 0.8)):
        visit.page.keyboard.press(key)
        assert width(visit) == pytest.approx(whole * factor, abs=1)
    visit.page.keyboard.press("0")
    visit.page.set_viewport_size({"width": 700, "height": 900})
    assert visit.page.evaluate(f"document.querySelector('{PICTURE}').parentElement.clientWidth") < whole
    visit.page.keyboard.press("f")
    assert width(visit) <= visit.page.evaluate(f"document.querySelector('{PICTURE}').parentElement.clientWidth")
    fits = width(visit)
    visit.page.focus("#search")
    visit.page.keyboard.type("+f")
    assert width(visit) == fits
    visit.press_at("[data-zoom='1']")
    assert width(visit) == whole


def test_a_graph_is_zoomed_by_the_wheel_about_the_pointer(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": WIDE, "height": 500})
    visit.go(GRAPH)
    whole = width(visit)
    box = visit.page.locator(f"[data-id='{CHECKOUT}']").bounding_box()
    assert box is not None
    at = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    visit.page.mouse.move(*at)
    visit.page.mouse.wheel(0, -100)
    visit.page.wait_for_timeout(50)
    assert width(visit) == whole
    visit.page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    visit.page.keyboard.down("Control")
    for _ in range(3):
        visit.page.mouse.wheel(0, -100)
    visit.page.keyboard.up("Control")
    visit.page.wait_for_function(f"document.querySelector('{PICTURE}').getAttribute('width') > {whole * 1.9}")
    assert visit.page.evaluate(_UNDER, at) == CHECKOUT
    assert visit.page.evaluate("devicePixelRatio") == 1


def test_a_graph_larger_than_its_frame_is_dragged(visit: Visit) -> None:
    visit.go(GRAPH)
    for _ in range(4):
        visit.page.keyboard.press("+")
    drawing = visit.page.locator("[data-graph]")
    drawing.evaluate("each => each.scrollTo({left: 200, behavior: 'instant'})")
    box = drawing.bounding_box()
    assert box is not None
    visit.page.mouse.move(box["x"] + 300, box["y"] + 3)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 240, box["y"] + 3)
    assert drawing.evaluate("each => each.scrollLeft") == 260
    visit.page.mouse.up()
    visit.page.mouse.move(box["x"] + 100, box["y"] + 3)
    assert drawing.evaluate("each => each.scrollLeft") == 260


def test_a_box_stands_out_with_all_that_it_needs_and_all_that_needs_it(visit: Visit) -> None:
    visit.go(GRAPH)
    bonds = visit.page.eval_on_selector_all(f"{PICTURE} [data-source]", _BONDS)
    below, above = {CHECKOUT}, {CHECKOUT}
    for _ in bonds:
        below |= {target for source, target in bonds if source in below}
        above |= {source for source, target in bonds if target in above}
    every = visit.page.locator(f"{PICTURE} [data-id]").count()
    assert 2 < len(below | above) < every
    visit.page.focus(f"[data-id='{CHECKOUT}']")
    lit = set(visit.page.evaluate(f"[...{_LIT}].map(each => each.dataset.id)"))
    assert lit == below | above
    told = f"reaches {len(below) - 1}, is reached by {len(above) - 1}"
    assert told in visit.words_of("[data-graph-says]")
    on_path = visit.page.eval_on_selector_all(f"{PICTURE} [data-source].on-path", _BONDS)
    assert on_path == [b for b in bonds if set(b) <= below or set(b) <= above]
    visit.page.keyboard.press("Space")
    visit.page.focus("#search")
    assert visit.page.evaluate(f"{_LIT}.length") == len(lit)
    assert "kept until Escape" in visit.words_of("[data-graph-says]")
    visit.page.focus(f"[data-id='{CHECKOUT}']")
    visit.page.keyboard.press("Escape")
    visit.page.focus("#search")
    assert visit.page.evaluate(f"{_LIT}.length") == 0
    assert not visit.page.evaluate(f"document.querySelector('{PICTURE}').classList.contains('path-shown')")


def test_arrows_lead_from_box_to_box_and_enter_opens_one(visit: Visit) -> None:
    visit.go(GRAPH)
    visit.page.focus(f"[data-id='{CHECKOUT}']")
    for key, axis, sign in (("ArrowLeft", "x", -1), ("ArrowRight", "x", 1), ("ArrowLeft", "x", -1)):
        before = visit.page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
        visit.page.keyboard.press(key)
        after = visit.page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
        assert (after[axis] - before[axis]) * sign > 100
    key = visit.page.evaluate("document.activeElement.dataset.id").removeprefix("service ")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.url}/services/{key}")


def test_only_what_is_around_a_box_is_drawn(visit: Visit) -> None:
    visit.go(GRAPH)
    every = visit.page.locator(f"{PICTURE} [data-id]").count()
    visit.tab_to("#focus")
    visit.page.select_option("#focus", CHECKOUT)
    visit.press_at("main form button:text-is('Focus')")
    visit.page.wait_for_url(f"{visit.url}{GRAPH}?focus=*")
    assert 2 < visit.page.locator(f"{PICTURE} [data-id]").count() < every
    assert visit.page.locator(f"{PICTURE} [data-id='{CHECKOUT}'].lp-focus").count() == 1
    visit.press_at(f"a:text-is('Show all {every}')")
    visit.page.wait_for_url(f"{visit.url}{GRAPH}")


@pytest.mark.parametrize(
    "path, told",
    [
        (GRAPH, f"{PICTURE} [data-id] > title"),
        (f"/instances/{SHOP}/services", f"{PICTURE} [data-id] > title"),
        (f"/hosts/{HOST}", ".map [data-deployment] > title"),
        (f"/timeline/instance/{SHOP}", ".map [data-deployment] > title"),
        ("/", ".map [data-deployment] > title"),
    ],
)
def test_behind_each_picture_is_a_table_that_says_the_same(path: str, told: str, visit: Visit) -> None:
    visit.go(path)
    visit.settle()
    drawn = visit.page.eval_on_selector_all(told, "all => all.map(each => each.textContent)")
    summary = ":is(.map, .graph) summary"
    assert not visit.page.locator(":is(.map, .graph) table").first.is_visible()
    visit.press_at(summary)
    assert visit.page.locator(":is(.map, .graph) table").first.is_visible()
    rows = visit.page.locator(":is(.map, .graph) tbody tr").all_inner_texts()
    assert len(drawn) >= len(rows) > 1
    if "data-id" in told:
        assert sorted(each.partition(" ")[2] for each in drawn) == sorted(row.split("\t")[0].strip() for row in rows)
    else:
        pairs = {each.rpartition(":")[0] for each in drawn}
        assert {f"{row.split(chr(9))[1].strip()} on {row.split(chr(9))[2].strip()}" for row in rows} == pairs


def test_search_is_a_key_away_but_not_while_one_writes(visit: Visit) -> None:
    visit.go("/activity")
    for key in ("/", "Control+K"):
        visit.page.keyboard.press(key)
        assert visit.page.evaluate("document.activeElement.id") == "search"
        assert visit.page.input_value("#search") == ""
        visit.page.evaluate("document.activeElement.blur()")
    visit.page.focus("main input[name=address]")
    visit.page.keyboard.type("a/b")
    assert visit.page.input_value("main input[name=address]") == "a/b"
    visit.page.keyboard.press("Control+K")
    assert visit.page.evaluate("document.activeElement.id") == "search"


def test_the_clock_says_unmistakably_when_it_is_not_now(visit: Visit) -> None:
    visit.go("/hosts/")
    assert visit.page.locator(".band").count() == 0
    assert visit.words_of("button.clock") == "Now"
    visit.press_at("button.clock")
    visit.press_at("#clock a:text-is('Next week')")
    visit.page.wait_for_selector(".band")
    assert "This is not now. You see what will be at" in visit.words_of(".band")
    assert " · as of 20" in visit.page.title()
    assert visit.words_of("button.clock").startswith("20")
    visit.page.mouse.wheel(0, 2000)
    assert visit.page.locator(".band").is_visible()
    visit.press_at(f"main a:text-is('{HOST}')")
    visit.page.wait_for_url("**/hosts/*as_of=*")
    visit.press_at("button.clock")
    visit.type_at("#moment", "the day after")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("#clock-fault")
    assert visit.page.locator(".band").count() == 0
    visit.press_at("button.clock")
    visit.press_at("#clock a:text-is('Next change')")
    visit.page.wait_for_selector(".band")
    visit.press_at(".band a")
    visit.page.wait_for_url(f"{visit.url}/hosts/{HOST}")


def test_a_map_is_drawn_anew_for_the_width_there_is(visit: Visit) -> None:
    visit.go(f"/hosts/{HOST}")
    visit.settle()
    assert width(visit, ".map svg") == 1320
    visit.page.set_viewport_size({"width": 700, "height": 900})
    visit.page.wait_for_selector(".map .drawing > svg[width='600']")
    visit.page.set_viewport_size({"width": WIDE, "height": 900})
    visit.page.wait_for_selector(".map .drawing > svg[width='1320']")
    visit.page.evaluate("document.cookie = 'larry_width=330; path=/'")
    visit.go(f"/hosts/{HOST}")
    visit.page.wait_for_selector(".map .drawing > svg[width='1320']")
    assert visit.page.locator(".map .drawing > svg").count() == 1


def test_on_a_telephone_the_tab_one_is_at_is_in_sight(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": NARROW, "height": 800})
    for path in ("/activity", "/roles/", f"/instances/{SHOP}/deployments"):
        visit.go(path)
        for box in (each.bounding_box() for each in visit.page.locator("nav [aria-current], nav .here").all()):
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= NARROW


def test_what_is_copied_is_what_is_shown(visit: Visit) -> None:
    visit.go(f"/hosts/{HOST}/configuration?as=yaml")
    visit.press_at("[data-copy]")
    visit.page.wait_for_selector("[data-copy]:text-is('Copied')")
    assert visit.page.evaluate("navigator.clipboard.readText()") == visit.page.text_content("#configuration")


def test_rows_grow_and_boxes_are_chosen_in_stretches(visit: Visit) -> None:
    visit.go("/customers/-/new")
    rows = visit.page.locator("[data-rows] > [data-row]")
    before = rows.count()
    rows.last.locator("input, textarea").first.fill("color")
    assert rows.count() == before + 1
    assert rows.last.locator("input, textarea").first.input_value() == ""
    visit.page.evaluate("delete document.querySelector('form[data-guard]')?.dataset.changed")
    visit.go("/hosts/")
    boxes = visit.page.locator("tbody input[type=checkbox]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    assert [each.is_checked() for each in boxes.all()][:6] == [False, True, True, True, True, False]
    assert visit.words_of("[data-counts]") == "4"
    visit.page.click("thead input[type=checkbox]")
    assert all(each.is_checked() for each in boxes.all())


def test_services_are_placed_elsewhere_by_keyboard(visit: Visit) -> None:
    """Services of the instance that is named, hosts completed as in the field of hosts, the preview drawn anew."""
    visit.go("/deploy")
    visit.settle()
    service, host = "[name='place.{}.service']", "[name='place.{}.host']"
    visit.type_at("#instance", SHOP)
    visit.type_at("input[name=host]", "web4.nordlicht.example")
    visit.page.wait_for_selector("#places optgroup[label*=person]", state="attached")
    visit.page.wait_for_selector("#preview:has-text('nobody has named a host for card_data_scan')")
    visit.tab_to(service.format(0))
    visit.page.keyboard.type("card")
    assert visit.page.input_value(service.format(0)) == "card_data_scan"
    visit.page.wait_for_selector("#preview:has-text('Where does card_data_scan go')", state="attached")
    for number, typed in ((0, "mon"), (1, "backup")):
        visit.type_at(host.format(number), typed)
        visit.page.wait_for_selector(f"#hosts option[value={typed}1\\.nordlicht\\.example]", state="attached")
    assert visit.page.locator(service.format(2)).count() == 1, "there is always a row more"
    assert visit.page.locator("[aria-label='Place 3: host']").count() == 1
    visit.press_at("#places [data-row]:nth-child(2) [data-remove]")
    assert visit.page.evaluate("document.activeElement.name") == "place.2.service"
    visit.type_at(host.format(0), "mon1.nordlicht.example")
    visit.page.wait_for_selector("#preview summary:has-text('mon1.nordlicht.example')")
    assert "nobody has named a host" not in visit.words_of("#preview")
    visit.settle()
    assert visit.look_closely() == []


def test_colours_change_at_once_and_stay(visit: Visit) -> None:
    visit.go("/roles/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = visit.page.evaluate(ground)
    visit.press_at("[popovertarget=settings]")
    visit.press_at("[name=theme][value=dark]")
    assert visit.page.evaluate(ground) != light
    assert visit.page.get_attribute("[name=theme][value=dark]", "aria-pressed") == "true"
    visit.go("/pools/")
    assert visit.page.evaluate(ground) != light
    visit.press_at("[popovertarget=settings]")
    visit.press_at("[name=theme][value=auto]")
    assert visit.page.evaluate(ground) == light
