"""Intervals: half-open algebra against looking at every hour of a small grid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.interval import EndsBeforeItStarts, Interval, cut, earlier_end, iso
from tests.core.budget import cases
from tests.core.hours import GRID, at, between, holds, pick_span, span_of

ENDS = st.none() | st.integers(0, 9)
SPANS = st.tuples(st.integers(0, 9), ENDS).filter(lambda span: span[1] is None or span[1] > span[0])


@pytest.mark.parametrize("start, end", [(3, 3), (3, 2), (3, 0)])
def test_an_interval_ends_after_it_starts(start: int, end: int) -> None:
    with pytest.raises(EndsBeforeItStarts, match="is not after"):
        between(start, end)


def test_a_start_is_in_and_an_end_is_out() -> None:
    assert at(2) in between(2, 4)
    assert at(3) in between(2, 4)
    assert at(4) not in between(2, 4)
    assert at(1) not in between(2, 4)
    assert at(4000) in between(2)


@cases(400)
@given(SPANS, SPANS)
def test_two_intervals_are_as_their_hours_are(one: tuple[int, int | None], other: tuple[int, int | None]) -> None:
    first, second = between(*one), between(*other)
    mine = {hour for hour in GRID if holds(one, hour)}
    theirs = {hour for hour in GRID if holds(other, hour)}
    assert mine == {hour for hour in GRID if at(hour) in first}
    assert first.overlaps(second) == bool(mine & theirs) == second.overlaps(first)
    assert first.covers(second) == (theirs <= mine)
    meeting = first.meet(second)
    assert (set() if meeting is None else {hour for hour in GRID if at(hour) in meeting}) == mine & theirs
    assert meeting == second.meet(first)


@cases(100)
@given(SPANS, st.integers(0, 12))
def test_it_is_over_when_no_hour_from_now_on_is_in_it(span: tuple[int, int | None], now: int) -> None:
    assert between(*span).is_over(at(now)) == (
        not any(holds(span, hour) for hour in GRID if hour >= now) and span[0] < now
    )


@given(ENDS, ENDS)
def test_the_earlier_end(one: int | None, other: int | None) -> None:
    wanted = min((end for end in (one, other) if end is not None), default=None)
    found = earlier_end(None if one is None else at(one), None if other is None else at(other))
    assert found == (None if wanted is None else at(wanted))


@cases(300)
@given(SPANS, st.lists(st.integers(0, 12), max_size=8))
def test_pieces_are_cut_at_every_boundary_inside(span: tuple[int, int | None], boundaries: list[int]) -> None:
    pieces = [span_of(piece) for piece in cut(between(*span), [at(hour) for hour in boundaries])]
    assert pieces[0][0] == span[0]
    assert pieces[-1][1] == span[1]
    assert all(left[1] == right[0] for left, right in pairwise(pieces))
    starts = {start for start, _ in pieces}
    assert starts == {span[0]} | {hour for hour in boundaries if holds(span, hour)}
    for hour in GRID:
        assert sum(holds(piece, hour) for piece in pieces) == (1 if holds(span, hour) else 0)


def test_cutting_does_not_depend_on_the_order_of_boundaries() -> None:
    random = Random(1)
    for _ in range(50):
        span, boundaries = pick_span(random), [at(random.randrange(30)) for _ in range(6)]
        pieces = cut(between(*span), boundaries)
        random.shuffle(boundaries)
        assert cut(between(*span), boundaries) == pieces


@pytest.mark.parametrize(
    "moment, text",
    [
        (datetime(2026, 12, 1, 9, tzinfo=UTC), "2026-12-01T09:00:00Z"),
        (datetime(2026, 12, 1, 9, 0, 1, tzinfo=UTC), "2026-12-01T09:00:01Z"),
        (datetime(2026, 12, 1, 9, 0, 0, 50, tzinfo=UTC), "2026-12-01T09:00:00.000050Z"),
        (datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=1))), "2026-12-01T08:00:00Z"),
        (datetime(999, 1, 1, tzinfo=UTC), "0999-01-01T00:00:00Z"),
    ],
)
def test_moments_are_written_in_utc(moment: datetime, text: str) -> None:
    assert iso(moment) == text
    assert datetime.fromisoformat(text) == moment


def test_two_intervals_with_one_start_and_end_are_equal() -> None:
    east = timezone(timedelta(hours=2))
    assert Interval(at(1).astimezone(east)) == between(1)


@cases(400)
@given(SPANS, SPANS)
def test_what_is_left_without_another_is_what_no_hour_shares(
    one: tuple[int, int | None], other: tuple[int, int | None]
) -> None:
    pieces = between(*one).without(between(*other))
    for hour in GRID:
        assert sum(at(hour) in piece for piece in pieces) == (holds(one, hour) and not holds(other, hour))
    assert list(pieces) == sorted(pieces, key=lambda piece: piece.start)
