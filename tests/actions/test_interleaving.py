"""Interleavings written out: two acts are held where it hurts, and the world is as if they had taken turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from larry.actions.apply import EstateChange, apply
from larry.actions.author import Refused
from larry.actions.deploy import deploy, preview_deploy
from larry.actions.edit import edit
from larry.actions.redeploy import redeploy
from larry.actions.retire import retire
from larry.actions.snapshot import Taken, snapshot
from larry.actions.undeploy import undeploy
from larry.core.plan import Plan
from larry.nouns.estate import EstateFaults
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL, NotFound
from larry.records.activity import Activity
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.edge import Edge
from larry.records.pool import Pool
from tests.actions.estate import ask, author, change, day, lay, put, rows, spans, state
from tests.actions.meeting import Meeting, run_at_once
from tests.actions.repeats import REPEATS, crowd
from tests.actions.world import find_faults, find_rewritten_past, read_timelines

pytestmark = pytest.mark.django_db(transaction=True)

OUTSIDE = ("larry.actions.rollout.transact", "larry.actions.apply.transact", "larry.actions.snapshot.transact")
"""All has been planned, nothing is locked yet."""
INSIDE = ("larry.actions.rollout._write", "larry.actions.apply._write", "larry.actions.snapshot._keep")
"""All has been decided under locks, nothing is written yet."""
LATE = (
    "larry.actions.rollout.write_timelines",
    "larry.actions.apply.write_timelines",
    "larry.actions.apply.write_edges",
)
"""Half is written."""

POINTS = pytest.mark.parametrize("point", [OUTSIDE, INSIDE, LATE], ids=["outside", "inside", "late"])


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Meeting]:
    """Hold both acts before the functions of a point; anew for each repeat."""

    def hold_(*names: str, after: bool = False) -> Meeting:
        monkeypatch.undo()
        meeting = Meeting()
        return meeting.after(monkeypatch, *names) if after else meeting.before(monkeypatch, *names)

    return hold_


def check(now: float = 0) -> None:
    assert find_faults(day(now)) == []


@POINTS
def test_two_deploy_in_one_lane(point: tuple[str, ...], hold: Callable[..., Meeting]) -> None:
    lay(crowd())
    for n in range(REPEATS):
        hold(*point)
        done = run_at_once(
            partial(put, f"c/a/i{n}", f"h{n}", start=1, end=9), partial(put, f"c/a/i{n}", f"h{n}", start=5, end=15)
        )
        assert all(isinstance(each, Plan) for each in done), done
        lane = [(start, end) for start, end, _ in spans(f"c/a/i{n}", f"h{n}")]
        assert lane in ([(1, 5), (5, 15)], [(1, 9), (9, 15)])
    check()


@POINTS
def test_two_deploy_what_conflicts_on_one_host(point: tuple[str, ...], hold: Callable[..., Meeting]) -> None:
    lay(crowd())
    for n in range(REPEATS):
        change("instance", f"c/a/i{n}", 0, parameters={"size": 2})
        change("instance", f"c/a/j{n}", 0, parameters={"size": 3})
        hold(*point)
        done = run_at_once(partial(put, f"c/a/i{n}", f"h{n}"), partial(put, f"c/a/j{n}", f"h{n}"))
        (refused,) = [each for each in done if not isinstance(each, Plan)]
        assert isinstance(refused, Refused), repr(refused)
        assert "parameter size" in str(refused)
        assert len([row for row in rows() if row.host == f"h{n}"]) == 1
    check()


@POINTS
def test_one_deploys_where_another_undeploys(point: tuple[str, ...], hold: Callable[..., Meeting]) -> None:
    lay(crowd())
    for n in range(REPEATS):
        put(f"c/a/i{n}", f"h{n}", now=-1)
    for n in range(REPEATS):
        (standing,) = [row.id for row in rows() if row.host == f"h{n}"]
        hold(*point)
        undone, done = run_at_once(
            lambda id_=standing: undeploy((id_,), author(), at=day(5)),  # type: ignore[misc]
            partial(put, f"c/a/i{n}", f"h{n}", start=3, end=8),
        )
        assert isinstance(done, Plan), done
        lane = [(start, end) for start, end, _ in spans(f"c/a/i{n}", f"h{n}")]
        if isinstance(undone, Plan):
            assert lane == [(-1, 3), (3, 8)]
        else:
            assert "undeploying never extends" in str(undone)
            assert lane == [(-1, 3), (3, 8), (8, None)]
    check()


@pytest.mark.parametrize("point", [OUTSIDE, ("larry.actions.apply.decide",), INSIDE, LATE], ids=str)
def test_two_add_the_halves_of_a_circle(point: tuple[str, ...], hold: Callable[..., Meeting]) -> None:
    lay("larry: 1\nservices: [" + ", ".join(f"{{name: a{n}}}, {{name: b{n}}}" for n in range(REPEATS)) + "]")
    for n in range(REPEATS):
        hold(*point, after="decide" in point[0])
        done = run_at_once(
            partial(edit, "service", f"a{n}", {"needs": [f"b{n}"]}, author()),
            partial(edit, "service", f"b{n}", {"audits": [f"a{n}"]}, author()),
        )
        (refused,) = [each for each in done if not isinstance(each, EstateChange)]
        assert isinstance(refused, EstateFaults), repr(refused)
        assert f"a{n} -> b{n} -> a{n}" in str(refused)
        assert Edge.objects.filter(service__key__in=[f"a{n}", f"b{n}"]).count() == 1


@pytest.mark.parametrize("reader", ["snapshot", "deploy"])
def test_a_snapshot_during_an_edit_is_of_before_or_after(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit changes two nouns at once, and is committed between the reader's two looks at them."""
    lay(crowd())
    for n in range(REPEATS):
        looked, edited = threading.Event(), threading.Event()
        module = f"larry.actions.{reader}"
        from larry.queries.service import get_service_graph

        def look(*args: object, looked: threading.Event = looked, edited: threading.Event = edited) -> object:
            looked.set()
            edited.wait(1)
            return get_service_graph(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(f"{module}.get_service_graph", look)
        both = state(
            f"larry: 1\nservices: [{{name: app, tools: {{v: {n + 1}}}}}]\n"
            f"customers: [{{name: C, apps: [{{name: A, instances: [{{name: I{n}, parameters: {{size: {n + 1}}}}}]}}]}}]"
        )

        def write(looked: threading.Event = looked, edited: threading.Event = edited, both: object = both) -> object:
            looked.wait(5)
            done = apply(both, author())  # type: ignore[arg-type]
            edited.set()
            return done

        act = partial(snapshot, f"c/a/i{n}", author()) if reader == "snapshot" else partial(put, f"c/a/i{n}", f"h{n}")
        taken, done = run_at_once(act, write)
        assert isinstance(done, EstateChange), done
        assert isinstance(taken, Taken | Plan), taken
        (kept,) = Deployable.objects.filter(instance__path=f"c/a/i{n}").values_list("document", flat=True)
        assert ('"size":1' in kept, f'"v":{n}' in kept or '"v"' not in kept) == (True, True), "as it was before"
        monkeypatch.undo()


@pytest.mark.parametrize("point", [OUTSIDE, INSIDE, LATE, ("larry.actions.apply.recompile",)], ids=str)
def test_a_host_is_edited_while_something_is_deployed_on_it(
    point: tuple[str, ...], hold: Callable[..., Meeting]
) -> None:
    lay(crowd())
    for n in range(REPEATS):
        hold(*point, after="recompile" in point[0])
        done = run_at_once(
            partial(put, f"c/a/i{n}", f"h{n}"), partial(edit, "host", f"h{n}", {"addresses": [f"10.7.0.{n}"]}, author())
        )
        assert isinstance(done[0], Plan), done
        assert isinstance(done[1], EstateChange), done
        assert get_node(f"h{n}", LOCAL, Moment(day(1))).node.facts.addresses == (f"10.7.0.{n}",)
        check()


@pytest.mark.parametrize("point", [OUTSIDE, INSIDE, LATE, ("larry.actions.apply.recompile",)], ids=str)
def test_a_host_is_edited_while_its_auditor_gets_another_subject(
    point: tuple[str, ...], hold: Callable[..., Meeting]
) -> None:
    """Both write the auditor's timeline, and neither has the host of the other among its own."""
    lay(crowd())
    for n in range(REPEATS):
        put(f"c/a/i{n}", f"h{n}", now=-1)
        hold(*point, "larry.actions.rollout._write", after="recompile" in point[0])
        done = run_at_once(
            partial(put, f"c/a/j{n}", f"k{n}"), partial(edit, "host", f"h{n}", {"addresses": [f"10.8.0.{n}"]}, author())
        )
        assert isinstance(done[0], Plan), done
        assert isinstance(done[1], EstateChange), done
        check()


@pytest.mark.parametrize("point", [OUTSIDE, ("larry.actions.apply.decide",), INSIDE], ids=str)
@pytest.mark.parametrize("alike", [True, False])
def test_two_create_the_same_noun(point: tuple[str, ...], alike: bool, hold: Callable[..., Meeting]) -> None:
    lay(crowd())
    for n in range(REPEATS):
        hold(*point, after="decide" in point[0])
        texts = (
            f"larry: 1\npools: [{{name: P{n}, description: {word}}}]" for word in ("one", "one" if alike else "two")
        )
        done = run_at_once(*(partial(apply, state(text), author()) for text in texts))
        assert all(isinstance(each, EstateChange) for each in done), done
        verbs = sorted(each.changes[0].verb if each.changes else "none" for each in done)  # type: ignore[attr-defined]
        assert verbs == (["create", "none"] if alike else ["create", "update"])
        assert Pool.objects.filter(key=f"p{n}").count() == 1
        assert Activity.objects.filter(noun="pool", address=f"p{n}").count() == (1 if alike else 2)


@POINTS
def test_two_redeploy_the_same(point: tuple[str, ...], hold: Callable[..., Meeting]) -> None:
    lay(crowd())
    for n in range(REPEATS):
        put(f"c/a/i{n}", f"h{n}", now=-1)
    for n in range(REPEATS):
        change("instance", f"c/a/i{n}", 0, parameters={"size": 5})
        hold(*point)
        done = run_at_once(*(partial(redeploy, (f"c/a/i{n}",), author()) for _ in range(2)))
        assert sorted(len(each.changes) for each in done) == [0, 2], done  # type: ignore[attr-defined]
        assert [(start, end) for start, end, _ in spans(f"c/a/i{n}", f"h{n}")] == [(-1, 0), (0, None)]
    check()


def test_a_preview_during_a_deploy_is_of_before_or_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """The act commits between the preview's look at the lane and its look at the host."""
    from larry.actions.timeline import get_stage

    lay(crowd())
    for n in range(REPEATS):
        request = ask(f"c/a/i{n}", f"h{n}", start=4)
        before = preview_deploy(request, author())
        looked, acted = threading.Event(), threading.Event()

        def look(*args: object, looked: threading.Event = looked, acted: threading.Event = acted) -> object:
            if threading.current_thread().name == "act-0":
                looked.set()
                acted.wait(1)
            return get_stage(*args)  # type: ignore[arg-type]

        def act(n: int = n, looked: threading.Event = looked, acted: threading.Event = acted) -> Plan:
            looked.wait(5)
            done = put(f"c/a/i{n}", f"h{n}", start=2)
            acted.set()
            return done

        monkeypatch.setattr("larry.actions.planning.get_stage", look)
        shown, done = run_at_once(partial(preview_deploy, request, author()), act)
        assert isinstance(done, Plan), done
        assert shown == before
        monkeypatch.undo()
        assert preview_deploy(request, author()) != before


@pytest.mark.parametrize("point", [OUTSIDE, INSIDE, LATE], ids=["outside", "inside", "late"])
def test_a_host_is_renamed_while_something_is_deployed_on_it(
    point: tuple[str, ...], hold: Callable[..., Meeting]
) -> None:
    lay(crowd())
    for n in range(REPEATS):
        past = read_timelines()
        hold(*point)
        done = run_at_once(
            partial(put, f"c/a/i{n}", f"h{n}"),
            partial(edit, "host", f"h{n}", {"name": f"new{n}", "was": f"h{n}"}, author()),
        )
        assert isinstance(done[0], Plan | NotFound), done
        assert isinstance(done[1], EstateChange), done
        check()
        others = {host: segments for host, segments in past.items() if host != f"h{n}"}
        assert find_rewritten_past(others, read_timelines(), day(0)) == []


@pytest.mark.parametrize("point", [OUTSIDE, INSIDE], ids=["outside", "inside"])
def test_a_host_retires_while_something_is_deployed_on_it(point: tuple[str, ...], hold: Callable[..., Meeting]) -> None:
    lay(crowd())
    for n in range(REPEATS):
        hold(*point)
        done = run_at_once(partial(put, f"c/a/i{n}", f"h{n}"), partial(retire, "host", f"h{n}", author()))
        assert sum(isinstance(each, Plan | EstateChange) for each in done) == 1, done
        assert sum(isinstance(each, Refused | NotFound) for each in done) == 1, done
        assert not Deployment.objects.filter(host__retired_at__isnull=False).exists()
    check()


@pytest.mark.parametrize("point", [OUTSIDE, INSIDE], ids=["outside", "inside"])
def test_two_take_the_same_snapshot(point: tuple[str, ...], hold: Callable[..., Meeting]) -> None:
    lay(crowd())
    for n in range(REPEATS):
        hold(*point)
        done = run_at_once(*(partial(snapshot, f"c/a/i{n}", author()) for _ in range(2)))
        assert sorted(each.is_new for each in done) == [False, True], done  # type: ignore[attr-defined]
        assert Deployable.objects.filter(instance__path=f"c/a/i{n}").count() == 1
        assert Activity.objects.filter(verb="snapshot", address=f"c/a/i{n}").count() == 1


def test_expecting_the_same_plan_only_one_of_two_acts() -> None:
    lay(crowd())
    for n in range(REPEATS):
        shown = preview_deploy(ask(f"c/a/i{n}", f"h{n}", start=1), author())
        request = ask(f"c/a/i{n}", f"h{n}", start=1, expect=shown.digest)
        done = run_at_once(*(partial(deploy, request, author()) for _ in range(2)))
        assert [isinstance(each, Plan) for each in done].count(True) == 1, done
        assert len(spans(f"c/a/i{n}", f"h{n}")) == 1
    check()
