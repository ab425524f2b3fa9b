"""A lane hour by hour: what the four rules say ought to be live, and what the turns of `make_room` make live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from larry.core.timeline import Kind, Room, StartsInThePast, Stay, Turn
from tests.core.hours import GRID, HORIZON, Span, at, between, holds, span_of

NEW = "new"
Hours = Mapping[int, str | None]
"""What is live in each hour: the id of a stay, the newcomer, the continuation of a stay, or nothing."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What `make_room` is asked, in hours."""

    stays: Mapping[str, Span]
    wish: Span
    now: int
    resume: bool


def again(stay: str) -> str:
    return f"{stay} again"


def make_lane(random: Random) -> Lane:
    """Stays without overlaps, often touching; a wish that likes to start and end where they do; now anywhere."""
    stays: dict[str, Span] = {}
    hour = random.randrange(6)
    while hour < HORIZON - 2 and random.random() < 0.85:
        end = hour + random.choice((1, 1, 2, 3, 5, 9))
        is_open = random.random() < 0.1 or end >= HORIZON
        stays[f"s{len(stays)}"] = (hour, None if is_open else end)
        if is_open:
            break
        hour = end + random.choice((0, 0, 0, 1, 2, 4))
    edges = sorted({edge for span in stays.values() for edge in span if edge is not None} | {5})
    start = random.choice((random.choice(edges), random.randrange(HORIZON - 1)))
    ends: list[int | None] = [
        end for end in (*edges, random.randrange(1, HORIZON), random.randrange(1, HORIZON)) if end > start
    ]
    until = random.choice([*ends, start + 1, None])
    now = random.choice((0, start, random.randrange(start + 1), random.choice(edges), random.randrange(HORIZON)))
    return Lane(stays, (start, until), now, random.random() < 0.6)


def as_stays(spans: Mapping[str, Span]) -> list[Stay]:
    return [Stay(id_, f"content of {id_}", between(*span)) for id_, span in spans.items()]


# --- the oracle: what the specification says, hour by hour ------------------------------------------------------------


def where_newcomer_ends(lane: Lane) -> tuple[int | None, str | None]:
    """Rule 1: an open-ended newcomer ends where the first stay that starts later starts."""
    start, end = lane.wish
    later = {span[0]: id_ for id_, span in lane.stays.items() if span[0] > start}
    if end is not None or not later:
        return end, None
    return min(later), later[min(later)]


def live_before(lane: Lane) -> dict[int, str | None]:
    return {hour: next((id_ for id_, span in lane.stays.items() if holds(span, hour)), None) for hour in GRID}


def ought_to_be_live(lane: Lane) -> dict[int, str | None]:
    """Rules 1 to 4, read hour by hour: before the newcomer nothing changes; in it, it is; after it, see below."""
    new = (lane.wish[0], where_newcomer_ends(lane)[0])
    return {hour: NEW if holds(new, hour) else _beside(lane, new, hour, id_) for hour, id_ in live_before(lane).items()}


def _beside(lane: Lane, new: Span, hour: int, id_: str | None) -> str | None:
    if id_ is None or hour < new[0]:
        return id_
    # After the newcomer. A stay that started before it was ended by it, and comes back only where that is wanted;
    # one that started later is where it always was, or starts late: either way it is live.
    if lane.stays[id_][0] >= new[0]:
        return id_
    return again(id_) if lane.resume else None


def ought_to_be_deactivated(lane: Lane) -> set[str]:
    """Rule 3: those that start at or after the newcomer's start and end within it. They are kept, but live nowhere."""
    live = ought_to_be_live(lane).values()
    return {id_ for id_ in lane.stays if id_ not in live}


# --- what the turns make of it ----------------------------------------------------------------------------------------


def take_turns(lane: Lane, turns: Iterable[Turn]) -> Iterator[dict[str, Span]]:
    """The spans that are live after each turn, in the order given."""
    live = dict(lane.stays)
    for turn in turns:
        label = turn.stay or (NEW if turn.continues is None else again(turn.continues))
        if turn.stay is not None:
            assert turn.before is not None
            assert live[label] == span_of(turn.before), f"{turn} is not about {live[label]}"
        else:
            assert turn.before is None
            assert label not in live
        if turn.after is None:
            del live[label]
        else:
            live[label] = span_of(turn.after)
        yield dict(live)


def find_overlaps(spans: Mapping[str, Span]) -> list[tuple[str, str]]:
    """Pairs that share an hour; of an ordered lane only neighbours have to be looked at."""
    ordered = sorted(spans.items(), key=lambda pair: pair[1][0])
    return [(one, other) for (one, left), (other, right) in pairwise(ordered) if left[1] is None or left[1] > right[0]]


KINDS = (Kind.END, Kind.DEACTIVATE, Kind.MOVE, Kind.ADD, Kind.RESUME)


def check_room(make_room: Callable[..., Any], lane: Lane, random: Random) -> None:
    """Everything the specification promises of making room in one lane; AssertionError when it does not hold."""
    stays = as_stays(lane.stays)
    random.shuffle(stays)
    arguments = (stays, "content of new", between(*lane.wish))
    try:
        room: Room = make_room(*arguments, now=at(lane.now), resume=lane.resume)
    except StartsInThePast:
        assert lane.wish[0] < lane.now, "refused although it starts at or after now"
        return
    assert lane.wish[0] >= lane.now, "rewrote the past"
    states = list(take_turns(lane, room.turns))
    for state in states:
        assert not find_overlaps(state), f"on the way {find_overlaps(state)} overlap"
    found = {hour: next((id_ for id_, span in states[-1].items() if holds(span, hour)), None) for hour in GRID}
    wanted = ought_to_be_live(lane)
    assert found == wanted
    before = live_before(lane)
    assert all(found[hour] == before[hour] for hour in GRID if hour < lane.now), "passed time was rewritten"
    check_turns(lane, room, wanted)


def check_turns(lane: Lane, room: Room, wanted: Hours) -> None:
    """The turns are the fewest that do it, of the right kinds, in the order in which they are to be written."""
    kinds = [turn.kind for turn in room.turns]
    assert kinds == sorted(kinds, key=KINDS.index)
    touched = [turn.stay for turn in room.turns if turn.stay is not None]
    assert len(set(touched)) == len(touched)
    before = live_before(lane)
    changed = {id_ for id_ in lane.stays if any(before[hour] == id_ != wanted[hour] for hour in GRID)}
    assert set(touched) == changed, "a turn about what stays as it is"
    deactivated = {turn.stay for turn in room.turns if turn.kind is Kind.DEACTIVATE}
    assert deactivated == ought_to_be_deactivated(lane), "deactivated are those within the newcomer, and they are kept"
    start, (end, bounded_by) = lane.wish[0], where_newcomer_ends(lane)
    assert room.bounded_by == bounded_by
    assert {turn.stay for turn in room.turns if turn.kind is Kind.END} == {
        i for i in changed if lane.stays[i][0] < start
    }
    for turn in room.turns:
        assert turn.why
        if turn.kind is Kind.ADD:
            assert (turn.deployable, turn.after, turn.continues) == ("content of new", between(start, end), None)
        else:
            assert turn.deployable == f"content of {turn.stay or turn.continues}"
        assert (turn.kind is Kind.RESUME) == (turn.continues is not None)
    assert kinds.count(Kind.ADD) == 1
