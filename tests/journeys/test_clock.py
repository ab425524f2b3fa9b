"""Every case of clocks at every door: the command, HTTP, the estate file; kept in UTC and read back as it was meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from pytest_django import Settings

from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, read_moment, show_moment
from larry.records.deployment import Deployment
from tests.cli.terminal import ESTATE, LIVE, WHY, Terminal
from tests.journeys.moments import CLOCKS_GO_BACK, CLOCKS_GO_FORWARD, FROM_NOW, MOMENTS, NOW, Said
from tests.web.visitor import sign_in_as

pytestmark = pytest.mark.django_db

WEB = "web1.example.com"
MICROSECOND = timedelta(microseconds=1)
LAST = "8999-12-31T23:59:59.999999Z"
"""A microsecond later no moment can be written."""
ZONES = sorted({case.zone for case in MOMENTS})

InZone = Callable[[str], None]


@pytest.fixture
def larry(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal at a small estate, and it is always NOW."""
    monkeypatch.setenv("LARRY_ACTOR", "Tess Tester")
    monkeypatch.setattr("larry.outside.clock.now", lambda: NOW)
    terminal = Terminal(capsys, monkeypatch)
    terminal.done("apply", "-", stdin=ESTATE)
    return terminal


@pytest.fixture
def in_zone(settings: Settings) -> InZone:
    """The time zone of the settings, as LARRY_TIME_ZONE sets it."""

    def set_zone(zone: str) -> None:
        settings.TIME_ZONE = zone

    return set_zone


def each(cases: tuple[Said, ...], in_zone: InZone, check: Callable[[Said], None]) -> None:
    """Every case in its zone; all that go wrong are told."""
    wrong = []
    for case in cases:
        in_zone(case.zone)
        try:
            check(case)
        except AssertionError as fault:
            wrong.append(f"{case}: {fault}")
    assert not wrong, "\n".join(wrong)


def check_refusal(case: Said, told: str) -> None:
    """It says why, with both candidates, and each of them is a moment that can be written."""
    assert case.why in told
    assert "Traceback" not in told
    for candidate in case.candidates:
        assert candidate in told
        assert read_moment(candidate, now=NOW, zone=UTC).tzinfo is UTC


def test_there_are_enough_cases_of_every_sort() -> None:
    assert len(set(MOMENTS)) == len(MOMENTS) >= 90
    assert len([case for case in CLOCKS_GO_FORWARD if "skipped" in case.why]) >= 9
    assert len([case for case in CLOCKS_GO_BACK if "twice" in case.why]) >= 6
    assert len(ZONES) >= 10


def test_what_is_meant(in_zone: InZone) -> None:
    def check(case: Said) -> None:
        try:
            assert read_moment(case.text, now=NOW, zone=ZoneInfo(case.zone)) == case.meant
        except NotAMoment as fault:
            told = str(fault)
            assert case.meant is None, told
            check_refusal(case, told)

    each(MOMENTS, in_zone, check)


def test_the_command(larry: Terminal, in_zone: InZone) -> None:
    """`--as-of` of a page that is printed, `--start` of a preview."""
    larry.deploy(LIVE, WEB)

    def check(case: Said) -> None:
        said = larry("config", WEB, "--format", "json", f"--as-of={case.text}")
        if case.meant is None:
            assert said.code == 2, said
            check_refusal(case, said.err)
            return
        assert said.code == 0 or (case.meant < NOW and f"not at {iso(case.meant)}" in said.err), said
        if case.meant > NOW:
            plan = larry.done("deploy", LIVE, "--host", "web2.example.com", f"--start={case.text}", "--dry-run",
                              "--format", "json", *WHY).json  # fmt: skip
            assert [change["after"] for change in plan["changes"]] == [{"start": iso(case.meant), "end": None}]

    each(MOMENTS, in_zone, check)


def test_http(larry: Terminal, in_zone: InZone) -> None:
    """`as_of` of a configuration and of a page."""
    larry.deploy(LIVE, WEB)
    client = sign_in_as("tess")

    def check(case: Said) -> None:
        answer = client.get(f"/configuration/{WEB}.json", {"as_of": case.text})
        page = client.get(f"/hosts/{WEB}", {"as_of": case.text})
        if case.meant is None:
            assert answer.status_code == 400
            check_refusal(case, answer.content.decode())
            check_refusal(case, unescape(page.content.decode()))
            return
        assert iso(case.meant) in page.content.decode()
        if case.meant < NOW:
            assert (answer.status_code, page.status_code) == (404, 404)
            assert f"not at {iso(case.meant)}" in answer.content.decode()
            return
        assert (answer.status_code, page.status_code) == (200, 200)
        assert answer.headers["Larry-As-Of"] == iso(case.meant)
        assert 'role="alert"' not in page.content.decode()

    each(MOMENTS, in_zone, check)


def line(start: str, end: str | None) -> str:
    stated = {"instance": LIVE, "host": WEB, "start": start, "end": end, "reason": "it was so"}
    return json.dumps({"larry": 1, "deployments": [stated]})


def test_the_estate_file_refuses(larry: Terminal, in_zone: InZone) -> None:
    """Also what is counted from now: a file is read more than once."""

    def check(case: Said) -> None:
        if case.meant is None:
            said = larry("apply", "-", "--with-deployments", stdin=line(case.text, None))
            assert said.code == 1, said
            assert case.why in said.err or "is no moment: write" in said.err, said
            check_refusal(replace(case, why=""), said.err)

    each((*MOMENTS, *(replace(case, meant=None) for case in FROM_NOW)), in_zone, check)
    assert not Deployment.objects.exists()


def test_the_estate_file_and_the_tables_keep_every_moment(larry: Terminal, in_zone: InZone) -> None:
    """One deployment of a microsecond at each of them: two boundaries side by side, in UTC, to the microsecond."""
    kept: dict[datetime, str] = {}

    def check(case: Said) -> None:
        if case.meant is None or case.meant in kept:
            return
        end = (case.meant + MICROSECOND).isoformat().replace("+00:00", "Z")
        larry.done("apply", "-", "--with-deployments", stdin=line(case.text, end))
        kept[case.meant] = case.text

    fixed = [case for case in MOMENTS if case not in FROM_NOW and case.text != LAST]
    each(tuple(fixed), in_zone, check)
    wanted = sorted((start, start + MICROSECOND) for start in kept)
    assert sorted(Deployment.objects.values_list("start", "end")) == wanted
    with connection.cursor() as cursor:
        cursor.execute('SELECT start, "end" FROM larry_deployment')
        assert sorted(_raw(row) for row in cursor.fetchall()) == wanted
    for zone in ("UTC", "Pacific/Kiritimati", "Etc/GMT+12"):
        in_zone(zone)
        listed = larry.done("deployments", "--all", "--format", "json").json
        assert sorted((row["start"], row["end"]) for row in listed) == [(iso(start), iso(end)) for start, end in wanted]
        assert larry.done("deployments", "--all").out.count("\n") > len(wanted)
        larry.done("timeline", WEB)


def _raw(row: tuple[object, ...]) -> tuple[datetime, ...]:
    """As the tables hold it, without Django's reading: text in UTC on SQLite, a moment on PostgreSQL."""
    moments = [datetime.fromisoformat(value) if isinstance(value, str) else value for value in row]
    assert all(isinstance(moment, datetime) for moment in moments)
    return tuple(m if m.tzinfo else m.replace(tzinfo=UTC) for m in moments if isinstance(m, datetime))


@pytest.mark.parametrize("zone", ZONES)
def test_what_is_shown_in_a_zone_is_read_back(zone: str) -> None:
    for case in MOMENTS:
        if case.meant is not None and case.meant.year > 1970:
            shown = show_moment(case.meant, ZoneInfo(zone))
            assert read_moment(shown, now=NOW, zone=ZoneInfo("UTC")) == case.meant, shown
