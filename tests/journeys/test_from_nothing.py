"""From an empty database to what runs and how it is changed, by pages alone and without a mouse.

One story, told in order by one person: every preview is read before it is done, and compared with what then is so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from larry.outside import clock
from tests.journeys.browser import NAME, PASSWORD, Visit, browsing, pictures_folder, visiting
from tests.journeys.served import add_user, serving_nothing

HOST = "web1.example.com"
LIVE = "acme/shop/live"
CHOSEN = ""
"""Stands for a box that is ticked, where others have a text."""
CHANGES = "What becomes of deployments"
ZONE = ZoneInfo("Europe/Berlin")
"""That of the browser."""


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    """The first user, added as the page to sign in tells."""
    with serving_nothing(tmp_path / "nothing") as served, browsing() as browser:
        page = browser.new_page()
        page.goto(f"{served.url}/")
        assert "Nobody can sign in yet" in page.locator("main").inner_text()
        add_user(served, page.locator("main code").inner_text(), NAME, PASSWORD)
        page.close()
        with visiting(browser, served.url) as visit:
            yield visit


@pytest.mark.long
def test_from_nothing_to_what_runs_and_back_by_keyboard(visit: Visit) -> None:
    folder = pictures_folder()
    chapters = (
        begin_what_nobody_has_begun,
        deploy_as_the_preview_shows,
        deploy_over_it_for_a_week,
        walk_the_clock_to_next_month,
        let_it_end_earlier,
        undo_the_week,
        undeploy_it_now,
    )
    for number, chapter in enumerate(chapters, start=1):
        chapter(visit)
        assert visit.look_closely() == []
        assert visit.complaints == []
        visit.keep(f"story-{number}-{chapter.__name__}", folder)


def begin_what_nobody_has_begun(visit: Visit) -> None:
    """Services, a customer with an app and an instance, and a host, from the first page on."""
    visit.go("/")
    assert visit.look_closely() == []
    visit.press_at("main a:text-is('Describe a service')")
    describe(visit, {"#f-name": "Linux"})
    visit.go("/services/")
    visit.press_at("a:text-is('New service')")
    describe(visit, {"#f-name": "Rails", "[name^=needs][value=linux]": CHOSEN})
    for step, typed in (
        ("Describe a customer", {"#f-name": "Acme"}),
        ("Describe an app", {"#of": "acme", "#f-name": "Shop"}),
        ("Describe an instance", {"#of": "acme/shop", "#f-name": "Live", "[name^=requires][value=rails]": CHOSEN}),
        ("Describe a host", {"#f-name": HOST}),
    ):
        visit.go("/")
        visit.press_at(f"main a:text-is('{step}')")
        describe(visit, typed)
    assert visit.page.url.endswith(f"/hosts/{HOST}")
    assert "Nothing is live here now" in visit.words_of()


def deploy_as_the_preview_shows(visit: Visit) -> None:
    visit.press_at("a:text-is('Deploy here')")
    visit.type_at("#instance", LIVE)
    ((instance, host, before, after),) = read_preview(visit, ["add"])
    assert (instance, host, before) == (LIVE, HOST, "")
    assert after.endswith("– open")
    assert [row[0] for row in visit.rows_of("Services that come")] == ["linux", "rails"]
    assert visit.look_closely() == []
    act(visit, "Deploy", "go live")
    facts = visit.words_of("dl.facts")
    assert "current" in facts
    assert "go live" in facts
    assert visit.look_closely() == []
    visit.go(f"/hosts/{HOST}")
    shown = visit.words_of()
    assert "Nothing is live" not in shown
    assert LIVE in shown


def deploy_over_it_for_a_week(visit: Visit) -> None:
    """What is live is shortened, replaced, and resumed: the preview says so, and the rollout then tells the same."""
    visit.go(f"/deploy?instance={LIVE}")
    visit.type_at("[name=host]", HOST)
    visit.type_at("#start", in_days(2))
    visit.type_at("#end", in_days(9))
    shown = read_preview(visit, ["end", "add", "resume"])
    assert visit.look_closely() == []
    act(visit, "Deploy", "a week of another")
    assert "future" in visit.words_of("dl.facts")
    visit.press_at("dl.facts a[href^='/rollouts/']")
    assert read_rollout(visit) == sorted(shown)


def walk_the_clock_to_next_month(visit: Visit) -> None:
    visit.go("/deployments/")
    assert read_states(visit) == ["current", "future", "future"]
    assert visit.look_closely() == []
    set_clock(visit, in_days(5))
    assert read_states(visit) == ["current", "future", "past"]
    set_clock(visit, in_days(30))
    assert "This is not now. You see what will be at" in visit.words_of(".band")
    assert read_states(visit) == ["current", "past", "past"]
    assert visit.look_closely() == []
    visit.press_at(f"main td a:text-is('{HOST}')")
    visit.page.wait_for_selector(f"h1:has-text('{HOST}')")
    assert "This is not now" in visit.words_of(".band")
    assert visit.look_closely() == []
    visit.press_at("a:text-is('Back to now')")
    visit.page.wait_for_selector("time[data-countdown]:has-text('in 1 day 23 hours')")


def let_it_end_earlier(visit: Visit) -> None:
    """What is planned is edited by the edit rules; what follows it comes earlier, as the preview says."""
    visit.go("/deployments/?state=future")
    visit.press_at("main tbody tr:has-text('a week of another') th a")
    visit.page.wait_for_selector("dl.facts")
    visit.press_at(".actions a:text-is('Edit')")
    visit.type_at("#end", in_days(7))
    visit.page.wait_for_function(
        "([where, end]) => document.querySelector(where)?.innerText.includes(end)",
        arg=[f"[aria-label='{CHANGES}'] tbody", in_days(7)],
    )
    shown = [row[1:5] for row in visit.rows_of(CHANGES)]
    assert visit.look_closely() == []
    act(visit, "Change", "six days will do")
    assert in_days(7) in visit.words_of("dl.facts")
    visit.go("/rollouts/")
    assert visit.look_closely() == []
    visit.press_at("main tbody tr:first-child th a")
    assert read_rollout(visit) == sorted(shown)


def undo_the_week(visit: Visit) -> None:
    """Two rollouts are undone, the later one first."""
    for reason in ("let it be nine days", "not wanted any more"):
        visit.go("/rollouts/")
        not_undone = "tr:has-text('six days')" if reason.startswith("let") else "tr:has-text('a week of another')"
        visit.press_at(f"main tbody {not_undone} th a")
        visit.page.wait_for_selector("h1:has-text('Rollout')")
        visit.press_at(".actions a:text-is('Undo')")
        visit.page.wait_for_selector(f"[aria-label='{CHANGES}'] table")
        assert visit.look_closely() == []
        act(visit, "Undo", reason)
    visit.go("/deployments/")
    (row,) = [row for row in visit.rows_of("Deployments") if row[1] in {"current", "future"}]
    assert (row[1], row[5]) == ("current", "open")


def undeploy_it_now(visit: Visit) -> None:
    visit.go("/deployments/?state=current")
    visit.press_at("main tbody th a")
    visit.page.wait_for_selector(".actions")
    visit.press_at(".actions a:text-is('Undeploy')")
    ((instance, host, before, after),) = read_preview(visit, ["end"])
    assert (instance, host) == (LIVE, HOST)
    assert before.endswith("– open")
    assert not after.endswith("– open")
    assert visit.look_closely() == []
    act(visit, "Undeploy", "closed")
    assert "It is over, and what has passed is not rewritten" in visit.words_of()
    assert visit.look_closely() == []
    visit.go(f"/hosts/{HOST}")
    assert "Nothing is live here now" in visit.words_of()


@cache
def begun() -> datetime:
    """The minute in which the story begins: what is told from it stays the same while the clock goes on."""
    return clock.now().replace(second=0, microsecond=0)


def in_days(days: int) -> str:
    """So many days after the beginning, as the page shows it and as one types it."""
    return f"{(begun() + timedelta(days=days)).astimezone(ZONE):%Y-%m-%d %H:%M}"


def describe(visit: Visit, typed: dict[str, str]) -> None:
    """Fill the form of a new noun, read what it changes, and do it."""
    visit.page.wait_for_selector("#f-name")
    for selector, text in typed.items():
        if text == CHOSEN:
            visit.press_at(selector, "Space")
        else:
            visit.type_at(selector, text)
    visit.type_at("#reason", "the beginning")
    visit.press_at("button:text-is('Review what changes')")
    visit.page.wait_for_selector("#preview")
    assert "1 new" in visit.words_of("#preview")
    visit.press_at("button:text-is('Do this')")
    visit.page.wait_for_selector(".notice.done")


def read_preview(visit: Visit, kinds: list[str]) -> list[tuple[str, ...]]:
    """What the preview says becomes of deployments, once it says these kinds: instance, host, before, after."""
    visit.page.wait_for_function(
        "([where, kinds]) => [...document.querySelectorAll(where)].map(each => each.innerText).join() == kinds",
        arg=[f"[aria-label='{CHANGES}'] tbody th", ",".join(kinds)],
    )
    return [row[1:5] for row in visit.rows_of(CHANGES)]


def read_rollout(visit: Visit) -> list[tuple[str, ...]]:
    """What a rollout's page tells that it did, in the words of a preview."""
    visit.page.wait_for_selector("[aria-label='What it did']")
    done = [row[:4] for row in visit.rows_of("What it did")]
    return sorted((instance, host, "" if old == "was not" else old, new) for instance, host, old, new in done)


def act(visit: Visit, verb: str, reason: str) -> None:
    visit.type_at("#reason", reason)
    visit.press_at(f".send button:text-is('{verb}')")
    visit.page.wait_for_selector(".notice.done")
    assert visit.complaints == []


def read_states(visit: Visit) -> list[str]:
    return sorted(row[1] for row in visit.rows_of("Deployments"))  # the first cell chooses


def set_clock(visit: Visit, text: str) -> None:
    visit.press_at("button.clock")
    visit.type_at("#moment", text)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector(f".band:has-text('{text}')")
