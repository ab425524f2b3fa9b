"""Plans: known by their content, whether seen now or a minute ago; timelines compared moment by moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from larry.core.interval import Interval
from larry.core.plan import Change, Delivered, NodeChange, Notice, Plan, PlannedService, compare_timelines
from larry.core.timeline import Kind
from tests.core.budget import dice
from tests.core.hours import GRID, HORIZON, Span, at, between, holds, hour_of


def make_plan(now: int) -> Plan:
    """A plan that starts now; everything else in it is at fixed hours."""
    return Plan(
        at(now),
        (
            Change(Kind.END, "d1", "acme/a/x", "h1", "00", between(0, 9), Interval(at(0), at(now)), "because"),
            Change(Kind.ADD, "d2", "acme/a/x", "h1", "11", None, Interval(at(now), None), "as asked"),
        ),
        (PlannedService("d2", "acme/a/x", "web", "h1", Interval(at(now), None), (("db", "h2"),)),),
        (Notice("uncovered", "something"),),
        (),
        (NodeChange("h1", at(now), "aa", "bb"), NodeChange("h1", at(20), "aa", "cc")),
    )


def test_a_preview_that_is_a_minute_old_still_holds() -> None:
    early, late = make_plan(5), make_plan(6)
    assert early.digest == late.digest
    assert replace(early, now=at(5) - timedelta(minutes=1)).digest != early.digest


def edited_plans() -> list[Any]:
    plan = make_plan(5)
    end, add = plan.changes
    service, node = plan.deployed_services[0], plan.nodes[0]
    return [
        replace(plan, changes=(end,)),
        replace(plan, changes=(add, end)),
        *(
            replace(plan, changes=(replace(end, **edit), add))
            for edit in (
                {"kind": Kind.MOVE},
                {"deployment": "d9"},
                {"instance": "acme/a/y"},
                {"host": "h2"},
                {"deployable": "99"},
                {"before": between(0, 8)},
                {"before": between(0)},
                {"before": None},
                {"after": between(0, 4)},
                {"after": None},
            )
        ),
        *(
            replace(plan, deployed_services=(replace(service, **edit),))
            for edit in (
                {"service": "db"},
                {"host": "h2"},
                {"during": between(5, 6)},
                {"audits": ()},
                {"deployment": "d3"},
            )
        ),
        replace(plan, deployed_services=()),
        replace(plan, refusals=(Notice("conflict", "two want one"),)),
        *(
            replace(plan, nodes=(replace(node, **edit), plan.nodes[1]))
            for edit in ({"host": "h2"}, {"start": at(6)}, {"before": None}, {"after": "cc"})
        ),
        replace(plan, nodes=()),
    ]


@pytest.mark.parametrize("number", range(len(edited_plans())))
def test_whatever_would_be_done_otherwise_changes_the_digest(number: int) -> None:
    assert edited_plans()[number].digest != make_plan(5).digest


def test_what_is_only_said_does_not_change_the_digest() -> None:
    plan = make_plan(5)
    assert replace(plan, warnings=()).digest == plan.digest
    assert replace(plan, changes=tuple(replace(c, why="other words") for c in plan.changes)).digest == plan.digest


def test_a_plan_without_changes_changes_nothing() -> None:
    assert Plan(at(0)).changes_nothing
    assert not make_plan(5).changes_nothing
    assert not Plan(at(0), nodes=make_plan(5).nodes).changes_nothing
    assert Plan(at(0), warnings=(Notice("a", "b"),)).changes_nothing


# --- timelines compared -----------------------------------------------------------------------------------------------

Timeline = list[tuple[Span, str]]


def make_timeline(random: Random, start: int) -> Timeline:
    edges = sorted(random.sample(range(start + 1, HORIZON), random.randrange(5)))
    return [((one, other), random.choice("abc")) for one, other in zip([start, *edges], [*edges, None], strict=True)]


def delivered(timeline: Timeline) -> list[Delivered]:
    return [Delivered(between(*span), digest) for span, digest in timeline]


def at_hour(timeline: Timeline, hour: int) -> str | None:
    return next((digest for span, digest in timeline if holds(span, hour)), None)


def test_every_moment_at_which_nodes_differ_is_told_and_no_other() -> None:
    for seed, random in dice(2000):
        start = random.randrange(5)
        before, after = make_timeline(random, start), make_timeline(random, start)
        if random.random() < 0.2:
            before = []
        found = compare_timelines("h1", delivered(before), delivered(after))
        told = {hour_of(change.start): (change.before, change.after) for change in found}
        assert len(told) == len(found), f"seed {seed}"
        assert list(told) == sorted(told), f"seed {seed}"
        assert all(change.host == "h1" for change in found)
        last: Any = None
        for hour in GRID:
            pair = (at_hour(before, hour), at_hour(after, hour))
            if pair[0] != pair[1]:
                last = told.get(hour, last)
                assert last == pair, f"seed {seed}, hour {hour}"
            elif last is not None:
                last = told.get(hour, last) if last[0] != last[1] else last
                assert last[0] == last[1], f"seed {seed}, hour {hour}: they agree again, which is not told"
            else:
                assert hour not in told, f"seed {seed}, hour {hour}"


def test_the_moment_from_which_two_timelines_agree_again_is_told_once() -> None:
    always, visited = [((0, None), "a")], [((0, 4), "a"), ((4, 6), "b"), ((6, 8), "a"), ((8, 9), "b"), ((9, None), "a")]
    found = compare_timelines("h1", delivered(always), delivered(visited))  # type: ignore[arg-type]
    told = [(hour_of(change.start), change.before, change.after) for change in found]
    assert told == [(4, "a", "b"), (6, "a", "a"), (8, "a", "b"), (9, "a", "a")]


def test_the_same_timeline_has_no_changes() -> None:
    for _, random in dice(50):
        one = make_timeline(random, 0)
        split = [((span[0], span[1]), digest) for span, digest in one]
        assert compare_timelines("h1", delivered(one), delivered(split)) == ()


def test_a_timeline_cut_finer_is_the_same() -> None:
    whole, cut_up = [((0, None), "a")], [((0, 4), "a"), ((4, 9), "a"), ((9, None), "a")]
    assert compare_timelines("h1", delivered(whole), delivered(cut_up)) == ()  # type: ignore[arg-type]
