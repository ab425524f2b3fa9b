"""All or nothing: whichever call of the database fails, first, last or between, an action leaves no trace of itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.db import OperationalError, connection

from larry.actions.apply import apply
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.edit import edit
from larry.actions.edit_deployment import DeploymentEdit, delete_deployments, edit_deployment
from larry.actions.redeploy import redeploy
from larry.actions.reveal import reveal
from larry.actions.snapshot import snapshot
from larry.actions.undeploy import undeploy
from larry.actions.undo import undo
from larry.core.document import Json
from larry.queries.moment import Moment
from tests.actions.estate import LIVE, SMALL, TEST, author, change, day, lay, put, rows, state
from tests.actions.world import find_faults, read_world

pytestmark = pytest.mark.django_db

ESTATE = SMALL.replace("{host: mon}", "{role: watch}") + "roles: [{name: watch}]\n"
DEPLOY = DeployRequest((DeployItem(LIVE, ("web1", "web2"), place={"linux": "mon"}),), day(2), day(8))
EVERYTHING = """
larry: 1
roles: [{name: r}]
grades: [{name: g}]
pools: [{name: p}]
services: [{name: app, needs: [], audits: [linux], parameters: [{name: size, sensitive: true}]}, {name: new}]
customers: [{name: Acme, parameters: {size: 1}}, {name: C, apps: [{name: A, instances: [{name: I, requires: [new]}]}]}]
hosts: [{name: web1, roles: [r], grade: g, pools: [p], addresses: [10.3.3.3]}, {name: web9}]
"""
SECRET: Json = [{"name": "size", "type": "any", "sensitive": True}]

ACTS: Mapping[str, Callable[[], object]] = {
    "apply": lambda: apply(state(EVERYTHING), author(1)),
    "create": lambda: apply(
        state("larry: 1\ncustomers: [{name: C, apps: [{name: A, instances: [{name: I}]}]}]"), author(1)
    ),
    "edit": lambda: edit("service", "app", {"parameters": SECRET, "needs": [], "audits": ["linux"]}, author(1)),
    "edit of a host": lambda: edit("host", "web1", {"addresses": ["10.2.2.2"]}, author(1)),
    "snapshot": lambda: snapshot(TEST, author(1)),
    "deploy": lambda: deploy(DEPLOY, author(1)),
    "redeploy": lambda: redeploy((LIVE, TEST), author(1)),
    "undeploy": lambda: undeploy(tuple(row.id for row in rows(1)), author(1)),
    "undo": lambda: undo(rows(1)[0].rollout, author(1)),
    "edit of a deployment": lambda: edit_deployment(DeploymentEdit(future(), host="mon", end=day(99)), author(1)),
    "delete of a deployment": lambda: delete_deployments((future(),), author(1)),
    "reveal": lambda: reveal("web1", Moment(day(1)), author(1)),
}


def future() -> str:
    return next(row.id for row in rows(1) if row.start > day(1))


class Breakage(OperationalError):
    """The fault that is injected."""


class Breaker:
    """Counts the calls of the database, and has the k-th one fail; knows whether there was anything to undo."""

    def __init__(self, fails: int | None) -> None:
        self.fails, self.calls, self.wrote = fails, 0, False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.calls += 1
        if self.calls == self.fails:
            raise Breakage(f"the call {self.fails} fails: {sql[:80]}")
        self.wrote = self.wrote or sql.startswith(("INSERT", "UPDATE", "DELETE"))
        return execute(sql, params, many, context)


def prepare() -> None:
    """Something current, something future, something dirty and something secret, on several hosts."""
    lay(ESTATE)
    change("host", "mon", -20, roles=["watch"])
    change("instance", LIVE, -20, parameters={"size": 4, "password": "p"})
    change("service", "linux", -20, parameters=[{"name": "password", "sensitive": True}])
    change("instance", TEST, -20, parameters={"password": "p"})
    put(LIVE, "web1")
    put(LIVE, "web2", start=20)
    change("instance", LIVE, 0.5, parameters={"size": 5, "password": "p"})


@pytest.mark.parametrize("act", ACTS)
def test_whichever_call_fails_nothing_is_left_behind(act: str) -> None:
    prepare()
    world = read_world()
    points = 0
    while True:
        breaker = Breaker(points + 1)
        try:
            with connection.execute_wrapper(breaker):
                ACTS[act]()
        except Breakage:
            points += 1
            assert not breaker.wrote or read_world() == world, f"after the call {points}"
            continue
        break
    assert points == breaker.calls
    assert read_world() != world
    assert find_faults(day(1)) == []
    _points[act] = points
    assert len(_points) < len(ACTS) or sum(_points.values()) >= 500, _points


_points: dict[str, int] = {}
"""How many calls were made to fail, by act: in all at least 500."""


def test_a_fault_of_one_connection_is_no_concern_of_another() -> None:
    """Proof of the tool: the fault is injected into this thread's connection only."""
    calls: list[int] = []
    with connection.execute_wrapper(Breaker(1)):
        thread = threading.Thread(target=lambda: calls.append(1))
        thread.start()
        thread.join()
        with pytest.raises(Breakage):
            rows()
    assert calls == [1]
