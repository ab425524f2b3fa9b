"""Time for tests: whole hours on a small grid, so that looking at each hour is looking at every moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeAlias

from larry.core.interval import Interval

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HORIZON = 30
GRID = range(HORIZON + 8)
"""Every hour that any test speaks of; the last are beyond every end: live there is live for ever."""

Span: TypeAlias = tuple[int, int | None]
"""An interval in hours, half-open; None is never."""


def at(hour: int) -> datetime:
    return EPOCH + hour * HOUR


def hour_of(moment: datetime) -> int:
    hour, rest = divmod(moment - EPOCH, HOUR)
    assert not rest, f"{moment} is not on the grid"
    return hour


def between(start: int, end: int | None = None) -> Interval:
    return Interval(at(start), None if end is None else at(end))


def span_of(interval: Interval) -> Span:
    return hour_of(interval.start), None if interval.end is None else hour_of(interval.end)


def holds(span: Span, hour: int) -> bool:
    """Whether the hour is in the half-open span, said without the code under test."""
    return span[0] <= hour and not (span[1] is not None and span[1] <= hour)


def pick_span(random: Random, horizon: int = HORIZON, open_odds: float = 0.2) -> Span:
    start = random.randrange(horizon - 1)
    return start, None if random.random() < open_odds else random.randrange(start + 1, horizon)
