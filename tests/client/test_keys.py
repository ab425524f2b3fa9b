"""Tokens and webhooks by the client: from making them to their end, and never with what is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from larry.client import shape
from larry.client.failure import Conflict, Invalid, NotThere
from larry.client.remote import RemoteLarry
from larry.core.rights import NO_RIGHTS
from larry.records.webhook import Webhook
from tests.api.scene import lay
from tests.client.loopback import TOKEN, serving
from tests.client.test_remote import is_told
from tests.records.rows import add_delivery, add_user

URL, EVENTS = "https://hooks.example.com/larry/secret-path", ["deployment.started", "check.failed"]


@pytest.fixture
def now(db: None) -> datetime:
    return lay()


@pytest.fixture
def remote(served: str, now: datetime) -> Iterator[RemoteLarry]:
    with RemoteLarry(served, TOKEN) as remote:
        yield remote


def test_a_token_from_beginning_to_end(remote: RemoteLarry, now: datetime) -> None:
    add_user(name="eve", name_folded="eve", is_administrator=True)
    asked: dict[str, Any] = {"user": "eve", "role": "viewer", "customer": "acme", "expires": now + timedelta(days=9)}
    is_told(remote.tokens.check("laptop", **asked), shape.TokenDocument)
    assert remote.tokens.list() == []
    made = remote.tokens.make("laptop", **asked, reason="to look")
    is_told(made, shape.MadeTokenDocument)
    assert (made["scope"], made["address"], made["role"]) == ("customer", "acme", "viewer")
    with pytest.raises(Conflict):
        remote.tokens.make("laptop", **asked)
    (listed,) = remote.tokens.list("eve")
    is_told(listed, shape.TokenDocument)
    assert remote.tokens.get(made["prefix"]) == listed
    assert remote.tokens.revoke(made["prefix"], dry_run=True)["revoked_at"] is None
    assert remote.tokens.revoke(made["prefix"], reason="lost")["revoked_at"] is not None
    for ask in (remote.tokens.get, remote.tokens.revoke, remote.tokens.list):
        with pytest.raises(NotThere):
            ask("nobody")


def test_a_webhook_from_beginning_to_end(remote: RemoteLarry, now: datetime) -> None:
    add_user(name="eve", name_folded="eve", is_administrator=True)
    hooks = remote.webhooks
    assert hooks.check(URL, EVENTS, "customer", "acme", owner="eve").endswith("can be added")
    made = hooks.add(URL, EVENTS, "customer", "acme", owner="eve", reason="ask Eve")
    is_told(made, shape.NewWebhookDocument)
    is_told(made["webhook"], shape.WebhookDocument)
    number = made["webhook"]["id"]
    (listed,) = hooks.list()
    assert hooks.get(number) == listed
    assert made["secret"] is not None
    assert made["secret"] not in str(listed)
    assert "waiting" in hooks.ping(number)
    hooks.pause(number, reason="it moves")
    assert hooks.get(number)["state"] == "paused"
    with pytest.raises(Conflict):
        hooks.ping(number)
    hooks.resume(number)
    assert hooks.deliveries(number) == []
    delivery = add_delivery(webhook=Webhook.objects.get(id=number))
    (told,) = hooks.deliveries(number, state="pending", limit=1)
    is_told(told, shape.DeliveryDocument)
    assert told["key"] == delivery.key in hooks.retry(delivery.key, reason="it is back")
    with pytest.raises(Invalid):
        hooks.deliveries(number, state="lost")
    hooks.remove(number, dry_run=True)
    hooks.remove(number, reason="enough")
    with pytest.raises(NotThere):
        hooks.get(number)


def test_what_is_anothers_is_not_there(served: str, remote: RemoteLarry, monkeypatch: pytest.MonkeyPatch) -> None:
    add_user(name="eve", name_folded="eve", is_administrator=True)
    prefix = remote.tokens.make("laptop", user="eve")["prefix"]
    number = remote.webhooks.add(URL, EVENTS, owner="eve")["webhook"]["id"]
    with serving(monkeypatch, NO_RIGHTS) as url, RemoteLarry(url, TOKEN) as nobody:
        assert nobody.tokens.list() == [] == nobody.webhooks.list()
        for ask, what in ((nobody.tokens.get, prefix), (nobody.tokens.revoke, prefix)):
            with pytest.raises(NotThere):
                ask(what)
        for look in (nobody.webhooks.get, nobody.webhooks.pause, nobody.webhooks.deliveries):
            with pytest.raises(NotThere):
                look(number)
