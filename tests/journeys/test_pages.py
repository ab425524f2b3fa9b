"""The pages in Chromium, over the demonstration: nothing in the way of anybody, and every journey by keyboard."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import NAME, NARROW, PASSWORD, WIDE, browsing, pictures_folder, visiting
from tests.journeys.served import LARRY, serving_the_demonstration

HOST = "web2.nordlicht.example"
PAGES = {
    "home": "/",
    "home-then": "/?as_of=%2B30d",
    "customers": "/customers/",
    "customer": "/customers/acme",
    "customer-edit": "/customers/acme/edit",
    "customer-new": "/customers/-/new",
    "customer-retire": "/customers/acme/retire",
    "apps": "/apps/",
    "app": "/apps/acme/shop",
    "instances": "/instances/?customer=acme",
    "instance": "/instances/acme/shop/production",
    "instance-edit": "/instances/acme/shop/production/edit",
    "services": "/services/",
    "service": "/services/apache",
    "service-edit": "/services/monitoring/edit",
    "hosts": "/hosts/?roles=web&sort=-name",
    "hosts-none": "/hosts/?q=nothing-like-it",
    "hosts-import": "/hosts/-/import",
    "host": f"/hosts/{HOST}",
    "host-then": f"/hosts/{HOST}?as_of=-200d",
    "host-edit": f"/hosts/{HOST}/edit",
    "role": "/roles/web",
    "grade": "/grades/medium",
    "pool": "/pools/production",
    "password": "/password",
    "problem": "/nothing-here",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_the_demonstration(tmp_path_factory.mktemp("pages")) as served:
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
        add = [str(LARRY), "user", "add", NAME, "--administrator"]
        subprocess.run(add, env={**bare, "LARRY_HOME": str(served.home)}, input=f"{PASSWORD}\n", text=True, check=True)
        yield served.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.mark.parametrize(
    "width, scheme",
    [
        (WIDE, "light"),
        (NARROW, "dark"),
        pytest.param(WIDE, "dark", marks=pytest.mark.slow),
        pytest.param(NARROW, "light", marks=pytest.mark.slow),
    ],
)
def test_every_page_is_open_to_everybody(width: int, scheme: str, url: str, browser: Browser, tmp_path: Path) -> None:
    """axe finds no barrier, the policy stops nothing, and no page is wider than the screen."""
    folder = pictures_folder(tmp_path)
    barriers: list[str] = []
    with visiting(browser, url, width=width, scheme=scheme) as visit:
        for name, path in PAGES.items():
            visit.go(path)
            barriers += visit.find_barriers()
            if visit.overflow() > 0:
                barriers.append(f"{path}: {visit.overflow()} pixels too wide")
            visit.keep(f"{name}-{width}-{scheme}", folder)
        assert barriers == []
        assert visit.complaints == []


def test_an_instance_is_described_by_keyboard_alone(url: str, browser: Browser) -> None:
    """From nothing to an instance, never touching a mouse; each step is read before it is done."""
    steps = (
        ("/customers/", "New customer", {"#f-name": "Keyboard Inc"}, "/customers/keyboard_inc"),
        ("/apps/", "New app", {"#of": "keyboard_inc", "#f-name": "Notes"}, "/apps/keyboard_inc/notes"),
        ("/instances/", "New instance", {"#of": "keyboard_inc/notes", "#f-name": "Live", "#f-copies": "2"},
         "/instances/keyboard_inc/notes/live"),
    )  # fmt: skip
    with visiting(browser, url) as visit:
        for path, button, typed, made in steps:
            visit.go(path)
            visit.press_at(f"a:text-is('{button}')")
            for selector, text in typed.items():
                visit.type_at(selector, text)
            visit.type_at("#reason", "typed")
            visit.press_at("button:text-is('Review what changes')")
            assert "1 new" in visit.page.locator("#preview").inner_text()
            visit.press_at("button:text-is('Do this')")
            visit.page.wait_for_url(f"{url}{made}")
            assert "was described" in visit.page.locator(".notice.done").inner_text()
        assert visit.complaints == []


def test_the_clock_is_set_and_set_back_by_keyboard(url: str, browser: Browser) -> None:
    with visiting(browser, url) as visit:
        visit.go(f"/hosts/{HOST}")
        visit.press_at("button.clock")
        visit.type_at("#moment", "2027-01-01 09:00")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_selector(".band")
        assert "2027-01-01 09:00 CET" in visit.page.locator(".band").inner_text()
        assert "as_of=2027-01-01T08%3A00%3A00Z" in visit.page.url
        hrefs = visit.page.locator("main a[href^='/']").evaluate_all(
            "all => all.map(each => each.getAttribute('href'))"
        )
        acts = re.compile(r"/(edit|retire|new|import)\b|format=")
        assert [href for href in hrefs if "as_of=" not in href and not acts.search(href)] == []
        visit.press_at("a:text-is('Back to now')")
        visit.page.wait_for_url(f"{url}/hosts/{HOST}")
        visit.press_at("button.clock")
        visit.press_at("a:text-is('Next change')")
        visit.page.wait_for_selector(".band")
        assert visit.complaints == []


def test_a_list_is_narrowed_while_one_types_and_its_address_can_be_sent(url: str, browser: Browser) -> None:
    with visiting(browser, url) as visit:
        visit.go("/hosts/")
        visit.type_at("input[name=q]", "backup")
        visit.page.wait_for_url(f"{url}/hosts/?q=backup")
        visit.page.wait_for_selector("text=1–2 of 2 hosts")
        visit.type_at("input[name=pools]", "production")
        visit.page.wait_for_selector("#names-pools option[value=production]", state="attached")
        assert visit.complaints == []


def test_a_thousand_hosts_are_imported_while_one_watches(url: str, browser: Browser, tmp_path: Path) -> None:
    text = "name,labels\n" + "".join(f"n{number:04}.example.com,site=new\n" for number in range(1000))
    (tmp_path / "hosts.csv").write_text(text)
    with visiting(browser, url) as visit:
        visit.go("/hosts/-/import")
        visit.page.set_input_files("#file", tmp_path / "hosts.csv")
        visit.press_at("button:text-is('Read and review')")
        assert "1000 new" in visit.page.locator("#preview").inner_text().replace(",", "")
        visit.page.evaluate(
            """() => {
              const place = document.getElementById("progress");
              window.shown = [];
              new MutationObserver(() => window.shown.push(place.querySelector("progress")?.value))
                .observe(place, {childList: true, subtree: true});
            }"""
        )
        visit.press_at("button:has-text('Import 1,000')")
        visit.page.wait_for_selector("text=1,000 hosts imported", timeout=60_000)
        shown = visit.page.evaluate("window.shown")
        assert [value for value in dict.fromkeys(shown) if value is not None][:4] == [0, 250, 500, 750]
        visit.go("/hosts/?labels=site%3Dnew")
        visit.tab_to("input[data-chooses]:not([name])")
        visit.page.keyboard.press("Space")
        assert visit.page.locator("[data-counts]").inner_text() == "50"
        visit.press_at("button:has-text('Change chosen')")
        assert visit.page.locator("h1").inner_text() == "Change 50 hosts"
        assert visit.complaints == []


def test_light_and_dark_are_chosen_and_stay(url: str, browser: Browser) -> None:
    with visiting(browser, url, scheme="light") as visit:
        visit.go("/grades/")
        paper = "getComputedStyle(document.body).backgroundColor"
        light = visit.page.evaluate(paper)
        visit.press_at("footer button")
        visit.press_at("button[name=theme][value=dark]")
        assert visit.page.evaluate(paper) != light
        visit.go("/hosts/")
        assert visit.page.evaluate(paper) != light
        assert visit.page.locator("html").get_attribute("data-theme") == "dark"
        assert visit.complaints == []
