"""Hostile texts in every field, and a real browser in front of them: nothing of them runs, loads or is built in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Dialog

from tests.journeys.browser import NAME, PASSWORD, Visit, browsing, visiting
from tests.journeys.served import add_user, command, serving_nothing
from tests.journeys.walk import walk
from tests.web.routes import PAGES
from tests.web.test_hostile import EVERYTHING, HOSTS, NAMES, PAYLOADS, TURNS, estate

BORN = "x, .evil, [onerror], [onload], [onclick], [onmouseover], main base, main style, main script, [href*='//evil']"
"""What only a text that was not escaped could have become."""


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    file = tmp_path / "estate.json"
    file.write_text(estate(), encoding="utf-8")
    with serving_nothing(tmp_path / "hostile") as served, browsing() as browser:
        command(served, "apply", str(file), "--reason", EVERYTHING)
        for n in TURNS:
            deployed = ("deploy", f"c{n}/app/live", "--host", HOSTS[n], "--reason", EVERYTHING)
            command(served, *deployed)
            command(served, *deployed, "--start", "+2d", "--end", "+3d")
        command(served, "group", "add", "night-shift", "--description", EVERYTHING)
        add_user(served, f"larry user add NAME --administrator --full-name {PAYLOADS[1]}", NAME, PASSWORD)
        with visiting(browser, served.url) as visit:

            def hear(dialog: Dialog) -> None:
                visit.complaints.append(dialog.message)
                dialog.dismiss()

            visit.page.on("dialog", hear)
            yield visit


@pytest.mark.slow
def test_nothing_of_what_anybody_wrote_runs(visit: Visit) -> None:
    born: list[str] = []

    def look(path: str) -> None:
        found = visit.page.locator(BORN).evaluate_all("all => all.map(each => each.outerHTML.slice(0, 200))")
        born.extend(f"{path}: {each}" for each in found if "http://evil.example/" not in each)

    walked = walk(visit, look, ("/deployments/?state=future", f"/search?q={NAMES[0][:40]}", "/dirty"), patience=0)
    assert born == []
    assert visit.complaints == []
    assert len(walked.pages) > len(PAGES) / 2
    visit.go("/roles/")
    visit.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<b class=evil>b</b>')")
    look("/roles/")
    assert len(born) == 1
