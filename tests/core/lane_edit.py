"""Edits of a stay hour by hour: what the four rules and the rules of editing say, and what `change_stay` makes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from larry.core.timeline import IsOver, Kind, Room, StartsInThePast, change_stay
from tests.core.hours import GRID, HORIZON, Span, at, between, holds, span_of
from tests.core.lane import NEW, Lane, again, as_stays, find_overlaps, live_before, make_lane, ought_to_be_live


def may_change(stay: Span, wish: Span, now: int) -> bool:
    """Past: nothing. Current: its end only, not before now. Future: everything, but not into the past."""
    start, end = stay
    if end is not None and end <= now:
        return False
    if wish[1] is not None and wish[1] < now:
        return False
    return wish[0] == start if start <= now else wish[0] >= now


def change(lane: Lane, id_: str, wish: Span, random: Random, change_stay: Callable[..., Any]) -> Room:
    stays = {stay.id: stay for stay in as_stays(lane.stays)}
    others = [stay for stay in stays.values() if stay.id != id_]
    random.shuffle(others)
    room: Room = change_stay(stays[id_], between(*wish), others, now=at(lane.now), resume=lane.resume)
    return room


def apply(lane: Lane, room: Room) -> list[dict[str, Span]]:
    live, states = dict(lane.stays), []
    for turn in room.turns:
        label = turn.stay or again(str(turn.continues))
        if turn.stay is not None:
            assert turn.before is not None
            assert live[label] == span_of(turn.before)
        live.pop(label, None)
        if turn.after is not None:
            live[label] = span_of(turn.after)
        states.append(dict(live))
    return states or [live]


def make_edit(random: Random) -> tuple[Lane, str, Span] | None:
    lane = make_lane(random)
    if not lane.stays:
        return None
    id_ = random.choice(sorted(lane.stays))
    start = random.choice((lane.stays[id_][0], lane.stays[id_][0], lane.wish[0]))
    ends = (lane.wish[1], lane.stays[id_][1], None, random.randrange(HORIZON))
    end = random.choice([end for end in ends if end is None or end > start] or [None])
    return lane, id_, (start, end)


def check_edit(lane: Lane, id_: str, wish: Span, random: Random, change_stay: Callable[..., Any] = change_stay) -> str:
    try:
        room = change(lane, id_, wish, random, change_stay)
    except (IsOver, StartsInThePast):
        assert not may_change(lane.stays[id_], wish, lane.now), "refused, though it may be changed"
        return "refused"
    assert may_change(lane.stays[id_], wish, lane.now), "what has passed was rewritten"
    states = apply(lane, room)
    assert not any(find_overlaps(state) for state in states)
    found = {hour: next((i for i, span in states[-1].items() if holds(span, hour)), None) for hour in GRID}
    others = {other: span for other, span in lane.stays.items() if other != id_}
    wanted = ought_to_be_live(Lane(others, wish, lane.now, lane.resume))
    assert found == {hour: id_ if live == NEW else live for hour, live in wanted.items()}
    before = live_before(lane)
    assert all(found[hour] == before[hour] for hour in GRID if hour < lane.now)
    return check_own_turn(lane.stays[id_], states[-1][id_], id_, room)


def check_own_turn(before: Span, after: Span, id_: str, room: Room) -> str:
    own = [turn for turn in room.turns if turn.stay == id_]
    if before == after:
        assert own == []
        return "unchanged"
    (turn,) = own
    assert turn.kind in {Kind.MOVE, Kind.EXTEND, Kind.END, Kind.BOUND}
    assert (turn.kind is Kind.MOVE) == (before[0] != after[0])
    assert (turn.kind is Kind.BOUND) == (before[0] == after[0] and room.bounded_by is not None)
    return turn.kind.value
