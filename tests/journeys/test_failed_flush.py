"""A flush that fails, whichever it is: what was acknowledged is there, and of what was not there is all or nothing.

The system call fails for the real database: strace has it answer that the disk is broken.
"""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from django.db import connection

from tests.cli.terminal import ESTATE
from tests.journeys.cluster import PATIENCE, Cluster, serving_cluster
from tests.journeys.larry_process import Place
from tests.tools import require

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="on the pass that has SQLite")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="on the pass that has PostgreSQL")
pytestmark = pytest.mark.slow

MOST = 40
"""Flushes of one act are fewer by far."""


def fail_flushes(when: str, log: Path, *words: str) -> list[str]:
    """The command under which flushes fail: which of each process, "3" or "3+" (and all that follow)."""
    calls = "fsync,fdatasync"
    told = ("-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO:when={when}")
    return [str(require("strace")), "-f", "-qq", "-o", str(log), *told, *words]


def has_failed(log: Path) -> bool:
    return "(INJECTED)" in log.read_text()


def add_customers(number: int, when: str) -> str:
    """An estate file that nobody has applied yet, too large for one page."""
    names = (f"Flush {number} {when.replace('+', ' and on')} {each}" for each in range(20))
    customers = ", ".join(f"{{name: {name}, description: {'x' * 500}}}" for name in names)
    return f"{{larry: 1, customers: [{customers}]}}"


def judge(place: Place, estate: str, done: subprocess.CompletedProcess[str], world: Callable[[], str], was: str) -> str:
    """What came of an act: ``done``, ``not done``, or ``unknown`` to who asked for it; whatever is wrong raises."""
    now, is_there = world(), "no changes" in place.call("plan", "-", say=estate).stdout
    assert is_there or now == was, "it was done by half"
    if done.returncode == 0:
        assert is_there, "it was acknowledged, and is not there"
        return "done"
    (line,) = done.stderr.splitlines()
    assert "defect" not in line, line
    if "nothing was changed" in line:
        assert "the disk that holds the database fails" in line, line
        assert now == was, "it was told that nothing was changed"
        return "not done"
    assert "look whether this was done" in line, line
    return "unknown"


# --- SQLite -----------------------------------------------------------------------------------------------------------


def read_sqlite(place: Place) -> str:
    """Every row of every table."""
    with closing(sqlite3.connect(place.home / "larry.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = [
            name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        ]
        return "\n".join(repr(row) for name in tables for row in database.execute(f'SELECT * FROM "{name}"'))


@on_sqlite
def test_any_flush_of_sqlite_that_fails_loses_nothing_acknowledged(tmp_path: Path) -> None:
    place, log = Place(tmp_path / "larry"), tmp_path / "calls"
    place.run("migrate")
    place.run("apply", "-", say=ESTATE)
    seen = set()
    for number in count(1):
        assert number < MOST
        for when in (f"{number}", f"{number}+"):
            estate, was = add_customers(number, when), read_sqlite(place)
            traced = replace(place, under=tuple(fail_flushes(when, log)))
            done = traced.call("apply", "-", "--reason", when, say=estate)
            seen.add(judge(place, estate, done, lambda: read_sqlite(place), was))
            place.run("apply", "-", "--reason", "the disk is mended", say=estate)
        if not has_failed(log):
            break
    assert seen == {"done", "not done"}


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@contextmanager
def broken(cluster: Cluster, when: str, log: Path, *parts: str) -> Iterator[None]:
    """The disk of a server breaks for whoever connects, and for these processes of its own, and is mended when it is
    over; then it is started as whoever looks after it would.
    """
    server = cluster.read_pid()
    children = ["pgrep", "--parent", str(server), "--full", "|".join(parts)] if parts else ["true"]
    found = subprocess.run(children, capture_output=True, text=True, check=True).stdout.split()
    assert len(found) == len(parts)
    pids = [str(server), *found]
    words = fail_flushes(when, log, *(word for pid in pids for word in ("-p", pid)))
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tracer:
        try:
            until = time.monotonic() + PATIENCE
            while not all(map(is_traced, pids)):
                if tracer.poll() is not None and tracer.stderr is not None:
                    pytest.skip(f"no process may be traced here ({tracer.stderr.read()}): A FAILED FLUSH IS NOT TESTED")
                assert time.monotonic() < until
                time.sleep(0.02)
            yield
        finally:
            tracer.terminate()
    cluster.close()
    cluster.start()


def is_traced(pid: str) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with serving_cluster() as server:
        server.ask("ALTER SYSTEM SET autovacuum = off")  # which comes and goes as it likes
        server.ask("SELECT pg_reload_conf()")
        yield server


@pytest.fixture(scope="module")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("flush") / "larry", {"LARRY_DATABASE_URL": cluster.url})
    place.run("migrate")
    place.run("apply", "-", say=ESTATE)
    return place


@on_postgresql
def test_any_flush_of_postgresql_that_fails_loses_nothing_acknowledged(
    cluster: Cluster, served: Place, tmp_path: Path
) -> None:
    """It stops then; its log may hold the commit that it could not tell of."""
    seen = []
    for number in range(1, MOST):
        estate, was = add_customers(number, "by itself"), cluster.read_rows()
        with broken(cluster, f"{number}", tmp_path / "calls"):
            done = served.call("apply", "-", "--reason", "a broken disk", say=estate)
        seen.append(judge(served, estate, done, cluster.read_rows, was))
        served.run("apply", "-", "--reason", "the disk is mended", say=estate)
        if seen[-1] == "done":
            break
    assert seen[0] == "unknown"
    assert seen[-1] == "done"


@on_postgresql
def test_a_checkpoint_of_postgresql_that_fails_loses_nothing(cluster: Cluster, served: Place, tmp_path: Path) -> None:
    served.run("apply", "-", "--reason", "before the disk broke", say=add_customers(0, "checkpoint"))
    was, log = cluster.read_rows(), tmp_path / "calls"
    with broken(cluster, "1+", log, "checkpointer"), pytest.raises(AssertionError):
        cluster.ask("CHECKPOINT")
    assert has_failed(log)
    assert cluster.read_rows() == was
