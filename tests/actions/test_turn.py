"""Turns: what is recorded at once on different hosts is recorded at moments in the order of the commits."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from larry import actions
from larry.actions.adopt import Adopted, Stated, adopt
from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author
from larry.actions.edit import edit
from larry.actions.planning import Planned
from larry.actions.snapshot import Taken, snapshot
from larry.core.plan import Plan
from larry.records.activity import Activity
from larry.records.deployment import DeploymentVersion
from larry.records.rollout import Rollout
from tests.actions.estate import author, change, day, lay, put, rows
from tests.actions.meeting import Meeting, run_at_once
from tests.actions.repeats import REPEATS, crowd
from tests.actions.world import find_faults

pytestmark = pytest.mark.django_db(transaction=True)

LATER: dict[str, Callable[[], object]] = {
    "deploy": lambda: put("c/a/j0", "k0", now=6),
    "edit": lambda: change("instance", "c/a/j0", 6, copies=2),
    "snapshot": lambda: snapshot("c/a/j0", author(6)),
}


def apart(text: str) -> str:
    """Without the auditor that all hosts share, so that the acts have nothing in common."""
    return text.replace("  - {name: watch, audits: [{service: app, where: {host: mon}}]}\n", "")


@pytest.mark.parametrize("other", LATER)
def test_who_commits_last_has_the_latest_moment(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first act has planned at day 5 under its locks; another, at day 6, begins and commits before it writes."""
    lay(apart(crowd(1)))
    planned, done = threading.Event(), threading.Event()
    from larry.actions import rollout

    real = rollout._is_locked

    def hold(mine: Planned, known: Planned) -> bool:
        if threading.current_thread().name == "act-0" and not planned.is_set():
            planned.set()
            done.wait(1 if connection.vendor == "sqlite" else 10)
        return real(mine, known)

    def second() -> object:
        planned.wait(10)
        found = LATER[other]()
        done.set()
        return found

    monkeypatch.setattr(rollout, "_is_locked", hold)
    first, later = run_at_once(partial(put, "c/a/i0", "h0", now=5), second)
    assert isinstance(first, Plan), first
    assert isinstance(later, Plan | EstateChange | Taken), later
    check_order()
    if connection.vendor == "postgresql":
        assert first.now == day(6), "it was recorded after what was recorded at day 6, and says so"
        assert [row.start for row in rows(7) if row.host == "h0"] == [day(6)]
    assert find_faults(day(6)) == []


def check_order() -> None:
    """Moments follow ids, which are given in one's turn."""
    for moments in (
        list(Activity.objects.order_by("id").values_list("at", flat=True)),
        list(Rollout.objects.order_by("id").values_list("recorded_at", flat=True)),
        list(DeploymentVersion.objects.order_by("id").values_list("recorded_at", flat=True)),
    ):
        assert moments == sorted(moments)


def test_what_was_known_at_a_moment_stays_so() -> None:
    """Many act at once, with clocks in any order; nobody records later what happened before what was seen already."""
    lay(apart(crowd(4)))
    seen: list[tuple[datetime, frozenset[int]]] = []

    def act(n: int, name: str, host: str) -> None:
        put(f"c/a/{name}{n}", f"{host}{n}", now=10 - n - (name == "i") / 2)
        last = DeploymentVersion.objects.latest("recorded_at").recorded_at
        seen.append((last, known_before(last)))

    done = run_at_once(*(partial(act, n, name, host) for n in range(4) for name, host in (("i", "h"), ("j", "k"))))
    assert done == [None] * 8, done
    check_order()
    assert [known_before(moment) for moment, _ in seen] == [ids for _, ids in seen]


def known_before(moment: datetime) -> frozenset[int]:
    return frozenset(DeploymentVersion.objects.filter(recorded_at__lt=moment).values_list("id", flat=True))


PARTS = frozenset({"activity", "generate", "redact"})
"""What writes lines within an act that has its turn, or a past that is made up into an empty database."""


def test_every_action_that_leaves_a_line_takes_its_turn() -> None:
    """Read from the sources, so that it holds for those that are still to come."""
    for path in Path(actions.__path__[0]).glob("*.py"):
        called = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if path.stem not in PARTS and called & {"record", "activity_of"}:
            assert called & {"begin_recording", "begin_on_ground"}, f"{path.name} records out of turn"


POINTS = {
    "before its locks": ("larry.actions.adopt.wait_for_gate", "larry.actions.rollout._lock"),
    "between edit and deployments": ("larry.actions.adopt._groups", "larry.actions.rollout.begin_on_ground"),
    "before the turn": ("larry.actions.rollout.begin_on_ground", "larry.actions.apply.begin_recording"),
    "half written": ("larry.actions.rollout.write_timelines",),
}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("other", ["deploy", "edit"])
def test_an_estate_is_adopted_while_others_act(point: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each comes to the other's hosts; the adoption is alone, so it is never begun twice."""
    lay(crowd())
    begun: list[Author] = []
    from larry.actions import adopt as module

    real = apply

    def count(items: object, who: Author, **options: bool) -> EstateChange:
        begun.append(who)
        return real(items, who, **options)  # type: ignore[arg-type]

    for n in range(REPEATS):
        monkeypatch.undo()
        Meeting().before(monkeypatch, *POINTS[point])
        monkeypatch.setattr(module, "apply", count)
        begun.clear()
        # the later group needs the host that comes first by its id
        stated = [
            Stated(f"c/a/j{n}", f"k{n}", day(-3), None, "was so"), Stated(f"c/a/i{n}", f"h{n}", day(-2), None, "too")
        ]  # fmt: skip
        act = (
            partial(put, f"c/a/j{n}", f"h{n}")
            if other == "deploy"
            else partial(edit, "host", f"h{n}", {"addresses": [f"10.9.0.{n}"]}, author())
        )
        adopted, done = run_at_once(partial(adopt, (), stated, author()), act)
        assert isinstance(adopted, Adopted), adopted
        assert isinstance(done, Plan | EstateChange), done
        assert len(begun) == 1, "it met the other in a circle"
        assert find_faults(day(0)) == []
