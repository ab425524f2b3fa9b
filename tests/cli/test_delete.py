"""`larry delete`: planned deployments are taken back, and what the record said before stays known."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal

pytestmark = pytest.mark.django_db(transaction=True)

LIVE = "acme/shop/live"


def test_what_has_not_begun_is_deleted_and_shown_no_more(larry: Terminal) -> None:
    larry.done("deploy", LIVE, "--host", "web1.example.com", "--start", "+2d", "--reason", "planned")
    (row,) = larry.done("deployments", "--format", "json").json
    assert "delete" in larry.done("delete", row["id"], "--dry-run").out
    assert larry("delete", row["id"]).code == 2
    larry.done("delete", row["id"], "--reason", "on the wrong host")
    assert larry.done("deployments", "--all").out == "no deployments\n"
    assert "there is no live deployment" in larry.refused("delete", row["id"], "--reason", "again")
    node = larry.done("config", "web1.example.com", "--as-of", "+3d", "--format", "json").json
    assert node["services"] == []


def test_what_has_begun_is_not_deleted(larry: Terminal) -> None:
    larry.deploy()
    (row,) = larry.done("deployments", "--format", "json").json
    assert "it cannot be deleted" in larry.refused("delete", row["id"], "--reason", "x")
    assert larry.done("deployments", "--format", "json").json == [row]


def test_a_deleted_deployment_comes_back_when_its_deletion_is_undone(larry: Terminal) -> None:
    larry.done("deploy", LIVE, "--host", "web1.example.com", "--start", "+2d", "--reason", "planned")
    (row,) = larry.done("deployments", "--format", "json").json
    larry.done("delete", row["id"], "--reason", "a mistake")
    number = larry.done("activity", "--noun", "rollout", "--format", "json").json[0]["rollout"]
    larry.done("undo", str(number), "--reason", "it was none")
    (back,) = larry.done("deployments", "--format", "json").json
    assert (back["start"], back["end"], back["continues"]) == (row["start"], row["end"], row["id"])
