"""Writing over the API: nouns, deployments and rollouts; shown first, refused with reasons, nobody's change lost."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.api.asking import ask, description, read
from tests.api.conftest import sign_in
from tests.api.scene import LIVE, SECRET, SPARE, WEB
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.django_db

NEW: dict[str, dict[str, Any]] = {
    "role": {"name": "Mail"},
    "grade": {"name": "Huge", "rank": 9},
    "pool": {"name": "Test"},
    "host": {"name": "new.example.com", "roles": ["web"], "addresses": ["10.0.0.9"]},
    "service": {"name": "Exim", "needs": ["linux"]},
    "customer": {"name": "Zeta", "parameters": {"password": SECRET}},
    "app": {"customer": "acme", "name": "Blog"},
    "instance": {"app": "acme/shop", "name": "Staging", "requires": ["rails"]},
}
ADDRESSES = {
    "role": "mail", "grade": "huge", "pool": "test", "host": "new.example.com", "service": "exim", "customer": "zeta",
    "app": "acme/blog", "instance": "acme/shop/staging",
}  # fmt: skip


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_is_created_changed_renamed_and_retired(noun: str, somebody: Client, estate: datetime) -> None:
    plural = NOUNS[noun].plural
    where = f"/{plural}/{ADDRESSES[noun]}"
    shown = ask(somebody, "POST", f"/{plural}?dry_run=true", NEW[noun])
    assert shown.status_code == 200
    assert ask(somebody, "GET", where).status_code == 404
    made = ask(somebody, "POST", f"/{plural}?expect={read(shown)['digest']}", {**NEW[noun], "reason": "one more"})
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1{where}"
    found = ask(somebody, "GET", where)
    assert found.headers["ETag"] == made.headers["ETag"]
    assert SECRET not in found.content.decode()
    assert ask(somebody, "POST", f"/{plural}", NEW[noun]).status_code == 409
    changed = ask(somebody, "PATCH", where, {"description": "told"}, If_Match=made.headers["ETag"])
    assert changed.status_code == 200
    assert read(ask(somebody, "GET", where))["description"] == "told"
    assert ask(somebody, "GET", where).headers["ETag"] == changed.headers["ETag"]
    key = read(ask(somebody, "POST", f"{where}/rename-key", {"key": "other", "reason": "so"}))
    assert key["after"]["key"] == "other"
    gone = f"/{plural}/{key['after']['address']}"
    assert ask(somebody, "DELETE", f"{gone}?dry_run=true").status_code == 200
    assert ask(somebody, "DELETE", gone, {"reason": "sold"}).status_code == 200
    assert ask(somebody, "GET", gone).status_code == 404
    lines = list_activity(LOCAL, Moment(estate.replace(year=8000)), ActivityFilter(noun=noun, verb="retire"))
    assert [(line.actor, line.reason) for line in lines] == [("tess", "sold")]


def test_a_change_is_told_as_the_command_tells_it(somebody: Client, estate: datetime, larry: Terminal) -> None:
    told = read(ask(somebody, "PATCH", f"/hosts/{WEB}?dry_run=true", {"addresses": ["10.9.9.9"]}))
    said = larry("set", "host", WEB, 'addresses=["10.9.9.9"]', "--dry-run", "--format", "json").json
    assert told["changes"] == said["changes"]
    assert told.keys() == said.keys()


def test_a_lost_update_is_refused(somebody: Client, estate: datetime) -> None:
    etag = ask(somebody, "GET", f"/hosts/{WEB}").headers["ETag"]
    other = sign_in("otto")
    assert ask(other, "PATCH", f"/hosts/{WEB}", {"description": "mine"}, If_Match=etag).status_code == 200
    late = ask(somebody, "PATCH", f"/hosts/{WEB}", {"description": "yours"}, If_Match=etag)
    assert late.status_code == 412
    assert read(ask(somebody, "GET", f"/hosts/{WEB}"))["description"] == "mine"
    assert ask(somebody, "DELETE", f"/hosts/{SPARE}", If_Match=etag).status_code == 412
    assert ask(somebody, "PATCH", f"/hosts/{WEB}", {"description": "yours"}, If_Match="*").status_code == 200


def test_many_are_created_and_changed_all_or_none(somebody: Client, estate: datetime) -> None:
    hosts = [{"name": f"n{number}.example.com"} for number in range(3)]
    broken = ask(somebody, "POST", "/hosts", [*hosts, {"name": "bad", "roles": ["nobody"]}])
    assert broken.status_code == 422
    assert read(ask(somebody, "GET", "/hosts"))["total"] == 2
    assert ask(somebody, "POST", "/hosts", hosts, Larry_Reason="three more").status_code == 201
    assert ask(somebody, "POST", "/hosts", [{"name": "n9.example.com"}, hosts[0]]).status_code == 409
    assert read(ask(somebody, "GET", "/hosts"))["total"] == 5
    changes = [{"address": "n0.example.com", "description": "a"}, {"address": "n1.example.com", "description": "b"}]
    assert len(read(ask(somebody, "PATCH", "/hosts", changes))["changes"]) == 2
    stale = [{**changes[0], "description": "c", "etag": "0" * 64}, {**changes[1], "description": "d"}]
    assert ask(somebody, "PATCH", "/hosts", stale).status_code == 412
    assert read(ask(somebody, "GET", "/hosts/n1.example.com"))["description"] == "b"


def test_faults_name_their_fields(somebody: Client, estate: datetime) -> None:
    document = read(ask(somebody, "POST", "/hosts", {"name": "x y", "colour": 1, "addresses": ["10.0.0"]}))
    assert {fault["field"] for fault in document["errors"]} >= {"/name", "/colour", "/addresses/0"}
    document = read(ask(somebody, "POST", "/apps", {"name": "Blog"}))
    whose = "say whose it is: the address of one customer"
    assert document["errors"] == [{"in": "body", "field": "/customer", "text": whose, "line": f"customer: {whose}"}]
    document = read(ask(somebody, "PATCH", "/customers/acme", {"key": "zeta"}))
    assert document["errors"][0]["field"] == "/key"
    assert "rename-key" in document["detail"]
    document = read(ask(somebody, "POST", "/hosts?expect=00", {"name": "a.example.com"}))
    assert document["type"].endswith("#problem-ground-moved")


def test_a_reason_may_come_in_the_header_in_any_script(somebody: Client, estate: datetime) -> None:
    reason = "größer 大".encode().decode("latin-1")
    ask(somebody, "PATCH", f"/hosts/{WEB}", {"description": "told"}, Larry_Reason=reason)
    assert read(ask(somebody, "GET", "/activity?noun=host&limit=1"))["items"][0]["reason"] == "größer 大"


def test_a_rollout_is_previewed_done_and_undone(somebody: Client, estate: datetime) -> None:
    body = {"deploy": [{"instance": LIVE, "hosts": [SPARE]}], "start": "+1d", "end": "+2d", "reason": "more"}
    shown = read(ask(somebody, "POST", "/rollouts/preview", body))
    assert [change["kind"] for change in shown["changes"]] == ["add"]
    body["start"], body["end"] = shown["changes"][0]["after"]["start"], shown["changes"][0]["after"]["end"]
    shown = read(ask(somebody, "POST", "/rollouts?dry_run=true", body))
    assert read(ask(somebody, "POST", "/rollouts/preview", body))["digest"] == shown["digest"]
    moved = ask(somebody, "POST", "/rollouts", {**body, "expect": "0" * 64})
    assert moved.status_code == 409
    assert read(moved)["plan"]["digest"] == shown["digest"]
    done = ask(somebody, "POST", "/rollouts", {**body, "expect": shown["digest"]})
    assert done.status_code == 201
    (row,) = read(ask(somebody, "GET", f"/deployments?host={SPARE}"))["items"]
    assert ask(somebody, "POST", f"/rollouts/{row['rollout']}/undo", {"reason": "no"}).status_code == 200
    assert read(ask(somebody, "GET", f"/deployments?host={SPARE}"))["items"] == []


def test_a_rollout_needs_a_reason(somebody: Client, estate: datetime) -> None:
    body = {"deploy": [{"instance": LIVE, "hosts": [SPARE]}]}
    refused = ask(somebody, "POST", "/rollouts", body)
    assert refused.status_code == 422
    assert read(refused)["errors"][0]["field"] == "/reason"
    assert ask(somebody, "POST", "/rollouts", body, Larry_Reason="go").status_code == 201


def test_a_deployment_is_changed_ended_and_deleted(somebody: Client, estate: datetime) -> None:
    (row,) = read(ask(somebody, "GET", "/deployments"))["items"]
    one = f"/deployments/{row['id']}"
    assert ask(somebody, "PATCH", one, {"reason": "nothing"}).status_code == 422
    assert ask(somebody, "PATCH", one, {"end": None, "reason": "for good"}).status_code == 200
    assert read(ask(somebody, "GET", one))["end"] is None
    assert ask(somebody, "DELETE", one, {"reason": "no"}).status_code == 409
    assert ask(somebody, "POST", f"{one}/undeploy?dry_run=true", {"at": "+1d", "reason": "over"}).status_code == 200
    assert ask(somebody, "POST", f"{one}/undeploy", {"at": "+1d", "reason": "over"}).status_code == 200
    body = {"deploy": [{"instance": LIVE, "hosts": [SPARE]}], "start": "+1d", "reason": "later"}
    new = read(ask(somebody, "POST", "/rollouts", body))["changes"][0]["deployment"]
    assert ask(somebody, "PATCH", f"/deployments/{new}", {"start": "+2d", "reason": "later"}).status_code == 200
    assert ask(somebody, "DELETE", f"/deployments/{new}", Larry_Reason="no").status_code == 200
    assert ask(somebody, "GET", f"/deployments/{new}").status_code == 404


def test_what_is_dirty_is_redeployed(somebody: Client, estate: datetime) -> None:
    everything = {"dirty": True, "reason": "up to date"}
    assert read(ask(somebody, "POST", "/rollouts/redeploy", everything))["changes"] == []
    ask(somebody, "PATCH", "/instances/acme/shop/live", {"parameters": {"workers": 8}})
    assert ask(somebody, "POST", "/rollouts/redeploy", {"reason": "which?"}).status_code == 422
    shown = read(ask(somebody, "POST", "/rollouts/redeploy?dry_run=true", everything))
    done = ask(somebody, "POST", "/rollouts/redeploy", {**everything, "expect": shown["digest"]})
    assert done.status_code == 201
    assert read(ask(somebody, "GET", "/dirty")) == []


def test_what_will_be_dirty_is_redeployed_from_then_on(somebody: Client, estate: datetime) -> None:
    more = {"deploy": [{"instance": LIVE, "hosts": [SPARE]}], "start": "+7d", "reason": "to come"}
    assert ask(somebody, "POST", "/rollouts", more).status_code == 201
    (live,) = (row for row in read(ask(somebody, "GET", "/deployments"))["items"] if row["host"] == WEB)
    ask(somebody, "POST", f"/deployments/{live['id']}/undeploy", {"reason": "enough"})
    ask(somebody, "PATCH", "/instances/acme/shop/live", {"parameters": {"workers": 8}})
    asked: dict[str, object] = {"dirty": True, "reason": "up to date"}
    for start, kinds in ((None, []), ("+8d", ["add", "end"])):
        plan = read(ask(somebody, "POST", "/rollouts/redeploy?dry_run=true", {**asked, "start": start}))
        assert sorted(change["kind"] for change in plan["changes"]) == kinds
    past = ask(somebody, "POST", "/rollouts/redeploy", {**asked, "start": "-2d"})
    assert "is in the past" in past.content.decode()


def test_a_snapshot_is_taken_once(somebody: Client, estate: datetime) -> None:
    ask(somebody, "PATCH", "/instances/acme/shop/live", {"parameters": {"workers": 8}})
    first = read(ask(somebody, "POST", "/instances/acme/shop/live/snapshot", {"reason": "keep"}))
    again = read(ask(somebody, "POST", "/instances/acme/shop/live/snapshot"))
    assert (first["new"], again["new"], first["digest"] == again["digest"]) == (True, False, True)
    old, new = read(ask(somebody, "GET", "/instances/acme/shop/live/diff"))["snapshots"][::-1]
    told = read(ask(somebody, "GET", f"/instances/acme/shop/live/diff?old={old[:9]}&new={new[:9]}"))
    assert [each["path"] for each in told["differences"]] == [
        "instance.parameters.workers",
        "services.rails.parameters.workers",
    ]


def test_examples_of_the_description_are_true(somebody: Client, estate: datetime) -> None:
    for noun in NOUNS.values():
        body = description()["paths"][f"/api/v1/{noun.plural}"]["post"]["requestBody"]["content"]["application/json"]
        example = body["examples"]["usual"]["value"]
        response = ask(somebody, "POST", f"/{noun.plural}?dry_run=true", example)
        assert response.status_code in {200, 409}, (noun.name, json.loads(response.content))
