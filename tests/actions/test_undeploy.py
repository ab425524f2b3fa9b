"""Undeploying ends what is current, deactivates what has not begun, and leaves alone what has passed."""

from __future__ import annotations

import pytest

from larry.actions.author import GroundMoved, NoReason, Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.undeploy import undeploy
from larry.core.plan import Plan
from larry.core.timeline import Kind
from larry.queries.deployment import State
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL, NotFound
from larry.records.activity import Activity
from larry.records.deployment import DeploymentVersion
from tests.actions.estate import LIVE, SMALL, TEST, author, day, lay, put, rows, spans
from tests.actions.world import find_faults, find_rewritten_past, read_timelines, read_world

pytestmark = pytest.mark.django_db


def stop(*ids: str, now: float = 0, at: float | None = None) -> Plan:
    """Undeploy, as its dry run said before."""
    moment, before = None if at is None else day(at), read_world()
    shown = undeploy(ids, author(now), at=moment, dry_run=True)
    assert read_world() == before
    past = read_timelines()
    done = undeploy(ids, author(now), at=moment)
    assert (done, done.digest) == (shown, shown.digest)
    assert find_faults(day(now)) == []
    assert find_rewritten_past(past, read_timelines(), day(now)) == []
    return done


def only() -> str:
    return rows()[0].id


def test_a_current_deployment_ends_now() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    done = stop(only(), now=3)
    assert [(each.kind, each.after and each.after.end) for each in done.changes] == [(Kind.END, day(3))]
    assert [(start, end) for start, end, _ in spans(LIVE, "web1")] == [(0, 3)]
    assert get_node("web1", LOCAL, Moment(day(3))).node.services == ()
    assert get_node("mon", LOCAL, Moment(day(3))).node.services == ()
    assert get_node("web1", LOCAL, Moment(day(2.9))).node.services != ()
    assert {each.host for each in done.nodes} == {"web1", "mon"}


def test_a_current_deployment_ends_at_a_moment() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=20)
    done = stop(only().upper(), now=3, at=8)
    assert [(start, end) for start, end, _ in spans(LIVE, "web1")] == [(0, 8)]
    assert {(each.start, each.agrees) for each in done.nodes} == {(day(8), False), (day(20), True)}


def test_a_future_deployment_is_shortened_or_deactivated_before_it_begins() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5, end=9)
    stop(only(), at=7)
    assert [(start, end) for start, end, _ in spans(LIVE, "web1")] == [(5, 7)]
    done = stop(only(), now=1)
    assert [(each.kind, each.after) for each in done.changes] == [(Kind.DEACTIVATE, None)]
    assert rows(1) == ()
    (kept,) = rows(1, deactivated=True)
    assert (kept.state, kept.start, kept.end, kept.deactivated) == (State.DEACTIVATED, day(5), day(7), day(1))
    with pytest.raises(NotFound, match=f"there is no live deployment {kept.id}"):
        undeploy((kept.id,), author(2))


def test_what_is_over_is_not_rewritten() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=5)
    world = read_world()
    with pytest.raises(Refused, match=f"the deployment {only()} is over"):
        undeploy((only(),), author(5))
    with pytest.raises(Refused, match="is over"):
        undeploy((only(),), author(6), at=day(7))
    assert read_world() == world


def test_a_moment_in_the_past_and_one_after_the_end_are_refused() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=9)
    with pytest.raises(Refused, match="is in the past"):
        undeploy((only(),), author(5), at=day(4))
    with pytest.raises(Refused, match="undeploying never extends"):
        undeploy((only(),), author(5), at=day(10))


def test_ending_where_it_ends_already_changes_nothing() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=9)
    world = read_world()
    assert stop(only(), at=9).changes_nothing
    assert read_world() == world


def test_unknown_ones_and_none_at_all() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    with pytest.raises(NotFound, match="there is no live deployment nope"):
        undeploy((only(), "nope"), author())
    with pytest.raises(Refused, match="nothing to undeploy"):
        undeploy((), author())
    with pytest.raises(NoReason):
        undeploy((only(),), author(0, " "))
    assert rows()[0].end is None


def test_many_are_one_rollout_all_or_nothing() -> None:
    lay(SMALL)
    deploy(DeployRequest((DeployItem(LIVE, ("web1", "web2")), DeployItem(TEST, ("web1",)))), author())
    put(TEST, "web2", end=2)
    live = [row.id for row in rows() if row.end is None]
    over = next(row.id for row in rows() if row.end is not None)
    world = read_world()
    with pytest.raises(Refused, match="is over"):
        undeploy((*live, over), author(3))
    assert read_world() == world
    done = stop(*live, live[0], now=3)
    assert len(done.changes) == 3
    assert len({version.rollout_id for version in DeploymentVersion.objects.filter(version=2)}) == 1
    lines = Activity.objects.order_by("-id")[:4]
    assert sorted((line.noun, line.verb) for line in lines) == [
        ("deployment", "end"), ("deployment", "end"), ("deployment", "end"), ("rollout", "undeploy"),
    ]  # fmt: skip


def test_a_shared_entry_stays_until_its_last_owner_goes() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    put(TEST, "web1")
    first = next(row.id for row in rows() if row.instance == LIVE)
    stop(first, now=3)
    app = next(each for each in get_node("web1", LOCAL, Moment(day(3))).node.services if each.key == "app")
    assert app.paths == (TEST,)
    (watch,) = get_node("mon", LOCAL, Moment(day(3))).node.services
    assert [subject.paths for subject in watch.audits] == [(TEST,)]
    stop(next(row.id for row in rows() if row.instance == TEST), now=4)
    assert get_node("web1", LOCAL, Moment(day(4))).node.services == ()


def test_what_was_expected_is_done_and_nothing_else() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    shown = undeploy((only(),), author(1), dry_run=True)
    put(TEST, "web1", now=1)
    with pytest.raises(GroundMoved) as moved:
        undeploy((only(),), author(1), expect=shown.digest)
    assert moved.value.plan is not None
    assert undeploy((only(),), author(1.5), expect=moved.value.plan.digest).digest == moved.value.plan.digest
