"""Undo: what of a rollout can be taken back is its future; passed time stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from larry.core.interval import Interval
from larry.core.timeline import WRITTEN, Kind, Turn


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
    stays = tuple(made)
    turns = [turn for each in stays for turn in _take_back(each, now)]
    return tuple(_put_in_order(turns, {each.stay: each.after for each in stays if each.after is not None}))


def _put_in_order(turns: Iterable[Turn], live: dict[str, Interval]) -> Iterable[Turn]:
    """Ends first, then moves, then additions, each of them when its place is free: no overlap on the way."""
    waiting = sorted(turns, key=lambda turn: WRITTEN.index(turn.kind))
    while waiting:
        turn = next((turn for turn in waiting if _is_free(turn, live)), waiting[0])
        waiting.remove(turn)
        if turn.stay is not None:
            live.pop(turn.stay, None)
        if turn.after is not None:
            live[turn.stay or f"after {turn.continues}"] = turn.after
        yield turn


def _is_free(turn: Turn, live: Mapping[str, Interval]) -> bool:
    return turn.after is None or not any(turn.after.overlaps(live[stay]) for stay in live if stay != turn.stay)


def _take_back(made: Made, now: datetime) -> Iterable[Turn]:
    if made.before is None:
        yield from _withdraw(made, now, "the rollout that added it is undone")
    elif made.before.is_over(now):
        yield from _withdraw(made, now, "it had ended by now before the rollout that is undone")
    else:
        yield from _restore(made, made.before, now)


def _withdraw(made: Made, now: datetime, why: str) -> Iterable[Turn]:
    if made.after is None or made.after.is_over(now):
        return
    if made.after.start < now:
        kept = Interval(made.after.start, now)
        yield Turn(Kind.END, made.stay, made.deployable, made.after, kept, why)
    else:
        yield Turn(Kind.DEACTIVATE, made.stay, made.deployable, made.after, None, why)


def _restore(made: Made, before: Interval, now: datetime) -> Iterable[Turn]:
    why = "as it was before the rollout that is undone"
    rest = Interval(max(before.start, now), before.end)
    if made.after is None or made.after.is_over(now):
        yield Turn(Kind.RESUME, None, made.deployable, None, rest, why, continues=made.stay)
    elif made.after.start < now < before.start:  # brought forward: it pauses until it was to begin
        yield from _withdraw(made, now, "it had not begun by now before the rollout that is undone")
        yield Turn(Kind.RESUME, None, made.deployable, None, rest, why, continues=made.stay)
    else:
        back = Interval(made.after.start, before.end) if made.after.start < now else rest
        if back != made.after:
            yield Turn(_kind_of_return(made.after, back), made.stay, made.deployable, made.after, back, why)


def _kind_of_return(after: Interval, back: Interval) -> Kind:
    if after.start != back.start:
        return Kind.MOVE
    return Kind.EXTEND if back.covers(after) else Kind.END
