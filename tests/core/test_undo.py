"""Undoing a rollout hour by hour: from now on the lane holds what it held before; what has passed stays."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from larry.core.interval import Interval
from larry.core.timeline import IsOver, Kind, StartsInThePast, Turn, change_stay, make_room
from larry.core.undo import Made, take_back
from tests.core.budget import dice, many
from tests.core.hours import GRID, HORIZON, Span, at, between, holds, span_of
from tests.core.lane import NEW, as_stays, find_overlaps, make_lane, take_turns
from tests.core.lane_edit import apply, change, make_edit

Lanes = dict[str, Span]


def make_rollout(random: Random) -> tuple[Lanes, Lanes, int] | None:
    """A lane before and after a newcomer or an edit, and the moment of that; None when it is refused."""
    try:
        if random.random() < 0.5:
            if (made := make_edit(random)) is None:
                return None
            lane, id_, wish = made
            return dict(lane.stays), apply(lane, change(lane, id_, wish, random, change_stay))[-1], lane.now
        lane = make_lane(random)
        stays = as_stays(lane.stays)
        room = make_room(stays, "content of new", between(*lane.wish), now=at(lane.now), resume=lane.resume)
        *_, after = take_turns(lane, room.turns)
        return dict(lane.stays), after, lane.now
    except (IsOver, StartsInThePast):
        return None


def content(label: str | None) -> str | None:
    """Whose Deployable it is: that of a stay, of its continuations, or the newcomer's."""
    return label and f"content of {label.split()[0]}"


def who(spans: Lanes, hour: int) -> str | None:
    return content(next((label for label, span in spans.items() if holds(span, hour)), None))


def interval_of(spans: Lanes, label: str) -> Interval | None:
    return between(*spans[label]) if label in spans else None


def made_of(before: Lanes, after: Lanes) -> list[Made]:
    """What became of each stay that the rollout touched."""
    touched = sorted(label for label in before.keys() | after.keys() if before.get(label) != after.get(label))
    return [Made(id_, str(content(id_)), interval_of(before, id_), interval_of(after, id_)) for id_ in touched]


def take(after: Lanes, turns: Iterable[Turn]) -> Lanes:
    """The lane after each turn, none of which may overlap anything."""
    live = dict(after)
    for turn in turns:
        label = turn.stay or f"{turn.continues} back"
        assert turn.deployable == content(label)
        if turn.stay is None:
            assert label not in live
        else:
            assert turn.before is not None
            assert live.pop(label) == span_of(turn.before)
        if turn.after is not None:
            live[label] = span_of(turn.after)
        assert not find_overlaps(live), f"{turn} overlaps"
    return live


def test_the_future_is_as_it_was_before_and_the_past_as_it_was_lived() -> None:
    kinds: dict[Kind, int] = {}
    for seed, random in dice(6000):
        rollout = make_rollout(random)
        if rollout is None:
            continue
        before, after, done_at = rollout
        now = random.choice((done_at, random.randrange(done_at, HORIZON)))
        made = made_of(before, after)
        random.shuffle(made)
        turns = take_back(made, now=at(now))
        try:
            undone = take(after, turns)
            for hour in GRID:
                wanted = who(after, hour) if hour < now else who(before, hour)
                assert who(undone, hour) == wanted, f"hour {hour}: {who(undone, hour)} instead of {wanted}"
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}, now {now}: {before} became {after}: {fault}") from fault
        for turn in turns:
            kinds[turn.kind] = kinds.get(turn.kind, 0) + 1
            assert turn.why
    assert set(kinds) == {Kind.END, Kind.DEACTIVATE, Kind.MOVE, Kind.EXTEND, Kind.RESUME}
    assert min(kinds.values()) > many(30), kinds


def test_undoing_at_once_gives_the_very_intervals_back() -> None:
    """Before anything of a rollout has begun, nothing is a continuation: stays are what they were."""
    for seed, random in dice(2000):
        rollout = make_rollout(random)
        if rollout is None:
            continue
        before, after, done_at = rollout
        if any(start < done_at for start, _ in (*before.values(), *after.values())) or NEW not in after:
            continue
        deactivated = before.keys() - after.keys()
        undone = take(after, take_back(made_of(before, after), now=at(done_at)))
        assert {label.removesuffix(" back"): span for label, span in undone.items()} == before, f"seed {seed}"
        assert {label for label in undone if label.endswith("back")} == {f"{label} back" for label in deactivated}
