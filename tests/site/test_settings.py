"""Django's settings follow from the configuration, and from the SQLite that is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from larry.site.embedded_sqlite import SAFE_TO_WRITE_AHEAD, connection_class, embed, writes_ahead

ROOT = Path(__file__).resolve().parents[2]

REPORT = """
import json, sys
{before}
import django
from django.conf import settings
django.setup()
from django.db import connection
from django.core.management import call_command
options = connection.settings_dict["OPTIONS"]
report = {{"vendor": connection.vendor, "options": {{name: str(value) for name, value in options.items()}}}}
report |= {{name: getattr(settings, name) for name in ("DEBUG", "ALLOWED_HOSTS", "TIME_ZONE", "INSTALLED_APPS")}}
if connection.vendor == "sqlite":
    if {migrate}:
        call_command("migrate", verbosity=0, skip_checks=True)
    report["module"] = connection.Database.__name__
    report["linked"] = list(connection.Database.sqlite_version_info)
    with connection.cursor() as cursor:
        for name in (
            "journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout", "mmap_size",
            "cache_size", "cache_spill",
        ):
            cursor.execute(f"PRAGMA {{name}}")
            report[name] = (cursor.fetchone() or [None])[0]
    from larry.records import guards
    report["missing"] = guards.missing(connection)
print(json.dumps(report))
"""

WITHOUT_WHEEL = "sys.modules['pysqlite3'] = None"


def _report(tmp_path: Path, before: str = "", *, migrate: bool = False, **variables: str) -> dict[str, Any]:
    done = _run(tmp_path, before, migrate=migrate, **variables)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _run(tmp_path: Path, before: str, *, migrate: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("LARRY_")}
    environment = inherited | {"DJANGO_SETTINGS_MODULE": "larry.site.settings", "LARRY_HOME": str(tmp_path)} | variables
    command = [sys.executable, "-c", REPORT.format(before=before, migrate=migrate)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_sqlite_is_durable_and_takes_one_writer_at_a_time(tmp_path: Path) -> None:
    report = _report(tmp_path, migrate=True)
    assert report["options"]["transaction_mode"] == "IMMEDIATE"
    assert report["synchronous"] == 2
    assert (report["foreign_keys"], report["recursive_triggers"]) == (1, 1)
    assert report["busy_timeout"] == 30_000
    assert report["mmap_size"] in {0, None}
    assert report["cache_size"] == -8192
    assert report["cache_spill"] == 16_383, "SQLite reads the last eight bits of it as yes or no: of 16,384 as no"
    assert report["missing"] == []
    new = tuple(report["linked"]) >= SAFE_TO_WRITE_AHEAD
    assert report["journal_mode"] == ("wal" if new else "delete")


def test_without_the_wheel_pythons_own_sqlite_does(tmp_path: Path) -> None:
    report = _report(tmp_path, WITHOUT_WHEEL, migrate=True)
    assert report["module"].startswith("sqlite3")
    assert report["missing"] == []
    new = tuple(report["linked"]) >= SAFE_TO_WRITE_AHEAD
    assert report["journal_mode"] == ("wal" if new else "delete")


def test_the_wheel_is_used_where_it_is(tmp_path: Path) -> None:
    wheel = pytest.importorskip("pysqlite3")
    report = _report(tmp_path)
    if tuple(report["linked"]) != wheel.sqlite_version_info:
        pytest.skip("Python's own SQLite is newer than the wheel's")
    assert report["module"].startswith("pysqlite3")


def test_embedding_comes_too_late_once_django_has_its_driver(tmp_path: Path) -> None:
    before = "import django.db.backends.sqlite3.base"
    report = _report(tmp_path, before)
    assert report["module"].startswith("sqlite3")


def test_a_second_embedding_changes_nothing() -> None:
    assert embed() == embed()


def test_a_begin_that_failed_leaves_no_cursor_that_blocks_another_thread(tmp_path: Path) -> None:
    """Else the garbage collector of a thread that holds the write lock waits for one that waits for the lock."""
    import sqlite3

    def connect(timeout: float) -> Any:
        return sqlite3.connect(
            tmp_path / "db", timeout=timeout, isolation_level=None, check_same_thread=False, factory=connection_class()
        )

    with closing(connect(0)) as holder, closing(connect(0)) as waiter:
        holder.execute("BEGIN IMMEDIATE")
        cursor = waiter.cursor()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            cursor.execute("BEGIN IMMEDIATE")
        waiter.execute("PRAGMA busy_timeout = 60000")
        thread = threading.Thread(target=waiter.execute, args=["BEGIN IMMEDIATE"])
        thread.start()
        time.sleep(0.2)
        began = time.perf_counter()
        del cursor
        assert time.perf_counter() - began < 30
        holder.execute("COMMIT")
        thread.join()


@pytest.mark.django_db
def test_the_tests_themselves_run_on_the_embedded_sqlite() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("they run on PostgreSQL")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone()[0] == ("wal" if writes_ahead() else "delete")
        cursor.execute("SELECT sqlite_version()")
        linked = tuple(int(part) for part in cursor.fetchone()[0].split("."))
    assert writes_ahead() == (linked >= SAFE_TO_WRITE_AHEAD)


def test_postgresql_is_configured_without_being_asked(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    report = _report(tmp_path, LARRY_DATABASE_URL="postgres://u:p@127.0.0.1:1/larry?sslmode=disable&connect_timeout=3")
    assert report["vendor"] == "postgresql"
    assert (
        report["options"]["isolation_level"].endswith("READ_COMMITTED") or report["options"]["isolation_level"] == "2"
    )
    assert report["options"]["sslmode"] == "disable"
    assert report["options"]["connect_timeout"] == "3"
    assert "lock_timeout" in report["options"]["options"]


def test_without_its_driver_postgresql_is_refused_in_one_sentence(tmp_path: Path) -> None:
    before = (
        "import importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'psycopg' else find(name, *rest)"
    )
    done = _run(tmp_path, before, LARRY_DATABASE_URL="postgres://u:hunter2@127.0.0.1:1/larry")
    assert done.returncode == 1
    assert "pip install 'larry[postgres]'" in done.stderr
    assert "hunter2" not in done.stderr


def test_what_was_said_arrives(tmp_path: Path) -> None:
    report = _report(tmp_path, LARRY_DEBUG="on", LARRY_ALLOWED_HOSTS="a.example.com", LARRY_TIME_ZONE="Europe/Berlin")
    assert report["DEBUG"] is True
    assert report["ALLOWED_HOSTS"] == ["a.example.com"]
    assert report["TIME_ZONE"] == "Europe/Berlin"
    assert report["INSTALLED_APPS"][0] == "larry.records.apps.RecordsConfig"
