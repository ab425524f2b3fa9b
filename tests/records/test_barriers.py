"""Two writers are held at a barrier, with either half of what must not be whole; every interleaving is written out."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier

import pytest
from django.db import connection

from larry.records import guards
from larry.records.promise import PROMISES
from larry.site.embedded_sqlite import writes_ahead
from tests.core.budget import many
from tests.records.faults import Fault, plant
from tests.records.probes import SERVICES
from tests.records.rivalries import CIRCLES, RIVALRIES, Rivalry
from tests.records.writers import Outcome, Writer, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)

Interleaving = Callable[[Writer, Writer, Rivalry], None]

ON_POSTGRESQL = connection.vendor == "postgresql"
LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE") if ON_POSTGRESQL else ("IMMEDIATE",)
REPEATS = many(3, on_request=50)
"""Where chance decides who is first; the other interleavings are the same every time."""


def both_at_once(one: Writer, other: Writer, rivalry: Rivalry) -> None:
    """Both begin, look, meet, and run for it."""
    barrier = Barrier(2)
    first = one.run_later(rivalry.one, barrier.wait)
    second = other.run_later(rivalry.other, barrier.wait)
    one.wait(first)
    other.wait(second)


def one_commits_while_the_other_waits(one: Writer, other: Writer, rivalry: Rivalry) -> None:
    """Both begin; one writes; the other's write waits for it; one commits; the other goes on."""
    one.begin()
    begun = other.begin_later()  # on SQLite this is what waits
    if ON_POSTGRESQL:
        other.wait(begun)
    one.write(rivalry.one)
    written = other.write_later(rivalry.other)
    wait_until_blocked(written)
    one.commit()
    other.wait(written)
    other.commit()


def one_commits_after_the_other_looked(one: Writer, other: Writer, rivalry: Rivalry) -> None:
    """The other looks first; one begins, writes and commits; the other writes on what it saw."""
    if not ON_POSTGRESQL:
        other.isolation = "DEFERRED"
    other.begin()
    one.begin()
    one.write(rivalry.one)
    one.commit()
    other.write(rivalry.other)
    other.commit()


def one_gives_up_while_the_other_waits(one: Writer, other: Writer, rivalry: Rivalry) -> None:
    """Both begin; one writes; the other's write waits; one rolls back; the other is free to go."""
    one.begin()
    begun = other.begin_later()
    if ON_POSTGRESQL:
        other.wait(begun)
    one.write(rivalry.one)
    written = other.write_later(rivalry.other)
    wait_until_blocked(written)
    one.roll_back()
    other.wait(written)
    other.commit()


COMMITTING = (both_at_once, one_commits_while_the_other_waits, one_commits_after_the_other_looked)


def _needs_write_ahead(interleaving: Interleaving) -> None:
    if interleaving is one_commits_after_the_other_looked and not ON_POSTGRESQL and not writes_ahead():
        pytest.skip(
            "without a write-ahead log a reader keeps the writer from committing: there is no such interleaving"
        )


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("interleaving", COMMITTING)
@pytest.mark.parametrize("name", RIVALRIES)
def test_never_both(name: str, interleaving: Interleaving, level: str) -> None:
    _needs_write_ahead(interleaving)
    for _ in range(REPEATS if interleaving is both_at_once else 1):
        rivalry = RIVALRIES[name]()
        with Writer(level) as one, Writer(level) as other:
            interleaving(one, other, rivalry)
            outcomes = {one.outcome, other.outcome}
            assert not rivalry.is_broken()
            assert outcomes in ({Outcome.THROUGH, Outcome.REFUSED}, {Outcome.THROUGH, Outcome.AGAIN}, {Outcome.AGAIN})
            _try_again(one, other, rivalry)
            assert {one.outcome, other.outcome} == {Outcome.THROUGH, Outcome.REFUSED}
            assert not rivalry.is_broken()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", RIVALRIES)
def test_who_waited_for_somebody_who_gave_up_goes_through(name: str, level: str) -> None:
    rivalry = RIVALRIES[name]()
    with Writer(level) as one, Writer(level) as other:
        one_gives_up_while_the_other_waits(one, other, rivalry)
        assert (one.outcome, other.outcome) == (None, Outcome.THROUGH)
        assert not rivalry.is_broken()


def _try_again(one: Writer, other: Writer, rivalry: Rivalry) -> None:
    """As actions do: who was told to try again does so, in a new transaction, until it is through or refused."""
    for writer, act in ((one, rivalry.one), (other, rivalry.other)):
        while writer.outcome is Outcome.AGAIN:
            writer.isolation = writer.isolation.replace("DEFERRED", "IMMEDIATE")
            writer.begin()
            writer.write(act)
            writer.commit()


@pytest.mark.parametrize("name", RIVALRIES)
def test_without_guards_these_interleavings_let_both_through(name: str) -> None:
    guards.remove(connection)
    for interleaving in (both_at_once, one_commits_after_the_other_looked)[: 2 if ON_POSTGRESQL else 1]:
        rivalry = RIVALRIES[name]()
        with Writer(LEVELS[0]) as one, Writer(LEVELS[0]) as other:
            interleaving(one, other, rivalry)
        assert rivalry.is_broken()


BUMP = "    UPDATE larry_estate SET graph_version = graph_version + 1 WHERE id = 1;\n"
MEET = BUMP + f"    IF NOT FOUND THEN\n        RAISE EXCEPTION '{SERVICES}: the estate has lost its row'"

SUBTLE = (
    # Where writers do not meet before they look, only a barrier shows it: no probe and no random load does.
    ("they never meet", BUMP, "    PERFORM 1 FROM larry_estate WHERE id = 1;\n", "READ COMMITTED"),
    (
        "they meet where nothing is written",
        BUMP,
        "    PERFORM 1 FROM larry_estate WHERE id = 1 FOR UPDATE;\n",
        "REPEATABLE READ",
    ),
    (
        "they meet in an advisory lock",
        BUMP,
        "    PERFORM pg_advisory_xact_lock(1);\n    PERFORM 1 FROM larry_estate;\n",
        "REPEATABLE READ",
    ),
    ("they meet after they looked", None, None, "READ COMMITTED"),
)


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite writers meet at BEGIN")
@pytest.mark.parametrize("fault", SUBTLE, ids=lambda fault: fault[0])
def test_a_planted_fault_in_how_writers_meet_is_found(fault: tuple[str, str | None, str | None, str]) -> None:
    _, old, new, level = fault
    if old is None or new is None:
        _look_before_meeting()
    else:
        plant(connection, Fault("postgresql", SERVICES, SERVICES, old, new))
    assert guards.missing(connection) == (SERVICES,)
    broken = []
    for interleaving in COMMITTING:
        rivalry = CIRCLES["there and back, both need"]()
        with Writer(level) as one, Writer(level) as other:
            interleaving(one, other, rivalry)
            broken.append(rivalry.is_broken())
    assert any(broken)


def _look_before_meeting() -> None:
    """Plant a guard that bumps as its last act."""
    (promise,) = (promise for promise in PROMISES if promise.name == SERVICES)
    end = "    RETURN NULL;\nEND $guard$"
    from larry.records.guards_on_postgresql import PostgresqlGuards

    function = PostgresqlGuards().write_pieces(promise)[0].create
    late = function.replace(BUMP, "    PERFORM 1 FROM larry_estate;\n").replace(end, BUMP + end)
    assert late != function
    with connection.cursor() as cursor:
        cursor.execute(late.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))


def test_there_are_enough_interleavings() -> None:
    interleavings = len(RIVALRIES) * len(LEVELS) * (REPEATS + len(COMMITTING))
    assert interleavings >= 30 * len(LEVELS)
