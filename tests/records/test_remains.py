"""What was overwritten is swept out of the database's own files: they are read byte by byte."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from django.db import connection

from larry.records.models import Customer
from larry.records.remains import sweep_remains
from tests.journeys.cluster import serving_cluster
from tests.journeys.larry_process import Place
from tests.records.rows import add_customer

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "canary-" + "0123456789abcdef" * 4


@pytest.mark.skipif(connection.vendor != "sqlite", reason="what SQLite does by itself")
def test_nothing_of_what_was_overwritten_remains() -> None:
    path = str(connection.settings_dict["NAME"])

    def count() -> int:
        found = [Path(path + ending) for ending in ("", "-wal", "-shm", "-journal")]
        return sum(file.read_bytes().count(CANARY.encode()) for file in found if file.exists())

    many = [add_customer(parameters={"token": f"{CANARY}{number}"}) for number in range(200)]
    assert count() >= len(many)
    Customer.objects.update(parameters={"token": {"sealed": "0" * 64}})
    assert sweep_remains() == ""
    assert count() == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="what PostgreSQL has to be told")
def test_nothing_remains_after_the_statement_that_is_told(tmp_path: Path) -> None:
    """On a server of its own: a row stays as long as any transaction of its server is open that may be older."""
    with serving_cluster() as cluster:
        cluster.ask("ALTER SYSTEM SET autovacuum = off")
        cluster.ask("SELECT pg_reload_conf()")
        place = Place(tmp_path / "larry", {"LARRY_DATABASE_URL": cluster.url})
        place.run("migrate")
        many = [{"name": f"C{number}", "parameters": {"token": f"{CANARY}{number}"}} for number in range(200)]
        place.run("apply", "-", say=json.dumps({"larry": 1, "customers": many}))

        def count() -> int:
            """The bytes of the files of the table, and of what is too long for it."""
            cluster.ask("CHECKPOINT")
            toast = cluster.ask("SELECT reltoastrelid::regclass FROM pg_class WHERE relname = 'larry_customer'")
            paths = [cluster.ask(f"SELECT pg_relation_filepath('{table}')") for table in ("larry_customer", toast)]
            return sum((cluster.data / path).read_bytes().count(CANARY.encode()) for path in paths)

        assert count() >= len(many)
        cluster.ask("""UPDATE larry_customer SET parameters = '{"token": {"sealed": "00"}}'""")
        _, statement, _ = sweep_remains().split("`")
        assert count() > 0, "PostgreSQL keeps it until it is told otherwise"
        cluster.ask(statement)
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


@pytest.mark.skipif(connection.vendor != "sqlite", reason="what is printed is kept beside SQLite's file")
def test_what_was_printed_for_puppet_goes_too() -> None:
    folder = Path(f"{connection.settings_dict['NAME']}.enc")
    assert sweep_remains() == "", "where nothing was ever printed"
    folder.mkdir()
    try:
        (folder / "web1.example.com").write_text(CANARY)
        assert sweep_remains() == ""
        assert list(folder.iterdir()) == []
        (folder / "a folder").mkdir()
        assert "still holds what was printed for Puppet" in sweep_remains()
        (folder / "a folder").rmdir()
    finally:
        shutil.rmtree(folder)
