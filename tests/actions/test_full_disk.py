"""A disk that is full, or cannot be written to: a clear line, nothing by half, and all goes on when it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection

from larry.cli.failure import explain_failure
from tests.actions.acts import DEEDS, prepare
from tests.actions.estate import day
from tests.actions.world import find_faults, read_world

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite can be told that its disk is full"),
]

ROOM = tuple(range(12))
"""How many pages may still be added: at each the file is full at another place of the act."""


def ask(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """So many pages can be added to the file, and no more."""
    most = ask("PRAGMA max_page_count")
    ask(f"PRAGMA max_page_count = {ask('PRAGMA page_count') + room}")
    try:
        yield
    finally:
        ask(f"PRAGMA max_page_count = {most}")


@contextmanager
def read_only_disk() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = OFF")


def test_a_disk_that_is_full_loses_nothing() -> None:
    prepare()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # so that no page is free
    act = DEEDS["the estate"]["apply"].act
    refused = 0
    for room in ROOM:
        world = read_world()
        try:
            with full_disk(room):
                act()
        except OperationalError as fault:
            refused += 1
            told = explain_failure(fault)
            assert "the disk that holds the database is full" in told
            assert "nothing was changed" in told
            assert read_world() == world
            assert find_faults(day(1)) == []
        else:
            break
    assert refused >= 1
    if refused == len(ROOM):
        act()  # there is room again
    assert find_faults(day(1)) == []
    assert ask("PRAGMA foreign_keys") == 1
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchall() == [("ok",)]


@pytest.mark.parametrize("group,title", [("the estate", "apply"), ("deployments", "deploy"), ("people", "grant")])
def test_a_disk_that_cannot_be_written_to_loses_nothing(group: str, title: str) -> None:
    prepare()
    world, act = read_world(), DEEDS[group][title].act
    with read_only_disk(), pytest.raises(OperationalError) as fault:
        act()
    assert "the database cannot be written to" in explain_failure(fault.value)
    assert read_world() == world
    act()
    assert read_world() != world
    assert find_faults(day(1)) == []


@pytest.mark.parametrize(
    "said,told",
    [
        ("database or disk is full", "is full"),
        ('could not extend file "base/1/2": No space left on device', "is full"),
        ("disk I/O error", "the disk that holds the database fails"),
        ('could not fsync file "base/1/2": Input/output error', "the disk that holds the database fails"),
        ("attempt to write a readonly database", "cannot be written to"),
        ("cannot execute INSERT in a read-only transaction", "cannot be written to"),
    ],
)
def test_what_a_disk_does_is_told_in_a_line(said: str, told: str) -> None:
    line = explain_failure(OperationalError(said))
    assert told in line
    assert "\n" not in line
    assert said in line
