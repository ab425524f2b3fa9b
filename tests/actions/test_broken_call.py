"""All or nothing: whichever call of the database fails, first, last or between, an action leaves no trace of itself,
and is done when it is tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from tests.actions.acts import DEEDS, PARTS, Deed, list_actions, prepare, prepare_webhooks
from tests.actions.estate import day, rows
from tests.actions.world import World, find_faults, read_world

pytestmark = pytest.mark.django_db

AGAIN = 25
"""After each so many-th fault the act is tried again, which takes as long as all the rest; the slow form: after all."""


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


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is taken back, so that each attempt finds the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def but(world: World, tables: frozenset[str]) -> World:
    return {name: held for name, held in world.items() if name not in tables}


def break_each_call(deed: Deed, again: int) -> int:
    """Do the deed with every call of the database failing, one after the other; how many calls there are."""
    world = but(read_world(), deed.leaves)
    point = 0
    while True:
        point += 1
        breaker = Breaker(point)
        with undone():
            try:
                with connection.execute_wrapper(breaker):
                    deed.act()
            except (Breakage, TransactionManagementError):  # the second where a rollback to a savepoint was broken
                transaction.set_rollback(False)  # what a statement of its own has written would be there
                assert not breaker.wrote or but(read_world(), deed.leaves) == world, f"after the call {point}"
                if point % again == 0:
                    deed.act()
                    assert find_faults(day(1)) == [], f"after the call {point} and another try"
            else:
                assert find_faults(day(1)) == []
                if breaker.calls < point:
                    assert but(read_world(), deed.leaves) != world, "the act does something"
                    return point - 1


def check(group: str, again: int) -> int:
    prepare_webhooks() if group == "webhooks" else prepare()
    points = 0
    for title, deed in DEEDS[group].items():
        try:
            points += break_each_call(deed, again)
        except Exception as fault:
            fault.add_note(f"the act: {title}")
            raise
    return points


LEAST = {"the estate": 350, "deployments": 290, "people": 100, "webhooks": 80}
"""How many calls are broken, at least; in all more than 500."""


@pytest.mark.long
@pytest.mark.parametrize("group", DEEDS)
def test_whichever_call_fails_nothing_is_left_behind(group: str) -> None:
    points = check(group, AGAIN)
    assert points >= LEAST[group], points


@pytest.mark.slow
@pytest.mark.parametrize("group", DEEDS)
def test_whichever_call_fails_another_try_succeeds(group: str) -> None:
    check(group, 1)


def test_no_action_is_forgotten() -> None:
    done = {action for deeds in DEEDS.values() for deed in deeds.values() for action in deed.does}
    assert set(list_actions()) - done - PARTS == set()
    assert done - set(list_actions()) == set()


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
