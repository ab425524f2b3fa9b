"""Time is half-open: an interval holds its start and not its end, and an open end is never."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


class EndsBeforeItStarts(ValueError):
    """An interval must end after it starts."""


@dataclass(frozen=True, slots=True)
class Interval:
    """``[start, end)`` in aware UTC moments; ``end`` None means open."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise EndsBeforeItStarts(f"the end {iso(self.end)} is not after the start {iso(self.start)}")

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)

    def overlaps(self, other: Interval) -> bool:
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)

    def covers(self, other: Interval) -> bool:
        return self.start <= other.start and (self.end is None or (other.end is not None and other.end <= self.end))

    def meet(self, other: Interval) -> Interval | None:
        """What both hold, or None."""
        start, end = max(self.start, other.start), earlier_end(self.end, other.end)
        return Interval(start, end) if end is None or start < end else None

    def without(self, other: Interval) -> tuple[Interval, ...]:
        """What of it lies before the other, and what after."""
        pieces = [self.meet(Interval(self.start, other.start))] if self.start < other.start else []
        if other.end is not None and (self.end is None or other.end < self.end):
            pieces.append(Interval(max(self.start, other.end), self.end))
        return tuple(piece for piece in pieces if piece is not None)

    def is_over(self, now: datetime) -> bool:
        return self.end is not None and self.end <= now


def earlier_end(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two ends, where None is never."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def cut(during: Interval, boundaries: Iterable[datetime]) -> tuple[Interval, ...]:
    """``during`` in pieces, cut at every boundary inside it; O(n log n)."""
    inside = sorted({moment for moment in boundaries if moment in during and moment != during.start})
    starts = [during.start, *inside]
    return tuple(Interval(start, end) for start, end in zip(starts, [*inside, during.end], strict=True))


def iso(moment: datetime) -> str:
    """The moment in ISO 8601, UTC, with a Z, as short as it is exact."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat()[:-6]}Z"  # in place of +00:00
