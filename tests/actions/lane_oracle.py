"""An oracle of lanes, written from the words of the specification alone: it knows nothing of Larry's own code.

Moments are whole seconds. A newcomer is cut out of what is there; what is left of each neighbour says what becomes of
it. Acts return the next state, or raise `Refusal`; ids of what is new are found out by looking (`bind`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeAlias

GRACE = 60
Lane: TypeAlias = tuple[str, str]
Span: TypeAlias = tuple[int, int | None]
State: TypeAlias = Mapping[str, "Stay"]


class Refusal(Exception):
    """The specification refuses the act."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A deployment: its instance and host, what is deployed, when, and what became of it."""

    lane: Lane
    content: str
    start: int
    end: int | None
    place: Mapping[str, str] = field(default_factory=dict)
    continues: str | None = None
    deactivated: int | None = None
    deleted: bool = False

    @property
    def is_live(self) -> bool:
        return self.deactivated is None

    def holds(self, moment: int) -> bool:
        return self.is_live and self.start <= moment and (self.end is None or moment < self.end)

    def is_over(self, now: int) -> bool:
        return self.end is not None and self.end <= now


@dataclass(frozen=True, slots=True)
class Rollout:
    """What an act changed: by id, what was before (None: nothing) and what it made of it."""

    number: int
    touched: Mapping[str, tuple[Stay | None, Stay]]


NEW = "new "


def settle(moment: int | None, now: int) -> int:
    """The moment that was meant: hardly past is now, earlier is refused."""
    if moment is None:
        return now
    if moment < now - GRACE:
        raise Refusal("in the past")
    return max(moment, now)


def in_lane(state: State, lane: Lane, now: int, but: str = "") -> list[str]:
    """The live stays of a lane that are not over, earliest first."""
    mine = [id_ for id_, stay in state.items() if stay.lane == lane and stay.is_live and not stay.is_over(now)]
    return sorted((id_ for id_ in mine if id_ != but), key=lambda id_: state[id_].start)


def bounded(state: State, lane: Lane, span: Span, now: int, but: str = "") -> Span:
    """Rule 1: who comes to stay for ever stays until the next one that starts later."""
    later = [state[id_].start for id_ in in_lane(state, lane, now, but) if state[id_].start > span[0]]
    return (span[0], min(later)) if span[1] is None and later else span


def cut_out(state: dict[str, Stay], lane: Lane, span: Span, now: int, *, resume: bool, but: str = "") -> list[str]:
    """Rules 2 to 4: take the span out of every other stay; the ids of those that were ended or deactivated by it."""
    start, end = span
    left: list[str] = []
    for id_ in in_lane(state, lane, now, but):
        stay = state[id_]
        if (end is not None and end <= stay.start) or (stay.end is not None and stay.end <= start):
            continue
        goes_on = end is not None and (stay.end is None or stay.end > end)
        if stay.start < start:
            state[id_] = replace(stay, end=start)
            left.append(id_)
            if goes_on and resume and end is not None:
                rest = replace(stay, start=end, continues=id_)
                state[f"{NEW}{len(state)}"] = rest
        elif goes_on and end is not None:
            state[id_] = replace(stay, start=end)
        else:
            state[id_] = replace(stay, deactivated=now)
            left.append(id_)
    return left


def arrive(state: dict[str, Stay], stay: Stay, now: int, recorded: int, *, resume: bool) -> None:
    """A newcomer: the rules in their order; it stands where those stood that it replaces, but for what is asked."""
    span = bounded(state, stay.lane, (stay.start, stay.end), now)
    before = dict(state)
    left = cut_out(state, stay.lane, span, now, resume=resume)
    for id_ in left:
        if state[id_].deactivated is not None:
            state[id_] = replace(state[id_], deactivated=recorded)
    place: dict[str, str] = {}
    for id_ in sorted(left, key=lambda id_: before[id_].holds(span[0])):
        place |= before[id_].place
    state[f"{NEW}{len(state)}"] = replace(stay, start=span[0], end=span[1], place={**place, **stay.place})


def deploy(
    state: State,
    wishes: Iterable[tuple[Lane, str, Mapping[str, str]]],
    span: tuple[int | None, int | None],
    now: int,
    *,
    resume: bool,
    backdate: bool,
) -> dict[str, Stay]:
    made, start, end = dict(state), span[0], span[1]
    wishes = list(wishes)
    if backdate and start is not None and start < now - GRACE:
        until = now if end is None else min(now, end)
        lanes = {lane for lane, _, _ in wishes}
        for stay in state.values():
            if stay.lane in lanes and stay.is_live and stay.start < until and (stay.end is None or stay.end > start):
                raise Refusal("history is there")
        since = start
    else:
        since = start = settle(start, now)
    if end is not None and end <= start:
        raise Refusal("ends before it starts")
    for lane, content, place in wishes:
        arrive(made, Stay(lane, content, start, end, place), since, now, resume=resume)
    return made


def find_stays(state: State, ids: Iterable[str]) -> None:
    if any(id_ not in state or not state[id_].is_live for id_ in ids):
        raise Refusal("no such live deployment")


def undeploy(state: State, ids: Iterable[str], at: int | None, now: int) -> dict[str, Stay]:
    made, ids = dict(state), list(ids)
    find_stays(state, ids)
    for id_ in ids:
        stay, moment = state[id_], settle(at, now)
        if stay.is_over(now):
            raise Refusal("is over")
        if stay.end is not None and moment > stay.end:
            raise Refusal("undeploying never extends")
        if moment == stay.end:
            continue
        made[id_] = replace(stay, deactivated=now) if moment <= stay.start else replace(stay, end=moment)
    return made


def delete(state: State, ids: Iterable[str], now: int) -> dict[str, Stay]:
    ids = list(ids)
    find_stays(state, ids)
    if any(state[id_].start <= now for id_ in ids):
        raise Refusal("began")
    return {**state, **{id_: replace(state[id_], deactivated=now, deleted=True) for id_ in ids}}


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change of a stay."""

    start: int | None = None
    end: int | None = None
    is_open: bool = False
    host: str | None = None
    place: Mapping[str, str] | None = None


def edit(state: State, id_: str, asked: Edit, now: int, *, resume: bool) -> dict[str, Stay]:
    find_stays(state, [id_])
    made, stay = dict(state), state[id_]
    start = stay.start if asked.start is None else settle(asked.start, now)
    end = None if asked.is_open else stay.end if asked.end is None else asked.end
    if stay.is_over(now):
        raise Refusal("is over")
    if stay.start <= now and start != stay.start:
        raise Refusal("began: its end only")
    if end is not None and (end <= start or end < now):
        raise Refusal("ends before it starts, or before now")
    lane = (stay.lane[0], stay.lane[1] if asked.host is None else asked.host)
    if lane == stay.lane and asked.place is None:
        span = bounded(state, lane, (start, end), now, but=id_)
        cut_out(made, lane, span, now, resume=resume, but=id_)
        made[id_] = replace(stay, start=span[0], end=span[1])
        return made
    if stay.start > now:
        made[id_] = replace(stay, deactivated=now, deleted=True)
    elif lane != stay.lane:
        raise Refusal("began: it cannot change its host")
    else:
        made[id_] = replace(stay, deactivated=now) if stay.start == now else replace(stay, end=now)
        start = now
    if end is not None and end <= start:
        raise Refusal("ends before it starts")
    successor = Stay(lane, stay.content, start, end, {**stay.place, **(asked.place or {})})
    arrive(made, successor, now, now, resume=resume)
    return made


# --- what must always be true -----------------------------------------------------------------------------------------


def moments(*states: State) -> list[int]:
    """Every boundary of any of the states: between two of them nothing changes."""
    edges = {edge for state in states for stay in state.values() for edge in (stay.start, stay.end)}
    return sorted(edge for edge in edges if edge is not None)


def live(state: State, lane: Lane, moment: int) -> list[str]:
    return [id_ for id_, stay in state.items() if stay.lane == lane and stay.holds(moment)]


def find_overlaps(state: State) -> Iterator[str]:
    lanes: dict[Lane, list[Stay]] = {}
    for stay in state.values():
        if stay.is_live:
            lanes.setdefault(stay.lane, []).append(stay)
    for lane, stays in lanes.items():
        for earlier, later in pairwise(sorted(stays, key=lambda stay: stay.start)):
            if earlier.end is None or earlier.end > later.start:
                yield f"{lane} is held twice from {later.start} on"


def root(state: State, id_: str) -> str:
    """The deployment that it goes on with, back to the first."""
    while (before := state[id_].continues) is not None:
        id_ = before
    return id_


def find_wrong_undo(before: State, after: State, rollout: Rollout, now: int) -> Iterator[str]:
    """What undoing a rollout ought to have made: passed time as it was, the future of what it touched as before it."""
    lanes = {stay.lane for _, stay in rollout.touched.values()}
    for id_, stay in before.items():
        if stay.lane not in lanes and after[id_] != stay:
            yield f"{id_} is in another lane"
    was = {**before, **{id_: old for id_, (old, _) in rollout.touched.items() if old is not None}}
    was = {id_: stay for id_, stay in was.items() if rollout.touched.get(id_, (stay,))[0] is not None}
    for lane in lanes:
        for moment in sorted({now, *moments(before, after, was)}):
            wanted = live(before if moment < now else was, lane, moment)
            found = live(after, lane, moment)
            if moment < now and wanted != found:
                yield f"{lane} at {moment}, which has passed: {found} instead of {wanted}"
            if [root(before, id_) for id_ in wanted] != [root(after, id_) for id_ in found]:
                yield f"{lane} at {moment}: {found} instead of {wanted}"


def may_undo(state: State, rollouts: Iterable[Rollout], undone: Rollout, now: int) -> bool:
    """Whether all it touched is as it left it, nobody came into its lanes since, and all fits in where it was."""
    lanes = {stay.lane for _, stay in undone.touched.values()}
    if any(_live_span(state[id_]) != _live_span(made) for id_, (_, made) in undone.touched.items()):
        return False
    for rollout in rollouts:
        if rollout.number <= undone.number:
            continue
        for id_, (old, _) in rollout.touched.items():
            stay = state[id_]
            if old is None and stay.lane in lanes and stay.is_live and not stay.is_over(now):
                return False
    return not any(find_overlaps(without(state, undone, now)))


def _live_span(stay: Stay) -> Span | None:
    return (stay.start, stay.end) if stay.is_live else None


def without(state: State, undone: Rollout, now: int) -> dict[str, Stay]:
    """The live future as it would be if a rollout had not been."""
    was = {id_: stay for id_, stay in state.items() if id_ not in undone.touched}
    was |= {id_: old for id_, (old, _) in undone.touched.items() if old is not None}
    future = {id_: stay for id_, stay in was.items() if stay.is_live and not stay.is_over(now)}
    return {id_: replace(stay, start=max(stay.start, now)) for id_, stay in future.items()}
