"""Editing stays: the same four rules, of a current stay the end only, of a past one nothing."""

from __future__ import annotations

import pytest

from larry.core.interval import EndsBeforeItStarts
from larry.core.timeline import IsOver, Kind, delete_stay
from tests.core.budget import dice, many
from tests.core.hours import at, between
from tests.core.lane import as_stays
from tests.core.lane_edit import check_edit, make_edit


def test_edits_are_as_the_rules_say() -> None:
    seen: dict[str, int] = {}
    for seed, random in dice(6000):
        made = make_edit(random)
        if made is None:
            continue
        try:
            sort = check_edit(*made, random)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}, {made}: {fault}") from fault
        seen[sort] = seen.get(sort, 0) + 1
    assert set(seen) == {"refused", "unchanged", "move", "extend", "end", "bound"}
    assert min(seen.values()) > many(50), seen


def test_only_what_has_not_begun_is_deleted() -> None:
    (stay,) = as_stays({"e": (5, 9)})
    turn = delete_stay(stay, now=at(4))
    assert (turn.kind, turn.stay, turn.after) == (Kind.DELETE, "e", None)
    for now in (5, 6, 9, 12):
        with pytest.raises(IsOver, match="e began at"):
            delete_stay(stay, now=at(now))


def test_an_end_before_the_start_is_no_interval() -> None:
    with pytest.raises(EndsBeforeItStarts):
        between(5, 5)
