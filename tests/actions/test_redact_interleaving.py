"""A name becomes sensitive while others freeze and deploy: whatever the order, nothing in clear is written after."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from larry.actions.adopt import Adopted, Stated, adopt
from larry.actions.apply import EstateChange
from larry.actions.deploy import deploy
from larry.actions.redeploy import redeploy
from larry.actions.reveal import reveal
from larry.actions.snapshot import Taken, snapshot
from larry.actions.undo import undo
from larry.core.node_text import DatedNode
from larry.core.plan import Plan
from larry.queries.dirty import list_dirty_causes
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from larry.records.deployable import Deployable
from larry.records.node import NodeDocument
from larry.records.rollout import Rollout
from tests.actions.estate import ask, author, change, day, lay, put
from tests.actions.meeting import Act, Meeting, run_at_once
from tests.actions.test_redact import CANARY, LIVE, PLAIN, clear_text, mark
from tests.actions.world import find_faults

pytestmark = pytest.mark.django_db(transaction=True)


def begin() -> None:
    """Something is live, and an edit since has made it dirty."""
    lay(PLAIN)
    put(LIVE, "web1", now=-10)
    change("app", "acme/shop", -5, parameters={"token": "canary-next"})


def former() -> str:
    return Deployable.objects.get().digest


def adopt_one() -> object:
    return adopt((), [Stated(LIVE, "web2", day(-2), None, "found")], author())


ACTS: dict[str, Callable[[], Act]] = {
    "snapshot": lambda: partial(snapshot, LIVE, author()),
    "deploy": lambda: partial(put, LIVE, "web2"),
    "deploy of a former snapshot": lambda: partial(deploy, ask(LIVE, "web2", snapshot=former()), author()),
    "redeploy": lambda: partial(redeploy, (LIVE,), author()),
    "undo": lambda: partial(undo, Rollout.objects.get().id, author()),
    "reveal": lambda: partial(reveal, "web1", Moment(day(0)), author()),
    "adopt": lambda: adopt_one,
}
DONE = (Plan, Taken, DatedNode, Adopted)


def check(former_digests: set[str]) -> None:
    assert CANARY not in clear_text()
    assert find_faults(day(0)) == []
    assert [digest for digest in former_digests if digest in clear_text()] == []


def digests() -> set[str]:
    return {
        *Deployable.objects.values_list("digest", flat=True),
        *NodeDocument.objects.values_list("digest", flat=True),
    }


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    "point",
    [
        ("larry.actions.rollout.transact", "larry.actions.snapshot.transact", "larry.actions.reveal.transact"),
        ("larry.actions.rollout.keep_gate_shut", "larry.actions.snapshot.keep_gate_shut"),
        ("larry.actions.rollout._write", "larry.actions.snapshot.refuse_stale", "larry.actions.reveal.record"),
        ("larry.actions.rollout.write_timelines", "larry.actions.rollout.store_snapshots"),
    ],
    ids=["planned", "at the gate", "inside", "half written"],
)
@pytest.mark.parametrize(
    "marker", ["larry.actions.apply.transact", "larry.actions.apply.wait_for_gate", "larry.actions.apply.redact"]
)
def test_both_at_once(name: str, point: tuple[str, ...], marker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begin()
    act, known = ACTS[name](), digests()
    Meeting().before(monkeypatch, *point, marker)
    done, marked = run_at_once(act, mark)
    assert isinstance(done, DONE), repr(done)
    assert isinstance(marked, EstateChange), repr(marked)
    check(known - digests())


@pytest.mark.parametrize("name", ["snapshot", "deploy", "deploy of a former snapshot", "redeploy"])
def test_what_was_read_before_is_written_after(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit is committed between the other's last look and its transaction: what it froze is stale by then."""
    begin()
    act, known = ACTS[name](), digests()
    looked, marked = threading.Event(), threading.Event()
    from larry.actions.transaction import transact

    def hold(work: Callable[[], object]) -> object:
        looked.set()
        assert marked.wait(30)
        return transact(work)

    def mark_meanwhile() -> object:
        assert looked.wait(30)
        try:
            return mark()
        finally:
            marked.set()

    module = "snapshot" if name == "snapshot" else "rollout"
    monkeypatch.setattr(f"larry.actions.{module}.transact", hold)
    done, change_ = run_at_once(act, mark_meanwhile)
    assert isinstance(done, DONE), repr(done)
    assert isinstance(change_, EstateChange), repr(change_)
    check(known - digests())
    if name == "redeploy":
        assert list_dirty_causes(LOCAL, Moment(day(0))) == ()


def test_without_the_check_clear_text_would_be_written_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above is able to fail."""
    monkeypatch.setattr("larry.actions.rollout.refuse_stale", lambda *_: None)
    with pytest.raises(AssertionError):
        test_what_was_read_before_is_written_after("deploy", monkeypatch)
