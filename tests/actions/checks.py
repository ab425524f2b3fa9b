"""Short checks of what actions promise, as functions: each fails when a fault is planted that it looks for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author, GroundMoved, Refused
from larry.actions.deploy import deploy, preview_deploy
from larry.actions.edit import edit
from larry.actions.redeploy import redeploy
from larry.actions.snapshot import snapshot
from larry.actions.transaction import Ground, begin_on_ground, transact
from larry.core.plan import Plan
from larry.queries.deployment import DeploymentFilter, State
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL
from larry.records.activity import Activity
from larry.records.deployable import Deployable
from larry.records.edge import EdgeVersion
from larry.records.secret import prepare_seals
from tests.actions.estate import (
    BK1,
    BK2,
    BLOG,
    FULL,
    LIVE,
    MON1,
    SMALL,
    TEST,
    WEB1,
    WEB2,
    ask,
    author,
    change,
    day,
    lay,
    put,
    rows,
    spans,
    state,
)
from tests.actions.meeting import Meeting, run_at_once
from tests.actions.repeats import crowd
from tests.actions.world import find_faults, find_rewritten_past, read_all_text, read_timelines, read_world


def newcomer_makes_room() -> None:
    lay(SMALL)
    put(LIVE, "web1", now=-5)
    change("instance", LIVE, 0, parameters={"size": 2})
    put(LIVE, "web1", start=3, end=7)
    assert [(start, end) for start, end, _ in spans(LIVE, "web1")] == [(-5, 3), (3, 7), (7, None)]
    assert find_faults(day(0)) == []


def past_is_kept() -> None:
    lay(SMALL)
    put(LIVE, "web1", now=-5)
    past = read_timelines()
    put(TEST, "web1")
    change("host", "web1", 1, addresses=["10.4.4.4"])
    assert find_rewritten_past(past, read_timelines(), day(0)) == []
    assert find_faults(day(1)) == []


def auditors_follow_their_subjects() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=3)
    assert get_node("mon", LOCAL, Moment(day(4))).node.services[0].audits
    change("host", "web1", 1, addresses=["10.6.6.6"])
    (watch,) = get_node("mon", LOCAL, Moment(day(4))).node.services
    assert watch.audits[0].addresses == ("10.6.6.6",)
    assert find_faults(day(1)) == []


def expectations_are_kept() -> None:
    lay(SMALL)
    shown = preview_deploy(ask(LIVE, "web1", start=5), author())
    put(TEST, "web1")
    with pytest.raises(GroundMoved):
        deploy(ask(LIVE, "web1", start=5, expect=shown.digest), author())


def previews_tell_all_and_write_nothing() -> None:
    lay(SMALL)
    world = read_world()
    shown = preview_deploy(ask(LIVE, "web1", start=5), author())
    assert read_world() == world
    assert deploy(ask(LIVE, "web1", start=5, expect=shown.digest), author()) == shown
    (row,) = rows()
    assert row.id == shown.changes[0].deployment


def conflicts_refuse() -> None:
    lay(FULL)
    put(BLOG, WEB1)
    with pytest.raises(Refused, match="workers"):
        put("zeta/blog/test", WEB1)


def now_never_runs_backwards() -> None:
    lay(SMALL)
    put(LIVE, "web1", now=5)
    Activity.objects.create(at=day(3), actor="slow", verb="update", noun="pool", address="late")
    assert put(TEST, "web1", now=4).now == day(5)


def starts_hardly_past_are_now_and_others_refused() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=-30 / 86400)
    assert rows()[0].start == day(0)
    with pytest.raises(Refused, match="in the past"):
        put(LIVE, "web1", start=-90 / 86400)


def dry_runs_write_nothing() -> None:
    prepare_seals()  # as `larry migrate` does
    world = read_world()
    apply(state(SMALL), author(), dry_run=True)
    assert read_world() == world


def secrets_are_sealed() -> None:
    lay(FULL)
    assert "hunter2" not in read_all_text()


def acts_say_who_and_what_was_before() -> None:
    lay(SMALL)
    change("instance", LIVE, 0, copies=3)
    line = Activity.objects.order_by("-id")[0]
    assert (line.actor, line.before, line.after) == ("ada", {"copies": 1}, {"copies": 3})
    put(LIVE, "web1")
    assert list(Activity.objects.order_by("id").values_list("verb", flat=True))[-2:] == ["deploy", "add"]


def edges_keep_their_versions() -> None:
    lay(SMALL)
    change("service", "watch", 0, audits=["linux"])
    assert EdgeVersion.objects.filter(service__key="watch").count() == 3


def count_subjects(host: str, now: float) -> int:
    return sum(len(service.audits) for service in get_node(host, LOCAL, Moment(day(now))).node.services)


def roles_spread_and_keep() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    put("acme/shop/test", WEB2)
    change("instance", BLOG, 0, requires=["postgres"])
    put(BLOG, WEB1)
    put(BLOG, WEB2)
    assert (count_subjects(BK1, 0), count_subjects(BK2, 0)) == (3, 1)
    put(LIVE, WEB2, start=1)
    put("acme/shop/test", WEB1, start=1)
    assert (count_subjects(BK1, 2), count_subjects(BK2, 2)) == (4, 2)
    assert find_faults(day(0)) == []


def places_are_carried_over() -> None:
    lay(FULL)
    deploy(ask(BLOG, WEB1, place={"pager": MON1}), author())
    change("instance", BLOG, 0, parameters={"workers": 3})
    put(BLOG, WEB1, start=5)
    assert [dict(row.place) for row in rows()] == [{"pager": MON1}, {"pager": MON1}]


def redeploying_keeps_ends_and_clean_lanes() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=9)
    put(TEST, "web2", end=9)
    change("instance", LIVE, 1, parameters={"size": 2})
    redeploy((LIVE, TEST), author(2))
    assert [(start, end) for start, end, _ in spans(LIVE, "web1")] == [(0, 2), (2, 9)]
    assert [(start, end) for start, end, _ in spans(TEST, "web2")] == [(0, 9)]


def deployments_are_listed_by_state() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=2)
    put(LIVE, "web2", start=5)
    future = DeploymentFilter(states=frozenset({State.FUTURE}))
    assert [row.host for row in rows(1, which=future)] == ["web2"]
    assert [row.state for row in rows(3)] == [State.PAST, State.FUTURE]


def somebody_is_quicker(patch: pytest.MonkeyPatch) -> None:
    """Between an act's first plan and its transaction another act comes into the same lane."""
    lay(SMALL)
    intruded: list[Plan] = []

    def late(work: Callable[[], object]) -> object:
        if not intruded:
            patch.setattr("larry.actions.rollout.transact", transact)
            intruded.append(put(LIVE, "web1", start=5, end=9))
        return transact(work)

    patch.setattr("larry.actions.rollout.transact", late)
    put(LIVE, "web1", start=7, end=12)
    assert [(start, end) for start, end, _ in spans(LIVE, "web1")] == [(5, 7), (7, 12)]
    assert find_faults(day(0)) == []


def two_conflicting_deployers_meet(patch: pytest.MonkeyPatch) -> None:
    lay(crowd(1))
    change("instance", "c/a/i0", 0, parameters={"size": 2})
    Meeting(patience=1).before(patch, "larry.actions.rollout._write")
    done = run_at_once(partial(put, "c/a/i0", "h0"), partial(put, "c/a/j0", "h0"))
    assert sorted(isinstance(each, Plan) for each in done) == [False, True], done
    assert "parameter size" in " ".join(str(each) for each in done)


def an_edit_waits_for_a_deployment(patch: pytest.MonkeyPatch) -> None:
    """What waited for another act happens after it, also by its own account."""
    lay(crowd(1))
    from larry.actions import rollout

    inside = threading.Event()

    def slow(who: Author) -> Ground:
        inside.set()
        threading.Event().wait(1)
        return begin_on_ground(who)

    def second() -> EstateChange:
        inside.wait(5)
        return edit("host", "h0", {"addresses": ["10.8.0.1"]}, author(4))

    patch.setattr(rollout, "begin_on_ground", slow)
    _, edited = run_at_once(partial(put, "c/a/i0", "h0", now=5), second)
    assert isinstance(edited, EstateChange), edited
    assert edited.plan.now == day(5)
    assert find_faults(day(5)) == []


def two_creators_meet(patch: pytest.MonkeyPatch) -> None:
    Meeting(patience=1).after(patch, "larry.actions.apply.decide")
    done = run_at_once(*(partial(lay, "larry: 1\npools: [{name: P}]", now=0) for _ in range(2)))
    assert [type(each) for each in done] == [EstateChange, EstateChange], done
    made = [change.verb for each in done if isinstance(each, EstateChange) for change in each.changes]
    assert made == ["create"], "whoever comes second finds it done"


def a_snapshot_sees_one_state(patch: pytest.MonkeyPatch) -> None:
    lay(crowd(1))
    looked, edited = threading.Event(), threading.Event()
    from larry.queries.service import get_service_graph

    def look(*args: object) -> object:
        looked.set()
        edited.wait(10)
        return get_service_graph(*args)  # type: ignore[arg-type]

    def write() -> None:
        looked.wait(5)
        edit("service", "app", {"tools": {"new": True}}, author())
        edited.set()

    patch.setattr("larry.actions.snapshot.get_service_graph", look)
    run_at_once(partial(snapshot, "c/a/i0", author()), write)
    assert '"new":true' not in Deployable.objects.get().document
