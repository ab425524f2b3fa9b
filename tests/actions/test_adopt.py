"""Adopting with a past: it is filled in where nothing was delivered, and what was delivered stays to the byte."""

from __future__ import annotations

import pytest

from larry.actions.adopt import Adopted, Stated, adopt
from larry.actions.author import Refused
from larry.queries.deployment import DeploymentFilter, list_deployments
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL, NotFound
from larry.records.node import NodeSegment
from tests.actions.estate import LIVE, SMALL, TEST, author, change, day, days, lay, put, state
from tests.actions.world import Timeline, find_faults, find_rewritten_past, read_timelines, read_world

pytestmark = pytest.mark.django_db

Step = tuple[float, float | None, list[str]]


def take_in(*stated: Stated, now: float = 0, text: str = "larry: 1", dry_run: bool = False) -> Adopted:
    return adopt(state(text), stated, author(now), dry_run=dry_run)


def steps(host: str) -> list[Step]:
    """The segments of a host, in days, with the instances of each."""
    found: list[Step] = []
    rows = NodeSegment.objects.filter(host__name=host).order_by("start").values_list("start", "end")
    for start, end in rows:
        node = get_node(host, LOCAL, Moment(start)).node
        found.append((days(start), None if end is None else days(end), [each.path for each in node.instances]))
    return found


def until(timelines: Timeline, moment: float) -> Timeline:
    """What was delivered before a moment."""
    return {
        host: tuple((start, min(end or day(moment), day(moment)), digest) for start, end, digest in segments
                    if start < day(moment))
        for host, segments in timelines.items()
    }  # fmt: skip


def test_what_was_delivered_is_not_rewritten_by_a_past_that_is_adopted() -> None:
    """The host was told of TEST alone, under two addresses; its record says since when LIVE was there too."""
    lay(SMALL)
    put(TEST, "web1", now=-20)
    change("host", "web1", -10, addresses=["10.1.1.1"])
    change("host", "web1", -5, labels={"site": "ber"})
    before = read_timelines()
    shown = take_in(Stated(LIVE, "web1", day(-25), None, "it was there"), dry_run=True)
    assert read_timelines() == before
    done = take_in(Stated(LIVE, "web1", day(-25), None, "it was there"))
    assert done == shown
    after = read_timelines()
    assert find_rewritten_past(before, after, day(0)) == []
    assert until(after, 0) == until(before, 0)
    facts = [get_node("web1", LOCAL, Moment(day(at))).node.facts.addresses for at in (-15, -7, 0)]
    assert facts == [("10.0.0.1",), ("10.1.1.1",), ("10.1.1.1",)]
    assert steps("web1")[-1] == (0, None, [LIVE, TEST])
    listed = list_deployments(DeploymentFilter(instance=LIVE), LOCAL, Moment(day(-15)))
    assert [(row.start, row.state.value) for row in listed] == [(day(-25), "current")]
    (plan,) = done.plans
    assert {(each.host, each.start) for each in plan.nodes} == {("web1", day(0)), ("mon", day(0))}
    told = [notice.text for notice in plan.warnings if notice.code == "past_is_kept"]
    assert [text.split(" was ")[0] for text in told] == ["mon", "web1"]
    assert "2026-10-07T12:00:00Z" in told[1]
    assert find_faults(day(0)) == []


def test_time_before_a_host_was_known_is_filled_in() -> None:
    lay(SMALL)
    lay("larry: 1\nhosts: [{name: web3}]", now=-5)
    take_in(Stated(LIVE, "web3", day(-20), day(-8), "then"), Stated(LIVE, "web3", day(-2), None, "now"))
    assert steps("web3") == [(-20, -8, [LIVE]), (-8, 0, []), (0, None, [LIVE])]
    assert [(start, end) for start, end, _ in steps("mon")] == [(-30, 0), (0, None)]
    assert find_faults(day(0)) == []
    with pytest.raises(NotFound, match="is known from"):
        get_node("web3", LOCAL, Moment(day(-21)))


def test_what_is_filled_in_may_be_filled_in_again_and_what_was_delivered_since_stays() -> None:
    take_in(Stated(LIVE, "web1", day(-10), None, "known first"), text=SMALL)
    assert steps("web1") == [(-10, None, [LIVE])]
    between = read_timelines()
    take_in(Stated(TEST, "web1", day(-20), None, "known later"), now=2)
    assert steps("web1") == [(-20, -10, [TEST]), (-10, 0, [LIVE, TEST]), (0, 2, [LIVE]), (2, None, [LIVE, TEST])]
    assert get_node("web1", LOCAL, Moment(day(1))).digest == between["web1"][0][2]
    take_in(Stated(TEST, "web2", day(-15), day(-12), "another host"), now=3)
    assert [(start, end) for start, end, _ in steps("mon")] == [
        (-20, -15), (-15, -12), (-12, -10), (-10, 0), (0, 2), (2, None)
    ]  # fmt: skip
    assert steps("web2") == [(-15, -12, [TEST]), (-12, None, [])]
    assert find_faults(day(3)) == []


def test_a_bounded_past_that_changes_nothing_now_leaves_no_boundary_now() -> None:
    lay(SMALL)
    put(TEST, "web1", now=-20)
    before = read_timelines()
    done = take_in(Stated(LIVE, "web1", day(-15), day(-10), "it came and went"))
    assert read_timelines() == before
    assert done.plans[0].nodes == ()
    assert len(list_deployments(DeploymentFilter(instance=LIVE), LOCAL, Moment(day(0)))) == 1
    world = read_world()
    assert take_in(Stated(LIVE, "web1", day(-15), day(-10), "it came and went")).changes_nothing
    assert read_world() == world


def test_a_past_that_contradicts_what_was_there_is_refused() -> None:
    lay(SMALL)
    put(TEST, "web1", now=-20, end=-15)
    change("instance", LIVE, -1, parameters={"size": 3})
    with pytest.raises(Refused, match="parameter size"):
        take_in(Stated(LIVE, "web1", day(-18), None, "as if"))
    assert take_in(Stated(LIVE, "web1", day(-15), None, "after it")).plans
    assert find_faults(day(0)) == []
