"""PostgreSQL's disk is full, or its database cannot be written to: a clear line, nothing by half, and all goes on."""

from __future__ import annotations

import errno
import json
import os
import pwd
import random
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from tests.cli.terminal import ESTATE
from tests.journeys.cluster import Cluster, serving_cluster
from tests.journeys.larry_process import Place

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="on the pass that has PostgreSQL"),
]

MEBIBYTE = 2**20
ROOM = (0, 160 * 1024)
"""Bytes that are left: the disk is full at another place of the act each time."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A small file system of its own."""

    folder: Path

    @contextmanager
    def full_but_for(self, room: int) -> Iterator[None]:
        """So many bytes are left, or a few more, until it is over."""
        filler = self.folder / "filler"
        state = os.statvfs(self.folder)
        size = state.f_bavail * state.f_frsize - room
        with filler.open("wb") as file:
            while not take(file.fileno(), size):  # the server has taken some meanwhile
                size -= 32 * 1024
        try:
            yield
        finally:
            filler.unlink()


def take(handle: int, size: int) -> bool:
    """Whether the file could have so many bytes."""
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as fault:
        if fault.errno == errno.ENOSPC:
            return False
        raise
    return True


@contextmanager
def mounted(size: int) -> Iterator[Disk]:
    """A file system in memory, which only root may mount, and not in every container: that nobody can install."""
    folder = Path(tempfile.mkdtemp(prefix="larry-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "larry-tests", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        folder.rmdir()
        pytest.skip(f"no file system may be mounted here ({done.stderr.strip()}): A FULL DISK IS NOT TESTED")
    try:
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@dataclass(frozen=True, slots=True)
class Machine:
    """Larry, its server, and the disks for its data and for its log."""

    place: Place
    cluster: Cluster
    data: Disk
    log: Disk

    def restart(self) -> None:
        """As whoever looks after the server would."""
        if not self.cluster.answers():
            self.cluster.close()
            self.cluster.start()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with ExitStack() as stack:
        data, log = (stack.enter_context(mounted(size)) for size in (80 * MEBIBYTE, 24 * MEBIBYTE))
        options = ("--wal-segsize=1", f"--waldir={log.folder / 'log'}")
        cluster = stack.enter_context(serving_cluster(data.folder / "data", *options))
        for setting in ("max_wal_size = '4MB'", "min_wal_size = '2MB'"):
            cluster.ask(f"ALTER SYSTEM SET {setting}")
        cluster.ask("SELECT pg_reload_conf()")
        place = Place(tmp_path_factory.mktemp("full") / "larry", {"LARRY_DATABASE_URL": cluster.url})
        place.run("migrate")
        place.run("apply", "-", say=ESTATE)
        yield Machine(place, cluster, data, log)


def large_estate(name: str) -> str:
    """Two hundred customers with much to say, in which no two pieces are alike."""
    chance = random.Random(name)
    said = (f"{chance.getrandbits(32_000):x}" for _ in range(200))
    customers = [{"name": f"{name} {number}", "description": text} for number, text in enumerate(said)]
    return json.dumps({"larry": 1, "customers": customers})


def test_a_disk_for_the_data_that_is_full_loses_nothing(machine: Machine) -> None:
    estate, refused = large_estate("Data"), 0
    for room in ROOM:
        world = machine.cluster.read_rows()
        with machine.data.full_but_for(room):
            done = machine.place.call("apply", "-", "--reason", f"{room} left", say=estate)
            if done.returncode:
                refused += 1
                assert "the disk that holds the database is full" in done.stderr, done.stderr
                assert "nothing was changed" in done.stderr
                assert len(done.stderr.splitlines()) == 1
                assert machine.cluster.read_rows() == world, "it can be read while the disk is full"
    assert refused == len(ROOM)
    machine.place.run("apply", "-", "--reason", "there is room", say=estate)
    assert "no changes" in machine.place.run("plan", "-", say=estate)


def test_a_disk_for_the_log_that_is_full_loses_nothing_acknowledged(machine: Machine) -> None:
    """PostgreSQL stops then; what it had acknowledged is there when it is started again, and what it had not is not
    there by half."""
    estate, world = large_estate("Log"), machine.cluster.read_rows()
    with machine.log.full_but_for(0):
        done = machine.place.call("apply", "-", "--reason", "no room", say=estate)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert "Traceback" not in done.stderr
        assert "the database" in done.stderr
        assert "defect" not in done.stderr
    machine.restart()
    assert machine.cluster.read_rows() == world
    machine.place.run("apply", "-", "--reason", "there is room", say=estate)
    assert "no changes" in machine.place.run("plan", "-", say=estate)


def test_a_server_that_only_reads_is_told_of(machine: Machine) -> None:
    """As one that was not promoted, or was set so by whoever looks after it."""
    world = machine.cluster.read_rows()
    machine.cluster.ask("ALTER DATABASE larry SET default_transaction_read_only = on")
    try:
        done = machine.place.call("apply", "-", "--reason", "in vain", say=large_estate("Read"))
        assert (done.returncode, "the database cannot be written to" in done.stderr) == (1, True), done.stderr
        assert machine.cluster.read_rows() == world
    finally:
        machine.cluster.ask("SET TRANSACTION READ WRITE; ALTER DATABASE larry RESET ALL")
    machine.place.run("apply", "-", "--reason", "again", say=large_estate("Read"))
