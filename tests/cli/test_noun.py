"""`larry list`, `show`, `set` and `retire`, for every noun and in every form."""

from __future__ import annotations

import csv
import io

import pytest
import yaml

from larry.nouns.table import NOUNS
from tests.actions.world import read_world
from tests.cli.terminal import LIVE, SECRET, TEST, Terminal


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_is_listed_in_every_form(noun: str, larry: Terminal) -> None:
    documents = larry.done("list", noun, "--format", "json").json
    assert documents
    assert all(document["noun"] == noun for document in documents)
    assert yaml.safe_load(larry.done("list", NOUNS[noun].plural, "--format", "yaml").out) == documents
    rows = list(csv.DictReader(io.StringIO(larry.done("list", noun, "--format", "csv").out)))
    assert [row["address"] for row in rows] == [document["address"] for document in documents]
    table = larry.done("list", noun).out.splitlines()
    assert table[0].startswith("address")
    assert [line.split()[0] for line in table[1:]] == [document["address"] for document in documents]
    assert SECRET not in "".join(larry.done("list", noun, "--format", form).out for form in ("table", "json", "csv"))


@pytest.mark.parametrize("noun", NOUNS)
def test_one_of_every_noun_is_shown_whole(noun: str, larry: Terminal) -> None:
    for document in larry.done("list", noun, "--format", "json").json:
        assert larry.done("show", noun, document["address"], "--format", "json").json == document
        assert yaml.safe_load(larry.done("show", noun, document["address"], "--format", "yaml").out) == document
        shown = larry.done("show", noun, document["address"]).out
        assert all(field.label in shown for field in NOUNS[noun].fields)


def test_a_service_is_shown_with_what_it_declares(larry: Terminal) -> None:
    shown = larry.done("show", "service", "rails").out
    assert "workers: integer = 4" in shown
    assert "password: string (sensitive)" in shown
    assert "rails (host mon.example.com)" in larry.done("show", "service", "watch").out


def test_nothing_to_list_is_said_to_people_and_empty_to_programs(terminal: Terminal, db: None) -> None:
    assert terminal.done("list", "hosts").out == "no hosts\n"
    assert terminal.done("list", "hosts", "--format", "json").json == []
    assert terminal.done("list", "hosts", "--format", "csv").out == ""


def test_what_can_be_edited_says_that_it_is_shown_as_it_is_now(larry: Terminal) -> None:
    assert "as they are now" in larry.done("list", "hosts", "--as-of", "2026-01-01").err
    assert larry.done("list", "hosts").err == ""


def test_a_field_is_set_and_the_edit_shown(larry: Terminal) -> None:
    said = larry.done("set", "host", "web1.example.com", 'addresses=["10.0.0.7"]', "--dry-run")
    assert 'addresses: ["10.0.0.1"] -> ["10.0.0.7"]' in said.out
    assert "dry run" in said.out
    larry.done("set", "host", "web1.example.com", 'addresses=["10.0.0.7"]', "description=the first one")
    shown = larry.done("show", "host", "web1.example.com", "--format", "json").json
    assert (shown["addresses"], shown["description"]) == (["10.0.0.7"], "the first one")


def test_a_noun_is_created_by_its_name(larry: Terminal) -> None:
    larry.done("set", "grade", "huge", "name=Huge", "rank=9")
    assert larry.done("show", "grade", "Huge", "--format", "json").json["rank"] == 9


@pytest.mark.parametrize(
    "setting",
    ["rank", "=3", "floor={", 'floor={"cpu": NaN}', 'floor={"cpu": 1, "cpu": 2}', "floor=" + "[" * 100_000],
)
def test_what_is_no_setting_is_wrong_usage(setting: str, larry: Terminal) -> None:
    assert "Error:" in larry.misused("set", "grade", "medium", setting)


def test_a_field_given_twice_is_wrong_usage(larry: Terminal) -> None:
    assert "twice" in larry.misused("set", "grade", "medium", "rank=1", "rank=2")


@pytest.mark.parametrize(
    "arguments",
    [
        ("grade", "medium", "rank=very high"),
        ("grade", "medium", "colour=red"),
        ("host", "web1.example.com", "grade=gigantic"),
        ("host", "web1.example.com", 'addresses=["10.0.0.999"]'),
        ("instance", LIVE, "copies=-1"),
        ("instance", LIVE, 'demand={"cpu": 1e999}'),
    ],
)
def test_what_a_field_cannot_be_is_refused(arguments: tuple[str, ...], larry: Terminal) -> None:
    said = larry("set", *arguments)
    assert said.code in (1, 2)
    assert "Traceback" not in said.err
    assert "defect" not in said.err


def test_what_a_terminal_would_obey_is_spelled_out(larry: Terminal) -> None:
    larry.done("set", "pool", "production", "description=red \x1b[31malert\x07 and \u202ebackwards")
    shown = larry.done("list", "pools").out + larry.done("show", "pool", "production").out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[31malert\\x07" in shown


def test_a_spreadsheet_runs_nothing(larry: Terminal) -> None:
    larry.done("set", "pool", "production", "description=\"=cmd|' /C calc'!A0\"")
    (row,) = csv.DictReader(io.StringIO(larry.done("list", "pools", "--format", "csv").out))
    assert row["description"].startswith("'=cmd")


def test_what_is_retired_is_gone_from_lists(larry: Terminal) -> None:
    larry.done("set", "pool", "spare", "name=Spare")
    larry.done("retire", "pool", "spare", "--reason", "not used")
    assert "spare" not in larry.done("list", "pools").out
    larry.refused("retire", "pool", "spare")
    larry.refused("retire", "pool", "nothing")


def test_what_is_in_use_is_not_retired(larry: Terminal) -> None:
    larry.deploy()
    larry.refused("retire", "host", "web1.example.com", "--reason", "sold")


def test_secrets_are_put_under_the_first_key_and_nothing_else_changes(larry: Terminal) -> None:
    before = larry.done("list", "instances", "--format", "json").json
    assert "1 secrets are under the first key now" in larry.done("rotate-secrets", "--reason", "Anna left").out
    assert larry.done("list", "instances", "--format", "json").json == before
    assert larry.done("activity", "--limit", "1", "--format", "json").json[0]["verb"] == "rotate"


class TestLike:
    def test_the_preview_shows_all_and_the_act_creates_it(self, larry: Terminal) -> None:
        larry.deploy()
        larry.done("set", "customer", "zeta", "name=Zeta", 'parameters={"password": "other-secret"}')
        larry.done("set", "instance", LIVE, 'parameters={"workers": 7}', "copies=2")
        world = read_world()
        said = larry.done("set", "app", "zeta/store", "--like", "acme/shop", "--dry-run")
        assert read_world() == world
        created = [line for line in said.out.splitlines() if line.startswith("+ ")]
        assert created == ["+ app zeta/store", "+ instance zeta/store/live", "+ instance zeta/store/test"]
        assert f'    template: "{LIVE}"' in said.out
        assert '    requires: ["rails"]' in said.out
        assert "    copies: 2" in said.out
        larry.done("set", "app", "zeta/store", "--like", "acme/shop", "--reason", "a second shop")
        path = "zeta/store/live"
        values = {row["name"]: row for row in larry.done("parameters", path, "--format", "json").json}
        assert values["workers"]["value"] == 7, "the template's own is followed"
        assert larry.done("plan", "-", stdin=larry.done("dump").out).out == "no changes\n"
        larry.done("deploy", path, "--host", "web2.example.com", "--reason", "go live")
        larry.done("set", "instance", LIVE, 'parameters={"workers": 8}')
        assert "workers" in larry.done("diff", path).out, "an edit of whom it follows makes it dirty"
        assert "cannot retire while" in larry.refused("retire", "instance", TEST)

    @pytest.mark.parametrize(
        "arguments, why",
        [
            (("acme/new", "--like", "acme/nope"), "there is no app 'nope' in acme"),
            (("acme/new", "--like", "acme/gone"), "(one that has retired is followed no more)"),
            (("acme/new", "--like", "acme/bare"), "app acme/bare has no instance that could be followed"),
            (("acme/new", "--like", "acme/new"), "in a circle: acme/new -> acme/new"),
            (("acme/bare", "--like", "acme/shop"), "app acme/bare is there already: only a new one can"),
            (("acme/new", "name=SHOP", "--like", "acme/shop"), "app acme/shop is there already"),
            (("nobody/new", "--like", "acme/shop"), "there is no customer"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_followed_is_refused(self, arguments: tuple[str, ...], why: str, larry: Terminal) -> None:
        larry.done("set", "app", "acme/bare", "name=bare")
        larry.done("set", "app", "acme/gone", "name=gone")
        larry.done("retire", "app", "acme/gone")
        world = read_world()
        text = larry.refused("set", "app", *arguments)
        assert why in text
        assert read_world() == world

    def test_only_apps_are_like_others(self, larry: Terminal) -> None:
        assert larry("set", "host", "x", "--like", "acme/shop").code == 2
        assert larry("set", "app", "acme/new").code == 2
