"""`larry user`: who may sign in, told and changed from the machine itself."""

from __future__ import annotations

import json

import click
import pytest

from larry.actions.sign_in import WrongCredentials, sign_in
from larry.cli.commands import user as room
from larry.outside import clock
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
COMMANDS = ("add", "list", "edit", "password", "deactivate", "activate", "grant", "revoke", "grants")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_one_has_an_example(name: str, terminal: Terminal) -> None:
    assert set(room.user.commands) == set(COMMANDS)
    said = terminal.done("user", name, "--help")
    assert f"    larry user {name}" in said.out or f"| larry user {name}" in said.out
    for option in room.user.commands[name].params:
        assert not isinstance(option, click.Option) or option.name == "form" or option.help


def test_a_user_is_added_listed_and_signs_in(terminal: Terminal) -> None:
    assert "nobody can sign in yet" in terminal.done("user", "list").out
    options = ("--administrator", "--full-name", "Ada Admin", "--email", "ada@example.com", "--time-zone", "Asia/Tokyo")
    said = terminal.done("user", "add", "ada", *options, "--reason", "joined", stdin=f"{PASSWORD}\nmore\n")
    assert said.out == "ada may sign in\n"
    assert sign_in("ada", PASSWORD, "", clock.now()).name == "ada"
    (row,) = json.loads(terminal.done("user", "list", "--format", "json").out)
    assert row.pop("created_at") <= row.pop("signed_in_at")
    assert row == {
        "name": "ada",
        "full_name": "Ada Admin",
        "email": "ada@example.com",
        "time_zone": "Asia/Tokyo",
        "is_administrator": True,
        "is_active": True,
        "from": "",
    }
    table = terminal.done("user", "list").out
    assert "Ada Admin" in table
    assert "active" in table
    (line,) = json.loads(terminal.done("activity", "--format", "json").out)
    assert (line["actor"], line["verb"], line["address"], line["reason"]) == ("Tess Tester", "add", "ada", "joined")
    assert PASSWORD not in json.dumps(line)


def test_what_will_not_do_is_told_before_the_password_is_asked_for(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "read_password", lambda: pytest.fail("it was asked for"))
    assert "letters, digits" in terminal.refused("user", "add", "a b")
    assert "there is no user eve" in terminal.refused("user", "password", "eve")
    out = terminal.done("user", "add", "ada", "--dry-run").out
    assert out == "ada may sign in; nothing has been changed: this was a dry run\n"
    done = json.loads(terminal.done("user", "add", "ada", "--dry-run", "--format", "json").out)
    assert (done["dry_run"], done["user"]["name"]) == (True, "ada")
    assert "nobody can sign in yet" in terminal.done("user", "list").out


def test_a_weak_password_and_none_are_refused(terminal: Terminal) -> None:
    assert "too short" in terminal.refused("user", "add", "ada", stdin="short\n")
    assert "no password on the standard input" in terminal.misused("user", "add", "ada", stdin="")
    assert "nobody can sign in yet" in terminal.done("user", "list").out


def test_another_password_and_none_any_more(terminal: Terminal) -> None:
    terminal.done("user", "add", "ada", stdin=PASSWORD)
    assert terminal.done("user", "password", "ADA", stdin="quite another matter").out == "ada has another password\n"
    assert sign_in("ada", "quite another matter", "", clock.now()).name == "ada"
    terminal.done("user", "deactivate", "ada", "--dry-run")
    assert terminal.done("user", "deactivate", "ada", "--reason", "left").out == "ada may no longer sign in\n"
    assert "deactivated" in terminal.done("user", "list").out
    with pytest.raises(WrongCredentials):
        sign_in("ada", "quite another matter", "", clock.now())
    assert "ada is deactivated already" in terminal.refused("user", "deactivate", "ada")
    assert terminal.done("user", "activate", "ada").out == "ada may sign in again\n"
    assert "there is no user eve" in terminal.refused("user", "activate", "eve")


def test_what_is_told_of_somebody_is_changed(terminal: Terminal) -> None:
    terminal.done("user", "add", "ada", "--administrator", stdin=PASSWORD)
    said = terminal.done("user", "edit", "ADA", "--email", "ada@example.com", "--no-administrator", "--reason", "moved")
    assert said.out == "ada is changed\n"
    (row,) = json.loads(terminal.done("user", "list", "--format", "json").out)
    assert (row["email"], row["is_administrator"]) == ("ada@example.com", False)
    assert "ada is all that already" in terminal.refused("user", "edit", "ada", "--no-administrator")
    assert "no zone 'Mars'" in terminal.refused("user", "edit", "ada", "--time-zone", "Mars", "--dry-run")


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def prompt(text: str, **options: object) -> str:
        asked.append(options)
        return PASSWORD

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", prompt)
    assert room.read_password() == PASSWORD
    assert asked == [{"hide_input": True, "confirmation_prompt": True, "err": True}]
