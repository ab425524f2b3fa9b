"""Redeploying brings what is live up to what is described, keeps its ends, and leaves clean lanes alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from larry.actions.author import GroundMoved, NoReason, Refused
from larry.actions.deploy import deploy
from larry.actions.redeploy import redeploy
from larry.core.interval import iso
from larry.core.plan import Plan
from larry.queries.reader import NotFound
from larry.records.rollout import Rollout
from tests.actions.estate import (
    BLOG,
    FULL,
    LIVE,
    MON1,
    SMALL,
    TEST,
    WEB1,
    ask,
    author,
    change,
    day,
    dirty,
    lay,
    put,
    rows,
    spans,
)
from tests.actions.world import find_faults, find_rewritten_past, read_timelines, read_world

pytestmark = pytest.mark.django_db


def again(*paths: str, now: float, start: float | None = None) -> Plan:
    """Redeploy, as its dry run said before."""
    moment, before = None if start is None else day(start), read_world()
    shown = redeploy(paths, author(now), start=moment, dry_run=True)
    assert read_world() == before
    past = read_timelines()
    done = redeploy(paths, author(now), start=moment)
    assert (done, done.digest) == (shown, shown.digest)
    assert find_faults(day(now)) == []
    assert find_rewritten_past(past, read_timelines(), day(now)) == []
    return done


def shape(path: str, host: str) -> list[tuple[float, float | None]]:
    return [(start, end) for start, end, _ in spans(path, host)]


def test_every_live_lane_gets_the_new_snapshot_until_its_old_end() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=9)
    put(LIVE, "web2")
    change("instance", LIVE, 1, parameters={"size": 2})
    assert dirty(1) == (LIVE,)
    again(LIVE, now=3)
    assert shape(LIVE, "web1") == [(0, 3), (3, 9)]
    assert shape(LIVE, "web2") == [(0, 3), (3, None)]
    assert dirty(3) == ()


def test_clean_lanes_are_left_alone() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    change("instance", LIVE, 1, parameters={"size": 2})
    put(LIVE, "web2", now=1)
    done = again(LIVE, TEST, now=2)
    assert {each.host for each in done.changes} == {"web1"}
    assert shape(LIVE, "web2") == [(1, None)]


def test_clean_lanes_are_laid_out_anew_when_asked_for() -> None:
    lay(
        "larry: 1\nroles: [{name: watch}]\nservices: [{name: web}, {name: mon, audits: [{service: web, where: {role: "
        "watch}}]}]\ncustomers: [{name: C, apps: [{name: A, instances: [{name: I, requires: [web]}]}]}]\n"
        "hosts: [{name: web1}, {name: m1}]"
    )
    put("c/a/i", "web1", end=9)
    change("host", "m1", 1, roles=["watch"])
    assert redeploy(("c/a/i",), author(2), dry_run=True).changes_nothing
    done = redeploy(("c/a/i",), author(2), also_clean=True)
    assert shape("c/a/i", "web1") == [(0, 2), (2, 9)]
    assert {each.host for each in done.deployed_services if each.service == "mon"} == {"m1"}
    assert find_faults(day(2)) == []


def test_with_nothing_to_do_nothing_is_done() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    world = read_world()
    assert again(LIVE, TEST, now=2).changes_nothing
    assert read_world() == world
    assert Rollout.objects.count() == 1


def test_at_a_later_moment_what_is_live_then_is_redeployed() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=5)
    put(LIVE, "web1", start=7, end=20)
    put(LIVE, "web2", start=12)
    change("instance", LIVE, 1, parameters={"size": 2})
    again(LIVE, now=1, start=10)
    assert shape(LIVE, "web1") == [(0, 5), (7, 10), (10, 20)]
    assert shape(LIVE, "web2") == [(12, None)]
    again(LIVE, now=1, start=12)
    assert shape(LIVE, "web2") == [(12, None)]
    assert (
        len({digest for _, _, digest in spans(LIVE, "web2")} | {digest for _, _, digest in spans(LIVE, "web1")[2:]})
        == 1
    )


def test_where_what_is_to_come_stands_against_it_the_refusal_says_what_to_redeploy_first() -> None:
    """What is not live yet is no part of it; from the last of what is to come on backwards all of it can be done."""
    lay(SMALL)
    put(LIVE, "web1")
    put(TEST, "web1", start=5, end=9)
    put(TEST, "web1", start=12)
    change("customer", "acme", 1, parameters={"size": 2})
    assert (dirty(1), dirty(6)) == ((LIVE,), (LIVE, TEST))
    told: list[str] = []
    for moment, next_one in ((None, 12), (12, None), (None, 5), (5, None), (None, None)):
        start = None if moment is None else day(moment)
        plan = redeploy(dirty(moment or 2), author(2), start=start, dry_run=True)
        if next_one is None:
            again(*dirty(moment or 2), now=2, start=moment)
            continue
        assert [each.code for each in plan.refusals] == ["conflict", "dirty_to_come"]
        assert f"{TEST} on web1 is to come at {iso(day(next_one))}" in plan.refusals[1].text
        with pytest.raises(Refused, match=f"first redeploy from {iso(day(next_one))} on") as refused:
            redeploy(dirty(2), author(2))
        told.append(str(refused.value))
    assert len(told) == 2
    assert dirty(2) == dirty(6) == dirty(13) == ()


def test_a_conflict_of_what_is_live_now_is_not_blamed_on_what_is_to_come() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    put(TEST, "web1")
    change("customer", "acme", 1, parameters={"size": 2})
    put(TEST, "web2", now=1, start=5)
    assert [each.code for each in redeploy((LIVE,), author(2), dry_run=True).refusals] == ["conflict"]


def test_places_stay_as_persons_chose_them() -> None:
    lay(FULL)
    deploy(ask(BLOG, WEB1, place={"pager": MON1}), author())
    change("instance", BLOG, 1, parameters={"workers": 3})
    done = again(BLOG, now=2)
    assert [each.host for each in done.deployed_services if each.service == "pager"] == [MON1]
    assert done.warnings == ()


def test_what_is_not_ready_refuses_all() -> None:
    lay(FULL)
    put(BLOG, WEB1)
    change("instance", BLOG, 1, parameters={})
    world = read_world()
    with pytest.raises(Refused, match="workers is missing: needed by apache") as refused:
        redeploy((BLOG, "acme/shop/live"), author(2))
    assert refused.value.plan is not None
    assert read_world() == world


def test_what_requires_nothing_any_more_is_refused() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    change("instance", LIVE, 1, requires=[])
    with pytest.raises(Refused, match="requires no service"):
        redeploy((LIVE,), author(2))


def test_a_start_hardly_past_is_now_and_an_earlier_one_is_refused() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    change("instance", LIVE, 1, parameters={"size": 2})
    with pytest.raises(Refused, match="is in the past"):
        redeploy((LIVE,), author(3), start=day(2))
    done = redeploy((LIVE,), author(3), start=day(3) - timedelta(seconds=5))
    assert done.now == day(3)
    assert shape(LIVE, "web1") == [(0, 3), (3, None)]


def test_unknown_instances_no_instances_and_no_reason() -> None:
    lay(SMALL)
    with pytest.raises(NotFound, match="there is no instance a/b/c"):
        redeploy((LIVE, "a/b/c"), author())
    with pytest.raises(Refused, match="nothing to redeploy"):
        redeploy((), author())
    with pytest.raises(NoReason):
        redeploy((LIVE,), author(0, ""))


def test_a_preview_holds_until_the_ground_moves() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    change("instance", LIVE, 1, parameters={"size": 2})
    shown = redeploy((LIVE,), author(2), dry_run=True)
    change("instance", LIVE, 2, parameters={"size": 3})
    with pytest.raises(GroundMoved):
        redeploy((LIVE,), author(2), expect=shown.digest)
    change("instance", LIVE, 2, parameters={"size": 2})
    assert redeploy((LIVE.upper(),), author(2.5), expect=shown.digest).digest == shown.digest
    assert [row.end for row in rows(3)] == [day(2.5), None]
