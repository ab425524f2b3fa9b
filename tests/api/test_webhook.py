"""Webhooks over REST: the same rules as for the command; the secret is told once, the URL never whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from larry.actions.fan_out import fan_out
from larry.actions.grant import GrantRequest, grant
from larry.core.rights import PersonRole, ScopeKind
from larry.records.kept_answer import KeptAnswer
from tests.api.asking import ask, read
from tests.api.conftest import sign_in
from tests.api.scene import author_at

BODY: dict[str, Any] = {"url": "https://chat.example.com/hooks/s3cr3t-path", "events": ["deployment.started"]}


def test_a_webhook_from_beginning_to_end(somebody: Client, estate: datetime) -> None:
    assert ask(somebody, "POST", "/webhooks?dry_run=true", BODY).status_code == 200
    assert read(ask(somebody, "GET", "/webhooks")) == []
    made = ask(somebody, "POST", "/webhooks", {**BODY, "reason": "the chat"})
    assert made.status_code == 201
    webhook, secret = read(made)["webhook"], read(made)["secret"]
    assert secret.startswith("whsec_")
    assert (webhook["url"], webhook["owner"], webhook["state"]) == ("https://chat.example.com/…", "tess", "active")
    one = f"/webhooks/{webhook['id']}"
    assert made.headers["Location"] == f"/api/v1{one}"
    assert read(ask(somebody, "GET", "/webhooks")) == [webhook] == [read(ask(somebody, "GET", one))]
    ask(somebody, "POST", f"{one}/ping")
    fan_out(author_at(estate))
    (delivery,) = read(ask(somebody, "GET", f"{one}/deliveries"))
    assert (delivery["event"], delivery["state"], delivery["attempts"]) == ("ping", "pending", 0)
    assert read(ask(somebody, "GET", f"{one}/deliveries?state=dead")) == []
    assert ask(somebody, "POST", f"/deliveries/{delivery['key']}/retry", {"reason": "now"}).status_code == 200
    assert ask(somebody, "POST", f"{one}/pause", {"reason": "moving"}).status_code == 200
    assert ask(somebody, "POST", f"{one}/pause").status_code == 409
    assert read(ask(somebody, "GET", one))["state"] == "paused"
    assert ask(somebody, "POST", f"{one}/resume").status_code == 200
    assert ask(somebody, "DELETE", one, {"reason": "nobody listens"}).status_code == 200
    assert ask(somebody, "GET", one).status_code == 404
    told = ask(somebody, "GET", "/activity").content.decode()
    assert secret not in told
    assert "s3cr3t-path" not in told


def test_what_is_sent_again_is_done_once_and_its_secret_is_told_once(somebody: Client, estate: datetime) -> None:
    first = ask(somebody, "POST", "/webhooks", BODY, Idempotency_Key="one")
    again = ask(somebody, "POST", "/webhooks", BODY, Idempotency_Key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["Cache-Control"] == "no-store"
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    secret = read(first)["secret"]
    assert secret.startswith("whsec_")
    assert read(again) == {**read(first), "secret": None}
    assert again.headers["Location"] == first.headers["Location"]
    assert len(read(ask(somebody, "GET", "/webhooks"))) == 1
    assert secret not in repr(list(KeptAnswer.objects.values()))
    assert "s3cr3t-path" not in repr(list(KeptAnswer.objects.values()))
    other = {**BODY, "events": ["check.failed"]}
    assert ask(somebody, "POST", "/webhooks", other, Idempotency_Key="one").status_code == 422
    assert ask(somebody, "POST", "/webhooks?dry_run=true", BODY, Idempotency_Key="two").status_code == 200
    assert read(ask(somebody, "POST", "/webhooks", BODY, Idempotency_Key="two"))["secret"] is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://2130706433/"},
        {"url": "ftp://example.com/"},
        {"url": "https://u:p@example.com/"},
        {"events": []},
        {"events": ["whim"]},
        {"events": ["ping"]},
        {"scope": "galaxy"},
        {"scope": "customer"},
        {"address": "acme"},
    ],
)
def test_what_will_not_do_is_told_by_field(somebody: Client, estate: datetime, wrong: dict[str, Any]) -> None:
    answer = ask(somebody, "POST", "/webhooks", {**BODY, **wrong})
    assert answer.status_code == 422
    assert read(answer)["errors"]


def test_who_may_not(somebody: Client, estate: datetime) -> None:
    number = read(ask(somebody, "POST", "/webhooks", BODY))["webhook"]["id"]
    ask(somebody, "POST", "/users", {"name": "eve"})
    eve = sign_in("eve")
    assert ask(eve, "GET", f"/webhooks/{number}").status_code == 404
    assert read(ask(eve, "GET", "/webhooks")) == []
    assert ask(eve, "POST", "/webhooks", BODY).status_code == 403
    assert ask(eve, "POST", f"/webhooks/{number}/pause").status_code == 404
    grant(GrantRequest("user", "eve", PersonRole.ADMINISTRATOR, ScopeKind.CUSTOMER, "acme"), author_at(estate))
    hers = {**BODY, "scope": "customer", "address": "acme"}
    assert ask(eve, "POST", "/webhooks", {**hers, "owner": "tess"}).status_code in {403, 404}
    assert read(ask(eve, "POST", "/webhooks", hers))["webhook"]["owner"] == "eve"
    assert [row["address"] for row in read(ask(eve, "GET", "/webhooks"))] == ["acme"]
