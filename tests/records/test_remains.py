"""What was overwritten is swept out of the database's own files: they are read byte by byte."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from larry.records.models import Customer
from larry.records.remains import sweep_remains
from tests.records.rows import add_customer

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "canary-" + "0123456789abcdef" * 4


def files() -> Iterator[bytes]:
    """The bytes of what holds the customers: the file and its log, or the files of the tables."""
    if connection.vendor == "sqlite":
        path = str(connection.settings_dict["NAME"])
        found = [Path(path + ending) for ending in ("", "-wal", "-shm", "-journal")]
        yield from (file.read_bytes() for file in found if file.exists())
        return
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT reltoastrelid::regclass::text FROM pg_class WHERE relname = 'larry_customer'")
        (toast,) = cursor.fetchone()
        for table in ("larry_customer", toast):
            cursor.execute("SELECT pg_read_binary_file(pg_relation_filepath(%s))", [table])
            yield bytes(cursor.fetchone()[0])


def wait_for_older_transactions() -> None:
    """Until nobody else may still see what was overwritten: an ANALYZE of the database's own, for one."""
    ends = time.monotonic() + 60
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT backend_type, state, query FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL"
            )
            others = cursor.fetchall()
        if not others:
            return
        assert time.monotonic() < ends, f"these transactions do not end: {others}"
        time.sleep(0.05)


def count() -> int:
    return sum(content.count(CANARY.encode()) for content in files())


def test_nothing_of_what_was_overwritten_remains() -> None:
    many = [add_customer(parameters={"token": f"{CANARY}{number}"}) for number in range(200)]
    assert count() >= len(many)
    Customer.objects.update(parameters={"token": {"sealed": "0" * 64}})
    told = sweep_remains()
    if connection.vendor == "postgresql":
        _, statement, _ = told.split("`")
        assert count() > 0, "PostgreSQL keeps it until it is told otherwise"
        wait_for_older_transactions()
        with connection.cursor() as cursor:
            cursor.execute(statement)
    else:
        assert told == ""
    assert count() == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's file is one, and may be in use")
def test_a_file_in_use_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    add_customer(parameters={"token": CANARY})
    other = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=50")
    try:
        other.execute("BEGIN IMMEDIATE")
        assert "because it is in use: run `VACUUM`" in sweep_remains()
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout=30000")
    assert sweep_remains() == ""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a setting of SQLite")
def test_sqlite_overwrites_what_it_deletes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone() == (1,)
