"""`larry coverage`, `larry edges`: what is asked of an estate at the command."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cli.terminal import LIVE, SECRET, WHY, Terminal


def test_coverage_tells_who_audits_what_from_where_and_why_not(larry: Terminal) -> None:
    assert larry.done("coverage").out == "nothing is deployed that anybody audits\n"
    id_ = larry.deploy()
    pager, watch = larry.done("coverage", "--format", "json").json
    assert watch == {
        "covered": True,
        "instance": LIVE,
        "deployment": id_,
        "service": "rails",
        "host": "web1.example.com",
        "auditor": "watch",
        "where": {"host": "mon.example.com"},
        "placed": False,
        "from": "mon.example.com",
        "why_not": None,
    }
    assert (pager["covered"], pager["where"], pager["from"]) == (False, "manual", None)
    assert "nobody has named a host for pager: place it on one" in pager["why_not"]
    (line,) = csv.DictReader(io.StringIO(larry.done("coverage", "--uncovered", "--format", "csv").out))
    assert line["auditor"] == "pager"
    larry.done("edit-deployment", id_, "--place", "pager=mon.example.com", *WHY)
    assert larry.done("coverage", "--uncovered").out == "every audit is covered\n"
    assert "manual, placed by hand" in larry.done("coverage").out
    assert larry.done("coverage", "--as-of", "-1d", "--format", "json").json == []


@pytest.mark.parametrize("option", ["--customer", "--app", "--instance", "--host", "--service"])
def test_coverage_of_what_there_is_not_is_refused(option: str, larry: Terminal) -> None:
    assert "there is no " in larry.refused("coverage", "--uncovered", option, "nothing")


def test_edges_are_told_with_the_activity_that_drew_them(larry: Terminal) -> None:
    rows = larry.done("edges", "rails", "--format", "json").json
    assert [(row["service"], row["kind"], row["target"], row["where"]) for row in rows] == [
        ("pager", "audits", "rails", "manual"),
        ("rails", "needs", "linux", None),
        ("watch", "audits", "rails", {"host": "mon.example.com"}),
    ]
    lines = {line["id"]: line for line in larry.done("activity", "--format", "json").json}
    assert [(lines[row["activity"]]["address"], row["actor"]) for row in rows] == [
        ("pager", "Tess Tester"),
        ("rails", "Tess Tester"),
        ("watch", "Tess Tester"),
    ]
    assert "host mon.example.com" in larry.done("edges").out
    larry.done("set", "service", "watch", "audits=[]")
    assert [row["service"] for row in larry.done("edges", "rails", "--format", "json").json] == ["pager", "rails"]
    assert larry.done("edges", "--known-at", "-1d").out == "no edges\n"
    assert larry.refused("edges", "railz") == "larry: there is no service railz; did you mean 'rails'?\n"


def test_edges_and_deployments_are_told_as_the_record_had_them(larry: Terminal) -> None:
    id_ = larry.deploy()
    then = larry.done("activity", "--limit", "1", "--format", "json").json[0]["at"]
    larry.done("set", "service", "watch", "audits=[]")
    larry.done("undeploy", id_, *WHY)
    assert [row["kind"] for row in larry.done("edges", "watch", "--known-at", then, "--format", "json").json] == [
        "audits"
    ]
    (row,) = larry.done("deployments", "--known-at", then, "--format", "json").json
    assert (row["id"], row["end"]) == (id_, None)
    assert larry.done("deployments", "--known-at", "-1d").out == "no deployments\n"


def test_a_value_is_explained_to_people_and_to_programs(larry: Terminal) -> None:
    id_ = larry.deploy()
    larry.done("set", "instance", LIVE, 'parameters={"workers": 9}', "--reason", "more of them")
    said = larry.done("explain", "web1.example.com", "rails", "workers").out
    assert f"deployment {id_}" in said
    assert "dirty: as described today it would be 9" in said
    assert "last touched by Tess Tester" in said
    assert "more of them" in said
    assert [line.split() for line in said.splitlines()[-2:]] == [
        ["layer", "of", "said", "gave"],
        ["won", "default", "rails", "4"],
    ]
    (entry,) = larry.done("explain", "web1.example.com", "rails", "workers", "--format", "json").json["entries"]
    (source,) = entry["sources"]
    assert (entry["value"], source["value"], source["today"]) == (4, 4, {"value": 9, "gone": None, "dirty": True})
    assert source["layers"] == [{"level": "default", "owner": "rails", "value": 4}]
    for form in ("table", "json", "yaml"):
        said = larry.done("explain", "web1.example.com", "rails", "password", "--format", form).out
        assert "********" in said
        assert SECRET not in said
        assert "sealed" not in said
    assert "did you mean 'workers'" in larry.refused("explain", "web1.example.com", "rails", "worker")
