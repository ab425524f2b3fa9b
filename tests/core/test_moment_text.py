"""Moments as people write them: each names one exact moment, or the refusal says what to write instead."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.moment_text import EARLIEST, LATEST, NotAMoment, is_moving, read_moment, show_moment

NOW = datetime(2026, 11, 22, 11, 0, 0, 500, tzinfo=UTC)
FIRST = datetime(1975, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
)


def read(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return read_moment(text, now=NOW, zone=zone)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026-12-01T09:00Z", "2026-12-01T09:00+00:00"),
        ("2026-12-01t09:00z", "2026-12-01T09:00+00:00"),
        ("2026-12-01T09:00:30.25Z", "2026-12-01T09:00:30.250+00:00"),
        ("2026-12-01T09:00+05:30", "2026-12-01T03:30+00:00"),
        ("2026-12-01T09:00-0500", "2026-12-01T14:00+00:00"),
        ("2026-12-01T09:00", "2026-12-01T08:00+00:00"),
        ("2026-07-01 09:00", "2026-07-01T07:00+00:00"),
        ("2026-12-01", "2026-11-30T23:00+00:00"),
        ("  2026-12-01  ", "2026-11-30T23:00+00:00"),
        # An unescaped plus in a query string arrives as a space.
        ("2026-12-01T09:00 05:30", "2026-12-01T03:30+00:00"),
        ("+2h", "2026-11-22T13:00:01+00:00"),
        (" 2h", "2026-11-22T13:00:01+00:00"),
        ("+1d12h", "2026-11-23T23:00:01+00:00"),
        ("+1w", "2026-11-29T11:00:01+00:00"),
        ("-90m", "2026-11-22T09:30:01+00:00"),
        ("+0s", "2026-11-22T11:00:01+00:00"),
    ],
)
def test_a_moment_is_read(text: str, expected: str) -> None:
    assert read(text) == datetime.fromisoformat(expected)


def test_now_is_now_in_any_case() -> None:
    assert read("now") == read("NOW") == NOW


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "not a moment"),
        ("yesterday", "not a moment"),
        ("2026", "not a moment"),
        ("20261201", "not a moment"),
        ("2026-W49", "not a moment"),
        ("2026-1-1", "not a moment"),
        ("2026-12-01T09", "not a moment"),
        ("2026-12-01Z", "not a moment"),
        ("2026-12-01T09:00:00.1234567Z", "not a moment"),
        ("٢٠٢٦-12-01", "not a moment"),
        ("+2", "not a moment"),
        ("+2y", "not a moment"),
        ("++2h", "not a moment"),
        ("+9999999999h", "not a moment"),
        ("2026-02-30", "not in the calendar"),
        ("2026-12-01T24:00", "not in the calendar"),
        ("2026-12-31T23:59:60Z", "not in the calendar"),
        ("2026-12-01T09:00+25:00", "not in the calendar"),
        ("+1h1h", "twice"),
        ("+999999999w", "not between the years"),
        ("-999999999d", "not between the years"),
        ("0001-01-01T00:00+14:00", "not between the years"),
        ("0001-01-01", "not between the years"),
        ("9999-12-31T23:59", "not between the years"),
        ("1899-12-31T23:59Z", "not between the years"),
        ("x" * 10_000, "not a moment"),
    ],
)
def test_what_is_no_moment_is_refused_in_one_short_line(text: str, why: str) -> None:
    with pytest.raises(NotAMoment, match=why) as refused:
        read(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    "text, zone, happens, candidates",
    [
        ("2026-10-25T02:30", "Europe/Berlin", "twice", ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00")),
        ("2026-03-29T02:30", "Europe/Berlin", "skipped", ("2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00")),
        ("2026-11-01T01:00", "America/New_York", "twice", ("2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00")),
        # Half an hour on Lord Howe Island, a whole day on Samoa, the first hour of a day in Brazil.
        ("2026-04-05T01:45", "Australia/Lord_Howe", "twice", ("2026-04-05T01:45+11:00", "2026-04-05T01:45+10:30")),
        ("2011-12-30T12:00", "Pacific/Apia", "skipped", ("2011-12-29T12:00-10:00", "2011-12-31T12:00+14:00")),
        ("2018-11-04", "America/Sao_Paulo", "skipped", ("2018-11-03T23:00-03:00", "2018-11-04T01:00-02:00")),
    ],
)
def test_a_local_time_that_happens_twice_or_never_is_refused_with_both_candidates(
    text: str, zone: str, happens: str, candidates: tuple[str, str]
) -> None:
    with pytest.raises(NotAMoment, match=happens) as refused:
        read(text, ZoneInfo(zone))
    found = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d[+-]\d\d:\d\d", str(refused.value))
    assert tuple(found) == candidates
    assert read(found[0]) < read(found[1])


@given(
    # Long ago, offsets had seconds, which ISO 8601 cannot say.
    moment=st.integers(0, 220_000_000_000).map(lambda second: FIRST + timedelta(seconds=second)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_what_is_shown_is_read_back(moment: datetime, zone: ZoneInfo) -> None:
    assert read_moment(show_moment(moment, zone), now=NOW, zone=ZoneInfo("UTC")) == moment


@given(
    local=st.integers(0, 2_000_000_000_000).map(lambda ms: (FIRST + timedelta(milliseconds=ms)).replace(tzinfo=None)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_a_local_time_is_one_moment_or_is_refused(local: datetime, zone: ZoneInfo) -> None:
    text = local.isoformat(timespec="microseconds")
    shown_by = {
        moment
        for hours in range(-30, 31)
        for moment in [local.replace(tzinfo=UTC) + timedelta(minutes=30 * hours)]
        if moment.astimezone(zone).replace(tzinfo=None) == local
    }
    try:
        assert {read(text, zone)} == shown_by
    except NotAMoment:
        assert len(shown_by) != 1


@given(st.text())
def test_any_text_is_a_moment_within_the_calendar_or_is_refused(text: str) -> None:
    with contextlib.suppress(NotAMoment):
        assert EARLIEST <= read(text) < LATEST


def test_what_moves_is_told_from_what_stays() -> None:
    assert all(is_moving(text) for text in ("now", "+2h", " 2h", "-1d"))
    assert not any(is_moving(text) for text in ("2026-12-01", " 2026-12-01T09:00Z", "2026-12-01T09:00 05:30"))
