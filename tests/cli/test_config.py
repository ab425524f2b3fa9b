"""`larry config`: every dialect, at any moment, with secrets masked unless revealed."""

from __future__ import annotations

import json

import pytest

from larry.exports.dialect import DIALECTS
from tests.cli.terminal import LIVE, SECRET, TEST, WATCHERS, WATCHING, WHY, Terminal

HOST = "web1.example.com"


TOLD = [dialect for dialect in DIALECTS if dialect.name != "logrotate"]
"""Logs are rotated on the host that has them, and on none of this estate anybody audits them."""


@pytest.mark.parametrize("dialect", TOLD, ids=lambda dialect: dialect.name)
def test_every_dialect_prints_the_node_without_its_secrets(dialect: object, larry: Terminal) -> None:
    name = dialect.name  # type: ignore[attr-defined]
    larry.deploy()
    said = larry.done("config", WATCHING if name in WATCHERS else HOST, "--format", name)
    assert "rails" in said.out
    assert said.out.endswith("\n")
    assert SECRET not in said.out


def test_json_is_the_default_and_the_host_is_compared_without_case(larry: Terminal) -> None:
    larry.deploy()
    assert larry.done("config", "WEB1.example.com").json["host"] == HOST


def test_the_future_and_the_past_answer_as_the_present_does(larry: Terminal) -> None:
    larry.deploy(LIVE, HOST, "--start", "+2d", "--end", "+4d")

    def keys(as_of: str) -> list[str]:
        return [entry["service"] for entry in larry.done("config", HOST, "--as-of", as_of).json["services"]]

    assert keys("now") == []
    assert "rails" in keys("+3d")
    assert keys("+5d") == []
    assert "is known from" in larry.refused("config", HOST, "--as-of", "2020-01-01")


def test_stop_is_the_exact_reverse(larry: Terminal) -> None:
    larry.deploy()

    def keys(*options: str) -> list[str]:
        return [entry["key"] for entry in larry.done("config", HOST, *options).json["services"]]

    assert keys("--stop") == keys()[::-1]


def test_leaving_is_what_is_gone_after_the_boundary(larry: Terminal) -> None:
    larry.deploy(LIVE, HOST)
    larry.deploy(TEST, HOST, "--end", "+4d")
    (end,) = {row["end"] for row in larry.done("deployments", "--format", "json").json if row["end"]}
    leaving = larry.done("config", HOST, "--stop", "--leaving", end).json["services"]
    assert [entry["key"] for entry in leaving] == ["acme-shop-test-rails"]


def test_revealing_shows_the_secret_and_leaves_a_line(larry: Terminal) -> None:
    larry.deploy()
    said = larry.done("config", HOST, "--reveal", "--reason", "to look")
    assert SECRET in said.out
    row = larry.done("activity", "--limit", "1", "--format", "json").json[0]
    assert (row["verb"], row["noun"], row["address"], row["reason"]) == ("reveal", "host", HOST, "to look")
    assert SECRET not in json.dumps(row)


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "klingon"),
        ("--format", "enc", "--stop"),
        ("--leaving", "+2d"),
        ("--stop", "--leaving", "+2d", "--as-of", "+2d"),
        ("--as-of", "never"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(options: tuple[str, ...], larry: Terminal) -> None:
    larry.misused("config", HOST, *options)


def test_an_unknown_host_is_refused_in_one_line(larry: Terminal) -> None:
    assert larry.refused("config", "nowhere.example.com") == "larry: there is no host nowhere.example.com\n"


def test_a_line_feed_in_a_name_makes_no_second_fault(larry: Terminal) -> None:
    assert larry.refused("config", "web1\nweb2") == "larry: there is no host web1\\nweb2\n"
    assert (
        larry.refused("deploy", "a/b/c\u2028d", "--host", HOST, *WHY) == "larry: there is no instance a/b/c\\u2028d\n"
    )


def test_an_unknown_dialect_names_those_there_are(larry: Terminal) -> None:
    told = larry.misused("config", HOST, "--format", "klingon")
    assert all(dialect.name in told for dialect in DIALECTS)


def test_undeployed_at_once_is_gone_at_once(larry: Terminal) -> None:
    id_ = larry.deploy()
    larry.done("undeploy", id_, *WHY)
    assert larry.done("config", HOST, "--as-of", "+1s").json["services"] == []
