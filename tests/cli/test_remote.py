"""`larry --server`: every command prints at a Larry elsewhere what it prints here, and leaves with the same code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from larry.actions.author import Author
from larry.actions.grant import GrantRequest, add_group, grant, join
from larry.actions.user import NewUser, add_user
from larry.cli.server_option import ASKS_NOBODY, ONLY_HERE
from larry.core.rights import PersonRole
from larry.outside import clock
from larry.queries.deployment import State
from tests.cli.remote_calls import CALLS, SHOP, WRONG
from tests.cli.terminal import Said, Terminal
from tests.cli.test_examples import COMMANDS
from tests.client.loopback import TOKEN, serving
from tests.journeys.played import NOW, deployments, playing

pytestmark = pytest.mark.django_db

NAME = "Tess Tester"
AFTER = NOW + timedelta(hours=1)


@pytest.fixture(scope="module")
def remote(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The demonstration, served; it is an hour later for both."""
    with pytest.MonkeyPatch.context() as patch, playing(django_db_blocker):
        author = Author(NAME, "to have somebody", NOW)
        add_user(NewUser("tess"), None, author)
        add_group("day", "who is there by day", author)
        join("day", "tess", author)
        grant(GrantRequest("user", "tess", PersonRole.PLANNER), author)
        patch.setattr(clock, "now", lambda: AFTER)
        with serving(patch, name=NAME) as url:
            yield url


@pytest.fixture
def larry(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("LARRY_ACTOR", NAME)
    monkeypatch.setenv("LARRY_TOKEN", TOKEN)
    return Terminal(capsys, monkeypatch)


@pytest.fixture(scope="module")
def names(remote: str) -> Mapping[str, str]:
    rows = deployments(instance=SHOP)
    current = next(row for row in rows if row.state is State.CURRENT)
    planned = next(row for row in deployments() if row.state is State.FUTURE)
    return {"{deployment}": current.id, "{planned}": planned.id, "{snapshot}": rows[0].snapshot[:10]}


def call(larry: Terminal, words: list[str], stdin: str) -> Said:
    """What is said; whatever was done is undone."""
    with transaction.atomic():
        told = larry(*words, stdin=stdin)
        transaction.set_rollback(True)
    return told


LEAVES = [name for name, command in COMMANDS.items() if not hasattr(command, "commands")]
ASKING = [name for name in LEAVES if name.partition(" ")[0] not in {*ONLY_HERE, *ASKS_NOBODY}]


@pytest.mark.parametrize("name", ASKING)
def test_it_prints_the_same_elsewhere(remote: str, larry: Terminal, names: Mapping[str, str], name: str) -> None:
    assert name in CALLS, f"larry {name}: say how it is called in remote_calls.py, or in ONLY_HERE why it is not"
    for words, stdin in CALLS[name]:
        filled = [names.get(word, word) for word in words]
        here = call(larry, filled, stdin)
        there = call(larry, ["--server", remote, *filled], stdin)
        assert there == here, f"larry {' '.join(filled)}"
        assert "defect" not in here.err


def test_calls_are_of_commands() -> None:
    assert set(CALLS) == set(ASKING)


@pytest.mark.parametrize("name", sorted(ONLY_HERE))
def test_what_is_only_done_here_says_so(larry: Terminal, name: str) -> None:
    assert name in {each.partition(" ")[0] for each in COMMANDS}
    told = larry("--server", "http://127.0.0.1:9", name)
    assert (told.code, told.out) == (2, "")
    assert f"larry {name} " in told.err
    assert "--server" in told.err


def test_some_of_it_is_really_done(remote: str, larry: Terminal) -> None:
    """The comparison undoes; this shows that there was something to undo."""
    with transaction.atomic():
        told = larry("--server", remote, "set", "host", "web1.nordlicht.example", "labels={}", "--reason", "far away")
        assert told.code == 0
        line = larry("activity", "--limit", "1", "--format", "json").json[0]
        assert (line["actor"], line["reason"]) == (NAME, "far away")
        transaction.set_rollback(True)


def test_faults_are_counted_there_as_here(remote: str, larry: Terminal) -> None:
    """One a fault: what is typed into a name makes no more of them."""
    for server in ((), ("--server", remote)):
        told = larry(*server, "plan", "-", stdin='larry: 1\nhosts: [{name: "no\\nthing"}]\n')
        assert (told.code, len(told.err.splitlines())) == (1, 1)
        assert told.err.startswith("larry: <standard input>:2:")
        told = larry(*server, "plan", "-", stdin=WRONG)
        assert (
            told.err.splitlines()[0] == f"larry: {len(told.err.splitlines()) - 1} faults, and nothing has been changed:"
        )
        assert len(told.err.splitlines()) > 2
        told = larry(*server, "config", "web1\nweb2")
        assert (told.code, len(told.err.splitlines())) == (1, 1)
        assert "Value error" not in told.err


def test_a_server_that_is_away(larry: Terminal) -> None:
    told = larry("--server", "http://127.0.0.1:9", "list", "hosts")
    assert (told.code, told.out) == (1, "")
    assert "refused" in told.err
    assert TOKEN not in told.err


def test_a_server_by_its_variable(remote: str, larry: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    here = larry("list", "roles")
    monkeypatch.setenv("LARRY_SERVER", remote)
    assert larry("list", "roles") == here
    monkeypatch.setenv("LARRY_SERVER", "http://larry.example.com")
    assert "in clear" in larry("list", "roles").err


def test_who_has_no_token(remote: str, larry: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LARRY_TOKEN")
    assert "LARRY_TOKEN" in larry("--server", remote, "list", "roles").err
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    assert larry("--server", remote, "--token-file", str(file), "list", "roles").code == 0
    file.write_text("larry_wrong")
    told = larry("--server", remote, "--token-file", str(file), "list", "roles")
    assert (told.code, told.out) == (1, "")
    assert larry("--token-file", str(file), "list", "roles").code == 2
