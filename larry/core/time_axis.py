"""A time axis: the moments worth a mark between two ends, from minutes to centuries, and what people call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from larry.core.interval import Interval

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_MONTH = timedelta(days=30)
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark. A ``group`` begins here when it is not empty: the day of the hours, the month of the days, the year."""

    moment: datetime
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class _Step:
    """``about`` is its length, ``floor`` the last local moment of it at or before one, ``after`` the next."""

    about: timedelta
    floor: Callable[[datetime], datetime]
    after: Callable[[datetime], datetime]
    label: Callable[[datetime], str]
    group: Callable[[datetime], str]


def list_ticks(during: Interval, zone: tzinfo, most: int) -> tuple[Tick, ...]:
    """At most about ``most`` marks in a stretch with an end, at round local times of a zone."""
    if during.end is None:
        return ()
    wanted = (during.end - during.start) / max(most, 1)
    step = next((step for step in _STEPS if step.about >= wanted), _STEPS[-1])
    ticks: list[Tick] = []
    group = ""
    for local in _walk(step, during.start.astimezone(zone).replace(tzinfo=None)):
        moment = local.replace(tzinfo=zone).astimezone(UTC)
        if moment >= during.end:
            return tuple(ticks)
        # Where clocks are set forward some local times are none; where they are set back, some come twice.
        if moment in during and moment.astimezone(zone).replace(tzinfo=None) == local:
            began, group = group, step.group(local)
            ticks.append(Tick(moment, step.label(local), group if group != began else ""))
    return tuple(ticks)


def name_of_day(moment: datetime, zone: tzinfo) -> str:
    """The day in the zone, for people."""
    return _day(moment.astimezone(zone))


def _walk(step: _Step, start: datetime) -> Iterator[datetime]:
    local = step.floor(start)
    while True:
        yield local
        local = step.after(local)


def _day(local: datetime) -> str:
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def _hour(local: datetime) -> str:
    return f"{local:%H:%M}"


def _minutes(count: int) -> _Step:
    step = timedelta(minutes=count)

    def floor(local: datetime) -> datetime:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + (local - midnight) // step * step

    return _Step(step, floor, lambda local: local + step, _hour, _day)


def _days(count: int) -> _Step:
    """Whole days, counted from a Monday, so that seven are weeks."""
    step = timedelta(days=count)

    def floor(local: datetime) -> datetime:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=(midnight.toordinal() - 1) % count)

    return _Step(
        step, floor, lambda local: local + step, lambda local: str(local.day),
        lambda local: f"{MONTHS[local.month - 1]} {local.year}",
    )  # fmt: skip


def _months(count: int) -> _Step:
    def floor(local: datetime) -> datetime:
        return datetime(local.year, (local.month - 1) // count * count + 1, 1)  # noqa: DTZ001 — a local time

    def after(local: datetime) -> datetime:
        years, month = divmod(local.month - 1 + count, 12)
        return local.replace(year=local.year + years, month=month + 1)

    return _Step(count * _MONTH, floor, after, lambda local: MONTHS[local.month - 1], lambda local: str(local.year))


def _years(count: int) -> _Step:
    def floor(local: datetime) -> datetime:
        return datetime(max(local.year // count * count, 1), 1, 1)  # noqa: DTZ001 — a local time

    def after(local: datetime) -> datetime:
        return local.replace(year=local.year // count * count + count)

    return _Step(count * _YEAR, floor, after, lambda local: str(local.year), lambda local: "")


_STEPS = (
    *map(_minutes, (1, 5, 15, 30, 60, 180, 360, 720)),
    *map(_days, (1, 2, 7, 14)),
    *map(_months, (1, 3, 6)),
    *map(_years, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)
"""From fine to coarse; the first that is coarse enough is taken."""
