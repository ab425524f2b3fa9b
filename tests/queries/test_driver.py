"""SQLite's driver tells what was committed by the log's index where the file has one, and counts commits elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from larry.queries.driver import OnSqlite
from larry.records.write_ahead import _FORMAT, find_commit_mark


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "larry.sqlite3"


def connect(path: Path, mode: str) -> sqlite3.Connection:
    opened = sqlite3.connect(path, isolation_level=None)
    assert opened.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)
    opened.execute("CREATE TABLE IF NOT EXISTS t (x)")
    return opened


@pytest.fixture(params=["wal", "delete"])
def mode(request: pytest.FixtureRequest) -> str:
    told: str = request.param
    return told


@pytest.fixture
def own(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    with closing(connect(path, mode)) as opened:
        yield opened


def drive(connection: sqlite3.Connection) -> OnSqlite:
    return OnSqlite(SimpleNamespace(connection=connection, Database=sqlite3), "SELECT x, %(written)s FROM t")


def test_every_commit_is_told_once(own: sqlite3.Connection, path: Path, mode: str) -> None:
    driver, told = drive(own), list[object]()
    with closing(connect(path, mode)) as other:
        for connection in (own, other, other, own):
            told += [driver.tell_written(), driver.tell_written()]
            connection.execute("INSERT INTO t VALUES (1)")
    assert None not in told
    assert told[::2] == told[1::2]
    assert len(set(told)) == 4


def test_nothing_is_told_amid_a_transaction(own: sqlite3.Connection) -> None:
    driver = drive(own)
    assert driver.tell_written() is not None
    own.execute("BEGIN")
    own.execute("INSERT INTO t VALUES (1)")
    assert driver.tell_written() is None
    own.execute("ROLLBACK")
    assert driver.tell_written() is not None


def test_the_index_is_asked_only_where_it_is_written(own: sqlite3.Connection, path: Path, mode: str) -> None:
    """One that was left behind beside a file that does not write ahead never changes."""
    left = path.with_name(f"{path.name}-shm")
    if mode == "delete":
        left.write_bytes((_FORMAT + bytes(8) + b"\1" + bytes(35)) * 2)
        assert find_commit_mark(str(path)) is not None
    driver = drive(own)
    driver.tell_written()
    assert (driver.mark is not None) == (mode == "wal")
