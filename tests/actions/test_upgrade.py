"""Upgrades: data that was laid at any earlier schema, in raw SQL, is there after the upgrade, and all of it holds.

The states are read from the line of migrations itself, so that a new one is tested by being there. What is laid is an
estate of today, of every table and column that the earlier schema had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from larry.actions.restore import restore
from larry.core.deployable import read_snapshot
from larry.queries.reader import LOCAL
from larry.queries.readiness import get_readiness
from larry.records import guards
from larry.records.deployable import Deployable
from larry.records.table_copy import _set_counters, get_tables, list_known_schema
from tests.actions.estate import LIVE, WEB1, author, change, day, put
from tests.actions.test_restore import AT, digests, drop, settle, take
from tests.actions.world import find_faults

pytestmark = pytest.mark.django_db(transaction=True)

STATES = list_known_schema()
EARLIER = STATES[:-1]

CHANGED: Mapping[str, frozenset[str]] = {}
"""By migration, the columns (``table.column``) whose values it changes on purpose; each needs a test of its own."""


def _often(*places: int) -> list[Any]:
    """Every state; those at these places each day, all others when the slow tests run."""
    daily = {EARLIER[place] for place in places}
    return [pytest.param(state, marks=() if state in daily else pytest.mark.slow) for state in EARLIER]


Rows = Mapping[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]
"""By table: its columns, and its rows."""


def read_raw(tables: Sequence[str]) -> Rows:
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            found[table] = (tuple(column[0] for column in cursor.description), cursor.fetchall())
    return found


def lay_raw(rows: Rows, tables: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Write what the tables of this schema can hold of the rows; by table, which columns. The guards are in place."""
    written = {}
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")  # references are checked at the end
        for table in sorted(tables, key=lambda name: name == "larry_estate"):
            cursor.execute(f'SELECT * FROM "{table}" LIMIT 0')
            here = {column[0] for column in cursor.description}
            columns, values = rows.get(table, ((), []))
            kept = tuple(column for column in columns if column in here)
            written[table] = kept
            places = [columns.index(column) for column in kept]
            if table == "larry_estate":
                pairs = ", ".join(f'"{column}" = %s' for column in kept)
                cursor.execute(f"UPDATE larry_estate SET {pairs}", [values[0][place] for place in places])
                continue
            names = ", ".join(f'"{column}"' for column in kept)
            marks = ", ".join("%s" for _ in kept)
            for row in values:
                cursor.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', [row[place] for place in places])
        cursor.execute("COMMIT")
    _set_counters({table: model for table, model in get_tables(STATES).items() if table in written})
    return written


def cut(rows: Rows, columns: Mapping[str, Sequence[str]], but: frozenset[str] = frozenset()) -> Any:
    """The rows with these columns only."""
    return {
        table: [
            tuple(row[rows[table][0].index(column)] for column in kept if f"{table}.{column}" not in but)
            for row in rows[table][1]
        ]
        for table, kept in columns.items()
    }


def lay_at(state: str) -> tuple[Rows, dict[str, tuple[str, ...]]]:
    """An estate of today, as the schema of then could hold it; what was laid of which tables and columns."""
    settle()
    change("service", "apache", 0.5, parameters=[{"name": "workers", "sensitive": True}])  # which redacts records
    rows = read_raw(list(get_tables(STATES)))
    call_command("migrate", "larry", "zero", verbosity=0, skip_checks=True)
    call_command("migrate", "larry", state, verbosity=0, skip_checks=True)
    assert guards.missing(connection) == ()
    return rows, lay_raw(rows, list(get_tables(STATES[: STATES.index(state) + 1])))


def check_all_holds(days: float) -> None:
    assert get_readiness(LOCAL, AT).is_ready
    assert find_faults(day(days)) == []
    for digest, document in Deployable.objects.values_list("digest", "document"):
        assert read_snapshot(document).digest == digest


@pytest.mark.parametrize("state", _often(0, len(EARLIER) // 2, -1))
def test_data_of_an_earlier_schema_is_upgraded(state: str) -> None:
    rows, columns = lay_at(state)
    assert sum(len(values) for _, values in rows.values()) > 100
    call_command("migrate", verbosity=0, skip_checks=True)
    changed: frozenset[str] = frozenset().union(*(CHANGED.get(later, ()) for later in STATES[STATES.index(state) :]))
    assert cut(read_raw(list(columns)), columns, changed) == cut(rows, columns, changed)
    check_all_holds(2)
    put(LIVE, WEB1, now=3)  # and life goes on
    check_all_holds(3)


@pytest.mark.parametrize("state", _often(0))
def test_a_backup_of_an_earlier_schema_is_restored_as_if_it_had_been_upgraded(state: str) -> None:
    lay_at(state)
    old = take()
    assert old[0].schema == STATES[: STATES.index(state) + 1]
    call_command("migrate", verbosity=0, skip_checks=True)
    upgraded = take()
    done = restore(old[0], iter(old[1]), author(2), keep=drop)
    assert done.was_upgraded
    but = ("larry_activity",)
    assert digests(take(), but=but) == digests(upgraded, but=but)
    check_all_holds(2)


@pytest.mark.parametrize("state", EARLIER[-1:])
def test_the_test_would_notice(state: str) -> None:
    """A value that an upgrade loses or changes."""
    rows, columns = lay_at(state)
    call_command("migrate", verbosity=0, skip_checks=True)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE larry_host SET description = 'lost'")
    assert cut(read_raw(list(columns)), columns) != cut(rows, columns)


def test_every_state_is_one_step_of_one_line() -> None:
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    assert [node for node in loader.graph.leaf_nodes() if node[0] == "larry"] == [("larry", STATES[-1])]
    for before, after in pairwise(STATES):
        assert ("larry", before) in loader.get_migration("larry", after).dependencies
