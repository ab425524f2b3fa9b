"""Deploying makes room by four rules from now on, shows before what it does, and refuses with the reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from larry.actions.author import GroundMoved, Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.actions.snapshot import snapshot
from larry.core.plan import Plan
from larry.core.timeline import Kind
from larry.queries.deployment import State
from larry.queries.reader import NotFound
from larry.records.activity import Activity
from larry.records.deployment import DeployedService, Deployment, DeploymentVersion
from larry.records.host import Host
from larry.records.rollout import Rollout
from tests.actions.estate import FULL, LIVE, SMALL, TEST, ask, author, change, day, days, lay, put, rows, spans
from tests.actions.world import find_faults, find_rewritten_past, read_timelines, read_world

pytestmark = pytest.mark.django_db

E, N = "old", "new"


def kinds(plan: Plan) -> list[Kind]:
    return [change.kind for change in plan.changes]


def lane(now: float = 0) -> list[tuple[float, float | None, str]]:
    """The lane of LIVE on web1 with E for the first snapshot that was deployed and N for any other."""
    oldest = Deployment.objects.order_by("ordinal").values_list("deployable", flat=True)[0]
    return [(start, end, E if digest == oldest else N) for start, end, digest in spans(LIVE, "web1", now)]


def meet(
    old: tuple[float, float | None], new: tuple[float, float | None], *, now: float = 0, resume: bool = True
) -> Plan:
    """E stands, the description changes, N comes: the Plan, which is also what its preview said."""
    lay(SMALL)
    put(LIVE, "web1", now=min(old[0], -10), start=old[0], end=old[1])
    change("instance", LIVE, now, parameters={"size": 2})
    request = ask(LIVE, "web1", start=new[0], end=new[1], resume=resume)
    before, shown = read_timelines(), preview_deploy(request, author(now))
    done = deploy(request, author(now))
    assert shown == done
    assert shown.digest == done.digest
    assert find_faults(day(now)) == []
    assert find_rewritten_past(before, read_timelines(), day(now)) == []
    return done


def test_into_empty_time() -> None:
    lay(SMALL)
    done = put(LIVE, "web1", end=5)
    assert kinds(done) == [Kind.ADD]
    assert lane() == [(0, 5, E)]
    assert [(row.state, row.reason) for row in rows(5)] == [(State.PAST, "because")]


def test_rule_1_an_open_newcomer_ends_where_the_next_one_starts_with_a_warning() -> None:
    done = meet((10, 20), (3, None))
    assert kinds(done) == [Kind.ADD]
    assert lane() == [(3, 10, N), (10, 20, E)]
    assert [notice.code for notice in done.warnings] == ["bounded"]
    assert f"where the deployment {rows()[1].id} starts" in done.warnings[0].text


def test_rule_1_and_2_an_open_newcomer_within_one_and_before_another() -> None:
    lay(SMALL)
    put(LIVE, "web1", now=-10, end=8)
    put(LIVE, "web1", now=-10, start=12)
    change("instance", LIVE, 0, parameters={"size": 2})
    done = put(LIVE, "web1", start=4)
    assert kinds(done) == [Kind.END, Kind.ADD]
    assert lane() == [(-10, 4, E), (4, 12, N), (12, None, E)]


def test_rule_2_the_one_before_ends_where_an_open_newcomer_starts() -> None:
    assert kinds(meet((-10, None), (3, None))) == [Kind.END, Kind.ADD]
    assert lane() == [(-10, 3, E), (3, None, N)]


@pytest.mark.parametrize("end", [None, 20.0])
def test_rule_2_the_one_before_goes_on_after_a_bounded_newcomer(end: float | None) -> None:
    done = meet((-10, end), (3, 7))
    assert kinds(done) == [Kind.END, Kind.ADD, Kind.RESUME]
    assert lane() == [(-10, 3, E), (3, 7, N), (7, end, E)]
    first, _, rest = rows()
    assert (rest.continues, rest.snapshot) == (first.id, first.snapshot)


def test_rule_2_without_resuming_it_ends_for_good() -> None:
    assert kinds(meet((-10, None), (3, 7), resume=False)) == [Kind.END, Kind.ADD]
    assert lane() == [(-10, 3, E), (3, 7, N)]


def test_rule_3_one_within_the_newcomer_is_deactivated_and_kept() -> None:
    done = meet((5, 9), (3, 12))
    assert kinds(done) == [Kind.DEACTIVATE, Kind.ADD]
    assert lane() == [(3, 12, N)]
    kept = [row for row in rows(deactivated=True) if row.state is State.DEACTIVATED]
    assert [(row.start, row.end, row.deactivated) for row in kept] == [(day(5), day(9), day(0))]
    assert set(DeployedService.objects.filter(deployment=kept[0].id).values_list("deactivated", flat=True)) == {True}


def test_rule_3_also_one_with_just_the_same_interval() -> None:
    assert kinds(meet((5, 9), (5, 9))) == [Kind.DEACTIVATE, Kind.ADD]
    assert lane() == [(5, 9, N)]


@pytest.mark.parametrize("end", [None, 20.0])
def test_rule_4_one_that_goes_on_after_the_newcomer_starts_where_that_ends(end: float | None) -> None:
    assert kinds(meet((5, end), (3, 9))) == [Kind.MOVE, Kind.ADD]
    assert lane() == [(3, 9, N), (9, end, E)]


def test_intervals_are_half_open_so_neighbours_are_left_alone() -> None:
    assert kinds(meet((5, 9), (9, 12))) == [Kind.ADD]
    assert lane() == [(5, 9, E), (9, 12, N)]


def test_a_current_one_that_started_just_now_lies_within_the_newcomer() -> None:
    assert kinds(meet((0, None), (0, None))) == [Kind.DEACTIVATE, Kind.ADD]
    assert lane() == [(0, None, N)]


def test_all_rules_at_once() -> None:
    lay(SMALL)
    for start, end in ((1, 4), (5, 6), (7, 8), (9, 15)):
        put(LIVE, "web1", start=start, end=end)
    change("instance", LIVE, 0, parameters={"size": 2})
    done = put(LIVE, "web1", start=3, end=10)
    assert kinds(done) == [Kind.END, Kind.DEACTIVATE, Kind.DEACTIVATE, Kind.MOVE, Kind.ADD]
    assert lane() == [(1, 3, E), (3, 10, N), (10, 15, E)]


def test_a_start_up_to_a_minute_ago_is_meant_as_now() -> None:
    lay(SMALL)
    start = day(0) - timedelta(seconds=60)
    request = DeployRequest((DeployItem(LIVE, ("web1",)),), start=start)
    deploy(request, author())
    assert rows()[0].start == day(0)


def test_an_earlier_start_is_refused() -> None:
    lay(SMALL)
    world = read_world()
    start = day(0) - timedelta(seconds=60, microseconds=1)
    with pytest.raises(Refused, match=r"is in the past \(it is 2026-11-01T12:00:00Z\)"):
        deploy(DeployRequest((DeployItem(LIVE, ("web1",)),), start=start), author())
    assert read_world() == world


@pytest.mark.parametrize("start, end", [(5.0, 5.0), (5.0, 4.0), (None, 0.0), (None, -3.0)])
def test_an_end_that_is_not_after_the_start_is_refused(start: float | None, end: float) -> None:
    lay(SMALL)
    with pytest.raises(Refused, match="is not after the start"):
        put(LIVE, "web1", start=start, end=end)


def test_the_same_lane_twice_in_one_rollout_is_refused() -> None:
    lay(SMALL)
    with pytest.raises(Refused, match=f"asked for twice in one rollout: {LIVE} on web1"):
        put(LIVE, "web1", "WEB1")
    items = (DeployItem(LIVE, ("web1",)), DeployItem(LIVE.upper(), ("web2", "web1")))
    with pytest.raises(Refused, match="asked for twice"):
        deploy(DeployRequest(items), author())


def test_nothing_to_deploy_is_refused() -> None:
    lay("larry: 1\ncustomers: [{name: C, apps: [{name: A, instances: [{name: I}]}]}]\nhosts: [{name: h}]")
    for items in ((), (DeployItem("c/a/i", ()),)):
        with pytest.raises(Refused, match="nothing to deploy"):
            deploy(DeployRequest(items), author())
    with pytest.raises(Refused, match="c/a/i requires no service") as refused:
        deploy(ask("c/a/i", "h"), author())
    assert refused.value.plan is not None


def test_unknown_and_retired_hosts_and_unknown_instances_are_not_found() -> None:
    lay(SMALL)
    Host.objects.filter(name="web2").update(retired_at=day(-1))
    world = read_world()
    for host in ("nope", "web2"):
        with pytest.raises(NotFound, match=f"there is no host {host}"):
            put(LIVE, "web1", host)
    with pytest.raises(NotFound, match="there is no instance acme/shop/nope"):
        put("acme/shop/nope", "web1")
    assert read_world() == world


def test_many_instances_on_many_hosts_are_one_rollout() -> None:
    lay(SMALL)
    request = DeployRequest((DeployItem(LIVE, ("web1", "web2")), DeployItem(TEST, ("web2",))), day(1), day(2))
    done = deploy(request, author())
    assert [(each.instance, each.host) for each in done.changes] == [(LIVE, "web1"), (LIVE, "web2"), (TEST, "web2")]
    assert Rollout.objects.count() == 1
    assert {row.rollout for row in rows()} == {Rollout.objects.get().id}
    assert find_faults(day(0)) == []


def test_what_was_expected_is_done_also_a_little_later() -> None:
    lay(SMALL)
    shown = preview_deploy(ask(LIVE, "web1"), author(0))
    done = deploy(ask(LIVE, "web1", expect=shown.digest), author(0.01))
    assert shown.digest == done.digest
    assert rows(1)[0].start == day(0.01)


def test_where_the_ground_has_moved_the_new_plan_is_told_and_nothing_done() -> None:
    lay(SMALL)
    shown = preview_deploy(ask(LIVE, "web1", start=5), author())
    put(LIVE, "web1", start=8)
    world = read_world()
    with pytest.raises(GroundMoved, match="the ground has moved") as moved:
        deploy(ask(LIVE, "web1", start=5, expect=shown.digest), author())
    assert read_world() == world
    assert moved.value.plan == preview_deploy(ask(LIVE, "web1", start=5), author())
    done = deploy(ask(LIVE, "web1", start=5, expect=moved.value.plan.digest), author())
    assert done == moved.value.plan


@pytest.mark.parametrize(
    "move",
    [
        lambda: change("instance", LIVE, 0, parameters={"size": 5}),
        lambda: change("host", "web1", 0, addresses=["10.8.8.8"]),
        lambda: put(TEST, "web1"),
    ],
)
def test_whatever_moves_the_result_moves_the_ground(move: object) -> None:
    lay(SMALL)
    shown = preview_deploy(ask(LIVE, "web1", start=1), author())
    move()  # type: ignore[operator]
    with pytest.raises(GroundMoved):
        deploy(ask(LIVE, "web1", start=1, expect=shown.digest), author())


def test_now_never_runs_backwards() -> None:
    lay(SMALL)
    put(LIVE, "web1", now=5)
    done = put(TEST, "web1", now=4)
    assert done.now == day(5)
    assert [days(row.start) for row in rows(5)] == [5, 5]
    assert Activity.objects.order_by("-id")[0].at == day(5)
    with pytest.raises(Refused, match="is in the past"):
        put(TEST, "web2", now=3, start=4)
    assert change("host", "web2", 1, labels={"late": "yes"}).plan.now == day(5)
    snapshot(TEST, author(2))
    assert find_faults(day(5)) == []


def test_now_is_not_before_the_latest_moment_even_if_that_was_not_written_last() -> None:
    lay(SMALL)
    put(LIVE, "web1", now=5)
    Activity.objects.create(at=day(3), actor="slow", verb="update", noun="pool", address="late")
    assert put(TEST, "web1", now=4).now == day(5)


def test_every_change_is_a_version_and_a_line_of_activity() -> None:
    done = meet((-10, None), (3, 7))
    first, second, rest = rows()
    kept = DeploymentVersion.objects.order_by("deployment", "version")
    told = {(row.deployment_id, row.version, row.start, row.end, row.rollout_id, row.recorded_at) for row in kept}
    one, two = first.rollout, second.rollout
    assert told == {
        (first.id, 1, day(-10), None, one, day(-10)),
        (first.id, 2, day(-10), day(3), two, day(0)),
        (second.id, 1, day(3), day(7), two, day(0)),
        (rest.id, 1, day(7), None, two, day(0)),
    }
    assert first.rollout == one != two == rest.rollout
    lines = Activity.objects.filter(rollout=two).order_by("id")
    assert [(line.noun, line.verb) for line in lines] == [
        ("rollout", "deploy"), ("deployment", "end"), ("deployment", "add"), ("deployment", "resume"),
    ]  # fmt: skip
    assert document(lines[0].after)["plan"] == done.digest == Rollout.objects.get(id=two).plan_digest
    ended = lines[1]
    assert ended.address == first.id
    assert (document(ended.before)["end"], document(ended.after)["end"]) == (None, "2026-11-04T12:00:00Z")
    assert {(line.actor, line.reason, line.at) for line in lines} == {("ada", "because", day(0))}


def document(value: Any) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


def test_the_snapshots_of_a_deployment_are_kept_with_it() -> None:
    lay(FULL)
    put("zeta/blog/live", "web1.example.com")
    assert snapshot("zeta/blog/live", author(1)).is_new is False
