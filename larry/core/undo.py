"""Undo: what of a rollout can be taken back is its future; passed time stays as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from larry.core.interval import Interval
from larry.core.timeline import Kind, Turn


@dataclass(frozen=True, slots=True)
class Made:
    """What a rollout made of one deployment of a lane: its interval before and after; None means not live."""

    stay: str
    deployable: str
    before: Interval | None
    after: Interval | None


def take_back(made: Iterable[Made], *, now: datetime) -> tuple[Turn, ...]:
    """The turns that give one lane back, from now on, what it held before a rollout; pure.

    What the rollout added ends now, or is deactivated before it begins. What it ended, shortened, moved or deactivated
    gets its future back: by its old interval where it has not ended yet, else by a continuation of its Deployable.
    """
    turns = [turn for each in made for turn in _take_back(each, now)]
    return tuple(sorted(turns, key=lambda turn: _WRITTEN.index(turn.kind)))


_WRITTEN = (Kind.END, Kind.DEACTIVATE, Kind.MOVE, Kind.EXTEND, Kind.ADD, Kind.RESUME)


def _take_back(made: Made, now: datetime) -> Iterable[Turn]:
    if made.before is None:
        yield from _withdraw(made, now)
    elif not made.before.is_over(now):
        yield from _restore(made, made.before, now)


def _withdraw(made: Made, now: datetime) -> Iterable[Turn]:
    if made.after is None or made.after.is_over(now):
        return
    if made.after.start < now:
        kept = Interval(made.after.start, now)
        yield Turn(Kind.END, made.stay, made.deployable, made.after, kept, "the rollout that added it is undone")
    else:
        yield Turn(Kind.DEACTIVATE, made.stay, made.deployable, made.after, None, "the rollout that added it is undone")


def _restore(made: Made, before: Interval, now: datetime) -> Iterable[Turn]:
    why = "as it was before the rollout that is undone"
    if made.after is None or made.after.is_over(now):
        rest = Interval(max(before.start, now), before.end)
        yield Turn(Kind.RESUME, None, made.deployable, None, rest, why, continues=made.stay)
    elif made.after.start <= now:
        back = Interval(made.after.start, before.end)
        if back != made.after:
            kind = Kind.EXTEND if back.covers(made.after) else Kind.END
            yield Turn(kind, made.stay, made.deployable, made.after, back, why)
    else:
        back = Interval(max(before.start, now), before.end)
        if back != made.after:
            yield Turn(Kind.MOVE, made.stay, made.deployable, made.after, back, why)
