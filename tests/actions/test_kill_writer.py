"""Writers that are killed: what one of them was told is done, is done, and nothing is done by half."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

import pytest
from django.db import connection, connections

from larry.actions.author import Author, Refused
from larry.queries.reader import NotFound
from larry.records.activity import Activity
from larry.records.rollout import Rollout
from tests.actions.estate import day, lay, put
from tests.actions.repeats import crowd
from tests.actions.test_hammer import HOSTS, PATHS, do_deploy, do_edit, do_redeploy, do_undeploy
from tests.actions.world import find_faults

pytestmark = pytest.mark.django_db(transaction=True)

KILLS, ON_REQUEST = 50, 1000
ACTS: tuple[Callable[[random.Random, Author], object], ...] = (do_deploy, do_edit, do_edit, do_undeploy, do_redeploy)


def write_until_killed(number: int, pipe: int) -> None:
    """Act after act; after each commit a line goes into the pipe: the reason, and what is to be found under it."""
    choose = random.Random(number)
    for turn in range(10_000):
        who = Author(f"writer-{number}", f"{number}:{turn}", day(number / 1000))
        try:
            done = choose.choice(ACTS)(choose, who)
        except (Refused, NotFound):
            continue
        changes = getattr(done, "changes", ())
        kind = "rollout" if hasattr(done, "nodes") else "edit"
        os.write(pipe, f"{who.reason} {kind if changes else 'nothing'}\n".encode())


def start_writer(number: int) -> tuple[int, int]:
    """A process of its own, with a connection of its own; its id, and the pipe to read from."""
    reader, writer = os.pipe()
    connections.close_all()  # nobody shares a connection with a child
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            write_until_killed(number, writer)
        finally:
            os._exit(1)
    os.close(writer)
    return child, reader


def read_lines(pipe: int, least: int) -> list[str]:
    """So many lines, or what there is when the writer has ended."""
    held = b""
    while held.count(b"\n") < least:
        piece = os.read(pipe, 65536)
        if not piece:
            break
        held += piece
    return held.decode().splitlines()


def kill_writers(kills: int) -> int:
    """How many acts were acknowledged."""
    lay(crowd(2))
    for path in PATHS[:2]:
        put(path, HOSTS[0], now=-1)
    chance = random.Random(4)
    acknowledged: list[str] = []
    for number in range(kills):
        child, pipe = start_writer(number)
        told = read_lines(pipe, chance.choice((1, 1, 2)))
        time.sleep(chance.random() * 0.02)  # somewhere within the next act
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told += read_lines(pipe, 10_000)
        os.close(pipe)
        assert told, f"the writer {number} did nothing"
        acknowledged += told
        if number % 10 == 9:
            assert find_faults(day(1)) == [], f"after the kill {number + 1}"
    check(acknowledged)
    return len(acknowledged)


def check(acknowledged: list[str]) -> None:
    """Each acknowledged act is on record; nothing is on record by half."""
    rollouts = set(Rollout.objects.values_list("reason", flat=True))
    edits = set(Activity.objects.filter(verb="update").values_list("reason", flat=True))
    for line in acknowledged:
        reason, kind = line.split()
        assert kind == "nothing" or reason in (rollouts if kind == "rollout" else edits), line
    assert sum(not line.endswith("nothing") for line in acknowledged) >= len(acknowledged) // 2
    assert find_faults(day(1)) == []
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchall() == [("ok",)]


def test_writers_that_are_killed_leave_all_or_nothing() -> None:
    kill_writers(KILLS)


@pytest.mark.slow
def test_many_writers_that_are_killed_leave_all_or_nothing(record_property: Callable[[str, object], None]) -> None:
    record_property("acknowledged", kill_writers(ON_REQUEST))
