"""What one does all day, in Chromium over the demonstration, never touching a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.browser import NAME, PASSWORD, Visit, browsing, pictures_folder, visiting
from tests.journeys.served import add_user, serving_the_demonstration

HOST = "web2.nordlicht.example"
PORTAL = "gruenwald/bestell_portal/production"
CHANGES = "What becomes of deployments"


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with serving_the_demonstration(tmp_path_factory.mktemp("keyboard")) as served, browsing() as browser:
        add_user(served, "larry user add NAME --administrator", NAME, PASSWORD)
        with visiting(browser, served.url) as visit:
            yield visit


@pytest.fixture(autouse=True)
def _nothing_is_complained_of(visit: Visit) -> Iterator[None]:
    visit.complaints.clear()
    yield
    assert visit.complaints == []


def test_anything_is_found_and_opened(visit: Visit) -> None:
    """A slash leads to the search field from anywhere, arrows through what is found."""
    visit.go("/roles/")
    visit.page.keyboard.press("/")
    visit.page.keyboard.type("bestell")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("#found a[data-hit]")
    visit.page.keyboard.press("Control+K")
    visit.page.keyboard.type("bestell portal production")
    visit.page.wait_for_selector(f"#found a[data-hit]:text-is('{PORTAL}')")
    assert "q=bestell" in visit.page.url
    assert visit.look_closely() == []
    for _ in range(9):
        visit.page.keyboard.press("ArrowDown")
        if visit.page.evaluate("document.activeElement.textContent") == PORTAL:
            break
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.url}/instances/{PORTAL}")


def test_the_clock_is_set_and_set_back(visit: Visit) -> None:
    visit.go(f"/hosts/{HOST}")
    visit.press_at("button.clock")
    visit.type_at("#moment", "2027-01-01 09:00")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector(".band")
    assert "2027-01-01 09:00 CET" in visit.words_of(".band")
    assert "as_of=2027-01-01T08%3A00%3A00Z" in visit.page.url
    hrefs = visit.page.locator("main a[href^='/']").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    acts = re.compile(r"/(edit|retire|key|new|import|deploy)\b|format=")
    assert [href for href in hrefs if "as_of=" not in href and not acts.search(href)] == []
    visit.press_at("a:text-is('Back to now')")
    visit.page.wait_for_url(f"{visit.url}/hosts/{HOST}")
    visit.press_at("button.clock")
    visit.press_at("a:text-is('Next change')")
    visit.page.wait_for_selector(".band")


def test_a_list_is_narrowed_while_one_types_and_its_address_can_be_sent(visit: Visit) -> None:
    visit.go("/hosts/")
    visit.type_at(".toolbar input[name=q]", "backup")
    visit.page.wait_for_url(f"{visit.url}/hosts/?q=backup")
    visit.page.wait_for_selector("text=1–2 of 2 hosts")
    visit.type_at("input[name=pools]", "production")
    visit.page.wait_for_selector("#names-pools option[value=production]", state="attached")
    visit.page.keyboard.press("Tab")
    visit.page.wait_for_url(f"{visit.url}/hosts/?q=backup&pools=production")
    visit.press_at("thead a:text-is('Grade')")
    visit.page.wait_for_selector("thead [aria-sort=ascending]:has-text('Grade')")
    assert "q=backup" in visit.page.url


def test_what_is_dirty_is_redeployed_as_its_preview_shows(visit: Visit) -> None:
    visit.go("/dirty")
    visit.press_at(f"[aria-label='Choose {PORTAL}']", "Space")
    visit.page.wait_for_selector(f"[aria-label='{CHANGES}'] tbody tr")
    before = visit.page.locator(f"[aria-label='{CHANGES}'] tbody th").all_inner_texts()
    assert before == ["end", "add"]
    assert visit.look_closely() == []
    visit.type_at("#reason", "logs for longer")
    visit.press_at(".send button:text-is('Redeploy')")
    visit.page.wait_for_selector(".notice.done:has-text('2 deployments changed')")
    assert "logs for longer" in visit.words_of()
    visit.go("/dirty")
    assert "Nothing is dirty" in visit.words_of()


def test_a_thousand_hosts_are_imported_while_one_watches(visit: Visit, tmp_path: Path) -> None:
    """Pasted, read, reviewed, written a part at a time; then chosen and changed together."""
    text = "name,labels\n" + "".join(f"n{number:04}.example.com,site=new\n" for number in range(1000))
    visit.go("/hosts/-/import")
    visit.tab_to("#text")
    visit.page.keyboard.insert_text(text)
    visit.press_at("button:text-is('Read and review')")
    visit.page.wait_for_selector("#preview")
    assert "1000 new" in visit.words_of("#preview").replace(",", "")
    assert visit.look_closely() == []
    visit.page.evaluate(
        """() => {
          const place = document.getElementById("progress");
          window.shown = [];
          new MutationObserver(() => window.shown.push(place.querySelector("progress")?.value))
            .observe(place, {childList: true, subtree: true});
        }"""
    )
    visit.press_at("button:has-text('Import 1,000')")
    visit.page.wait_for_selector("text=1,000 hosts imported", timeout=90_000)
    assert visit.look_closely() == []
    visit.keep("imported", pictures_folder())
    shown = visit.page.evaluate("window.shown")
    assert [value for value in dict.fromkeys(shown) if value is not None][:4] == [0, 250, 500, 750]
    visit.go("/hosts/?labels=site%3Dnew")
    assert "of 1,000 hosts" in visit.words_of()
    visit.press_at("input[data-chooses]:not([name])", "Space")
    assert visit.words_of("[data-counts]") == "50"
    visit.press_at("button:has-text('Change chosen')")
    visit.page.wait_for_selector("h1:text-is('Change 50 hosts')")
    visit.tab_to("#field")
    visit.page.keyboard.type("Descr")
    visit.type_at("#value", "all of one kind")
    visit.type_at("#reason", "told together")
    visit.press_at("button:text-is('Review what changes')")
    visit.page.wait_for_selector("#preview")
    assert "50 changed" in visit.words_of("#preview")
    assert visit.look_closely() == []
    visit.press_at("button:text-is('Do this')")
    visit.page.wait_for_selector(".notice.done")
    visit.go("/hosts/?q=all+of+one+kind")
    assert "of 50 hosts" in visit.words_of()


def test_light_and_dark_are_chosen_and_stay(visit: Visit) -> None:
    visit.go("/grades/")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = visit.page.evaluate(paper)
    visit.press_at("footer button")
    visit.press_at("button[name=theme][value=dark]")
    assert visit.page.evaluate(paper) != light
    visit.go("/hosts/?q=web")
    assert visit.page.evaluate(paper) != light
    assert visit.page.locator("html").get_attribute("data-theme") == "dark"


def test_one_signs_out_and_in_again(visit: Visit) -> None:
    visit.go("/roles/")
    visit.press_at("[popovertarget=user]")
    visit.press_at("button:text-is('Sign out')")
    visit.page.wait_for_url(f"{visit.url}/sign-in*")
    visit.go("/roles/")
    visit.type_at("#name", NAME)
    visit.type_at("#password", PASSWORD)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.url}/roles/")
