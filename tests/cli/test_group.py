"""`larry group`, and the grants of users and groups, from the machine itself."""

from __future__ import annotations

import json

import click
import pytest

from larry.cli import scope_option
from larry.cli.commands import group as room
from larry.core.rights import PersonRole
from tests.cli.terminal import Terminal

COMMANDS = ("add", "list", "remove", "join", "leave", "grant", "revoke")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_one_has_an_example(name: str, terminal: Terminal) -> None:
    assert set(room.group.commands) == set(COMMANDS)
    assert f"    larry group {name}" in terminal.done("group", name, "--help").out
    for option in room.group.commands[name].params:
        assert not isinstance(option, click.Option) or option.name == "form" or option.help


def test_the_roles_of_the_command_are_those_of_the_core() -> None:
    assert set(scope_option.ROLES) == {role.value for role in PersonRole}


def test_a_group_is_made_granted_filled_and_removed(larry: Terminal) -> None:
    larry.done("user", "add", "eve", stdin="correct horse battery")
    assert larry.done("group", "list").out == "no groups\n"
    assert larry.done("group", "add", "ops", "--description", "all of us").out == "there is a group ops\n"
    assert larry.done("group", "grant", "ops", "operator", "--pool", "production").out == (
        "ops is operator of pool production\n"
    )
    assert larry.done("group", "join", "ops", "eve", "--reason", "new").out == "eve is in ops\n"
    (row,) = json.loads(larry.done("group", "list", "--format", "json").out)
    assert row == {"name": "ops", "description": "all of us", "members": ["eve"]}
    larry.done("user", "grant", "eve", "viewer", "--customer", "acme")
    larry.done("user", "grant", "eve", "planner", "--app", "acme/shop", "--dry-run")
    rows = json.loads(larry.done("user", "grants", "eve", "--format", "json").out)
    assert [(row["to"], row["role"], row["scope"], row["address"]) for row in rows] == [
        ("group", "operator", "pool", "production"),
        ("user", "viewer", "customer", "acme"),
    ]
    assert "customer acme" in larry.done("user", "grants").out
    larry.done("user", "revoke", "eve", "viewer", "--customer", "acme")
    larry.done("group", "leave", "ops", "eve")
    larry.done("group", "revoke", "ops", "operator", "--pool", "production")
    done = json.loads(larry.done("group", "remove", "ops", "--format", "json").out)
    assert done == {"dry_run": False, "done": "there is no group ops any more"}
    assert larry.done("user", "grants").out == "nothing is granted\n"
    verbs = [line["verb"] for line in json.loads(larry.done("activity", "--format", "json").out)][:9]
    assert verbs == ["remove", "revoke", "leave", "revoke", "grant", "join", "grant", "add", "add"]


def test_what_cannot_be_granted(larry: Terminal) -> None:
    larry.done("user", "add", "eve", stdin="correct horse battery")
    assert "one scope" in larry.misused("user", "grant", "eve", "viewer", "--app", "acme/shop", "--customer", "acme")
    assert "king" in larry.misused("user", "grant", "eve", "king")
    assert "there is no customer nobody" in larry.refused("user", "grant", "eve", "viewer", "--customer", "nobody")
    assert "there is no user bob" in larry.refused("user", "grant", "bob", "viewer")
    assert "there is no group ops" in larry.refused("group", "join", "ops", "eve")
    assert "a group's name" in larry.refused("group", "add", "a b")
    assert "there is no user bob" in larry.refused("user", "grants", "bob")
