"""The index of SQLite's log tells whether anything was committed, as SQLite itself does, and no lock is lost."""

from __future__ import annotations

import fcntl
import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larry.records import write_ahead
from larry.records.write_ahead import CommitMark, find_commit_mark

_LIVES = 128
"""The byte of the index that is locked by whoever has it open."""


def open_file(path: Path) -> sqlite3.Connection:
    """A connection that writes ahead, and has read."""
    opened = sqlite3.connect(path, isolation_level=None, timeout=0)
    opened.execute("PRAGMA journal_mode = wal").fetchall()
    opened.execute("CREATE TABLE IF NOT EXISTS t (x)")
    opened.execute("SELECT count(*) FROM t").fetchall()
    return opened


def find(path: Path) -> CommitMark:
    found = find_commit_mark(str(path))
    assert found is not None
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "larry.sqlite3"


@pytest.fixture
def own(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_file(path)) as opened:
        yield opened


class TestACommitIsTold:
    def test_of_any_connection_and_nothing_else(self, own: sqlite3.Connection, path: Path) -> None:
        mark = find(path)
        first = mark.read()
        assert first is not None
        own.execute("SELECT * FROM t").fetchall()
        own.execute("BEGIN IMMEDIATE")
        own.execute("INSERT INTO t VALUES (1)")
        own.execute("ROLLBACK")
        assert mark.read() == first
        own.execute("INSERT INTO t VALUES (2)")
        second = mark.read()
        with closing(open_file(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO t VALUES (3)")
            assert mark.read() == second
            other.execute("COMMIT")
        assert len({first, second, mark.read()}) == 3

    def test_of_another_process(self, own: sqlite3.Connection, path: Path) -> None:
        mark = find(path)
        first = mark.read()
        asked = multiprocessing.get_context("spawn").Process(target=_write, args=(path,))
        asked.start()
        asked.join()
        assert asked.exitcode == 0
        assert own.execute("SELECT count(*) FROM t").fetchone() == (1,)
        assert mark.read() != first

    def test_whatever_becomes_of_the_log(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Two times at which the mark is the same have the same content, which SQLite is asked for."""

        @given(st.lists(st.sampled_from(sorted(_STEPS)), min_size=1, max_size=40))
        @settings(deadline=None)
        def hold(steps: list[str]) -> None:
            path = tmp_path_factory.mktemp("log") / "larry.sqlite3"
            with closing(open_file(path)) as own, closing(open_file(path)) as other:
                mark, contents = find(path), dict[bytes, list[Any]]()
                for step in steps:
                    with suppress(sqlite3.OperationalError):  # locked: nothing is done
                        _STEPS[step](own, other)
                    told = mark.read()
                    assert told is not None
                    content = read_all(path)
                    assert contents.setdefault(told, content) == content

        hold()


def read_all(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as asked:
        tables = asked.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
        return [(name, asked.execute(f"SELECT rowid, * FROM {name}").fetchall()) for (name,) in tables]


_Step = Callable[[sqlite3.Connection, sqlite3.Connection], object]
_STEPS: dict[str, _Step] = {
    "insert": lambda own, _: own.execute("INSERT INTO t VALUES (random())"),
    "insert elsewhere": lambda _, other: other.execute("INSERT INTO t VALUES (random())"),
    "begin": lambda _, other: other.execute("BEGIN IMMEDIATE"),
    "commit": lambda _, other: other.execute("COMMIT"),
    "take back": lambda _, other: other.execute("ROLLBACK"),
    "delete": lambda own, _: own.execute("DELETE FROM t WHERE rowid = (SELECT max(rowid) FROM t)"),
    "another table": lambda own, _: own.execute("CREATE TABLE IF NOT EXISTS u (y)"),
    "no other table": lambda own, _: own.execute("DROP TABLE IF EXISTS u"),
    "checkpoint": lambda own, _: own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall(),
    "checkpoint and begin anew": lambda own, _: own.execute("PRAGMA wal_checkpoint(RESTART)").fetchall(),
    "checkpoint and cut": lambda _, other: other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(),
    "vacuum": lambda own, _: own.execute("VACUUM"),
}


def _write(path: Path) -> None:
    with closing(open_file(path)) as opened:
        opened.execute("INSERT INTO t VALUES (1)")


class TestWhatCannotBeKnown:
    def test_there_is_no_index(self, path: Path) -> None:
        assert find_commit_mark(str(path)) is None

    @pytest.mark.parametrize(
        "place, value", [(8, 1), (48 + 8, 1), (12, 0), (48 + 12, 0)], ids=["first", "second", "unready", "half"]
    )
    def test_while_it_is_being_written(self, path: Path, place: int, value: int) -> None:
        header = bytearray(write_ahead._FORMAT + bytes(44))
        header[12] = 1
        index = bytearray(2 * header)
        shm = path.with_name(f"{path.name}-shm")
        shm.write_bytes(index)
        assert find(path).read() == bytes(header)
        index[place] = value
        shm.write_bytes(index)
        assert find(path).read() is None

    def test_none_is_ready(self, path: Path) -> None:
        path.with_name(f"{path.name}-shm").write_bytes((write_ahead._FORMAT + bytes(44)) * 2)
        assert find(path).read() is None

    def test_the_format_is_another(self, path: Path) -> None:
        path.with_name(f"{path.name}-shm").write_bytes(((3_008_000).to_bytes(4, "little") + b"\1" * 44) * 2)
        assert find_commit_mark(str(path)) is None


class TestNoLockIsLost:
    """SQLite's own would be gone with any descriptor of the index that this process closes."""

    def test_however_often_it_is_asked_for(self, own: sqlite3.Connection, path: Path) -> None:
        assert is_locked(path)
        for _ in range(3):
            mark = find(path)
            with closing(open_file(path)):
                del mark
            assert is_locked(path)
        own.close()

    def test_those_of_deleted_ones_are_given_back(self, path: Path) -> None:
        before = None
        for _ in range(5):
            with closing(open_file(path)) as opened:
                mark = find(path)
                first = mark.read()
                opened.execute("INSERT INTO t VALUES (1)")
                assert mark.read() not in {None, first}
                before = before or len(write_ahead._HELD)
                assert len(write_ahead._HELD) == before
            assert not path.with_name(f"{path.name}-shm").exists()
        assert len([each for each in Path("/proc/self/fd").iterdir() if _leads_to(each, path)]) <= 2


def _leads_to(descriptor: Path, path: Path) -> bool:
    with suppress(OSError):
        return str(path) in str(descriptor.readlink())
    return False


def is_locked(path: Path) -> bool:
    """Whether another process finds that somebody has the index open."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_try_lock, (f"{path}-shm",))


def _try_lock(shm: str) -> bool:
    with open(shm, "r+b") as file:  # noqa: PTH123 — its own descriptor
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _LIVES)
        except OSError:
            return True
        return False
