"""A restoration that breaks at any call of the database has not happened, and succeeds when it is tried again."""

from __future__ import annotations

import pytest
from django.db import connection

from larry.actions.restore import restore
from larry.records import guards
from tests.actions.estate import author, change, lay
from tests.actions.test_broken_call import Breakage, Breaker
from tests.actions.test_restore import digests, drop, take
from tests.actions.world import read_world

pytestmark = pytest.mark.django_db(transaction=True)

STEP = 23
"""Every so many-th call in the daily form; every one in the slow form."""


def break_calls(step: int) -> int:
    lay("larry: 1\nservices: [{name: linux}]\nhosts: [{name: web1}]")
    head, lines = take()
    change("host", "web1", 1, labels={"later": "yes"})
    world, points = read_world(), 0
    for point in range(1, 10_000, step):
        breaker = Breaker(point)
        try:
            with connection.execute_wrapper(breaker):
                restore(head, iter(lines), author(2), keep=drop)
        except Breakage:
            points += 1
            in_transaction = read_world() == world
            is_done = digests(take(), but=("larry_activity",)) == digests((head, lines), but=("larry_activity",))
            assert in_transaction or is_done, f"after the call {point}"  # all that is left is to say so in activity
            assert guards.missing(connection) == ()
            if is_done:
                break
        else:
            break
    restore(head, iter(lines), author(2), keep=drop)
    assert digests(take(), but=("larry_activity",)) == digests((head, lines), but=("larry_activity",))
    return points


def test_a_restoration_that_breaks_has_not_happened() -> None:
    assert break_calls(STEP) >= 10


@pytest.mark.slow
def test_a_restoration_that_breaks_anywhere_has_not_happened() -> None:
    assert break_calls(1) >= 200
