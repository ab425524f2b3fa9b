"""A moment as people write it becomes one exact moment, or is refused with what to write instead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Far enough from the ends of the calendar that every moment can be shown in every time zone."""

_FORMS = "write a date and time like 2026-12-01T09:00Z or 2026-12-01T09:00, a date, now, or +2h"
_WRITTEN = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)(?P<offset>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_LATER = re.compile(r"(?P<sign>[+-])(?P<parts>(?:[0-9]{1,9}[wdhms])+)")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class NotAMoment(ValueError):
    """The text names no moment, or more than one."""


def read_moment(text: str, *, now: datetime, zone: tzinfo) -> datetime:
    """The moment in UTC: ISO 8601, a date (its first moment), ``now``, or elapsed time from now (``+2h``, ``-1d12h``)
    rounded up to the second.

    Without an offset it is in ``zone``; a local time that clocks show twice or skip is refused, naming both candidates.
    Raises `NotAMoment`.
    """
    trimmed = text.strip()
    # In a query string an unescaped plus arrives as a space: as_of=+2h, as_of=2026-12-01T09:00+01:00.
    for written in (trimmed, f"+{trimmed}", "+".join(trimmed.rsplit(" ", 1))):
        if (moment := _read(written, now, zone)) is not None:
            if not EARLIEST <= moment < LATEST:
                raise NotAMoment(f"{trimmed} is not between the years {EARLIEST.year} and {LATEST.year}")
            return moment
    raise NotAMoment(f"{trimmed[:80]!r} is not a moment: {_FORMS}")


def is_moving(text: str) -> bool:
    """Whether the text, read again later, names another moment (``now``, ``+2h``)."""
    return _WRITTEN.match(text.strip()) is None


def show_moment(moment: datetime, zone: tzinfo) -> str:
    """The moment for people, in their zone, to the minute unless it has seconds; `read_moment` reads it back."""
    local = moment.astimezone(zone)
    detail = "microseconds" if local.microsecond else "seconds" if local.second else "minutes"
    return local.isoformat(sep=" ", timespec=detail)


def _read(written: str, now: datetime, zone: tzinfo) -> datetime | None:
    if written.casefold() == "now":
        return now
    try:
        if (later := _LATER.fullmatch(written)) is not None:
            return _next_second(now + _elapsed(later))
        if (found := _WRITTEN.fullmatch(written)) is not None:
            return _written(found, zone)
    except OverflowError:
        raise NotAMoment(f"{written} is not between the years {EARLIEST.year} and {LATEST.year}") from None
    return None


def _next_second(moment: datetime) -> datetime:
    """What is counted from now is of whole seconds, and never before what was meant."""
    return moment if not moment.microsecond else moment.replace(microsecond=0) + timedelta(seconds=1)


def _elapsed(later: re.Match[str]) -> timedelta:
    parts = re.findall(r"([0-9]+)([wdhms])", later["parts"])
    if len({unit for _, unit in parts}) < len(parts):
        raise NotAMoment(f"{later[0]} names a unit twice")
    span = sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts), timedelta())
    return span if later["sign"] == "+" else -span


def _written(found: re.Match[str], zone: tzinfo) -> datetime:
    try:
        local = datetime.fromisoformat(f"{found['date']}T{found['time'] or '00:00'}{(found['offset'] or '').upper()}")
    except ValueError as fault:
        raise NotAMoment(f"{found[0]} is not in the calendar or on the clock: {fault}") from None
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    if not EARLIEST.year < local.year < LATEST.year:
        raise NotAMoment(f"{found[0]} is not between the years {EARLIEST.year} and {LATEST.year}")
    return _locate(local, zone, found[0])


def _locate(local: datetime, zone: tzinfo, written: str) -> datetime:
    """The one moment at which clocks in the zone show the local time.

    A skipped time reads as two moments, by the offset before and the one after (PEP 495), and neither shows it.
    """
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    candidates = sorted(moment.astimezone(zone) for moment in (first, second))
    named = " or ".join(
        candidate.isoformat(timespec="seconds" if candidate.second else "minutes") for candidate in candidates
    )
    if all(candidate.replace(tzinfo=None) == local for candidate in candidates):
        raise NotAMoment(f"{written} happens twice in {zone}: write {named}")
    raise NotAMoment(f"{written} is skipped by the clocks in {zone}: write {named}")
