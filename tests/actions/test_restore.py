"""Restoring: what a backup holds is there afterwards, to the row, on either database; anything else is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import IntegrityError, connection
from django.test import override_settings

from larry.actions.deploy import deploy
from larry.actions.edit import edit
from larry.actions.grant import GrantRequest, add_group, grant
from larry.actions.restore import DatabaseIsNotEmpty, KeysAreMissing, SchemaIsNewer, restore
from larry.actions.reveal import reveal_secrets
from larry.actions.user import NewUser, add_user
from larry.core.backup import BackupHead, BackupIsDamaged, read_head
from larry.core.document import Json
from larry.core.rights import PersonRole, ScopeKind
from larry.outside.backup_file import open_backup, replace_backup
from larry.queries.backup import list_backup_lines
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound, Reader
from larry.records import guards
from larry.records.activity import Activity
from larry.records.secret import Secret
from larry.records.service import Parameter
from larry.records.table_copy import get_tables, list_known_schema
from tests.actions.estate import FULL as ESTATE
from tests.actions.estate import LIVE, WEB1, WEB2, ask, author, change, day, lay, put
from tests.actions.meeting import run_at_once
from tests.actions.repeats import crowd
from tests.actions.test_hammer import ACTS, HOSTS, PATHS, write
from tests.actions.world import find_faults, read_world
from tests.core.budget import many

pytestmark = pytest.mark.django_db(transaction=True)

AT = Moment(day(2))
Backup = tuple[BackupHead, list[Json]]


def take(days: float = 1) -> Backup:
    lines = list_backup_lines(LOCAL, Moment(day(days)))
    return read_head(next(lines)), list(lines)


def digests(backup: Backup, *, but: tuple[str, ...] = ()) -> dict[str, tuple[int, str]]:
    """By table: how many rows, and their digest."""
    ends = [line for line in backup[1] if isinstance(line, dict) and "rows" in line]
    return {str(end["table"]): (int(str(end["rows"])), str(end["sha256"])) for end in ends if end["table"] not in but}


def put_back(backup: Backup, **how: Any) -> Any:
    head, lines = backup
    return restore(head, iter(lines), author(2), **how)


def drop(lines: Iterator[Json]) -> None:
    """What is there need not be kept."""
    assert sum(1 for _ in lines) > 1


def settle() -> None:
    """An estate with something of everything in it."""
    lay(ESTATE)
    put(LIVE, WEB1, now=-3, end=20)
    put(LIVE, WEB2, now=-2, start=1)
    change("app", "acme/shop", -1, parameters={"threads": 9, "odd": {"a": [None, 1.0, 1e-7, 2**53 - 1, "\u2028'\"\\"]}})
    change("service", "apache", -1, parameters=[{"name": "workers", "default": None}])
    add_user(NewUser("anna"), None, author())
    add_group("ops", "", author())
    grant(GrantRequest("group", "ops", PersonRole.VIEWER, ScopeKind.CUSTOMER, "acme"), author())


def test_everything_is_there_again() -> None:
    settle()
    before, world = take(), read_world()
    lay("larry: 1\ncustomers: [{name: Other}]")
    done = put_back(before, keep=drop)
    assert done.tables == len(get_tables(list_known_schema()))
    assert not done.was_upgraded
    assert guards.missing(connection) == ()
    assert digests(take(), but=("larry_activity",)) == digests(before, but=("larry_activity",))
    assert Activity.objects.latest("id").verb == "restore"
    found = read_world()
    assert {name: rows for name, rows in found.items() if name != "larry_activity"} == {
        name: rows for name, rows in world.items() if name != "larry_activity"
    }
    assert found["larry_activity"][:-1] == world["larry_activity"]
    assert find_faults(day(2)) == []
    put(LIVE, WEB1, now=3)  # and life goes on, under new numbers
    add_user(NewUser("berta"), None, author(3))
    assert find_faults(day(3)) == []


def test_guards_hold_during_and_after() -> None:
    settle()
    head, lines = take()
    twice = _two_deployments_at_once(lines)
    world = read_world()
    with pytest.raises(IntegrityError):
        restore(head, iter(twice), author(2), keep=drop)
    assert read_world() == world
    assert guards.missing(connection) == ()


def _two_deployments_at_once(lines: list[Json]) -> list[Json]:
    """The same backup made by hand, with right digests, in which a lane's deployments overlap."""
    from larry.core.backup import TableRows, read_tables, tell_tables

    def forge() -> Iterator[TableRows]:
        for table in read_tables(iter(lines)):
            rows = list(table.rows)
            if table.name == "larry_deployment":
                first = dict(zip(table.columns, rows[0], strict=True))
                second = {**first, "id": "zzzzzzzzzzzzzzzz", "ordinal": 99, "deactivated_at": None}
                rows.append([second[column] for column in table.columns])
            yield TableRows(table.name, table.columns, iter(rows))

    return list(tell_tables(forge()))


def test_what_is_there_is_not_overwritten_unasked() -> None:
    settle()
    backup, world = take(), read_world()
    with pytest.raises(DatabaseIsNotEmpty, match="not empty"):
        put_back(backup)
    assert read_world() == world


def test_what_was_there_is_kept_first() -> None:
    settle()
    backup = take()
    change("host", WEB1, 1, labels={"later": "yes"})
    kept: list[Json] = []
    later = digests(take())
    put_back(backup, keep=kept.extend)
    assert digests((backup[0], kept[1:])) == later

    def refuse(lines: Iterator[Json]) -> None:
        raise OSError(28, "No space left on device")

    world = read_world()
    with pytest.raises(OSError, match="No space"):
        put_back(backup, keep=refuse)
    assert read_world() == world


def test_damage_is_noticed_before_anything_is_lost() -> None:
    settle()
    head, lines = take()
    world = read_world()
    for place in range(0, len(lines), 40):
        with pytest.raises(BackupIsDamaged):
            restore(head, iter([*lines[:place], *lines[place + 1 :]]), author(2), keep=drop)
        assert read_world() == world
    assert guards.missing(connection) == ()


def test_a_later_larrys_backup_and_one_without_its_keys_are_refused() -> None:
    settle()
    head, lines = take()
    assert head.keys
    newer = BackupHead(head.made_at, "9.0", head.database, (*head.schema, "9999_later"), head.keys)
    with pytest.raises(SchemaIsNewer, match=r"later version of Larry \(9.0, 9999_later\)"):
        restore(newer, iter(lines), author(2), keep=drop)
    with override_settings(LARRY_SECRETS_KEYS=(Fernet.generate_key().decode(),)):
        with pytest.raises(KeysAreMissing, match=head.keys[0]):
            restore(head, iter(lines), author(2), keep=drop)
        restore(head, iter(lines), author(2), keep=drop, without_keys=True)
        change("service", "apache", 2, parameters=[{"name": "pin", "sensitive": True}])
        change("instance", "zeta/blog/live", 2, parameters={"pin": "4711"})  # a new key seals what is new
        again = take(3)
        assert "?" in again[0].keys
        put_back(again, keep=drop)  # what is lost already does not stand in the way


def test_secrets_stay_sealed_and_open_afterwards() -> None:
    settle()
    head, lines = take()
    text = json.dumps(lines)
    assert "hunter2" not in text
    assert not any(key in text for key in settings.LARRY_SECRETS_KEYS)
    hmacs = list(Secret.objects.values_list("hmac", flat=True))
    before = reveal_secrets(hmacs, author(1))
    put_back((head, lines), keep=drop)
    assert reveal_secrets(hmacs, author(3)) == before


def test_a_null_of_json_is_not_a_null_of_the_database() -> None:
    from django.db.models import JSONField, Value

    settle()
    rows = Parameter.objects.filter(has_default=True)
    rows.filter(pk=rows[0].pk).update(default=Value(None, JSONField()))
    backup, world = take(), read_world()
    put_back(backup, keep=drop)
    assert read_world()["larry_parameter"] == world["larry_parameter"]


def test_only_who_sees_everything_gets_a_backup() -> None:
    with pytest.raises(NotFound, match="everything"):
        next(list_backup_lines(Reader("anna"), Moment(day(1))))


BACKUPS = 20
ROUNDS = many(1, on_request=10)
"""Each begins with an empty estate: writers never pause, so that every backup holds more than the one before it."""
AFTERWARDS = max(5, ACTS / 10)
"""Days: no writer's clock shows more. What was delivered before an edit stays as it was, so that is not looked at."""


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_backups_under_load_are_of_one_moment(tmp_path: Path, turn: int) -> None:
    """Each is restored to the row and stands for an estate in order, though four writers never paused."""
    lay(crowd(2))
    for path in PATHS[:2]:
        put(path, HOSTS[0])
    done, taken = threading.Event(), list[Path]()

    def back_up() -> None:
        try:
            while len(taken) < BACKUPS:
                path = tmp_path / f"{len(taken)}.backup"
                lines = list_backup_lines(LOCAL, Moment(day(0)))
                replace_backup(path, read_head(next(lines)), lines)
                taken.append(path)
        finally:
            done.set()

    def work(number: int) -> None:
        while not done.is_set():
            write(turn * 4 + number)

    run_at_once(back_up, *(partial(work, number) for number in range(4)), seconds=many(120))
    assert len(taken) == BACKUPS
    assert len({file.read_bytes() for file in taken}) > BACKUPS // 2  # they were of different moments
    for file in taken:
        opened = open_backup(file)
        lines = list(opened.read_lines())
        restore(opened.head, iter(lines), author(AFTERWARDS), keep=drop)
        opened.close()
        assert digests(take(), but=("larry_activity",)) == digests((opened.head, lines), but=("larry_activity",))
        assert find_faults(day(AFTERWARDS)) == []


def test_between_sqlite_and_the_database_of_this_run(tmp_path: Path) -> None:
    """There and back: with PostgreSQL under the tests, across the two."""
    settle()
    there, back = tmp_path / "there.backup", tmp_path / "back.backup"
    before = take()
    replace_backup(there, *before)
    _larry(tmp_path, "restore", str(there))
    _larry(tmp_path, "backup", str(back))
    opened = open_backup(back)
    lines = list(opened.read_lines())
    opened.close()
    assert opened.head.database == "sqlite"
    assert digests((opened.head, lines), but=("larry_activity",)) == digests(before, but=("larry_activity",))
    put_back((opened.head, lines), keep=drop)
    assert digests(take(), but=("larry_activity",)) == digests(before, but=("larry_activity",))
    assert find_faults(day(3)) == []
    deploy(ask("acme/shop/test", WEB1), author(3000))  # after the moment at which that other Larry recorded something
    edit("host", WEB1, {"labels": {"a": "b"}}, author(3000))
    assert find_faults(day(3000)) == []


def _larry(folder: Path, *words: str) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("LARRY_")}
    keys = {"LARRY_HOME": str(folder / "home"), "LARRY_SECRETS_KEYS": ",".join(settings.LARRY_SECRETS_KEYS)}
    larry = Path(sys.executable).parent / "larry"
    done = subprocess.run([larry, *words], env={**bare, **keys}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
