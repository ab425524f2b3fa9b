"""Every page there is in Chromium, over the demonstration: nothing in anybody's way, nothing the policy has to stop.

Pictures of all of them are kept in var/pictures, or where TEST_PICTURES says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from playwright.sync_api import Browser

from tests.journeys.browser import BROAD, NAME, NARROW, PASSWORD, WIDE, Visit, browsing, pictures_folder, visiting
from tests.journeys.served import add_user, command, serving_the_demonstration
from tests.journeys.walk import walk
from tests.web.routes import PAGES, find_route

OTHER = "grace"
HOST = "web2.nordlicht.example"
SHOP = "acme/shop/production"
WANTED = (
    "/deployments/?state=future", "/instances/gruenwald/bestell_portal/production/snapshots", "/?as_of=%2B30d",
    "/search?q=production", "/customers/acme", "/apps/acme/shop", f"/instances/{SHOP}", f"/instances/{SHOP}/parameters",
    f"/instances/{SHOP}/services", f"/instances/{SHOP}/snapshots", f"/instances/{SHOP}/deployments",
    "/services/monitoring/edit", f"/hosts/{HOST}", f"/hosts/{HOST}?as_of=-200d", f"/graph/instance/{SHOP}",
    f"/timeline/instance/{SHOP}", "/roles/web", "/hosts/?q=nothing-like-it", "/deployments/?q=nothing-like-it",
    "/search?q=nothing-like-it", "/dirty?customer=nobody", "/users/ada", "/users/demo",
    "/webhooks/1", "/search?q=ada",
)  # fmt: skip
"""Where there is much, or nothing, to be seen; the rest is found by links."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_the_demonstration(tmp_path_factory.mktemp("pages")) as served:
        add_user(served, "larry user add NAME --administrator", NAME, PASSWORD)
        add_user(served, "larry user add NAME --administrator", OTHER, PASSWORD)
        command(served, "group", "add", "night-shift", "--description", "who is woken up")
        command(served, "group", "join", "night-shift", NAME)
        command(served, "group", "grant", "night-shift", "operator", "--pool", "production")
        command(served, "token", "add", NAME, "laptop", "--role", "viewer", "--expires", "+90d")
        hook = "https://chat.example.com/hooks/a-path"
        command(served, "webhook", "add", hook, "--owner", NAME, "--event", "check.failed")
        command(served, "webhook", "test", "1")
        command(served, "webhook", "pause", "1", "--reason", "the chat is being moved")
        command(served, "worker", "--once")
        yield served.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.mark.long
@pytest.mark.skipif(connection.vendor != "sqlite", reason="a browser sees no database: on the other pass")
@pytest.mark.parametrize("width", [WIDE, pytest.param(NARROW, marks=pytest.mark.slow)])
def test_every_page_is_open_to_everybody(width: int, url: str, browser: Browser) -> None:
    """axe finds no barrier, in light or dark, the policy stops nothing, no page is wider than a telephone or a broad
    screen; a link leads to each."""
    folder = pictures_folder()
    found: list[str] = []
    faced: set[str | None] = set()
    with visiting(browser, url, width=width) as visit:

        def keep(path: str, scheme: str) -> None:
            visit.keep(f"{re.sub(r'[^a-z0-9]+', '-', path.lower()).strip('-')[:60]}-{width}-{scheme}", folder)

        def look(path: str) -> None:
            keep(path, "light")
            found.extend(visit.look_closely())
            visit.page.emulate_media(color_scheme="dark")
            keep(path, "dark")
            if find_route(path) not in faced:  # colours are those of the style sheet: one page of each sort is enough
                faced.add(find_route(path))
                found.extend(f"in the dark: {each}" for each in visit.find_faint())
            visit.page.emulate_media(color_scheme="light")

        walked = walk(visit, look, WANTED)
        assert "\n".join(found) == ""
        assert visit.complaints == []
        assert walked.unseen == frozenset()
        assert len(walked.pages) > len(PAGES) / 2


_BESIDE = """() => [...document.querySelectorAll('.wide:has(.flowing, .situation)')].map(
  (each) => each.scrollWidth - each.clientWidth)"""


def test_long_names_in_lists_are_read_on_a_telephone_without_pushing_them_aside(url: str, browser: Browser) -> None:
    with visiting(browser, url, width=NARROW) as visit:
        for path in ("/instances/", "/deployments/", "/rollouts/", "/situations"):
            visit.go(path)
            beside = visit.page.evaluate(_BESIDE)
            assert beside
            assert max(beside) <= 0, path
        assert visit.complaints == []


def test_pages_of_what_goes_wrong_are_open_to_everybody(url: str, browser: Browser) -> None:
    """No such page, no such moment, a form that did not come from here, a wrong password."""
    with visiting(browser, url) as visit:
        for path in ("/nothing-here", "/hosts/nowhere.example.com", "/activity?since=never", "/?as_of=never"):
            visit.go(path)
            assert visit.look_closely() == []
        visit.go("/customers/-/new")
        visit.page.fill("#f-name", "Foreign")
        visit.page.evaluate("document.querySelector('main [name=csrfmiddlewaretoken]').value = 'foreign'")
        visit.page.click("main .send button.main")
        visit.page.wait_for_selector("text=did not come from this browser")
        assert visit.look_closely() == []
        visit.page.context.clear_cookies()
        visit.go("/")
        assert visit.look_closely() == []
        visit.page.fill("#name", NAME)
        visit.page.fill("#password", "wrong")
        visit.page.press("#password", "Enter")
        visit.page.wait_for_selector("[role=alert]")
        assert visit.look_closely() == []
        assert visit.complaints == []


def test_menus_are_open_to_everybody(url: str, browser: Browser) -> None:
    """Opened and closed by keyboard, and at no width outside the screen."""
    with visiting(browser, url) as visit:
        for width in (WIDE, NARROW):
            visit.page.set_viewport_size({"width": width, "height": 800})
            visit.go("/hosts/")
            for menu in ("clock", "more", "user", "settings"):
                visit.press_at(f"[popovertarget={menu}]")
                box = visit.page.locator(f"#{menu}").bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["y"] >= 0
                assert box["x"] + box["width"] <= width
                assert box["y"] + box["height"] <= 800
                assert visit.find_barriers() == []
                visit.page.keyboard.press("Escape")
                assert not visit.page.locator(f"#{menu}").is_visible()


def test_two_people_edit_one_thing_and_nothing_is_lost(url: str, browser: Browser) -> None:
    """By keyboard: the second is told who changed what and when, what they typed is still there, and both are kept."""
    path = "/services/monitoring/edit"
    with visiting(browser, url) as first, visiting(browser, url, name=OTHER) as second:
        for visit in (first, second):
            visit.go(path)
        category = second.page.input_value("#f-category")
        for visit, text in ((first, "what ada says"), (second, "what grace says")):
            visit.type_at("#f-description", text)
        first.type_at("#f-category", "Watching")
        first.press_at("main .send button.main")
        first.page.wait_for_selector("#change")
        first.press_at("main .send button.main")
        first.page.wait_for_selector(".notice.done")
        second.press_at("main .send button.main")
        told = second.page.wait_for_selector(".notice.warning")
        assert told is not None
        said = " ".join(told.inner_text().split())
        assert "has changed since this form was opened. What you typed is kept" in said
        assert "Description what ada says what grace says ada at" in said
        assert "Category Watching untouched: the form has what it is now ada at" in said
        assert second.look_closely() == []
        assert second.page.input_value("#f-description") == "what grace says"
        assert second.page.input_value("#f-category") == "Watching" != category
        second.press_at("main .send button.main")
        second.page.wait_for_selector("#change")
        second.press_at("main .send button.main")
        second.page.wait_for_selector(".notice.done")
        first.go("/services/monitoring")
        shown = first.page.inner_text("main")
        assert "what grace says" in shown
        assert "Watching" in shown
        assert first.complaints == second.complaints == []


def test_a_token_is_made_copied_and_revoked_by_keyboard(url: str, browser: Browser) -> None:
    with visiting(browser, url) as visit:
        visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        visit.press_at("[popovertarget=user]")
        visit.press_at("#user a:has-text('Your tokens')")
        visit.page.wait_for_url("**/tokens/?user=*")
        visit.press_at("main .actions a.main")
        visit.page.wait_for_url("**/tokens/-/new?*")
        visit.type_at("#name", "by keyboard")
        visit.press_at("main .send button.main")
        visit.page.wait_for_selector("#fault-name")
        assert visit.look_closely() == []
        visit.type_at("#name", "by-keyboard")
        visit.press_at("main .send button.main")
        text = visit.page.wait_for_selector("#token")
        assert text is not None
        assert visit.look_closely() == []
        visit.press_at("[data-copy=token]")
        visit.page.wait_for_selector("[data-copy=token]:has-text('Copied')")
        assert visit.page.evaluate("navigator.clipboard.readText()") == text.inner_text()
        assert text.inner_text().startswith("larry_")
        visit.press_at("main .actions a")
        visit.page.wait_for_url(re.compile("/tokens/[0-9a-f]{12}$"))
        visit.press_at("main .actions a.grave")
        visit.page.wait_for_url("**/revoke")
        assert visit.look_closely() == []
        visit.press_at("main .send button.main")
        visit.page.wait_for_selector(".notice.done")
        assert "counts no more" in visit.page.inner_text(".notice.done")
        assert visit.complaints == []


PRINTED = ("/", f"/hosts/{HOST}", f"/instances/{SHOP}", "/deployments/", f"/graph/instance/{SHOP}", "/coverage")
PAPER = 720
"""Pixels between the margins of an A4 page."""


@pytest.mark.parametrize("path", PRINTED)
def test_what_is_printed_is_what_there_is_to_read(path: str, url: str, browser: Browser) -> None:
    """Dark on white whatever the screen has, without what only a screen can do, and nothing beyond the paper."""
    with visiting(browser, url, width=PAPER, scheme="dark") as visit:
        visit.go(path)
        assert visit.page.locator(".top").is_visible()
        visit.page.emulate_media(media="print")
        for gone in (".top", ".toolbar", ".actions", ".subtabs"):
            assert not any(each.is_visible() for each in visit.page.locator(gone).all())
        assert visit.page.locator("h1").is_visible()
        assert visit.overflow() <= 0
        ink, paper = visit.page.evaluate(
            "() => { const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]; }"
        )
        assert brightness(ink) < 0.3
        assert brightness(paper) > 0.9
        clipped = visit.page.evaluate(
            "() => [...document.querySelectorAll('.wide, .drawing')].filter((each) => each.getClientRects().length &&"
            " getComputedStyle(each).overflowX !== 'visible').length"
        )
        assert clipped == 0, "what can be scrolled on a screen is cut off on paper"


def brightness(colour: str) -> float:
    """From 0 to 1, of what Chromium says of a colour; what is clear shows the paper."""
    channels = [float(each) for each in re.findall(r"[\d.]+", colour)]
    return 1.0 if len(channels) == 4 and channels[3] == 0 else sum(channels[:3]) / 3 / 255


def test_nothing_moves_for_those_whom_it_disturbs(url: str, browser: Browser) -> None:
    with visiting(browser, url) as visit:
        moving = "() => [getComputedStyle(document.documentElement).scrollBehavior, document.getAnimations().length]"
        for path in ("/", f"/hosts/{HOST}", f"/graph/instance/{SHOP}", "/deploy"):
            visit.go(path)
            visit.page.hover("main")
            assert visit.page.evaluate(moving) == ["auto", 0]
        visit.page.emulate_media(reduced_motion="no-preference")
        assert visit.page.evaluate(moving)[0] == "smooth", "for all others it does, gently"


def test_what_looks_for_faults_finds_them(url: str, browser: Browser) -> None:
    """Without these the tests above would pass whatever the pages were."""
    with visiting(browser, url) as visit:
        visit.go("/roles/")
        assert visit.look_closely() == []
        put_into(visit, "<img src='/nothing.png' onerror='window.struck = true'>")
        visit.page.wait_for_timeout(200)
        assert visit.page.evaluate("window.struck") is None
        assert any("Content Security Policy" in each for each in visit.complaints)
        visit.complaints.clear()
        put_into(visit, "<p style='color: red'>x</p>")
        assert any("Content Security Policy" in each for each in visit.complaints)
        visit.complaints.clear()
        put_into(visit, "<img src='https://elsewhere.example/x.png' alt=''>")
        visit.page.wait_for_timeout(100)
        assert any("Content Security Policy" in each for each in visit.complaints)
        visit.page.evaluate("import('https://elsewhere.example/x.js').catch((fault) => { window.refused = true; })")
        visit.page.wait_for_function("() => window.refused")
        put_into(visit, "<input name='without-a-label'>")
        assert "label" in "".join(visit.find_barriers())
        put_into(visit, "<pre class='muted'></pre>")
        visit.page.evaluate("document.querySelector('main').style.width = '2000px'")
        told = visit.look_closely()
        assert [f"too wide at {width}" in "".join(told) for width in (NARROW, BROAD)] == [True, True]
        assert visit.find_faint() == []
        put_into(visit, "<p class='faint'>hardly to be read</p>")
        visit.page.evaluate("document.querySelector('.faint').style.color = '#f4f4f4'")
        assert "color-contrast" in "".join(visit.find_faint())


def put_into(visit: Visit, html: str) -> None:
    visit.page.evaluate("html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", html)
