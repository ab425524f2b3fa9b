"""A real browser in front of the pages: what it complains of is collected, and what it shows is kept as pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.house.source import ROOT
from tests.tools import require

NAME, PASSWORD = "ada", "correct horse battery"
WIDE, NARROW, BROAD = 1400, 360, 1600
PATIENCE = 90_000.0
"""Milliseconds: the machine may do much else besides."""
REFUSED = "the server responded with a status of 4"
"""What Chromium's console says of a form that was refused: no fault of the page."""
ABANDONED = ("htmx:sendAbort, ", "htmx:afterRequest, ")
"""What htmx says of a preview that is asked for anew before it came: no fault either."""

_OVERFLOW = """() => new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const page = document.documentElement;
  tell(Math.max(page.scrollWidth, document.body.scrollWidth) - page.clientWidth);
})))"""


_AXE = """options => axe.run(document, options).then(({ violations }) =>
  violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) => node.target)]))"""


@dataclass
class Visit:
    """One tab. ``complaints`` is what the console, the policy and scripts said."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not (REFUSED in message.text or message.text.startswith(ABANDONED)):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def settle(self) -> None:
        """Wait until every piece that the page asks for by itself is in its place."""
        self.page.wait_for_function("() => !document.querySelector('.htmx-request, [aria-busy=true]')")

    def sign_in(self, name: str = NAME) -> None:
        self.go("/sign-in")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.page.wait_for_url(f"{self.url}/")

    def tab_to(self, selector: str, most: int = 150) -> None:
        """Reach an element as somebody without a mouse does."""
        wanted = self.page.locator(selector).first.element_handle()
        assert wanted is not None
        for _ in range(most):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way to {selector} by keyboard on {self.page.url}")

    def type_at(self, selector: str, text: str) -> None:
        self.tab_to(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def press_at(self, selector: str, key: str = "Enter") -> None:
        self.tab_to(selector)
        self.page.keyboard.press(key)

    def words_of(self, selector: str = "main") -> str:
        return " ".join(self.page.locator(selector).first.inner_text().split())

    def rows_of(self, region: str) -> list[tuple[str, ...]]:
        """The cells of a table, by the name of the region around it."""
        rows = self.page.locator(f"[aria-label='{region}'] tbody tr").all()
        return [tuple(" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()) for row in rows]

    def find_barriers(self) -> list[str]:
        """What axe finds, each with the elements it is about; what is folded up is unfolded for it."""
        self.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        return self._ask_axe()

    def find_faint(self) -> list[str]:
        """Of that what depends on colours alone."""
        return self._ask_axe({"runOnly": ["color-contrast"]})

    def _ask_axe(self, options: dict[str, list[str]] | None = None) -> list[str]:
        """Axe is brought to a page once, and told to say no more than what is wrong: all else takes far longer to tell
        than to find."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate(_AXE, {"resultTypes": ["violations"], **(options or {})})
        return [f"{self.page.url}: {id_}: {targets}" for id_, targets in found]

    def keep(self, name: str, folder: Path) -> None:
        """A picture of all of the page, for people to look at."""
        self.page.screenshot(path=folder / f"{name}.jpg", full_page=True, type="jpeg", quality=80)

    def overflow(self) -> int:
        """By how many pixels the page itself would have to be scrolled sideways."""
        width: int = self.page.evaluate(_OVERFLOW)
        return width

    def look_closely(self) -> list[str]:
        """Nothing is in anybody's way here as it is shown, and nothing sticks out at the width of a telephone, nor on a
        broad screen."""
        found = self.find_barriers()
        size = self.page.viewport_size
        for width in (BROAD, NARROW):
            self.page.set_viewport_size({"width": width, "height": 800})
            if self.overflow() > 0:
                found.append(f"{self.page.url}: {self.overflow()} pixels too wide at {width}")
        if size is not None:
            self.page.set_viewport_size(size)
        return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    chromium = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(
    browser: Browser, url: str, *, width: int = WIDE, scheme: str = "light", name: str = NAME
) -> Iterator[Visit]:
    """A tab that has signed in."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    visit = Visit(page, url)
    page.on("console", visit.hear)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    try:
        visit.sign_in(name)
        yield visit
    finally:
        context.close()


def pictures_folder() -> Path:
    """Where pictures are kept for people to look at: the folder that TEST_PICTURES names, else var/pictures."""
    folder = Path(os.environ.get("TEST_PICTURES") or ROOT / "var/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
