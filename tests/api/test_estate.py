"""The estate as a whole over REST: dumped, planned, applied, imported; what the answers say is what is done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from larry.queries.moment import Moment
from larry.queries.noun import get_estate
from larry.queries.reader import LOCAL
from tests.api.asking import ask, read
from tests.api.scene import LIVE, SECRET, SPARE, WEB

NEW = """\
larry: 1
customers:
  - name: Beta
    apps: [{name: Shop, instances: [{name: Live}]}]
"""


def test_a_dump_changes_nothing(somebody: Client, estate: datetime) -> None:
    answer = ask(somebody, "GET", "/estate?with_deployments=true")
    dumped = read(answer)
    assert dumped["larry"] == 1
    assert {each["name"] for each in dumped["hosts"]} == {WEB, SPARE}
    assert [each["instance"] for each in dumped["deployments"]] == [LIVE]
    assert SECRET not in answer.content.decode()
    for prune in (False, True):
        planned = read(ask(somebody, "POST", "/estate/plan", {"estate": dumped, "prune": prune}))
        assert planned["changes"] == []
        assert planned["left_aside"] == 1
    adopted = read(ask(somebody, "POST", "/estate/plan", {"estate": dumped, "with_deployments": True}))
    assert (adopted["plans"], adopted["left_aside"]) == ([], 0)


def test_planned_then_applied_once(somebody: Client, estate: datetime) -> None:
    body: dict[str, Any] = {"files": [{"name": "beta.yaml", "content": NEW}]}
    planned = read(ask(somebody, "POST", "/estate/plan", body))
    assert [each["address"] for each in planned["changes"]] == ["beta", "beta/shop", "beta/shop/live"]
    assert ("customer", "beta") not in get_estate(LOCAL, Moment(estate))
    assert read(ask(somebody, "POST", "/estate/apply?dry_run=true", body))["digest"] == planned["digest"]
    moved = ask(somebody, "POST", "/estate/apply", {**body, "expect": "0" * 64})
    assert moved.status_code == 409
    act = {**body, "expect": planned["digest"], "reason": "a new customer"}
    done = [ask(somebody, "POST", "/estate/apply", act, Idempotency_Key="beta-1") for _ in range(2)]
    assert [(each.status_code, each.headers.get("Idempotent-Replay")) for each in done] == [(200, None), (200, "true")]
    assert ("instance", "beta/shop/live") in get_estate(LOCAL, Moment(estate))
    assert read(ask(somebody, "GET", "/activity?address=beta"))["items"][0]["reason"] == "a new customer"
    assert [read(each)["digest"] for each in done] == [planned["digest"]] * 2


def test_deployments_are_put_in_place(somebody: Client, estate: datetime) -> None:
    line = {"instance": LIVE, "host": SPARE, "start": "2030-01-01T00:00:00Z", "end": None, "reason": "found so"}
    body = {"estate": {"larry": 1, "deployments": [line]}, "with_deployments": True}
    (plan,) = read(ask(somebody, "POST", "/estate/apply", body))["plans"]
    assert [each["host"] for each in plan["changes"]] == [SPARE]
    (made,) = read(ask(somebody, "GET", f"/deployments?host={SPARE}"))["items"]
    assert made["reason"] == "found so"


SOON = {"instance": LIVE, "host": SPARE, "start": "soon", "end": None, "reason": "x"}


@pytest.mark.parametrize(
    "body, told",
    [
        ({}, "one of them"),
        ({"files": [{"content": NEW}], "estate": {"larry": 1}}, "one of them"),
        ({"files": [{"content": "larry: 1\nhosts: [{nom: x}]\nroles: [{}]\n"}]}, "and 2 more"),
        ({"files": [{"content": "larry: [\n"}]}, "not YAML"),
        ({"estate": {"larry": 1, "hosts": [{"name": 5}]}}, ""),
        ({"estate": {"larry": 1}, "with_deployments": True, "expect": "00"}, "expect"),
        ({"estate": {"larry": 1, "deployments": [SOON]}, "with_deployments": True}, "soon"),
    ],
)  # fmt: skip
def test_what_will_not_do_is_told(somebody: Client, estate: datetime, body: Any, told: str) -> None:
    answer = ask(somebody, "POST", "/estate/apply", body)
    assert answer.status_code == 422, answer.content
    assert told in read(answer)["detail"]


def test_a_table(somebody: Client, estate: datetime) -> None:
    body = {"noun": "host", "content": "name,addresses\nnew.example.com,10.0.0.9\n"}
    planned = read(ask(somebody, "POST", "/estate/import?dry_run=true", body))
    done = read(ask(somebody, "POST", "/estate/import", {**body, "expect": planned["digest"], "reason": "racks"}))
    assert done["changes"][0]["address"] == "new.example.com"
    assert read(ask(somebody, "GET", "/hosts/new.example.com"))["addresses"] == ["10.0.0.9"]
    for wrong in (
        {"noun": "unicorn"},
        {"content": "name,nothing\nx.example.com,1\n"},
        {"content": "name\nnot a host\n"},
    ):
        assert ask(somebody, "POST", "/estate/import", {**body, **wrong}).status_code == 422


def test_the_fleet(somebody: Client, estate: datetime) -> None:
    answer = ask(somebody, "GET", "/fleet")
    (web,) = [each for each in read(answer)["hosts"] if each["node"]["host"] == WEB]
    assert web["roles"] == ["web"]
    assert web["node"]["instances"][0]["path"] == LIVE
    assert SECRET not in answer.content.decode()


def test_many_deployments_at_once(somebody: Client, estate: datetime) -> None:
    deploy = {"deploy": [{"instance": LIVE, "hosts": [SPARE]}], "start": "2030-01-01T00:00:00Z", "reason": "later"}
    ask(somebody, "POST", "/rollouts", deploy)
    ids = [each["id"] for each in read(ask(somebody, "GET", "/deployments?state=current,future"))["items"]]
    assert len(ids) == 2
    ended = ask(somebody, "POST", "/deployments/undeploy?dry_run=true", {"deployments": ids, "reason": "x"})
    assert {each["kind"] for each in read(ended)["changes"]} == {"end", "deactivate"}
    assert "Larry-As-Of" in ended.headers
    refused = ask(somebody, "POST", "/deployments/delete", {"deployments": ids, "reason": "x"})
    assert refused.status_code == 409
    future = [each for each in ids if read(ask(somebody, "GET", f"/deployments/{each}"))["state"] == "future"]
    done = read(ask(somebody, "POST", "/deployments/delete", {"deployments": future, "reason": "x"}))
    assert [each["kind"] for each in done["changes"]] == ["delete"]


def test_secrets_in_clear_leave_a_line(somebody: Client, estate: datetime) -> None:
    answer = ask(somebody, "POST", f"/hosts/{WEB}/reveal", {"reason": "to see"})
    assert SECRET in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    line = read(ask(somebody, "GET", "/activity?verb=reveal"))["items"][0]
    assert (line["address"], line["reason"]) == (WEB, "to see")
    assert SECRET not in str(line)


def test_the_history_of_a_service(somebody: Client, estate: datetime) -> None:
    ask(somebody, "PATCH", "/services/rails", {"description": "told better", "reason": "why not"})
    lines = read(ask(somebody, "GET", "/services/rails/history"))
    assert [line["reason"] for line in lines if line["noun"] == "service"][-1] == "why not"
    assert ask(somebody, "GET", "/services/unicorn/history").status_code == 404
