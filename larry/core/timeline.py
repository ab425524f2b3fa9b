"""Make room: what becomes of the stays of a lane when a newcomer wants to be live in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from larry.core.interval import Interval, iso


class Kind(StrEnum):
    """What happens to one deployment."""

    ADD = "add"
    END = "end"
    EXTEND = "extend"
    MOVE = "move"
    DEACTIVATE = "deactivate"
    RESUME = "resume"
    BOUND = "bound"
    DELETE = "delete"


class StartsInThePast(ValueError):
    """What starts before now would rewrite history."""


class IsOver(ValueError):
    """What has ended cannot be changed."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A live deployment of a lane: its id, its Deployable's digest and when."""

    id: str
    deployable: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of a lane. ``stay`` is None for the newcomer and for a continuation, whose ``continues`` says of
    what.
    """

    kind: Kind
    stay: str | None
    deployable: str
    before: Interval | None
    after: Interval | None
    why: str
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """The changes that make room, ends first, then moves, then additions (the newcomer last but for continuations)."""

    turns: tuple[Turn, ...]
    bounded_by: str | None = None


def make_room(stays: Iterable[Stay], deployable: str, wish: Interval, *, now: datetime, resume: bool = True) -> Room:
    """The four rules, in their order, for one lane; pure, O(n log n).

    ``stays`` are the lane's live (not deactivated) stays, none overlapping another. Raises `StartsInThePast` for a wish
    that starts before ``now``; so nothing before ``now`` is ever rewritten.
    """
    if wish.start < now:
        raise StartsInThePast(f"{iso(wish.start)} is before now, {iso(now)}")
    wish, turns, bounded_by = _clear(stays, wish, resume=resume)
    why = f"ends where the deployment {bounded_by.id} starts" if bounded_by else "as asked"
    turns.append(Turn(Kind.ADD, None, deployable, None, wish, why))
    return Room(tuple(sorted(turns, key=lambda turn: WRITTEN.index(turn.kind))), bounded_by.id if bounded_by else None)


def change_stay(stay: Stay, wish: Interval, others: Iterable[Stay], *, now: datetime, resume: bool = True) -> Room:
    """Edit a stay: of a current one the end only, of a future one both; the lane's others make room as for a newcomer.

    ``others`` are the lane's other live stays. Raises `IsOver` for a past stay, `StartsInThePast` for what would
    rewrite
    what has passed. Nothing changes where the stay is as wished already.
    """
    if stay.interval.is_over(now):
        raise _over(stay, now)
    if stay.interval.start <= now and wish.start != stay.interval.start:
        raise StartsInThePast(f"the deployment {stay.id} began at {iso(stay.interval.start)}: only its end can change")
    if stay.interval.start > now and wish.start < now:
        raise StartsInThePast(f"{iso(wish.start)} is before now, {iso(now)}")
    if wish.end is not None and wish.end < now:
        raise StartsInThePast(f"the end {iso(wish.end)} is before now, {iso(now)}")
    wish, turns, bounded_by = _clear(others, wish, resume=resume)
    if wish != stay.interval:
        why = f"ends where the deployment {bounded_by.id} starts" if bounded_by else "as asked"
        turns.append(
            Turn(_kind_of_edit(stay.interval, wish, bounded_by), stay.id, stay.deployable, stay.interval, wish, why)
        )
    return Room(tuple(sorted(turns, key=lambda turn: WRITTEN.index(turn.kind))), bounded_by.id if bounded_by else None)


def delete_stay(stay: Stay, *, now: datetime) -> Turn:
    """Only what has not begun can be deleted. Raises `IsOver`."""
    if stay.interval.start <= now:
        raise IsOver(f"the deployment {stay.id} began at {iso(stay.interval.start)}: end it, it cannot be deleted")
    return Turn(Kind.DELETE, stay.id, stay.deployable, stay.interval, None, "deleted before it starts")


def _clear(stays: Iterable[Stay], wish: Interval, *, resume: bool) -> tuple[Interval, list[Turn], Stay | None]:
    """Bound the wish (rule 1), and let every stay that overlaps what is left of it yield (rules 2 to 4)."""
    lane = sorted(stays, key=lambda stay: stay.interval.start)
    bounded_by = next((stay for stay in lane if stay.interval.start > wish.start), None) if wish.end is None else None
    if bounded_by is not None:
        wish = Interval(wish.start, bounded_by.interval.start)
    overlapping = (stay for stay in lane if stay.interval.overlaps(wish))
    return wish, [turn for stay in overlapping for turn in _yield(stay, wish, resume=resume)], bounded_by


def _kind_of_edit(before: Interval, after: Interval, bounded_by: Stay | None) -> Kind:
    if before.start != after.start:
        return Kind.MOVE
    if bounded_by is not None:
        return Kind.BOUND
    return Kind.EXTEND if after.covers(before) else Kind.END


WRITTEN = (Kind.END, Kind.DEACTIVATE, Kind.DELETE, Kind.MOVE, Kind.BOUND, Kind.EXTEND, Kind.ADD, Kind.RESUME)
"""Ends first, then moves, then additions: in this order no two live stays of a lane ever overlap on the way."""


@dataclass(frozen=True, slots=True)
class _Rule:
    why: str
    applies: Callable[[Interval, Interval], bool]
    turns: Callable[[Stay, Interval, str, bool], Iterable[Turn]]


def _yield(stay: Stay, wish: Interval, *, resume: bool) -> Iterable[Turn]:
    rule = next(rule for rule in _RULES if rule.applies(stay.interval, wish))
    return rule.turns(stay, wish, rule.why, resume)


def _end_and_resume(stay: Stay, wish: Interval, why: str, resume: bool) -> Iterable[Turn]:
    kept = Interval(stay.interval.start, wish.start)
    yield Turn(Kind.END, stay.id, stay.deployable, stay.interval, kept, why)
    if resume and wish.end is not None and not wish.covers(Interval(wish.start, stay.interval.end)):
        rest = Interval(wish.end, stay.interval.end)
        yield Turn(Kind.RESUME, None, stay.deployable, None, rest, "goes on after the newcomer ends", continues=stay.id)


def _deactivate(stay: Stay, _wish: Interval, why: str, _resume: bool) -> Iterable[Turn]:
    yield Turn(Kind.DEACTIVATE, stay.id, stay.deployable, stay.interval, None, why)


def _start_later(stay: Stay, wish: Interval, why: str, _resume: bool) -> Iterable[Turn]:
    moved = Interval(wish.end or stay.interval.start, stay.interval.end)
    yield Turn(Kind.MOVE, stay.id, stay.deployable, stay.interval, moved, why)


_RULES = (
    _Rule("starts earlier, so it ends where the newcomer starts", lambda e, n: e.start < n.start, _end_and_resume),
    _Rule("lies within the newcomer", lambda e, n: n.covers(e), _deactivate),
    _Rule("goes on after the newcomer, so it starts where the newcomer ends", lambda e, n: True, _start_later),
)
"""Rules 2, 3 and 4 for a stay that overlaps the (already bounded) newcomer: the first that applies."""


def end_stay(stay: Stay, at: datetime, *, now: datetime) -> Turn | None:
    """Undeploy: end a stay at a moment not before now; a stay that has not begun by then is deactivated.

    None when it ends there already. Raises `IsOver` for a past stay, `StartsInThePast` for a moment before now.
    """
    if stay.interval.is_over(now):
        raise _over(stay, now)
    if at < now:
        raise StartsInThePast(f"{iso(at)} is before now, {iso(now)}")
    if stay.interval.end == at:
        return None
    if at <= stay.interval.start:
        return Turn(Kind.DEACTIVATE, stay.id, stay.deployable, stay.interval, None, "undeployed before it starts")
    if stay.interval.end is not None and at > stay.interval.end:
        raise IsOver(
            f"the deployment {stay.id} ends at {iso(stay.interval.end)}, before {iso(at)}: undeploying never extends"
        )
    after = Interval(stay.interval.start, at)
    return Turn(Kind.END, stay.id, stay.deployable, stay.interval, after, "undeployed")


def _over(stay: Stay, now: datetime) -> IsOver:
    return IsOver(
        f"the deployment {stay.id} ended at {iso(stay.interval.end or now)}: what has passed is not rewritten"
    )
