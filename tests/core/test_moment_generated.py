"""What clocks show in any zone and year is read as the one moment that is meant, or refused, as an oracle says.

The oracle does not ask how a local time is placed: it looks through all moments nearby for those at which the clocks of
the zone show it.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import pytest

from larry.core.moment_text import NotAMoment, read_moment, show_moment

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
ZONES = sorted(zone for zone in available_timezones() if not zone.startswith(("posix/", "right/", "localtime")))
STEP = timedelta(hours=6)


def find_moments(shown: datetime, zone: tzinfo) -> list[datetime]:
    """Every moment at which clocks show this; an offset is never as much as a day and a half."""
    wall = shown.replace(tzinfo=UTC)
    around = [wall + STEP * number for number in range(-8, 9)]
    offsets = {moment.astimezone(zone).utcoffset() for moment in around}
    moments = {wall - offset for offset in offsets if offset is not None}
    return sorted(each for each in moments if each.astimezone(zone).replace(tzinfo=None) == shown)


def find_change(chance: random.Random, zone: tzinfo) -> datetime:
    """A moment at which the offset of the zone changes, to the second; any moment where there is none in that year."""
    begin = datetime(chance.randrange(1902, 2090), 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(300))
    for number in range(12):
        early, late = begin + timedelta(days=30 * number), begin + timedelta(days=30 * (number + 1))
        offset = early.astimezone(zone).utcoffset()
        if late.astimezone(zone).utcoffset() != offset:
            while late - early > timedelta(seconds=1):
                middle = (early + (late - early) / 2).replace(microsecond=0)
                early, late = (
                    (middle, late) if middle.astimezone(zone).utcoffset() == offset else (early, middle)
                )  # fmt: skip
            return late
    return begin + timedelta(seconds=chance.randrange(86_400))


def make_case(chance: random.Random) -> tuple[str, ZoneInfo]:
    """A local time as people write it, mostly near where the clocks change, by the offset before it or after."""
    zone = ZoneInfo(chance.choice(ZONES))
    change = find_change(chance, zone)
    offsets = [(change + timedelta(seconds=seconds)).astimezone(zone).utcoffset() for seconds in (-1, 0)]
    away = chance.choice((0, -1, 1, *(chance.randrange(-span, span) for span in (1800, 3600, 9000, 90_000))))
    local = change.replace(tzinfo=None) + (chance.choice(offsets) or timedelta()) + timedelta(seconds=away)
    micro = chance.choice((0, 0, 1, 999_999, chance.randrange(10**6)))
    return local.replace(microsecond=micro).isoformat(sep=chance.choice("T ")), zone


def read_or_refuse(text: str, zone: tzinfo) -> datetime | str:
    try:
        return read_moment(text, now=NOW, zone=zone)
    except NotAMoment as refusal:
        return str(refusal)


def check(cases: int, seed: int) -> dict[str, int]:
    """How many of each sort there were."""
    chance, found = random.Random(seed), {"once": 0, "twice": 0, "skipped": 0}
    for _ in range(cases):
        text, zone = make_case(chance)
        wanted = find_moments(datetime.fromisoformat(text), zone)
        read = read_or_refuse(text, zone)
        if isinstance(read, str):
            is_twice = "happens twice" in read
            assert len(wanted) == (2 if is_twice else 0), (text, zone, wanted, read)
            found["twice" if is_twice else "skipped"] += 1
            continue
        assert wanted == [read], (text, zone)
        found["once"] += 1
        other = ZoneInfo(chance.choice(ZONES))
        if read.year > 1970:  # before, some zones had offsets of odd seconds, which no text says
            assert read_moment(show_moment(read, other), now=NOW, zone=UTC) == read, (text, zone, other)
    return found


def test_what_clocks_show_is_read_as_it_was_meant() -> None:
    found = check(500, 1)
    assert min(found.values()) >= 20, found


@pytest.mark.slow
def test_ten_thousand_times() -> None:
    found = check(10_000, 2)
    assert min(found.values()) >= 400, found
