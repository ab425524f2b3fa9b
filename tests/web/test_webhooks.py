"""Webhooks on pages: added with the secret shown once, looked after, and what is refused stands at its field."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.author import Author
from larry.actions.fan_out import fan_out
from larry.core.rights import PersonRole
from larry.outside import clock
from larry.records.customer import Customer
from larry.records.webhook import Delivery, Webhook
from tests.api.scene import lay
from tests.records.rows import add_event, add_grant, add_user, add_webhook
from tests.web.test_pages import Page, look
from tests.web.test_people import send
from tests.web.visitor import sign_in_as

NEW = "/webhooks/-/new"
URL = "https://chat.example.com/hooks/s3cr3t-path"
SECRET = re.compile(r"whsec_[0-9A-Za-z_-]{43}")
GOOD = {"url": URL, "events.deployment.started": "yes", "kind": "everything"}


@pytest.fixture
def now(db: None) -> datetime:
    return lay()


def add(client: Client, **said: str) -> str:
    """The secret of the page that shows it, which no cache keeps."""
    response = client.post(NEW, GOOD | said)
    assert response.status_code == 200, Page(response.content.decode()).text
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "s3cr3t-path" not in response.content.decode()
    (secret,) = set(SECRET.findall(response.content.decode()))
    return str(secret)


def fault_at(client: Client, field: str, **said: str) -> str:
    response = client.post(NEW, GOOD | said)
    assert response.status_code == 422
    (text,) = re.findall(rf'<p class="fault" id="fault-{field}">([^<]*)</p>', response.content.decode())
    return str(text)


def tell() -> Delivery:
    """What waits in the outbox becomes deliveries."""
    fan_out(Author("the worker", "", clock.now()))
    return Delivery.objects.latest("id")


def test_a_webhook_from_beginning_to_end(now: datetime, client: Client) -> None:
    assert "Nobody is told what happens" in look(client, "/webhooks/").text
    secret = add(client, **{"events.check.failed": "yes", "reason": "the chat"})
    row = Webhook.objects.get()
    assert row.events == ["check.failed", "deployment.started"]
    assert row.owner is not None
    assert row.owner.name == "tess"
    own = f"/webhooks/{row.id}"
    assert "nothing of what it asks for has happened" in look(client, own).text
    assert "is waiting: `larry worker` sends it" in send(client, f"{own}/ping", reason="is it there?")
    delivery = tell()
    page = look(client, own)
    assert f"ping webhook {row.id}" in page.text
    assert delivery.key in page.text
    assert f"/deliveries/{delivery.key}/retry" in page.links
    Delivery.objects.update(state="dead", attempts=16, status=500, note="it said no", finished_at=clock.now())
    assert "16 500 it said no" in look(client, f"{own}?state=dead").text
    assert "None is so" in look(client, f"{own}?state=pending").text
    assert "The key stays the same" in look(client, f"/deliveries/{delivery.key}/retry").text
    assert "is tried again" in send(client, f"/deliveries/{delivery.key}/retry", reason="it is back")
    assert Delivery.objects.get().state == "pending"
    assert "is paused" in send(client, f"{own}/switch", reason="moving")
    assert "1 deliveries wait" in look(client, f"{own}/switch").text
    assert "resume it first" in send(client, f"{own}/ping", 422)
    assert "is told again" in send(client, f"{own}/switch")
    assert "1 deliveries that wait for it are withheld" in look(client, f"{own}/remove").text
    assert "is removed" in send(client, f"{own}/remove", reason="nobody listens")
    look(client, own, 404)
    assert Delivery.objects.get().state == "withheld"
    for path in ("/webhooks/", "/activity", "/"):
        html = client.get(path).content.decode()
        assert secret not in html
        assert "s3cr3t-path" not in html


def test_what_is_refused_stands_at_its_field(now: datetime, client: Client) -> None:
    for url in ("ftp://example.com/", "https://u:p@example.com/", "https://2130706433/", "nonsense", ""):
        assert fault_at(client, "url", url=url)
    assert "which events" in fault_at(client, "events", **{"events.deployment.started": ""})
    assert "told whole" in fault_at(
        client, "events", **{"events.node.changed": "yes", "kind": "app", "address": "acme/shop"}
    )
    assert "which customer" in fault_at(client, "address", kind="customer")
    assert "no customer zed" in fault_at(client, "address", kind="customer", address="zed")
    assert "everything is more than" in fault_at(client, "address", address="acme")
    assert "no such scope" in fault_at(client, "kind", kind="world")
    assert "no user zoe" in fault_at(client, "owner", owner="zoe")
    assert not Webhook.objects.exists()


def test_an_administrator_of_a_customer_has_their_own_and_sees_no_others(now: datetime, client: Client) -> None:
    eve = add_user(name="eve", name_folded="eve")
    add_grant(user=eve, role=PersonRole.ADMINISTRATOR.value, customer=Customer.objects.get(key="acme"))
    add(client)
    theirs = Webhook.objects.get()
    client.post(f"/webhooks/{theirs.id}/ping")
    key = tell().key
    visitor = sign_in_as("eve")
    refused = visitor.post(NEW, GOOD)
    assert refused.status_code == 422
    assert "the role administrator for everything would be enough" in refused.content.decode()
    add(visitor, kind="customer", address="acme", owner="tess")
    own = Webhook.objects.latest("id")
    assert own.owner_id == eve.id, "an owner that is sent along changes nothing for who may not have others told"
    assert f"/webhooks/{own.id}" in look(visitor, "/webhooks/").links
    assert f"/webhooks/{theirs.id}" not in look(visitor, "/webhooks/").links
    assert "is paused" in send(visitor, f"/webhooks/{own.id}/switch")
    for path in (f"/webhooks/{theirs.id}", f"/deliveries/{key}/retry"):
        look(visitor, path, 404)
    for what in ("switch", "ping", "remove"):
        assert visitor.post(f"/webhooks/{theirs.id}/{what}").status_code == 404
    assert visitor.post(f"/deliveries/{key}/retry").status_code == 404
    theirs.refresh_from_db()
    assert (theirs.paused_at, theirs.removed_at) == (None, None)


def test_pages_of_webhooks_cost_the_same_however_many_there_are(
    now: datetime, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    hook = add_webhook(shown="https://a.example/", owner=add_user(name="bob", name_folded="bob"))
    for number in range(60):
        add_webhook(shown=f"https://n{number}.example/")
        event = add_event(fanned_at=now)
        Delivery.objects.create(key=f"dlv_{number}", webhook=hook, event=event, due_at=now)
    with django_assert_max_num_queries(8):
        assert "1–50 of 61 webhooks" in look(client, "/webhooks/").text
    with django_assert_max_num_queries(10):
        assert "1–50 of 60" in look(client, f"/webhooks/{hook.id}").text
    assert "51–60 of 60" in look(client, f"/webhooks/{hook.id}?page=2&state=pending").text
    look(client, f"/webhooks/{2**70}", 404)
    documents = client.get("/webhooks/?q=n41&format=json").json()
    assert [each["url"] for each in documents] == ["https://n41.example/"]
