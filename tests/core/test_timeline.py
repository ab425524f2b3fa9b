"""The timeline against a naive grid of hours: ten thousand random lanes, long lives of lanes, and undeploying."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.timeline import IsOver, Kind, StartsInThePast, end_stay, make_room
from tests.core.budget import cases, dice, many
from tests.core.hours import GRID, Span, at, between, holds, span_of
from tests.core.lane import (
    NEW,
    Lane,
    again,
    as_stays,
    check_room,
    find_overlaps,
    make_lane,
    ought_to_be_live,
    take_turns,
)


def test_ten_thousand_lanes_are_as_the_rules_say() -> None:
    seen: dict[str, int] = {}
    for seed, random in dice(14_000):
        lane = make_lane(random)
        try:
            check_room(make_room, lane, random)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}, {lane}: {fault}") from fault
        for sort in sorts(lane):
            seen[sort] = seen.get(sort, 0) + 1
    assert set(seen) == {
        "refused",
        "bounded",
        "open",
        "resumed",
        "not resumed",
        "equal starts",
        "now inside",
        "deactivates",
    }
    assert min(seen.values()) > many(300), seen
    assert many(14_000) - seen["refused"] > many(10_000)


def sorts(lane: Lane) -> set[str]:
    """What sort of a lane it is, so that a generator that forgets one is found out."""
    if lane.wish[0] < lane.now:
        return {"refused"}
    live = ought_to_be_live(lane)
    found = {"open"} if live[GRID[-1]] == NEW else {"bounded"} if lane.wish[1] is None else set()
    if any(id_ and id_.endswith("again") for id_ in live.values()):
        found.add("resumed")
    elif not lane.resume:
        found.add("not resumed")
    if lane.wish[0] in {span[0] for span in lane.stays.values()}:
        found.add("equal starts")
    if any(span[0] < lane.now and holds(span, lane.now) for span in lane.stays.values()):
        found.add("now inside")
    if any(id_ not in live.values() for id_ in lane.stays):
        found.add("deactivates")
    return found


@cases(500)
@given(st.randoms(use_true_random=False))
def test_lanes_that_shrink(random: Random) -> None:
    check_room(make_room, make_lane(random), random)


def test_a_lane_lives_through_thousands_of_acts() -> None:
    """Newcomers and undeployments one after the other, while time passes: history never changes, nothing overlaps."""
    for _, random in dice(84):
        spans: dict[str, Span] = {}
        now = 0
        for act in range(60):
            now = min(now + random.choice((0, 0, 0, 1)), 20)
            before = {hour: who(spans, hour) for hour in GRID}
            if spans and random.random() < 0.3:
                spans = undeploy_one(random, spans, now)
            else:
                start = random.randrange(now, 29)
                wish = (start, random.choice((None, random.randrange(start + 1, 31))))
                lane = Lane(spans, wish, now, random.random() < 0.6)
                check_room(make_room, lane, random)
                room = make_room(as_stays(spans), "content of new", between(*wish), now=at(now), resume=lane.resume)
                *_, spans = take_turns(lane, room.turns)
                spans = {
                    f"{act}{id_}" if id_ == NEW or id_.endswith("again") else id_: span for id_, span in spans.items()
                }
            assert not find_overlaps(spans)
            after = {hour: who(spans, hour) for hour in GRID}
            assert all(before[hour] == after[hour] for hour in GRID if hour < now)


def who(spans: dict[str, Span], hour: int) -> str | None:
    return next((id_ for id_, span in spans.items() if holds(span, hour)), None)


def undeploy_one(random: Random, spans: dict[str, Span], now: int) -> dict[str, Span]:
    (stay,) = as_stays(dict([random.choice(list(spans.items()))]))
    try:
        turn = end_stay(stay, at(random.randrange(now, 30)), now=at(now))
    except IsOver:
        return spans
    if turn is None:
        return spans
    kept = {id_: span for id_, span in spans.items() if id_ != stay.id}
    return kept if turn.after is None else {**kept, stay.id: span_of(turn.after)}


# --- the rules, one by one, as the page tells them --------------------------------------------------------------------


def make(
    stays: dict[str, Span], wish: Span, *, now: int = 0, resume: bool = True
) -> list[tuple[str, str | None, Span | None]]:
    room = make_room(as_stays(stays), "n", between(*wish), now=at(now), resume=resume)
    return [
        (turn.kind, turn.stay or turn.continues, None if turn.after is None else span_of(turn.after))
        for turn in room.turns
    ]


def test_rule_1_an_open_newcomer_ends_where_the_next_starts() -> None:
    room = make_room(as_stays({"e": (9, None), "d": (5, 7)}), "n", between(2), now=at(0))
    assert [(turn.kind, turn.after) for turn in room.turns] == [(Kind.ADD, between(2, 5))]
    assert room.bounded_by == "d"
    assert "d" in room.turns[0].why


def test_rule_1_does_not_look_at_a_stay_that_starts_with_it() -> None:
    assert make({"e": (2, 5)}, (2, None)) == [("deactivate", "e", None), ("add", None, (2, None))]
    assert make({"e": (2, 5), "f": (5, 6)}, (2, None)) == [("deactivate", "e", None), ("add", None, (2, 5))]


def test_rule_2_an_earlier_one_ends_and_goes_on_afterwards() -> None:
    assert make({"e": (1, 9)}, (3, 5)) == [("end", "e", (1, 3)), ("add", None, (3, 5)), ("resume", "e", (5, 9))]
    assert make({"e": (1, None)}, (3, 5)) == [("end", "e", (1, 3)), ("add", None, (3, 5)), ("resume", "e", (5, None))]
    assert make({"e": (1, 9)}, (3, 5), resume=False) == [("end", "e", (1, 3)), ("add", None, (3, 5))]
    assert make({"e": (1, 5)}, (3, 5)) == [("end", "e", (1, 3)), ("add", None, (3, 5))]
    assert make({"e": (1, 9)}, (3, None)) == [("end", "e", (1, 3)), ("add", None, (3, None))]


def test_rule_3_one_within_is_deactivated() -> None:
    assert make({"e": (3, 4), "f": (4, 5)}, (3, 5)) == [
        ("deactivate", "e", None),
        ("deactivate", "f", None),
        ("add", None, (3, 5)),
    ]


def test_rule_4_a_longer_one_starts_later() -> None:
    assert make({"e": (3, 9)}, (3, 5)) == [("move", "e", (5, 9)), ("add", None, (3, 5))]
    assert make({"e": (4, None)}, (3, 5)) == [("move", "e", (5, None)), ("add", None, (3, 5))]


def test_neighbours_are_left_alone() -> None:
    assert make({"e": (1, 3), "f": (5, 7)}, (3, 5)) == [("add", None, (3, 5))]
    assert make({}, (3, None)) == [("add", None, (3, None))]


def test_all_rules_at_once() -> None:
    assert make({"a": (1, 3), "b": (3, 4), "c": (5, 8), "d": (9, None)}, (2, 6)) == [
        ("end", "a", (1, 2)),
        ("deactivate", "b", None),
        ("move", "c", (6, 8)),
        ("add", None, (2, 6)),
    ]


def test_nobody_deploys_into_the_past() -> None:
    with pytest.raises(StartsInThePast, match="2026-01-01T02:00:00Z is before now, 2026-01-01T03:00:00Z"):
        make({}, (2, 5), now=3)
    assert make({}, (3, 5), now=3) == [("add", None, (3, 5))]


# --- undeploying ------------------------------------------------------------------------------------------------------

HOURS = st.integers(0, 9)


@cases(1500)
@given(HOURS, st.none() | HOURS, HOURS, HOURS)
def test_undeploying_hour_by_hour(start: int, end: int | None, when: int, now: int) -> None:
    if end is not None and end <= start:
        return
    span = (start, end)
    (stay,) = as_stays({"e": span})
    if all(not holds(span, hour) for hour in GRID if hour >= now):
        with pytest.raises(IsOver, match="e ended at"):
            end_stay(stay, at(when), now=at(now))
        return
    if when < now:
        with pytest.raises(StartsInThePast):
            end_stay(stay, at(when), now=at(now))
        return
    if end is not None and when > end:
        with pytest.raises(IsOver, match="never extends"):
            end_stay(stay, at(when), now=at(now))
        return
    turn = end_stay(stay, at(when), now=at(now))
    kept = {hour for hour in GRID if holds(span, hour) and hour < when}
    if turn is None:
        assert kept == {hour for hour in GRID if holds(span, hour)}
        return
    assert (turn.stay, turn.before, turn.deployable) == ("e", stay.interval, stay.deployable)
    assert {hour for hour in GRID if turn.after is not None and at(hour) in turn.after} == kept
    assert turn.kind is (Kind.END if kept else Kind.DEACTIVATE)


def test_a_continuation_says_whose_it_is() -> None:
    room = make_room(as_stays({"e": (1, 9)}), "n", between(3, 5), now=at(0))
    (resumed,) = [turn for turn in room.turns if turn.kind is Kind.RESUME]
    assert (resumed.stay, resumed.continues, resumed.deployable) == (None, "e", "content of e")
    assert again("e") == "e again"
