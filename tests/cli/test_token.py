"""`larry token`: shown once, listed without itself, revoked."""

from __future__ import annotations

import json

import click
import pytest

from larry.cli.commands import token as room
from larry.core.token import find_token_prefix
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.django_db

COMMANDS = ("add", "list", "revoke")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_one_has_an_example(name: str, terminal: Terminal) -> None:
    assert set(room.token.commands) == set(COMMANDS)
    assert f"    larry token {name}" in terminal.done("token", name, "--help").out
    for option in room.token.commands[name].params:
        assert not isinstance(option, click.Option) or option.name == "form" or option.help


def test_a_machine_has_a_token_that_is_seen_once(terminal: Terminal) -> None:
    assert "there are no tokens" in terminal.done("token", "list").out
    assert terminal.done("user", "add", "puppet", "--machine").out == "puppet is known by its tokens\n"
    terminal.done("user", "grant", "puppet", "machine")
    assert "nothing has been changed" in terminal.done("token", "add", "puppet", "enc", "--dry-run").out
    said = terminal.done("token", "add", "puppet", "enc", "--role", "machine", "--expires", "+90d")
    text = said.out.strip()
    prefix = find_token_prefix(text)
    assert prefix is not None, "nothing else is on the standard output"
    assert "shown once" in said.err
    listed = terminal.done("token", "list").out
    assert f"larry_{prefix}_" in listed
    assert text not in listed
    (row,) = json.loads(terminal.done("token", "list", "puppet", "--format", "json").out)
    assert (row["user"], row["name"], row["role"], row["secrets"]) == ("puppet", "enc", "machine", False)
    assert terminal.done("token", "revoke", prefix).out == "puppet/enc counts no more\n"
    assert "revoked" in terminal.done("token", "list").out
    assert text not in terminal.done("activity", "--format", "json").out


def test_a_token_for_feeds_is_told_as_addresses(terminal: Terminal) -> None:
    terminal.done("user", "add", "puppet", "--machine")
    said = terminal.done("token", "add", "puppet", "reader", "--feed").out.splitlines()
    assert [address.partition("?token=")[0].rpartition("/")[2] for address in said] == [
        "activity.atom",
        "upcoming.atom",
    ]
    assert len({find_token_prefix(address.partition("?token=")[2]) for address in said} - {None}) == 1
    assert "feeds only, as its user" in terminal.done("token", "list").out
    document = json.loads(terminal.done("token", "add", "puppet", "b", "--feed", "--format", "json").out)
    assert [each.endswith(document["token"]) for each in document["addresses"]] == [True, True]
    assert "no secrets" in terminal.refused("token", "add", "puppet", "x", "--feed", "--secrets")


def test_what_will_not_do_is_told(terminal: Terminal) -> None:
    terminal.done("user", "add", "puppet", "--machine")
    assert "no user eve" in terminal.refused("token", "add", "eve", "x")
    assert "no user eve" in terminal.refused("token", "list", "eve")
    assert "there is no token x" in terminal.refused("token", "revoke", "x")
    assert "may not reveal" in terminal.refused("token", "add", "puppet", "x", "--secrets")
