"""Tokens on pages: made and shown once, listed, revoked; what is refused stands at its field."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.core.rights import PersonRole
from larry.records.customer import Customer
from larry.records.token import Token
from larry.records.user import User
from tests.api.asking import ask
from tests.api.scene import lay
from tests.records.rows import add_grant, add_token, add_user
from tests.web.test_pages import Page, look
from tests.web.test_people import send
from tests.web.visitor import sign_in_as

TOKEN = re.compile(r"larry_[0-9a-f]{12}_[0-9A-Za-z]{43}")
NEW = "/tokens/-/new"


@pytest.fixture
def now(db: None) -> datetime:
    return lay()


def make(client: Client, **said: str) -> str:
    """The token of the page that shows it, which no cache keeps."""
    response = client.post(NEW, said)
    assert response.status_code == 200, Page(response.content.decode()).text
    assert response.headers["Cache-Control"] == "private, no-store"
    (text,) = set(TOKEN.findall(response.content.decode()))
    return str(text)


def fault_at(client: Client, field: str, **said: str) -> str:
    """What stands at a field of the form that was refused; all that was typed is still there."""
    response = client.post(NEW, said)
    assert response.status_code == 422
    html = response.content.decode()
    for name, value in said.items():
        assert name in {"user", "role", "kind", "secrets", "feeds"} or f'value="{value}"' in html
    (text,) = re.findall(rf'<p class="fault" id="fault-{field}">([^<]*)</p>', html)
    return str(text)


def test_a_token_is_made_shown_once_used_and_revoked(now: datetime, client: Client) -> None:
    text = make(client, name="laptop", kind="everything", expires="+90d", reason="to look at the estate")
    assert ask(Client(), "GET", "/customers", None, Authorization=f"Bearer {text}").status_code == 200
    row = Token.objects.get()
    assert row.user.name == "tess"
    assert timedelta(days=89) < row.expires_at - row.created_at <= timedelta(days=90, seconds=1)
    for path in (
        "/tokens/",
        "/tokens/?user=tess",
        f"/tokens/{row.prefix}",
        "/users/tess",
        f"/tokens/{row.prefix}/revoke",
    ):
        page = client.get(path).content.decode()
        assert "laptop" in page
        assert text not in page
    assert "/tokens/?user=tess" in look(client, "/").links
    warned = look(client, f"/tokens/{row.prefix}/revoke").text
    assert f"Whatever shows larry_{row.prefix}… is refused from then on" in warned
    assert "cannot be undone" in warned
    assert "counts no more" in send(client, f"/tokens/{row.prefix}/revoke", reason="sold")
    assert ask(Client(), "GET", "/customers", None, Authorization=f"Bearer {text}").status_code == 401
    assert "was revoked on" in send(client, f"/tokens/{row.prefix}/revoke", 422)
    assert f"/tokens/{row.prefix}" not in look(client, "/tokens/").links
    assert f"/tokens/{row.prefix}/revoke" not in look(client, "/tokens/?state=revoked").links
    assert "revoke" in look(client, f"/tokens/{row.prefix}").text


def test_what_is_refused_stands_at_its_field(now: datetime, client: Client) -> None:
    good = {"name": "laptop", "kind": "everything"}
    assert "made of letters" in fault_at(client, "name", **{**good, "name": "a b"})
    assert "is not a moment" in fault_at(client, "expires", **{**good, "expires": "soon"})
    assert "in the future" in fault_at(client, "expires", **{**good, "expires": "-1d"})
    assert "ten years at most" in fault_at(client, "expires", **{**good, "expires": "+3700d"})
    assert "no such role" in fault_at(client, "role", **{**good, "role": "king"})
    assert "no such scope" in fault_at(client, "kind", **{**good, "kind": "world"})
    assert "everything is more than" in fault_at(client, "address", **{**good, "address": "acme"})
    assert "which customer" in fault_at(client, "address", **{**good, "kind": "customer"})
    assert "no customer zed" in fault_at(client, "address", **{**good, "kind": "customer", "address": "zed"})
    assert "no user zoe" in fault_at(client, "user", **{**good, "user": "zoe"})
    add_user(name="bob", name_folded="bob")
    assert "may not reveal secrets" in fault_at(client, "secrets", **{**good, "user": "bob", "secrets": "yes"})
    make(client, **good)
    assert "has a token laptop" in fault_at(client, "name", **good)
    assert [row.name for row in Token.objects.all()] == ["laptop"]


def test_an_administrator_makes_and_revokes_tokens_of_others(now: datetime, client: Client) -> None:
    bob = add_user(name="bob", name_folded="bob")
    add_grant(user=bob, role=PersonRole.OPERATOR.value)
    assert "/tokens/-/new?user=bob" in look(client, "/users/bob").links
    said = {"user": "bob", "name": "ci", "role": "viewer", "kind": "customer", "address": "acme"}
    text = make(client, **said)
    row = Token.objects.get()
    assert (row.user.name, row.role, row.customer and row.customer.key, row.reveals) == ("bob", "viewer", "acme", False)
    assert ask(Client(), "GET", "/customers/acme", None, Authorization=f"Bearer {text}").status_code == 200
    assert f"/tokens/{row.prefix}/revoke" in look(client, "/users/bob").links
    assert "viewer customer acme secrets masked active" in look(client, "/users/bob").text
    send(client, f"/tokens/{row.prefix}/revoke", reason="left")
    assert "revoked" in look(client, "/users/bob").text


def test_a_token_for_feeds_is_shown_as_the_addresses_that_hold_it(now: datetime, client: Client) -> None:
    assert "shown no secrets" in fault_at(client, "secrets", name="reader", kind="everything", feeds="y", secrets="y")
    response = client.post(NEW, {"name": "reader", "kind": "everything", "feeds": "yes"})
    html = response.content.decode()
    text = Token.objects.get().prefix
    addresses = re.findall(r'<pre id="feed-\w+"[^>]*>([^<]*)</pre>', html)
    assert [address.partition("?")[0] for address in addresses] == [
        "http://testserver/feed/activity.atom",
        "http://testserver/feed/upcoming.atom",
    ]
    for address in addresses:
        assert f"token=larry_{text}_" in address
        assert Client().get(address.removeprefix("http://testserver")).status_code == 200
        assert TOKEN.search(client.get("/tokens/").content.decode()) is None
    assert "Authorization" not in html
    assert ask(Client(), "GET", "/customers", None, Authorization=f"Bearer {TOKEN.findall(html)[0]}").status_code == 401
    assert "feeds only" in look(client, "/tokens/").text


def test_nobody_sees_or_revokes_the_tokens_of_others(now: datetime, client: Client) -> None:
    eve = add_user(name="eve", name_folded="eve")
    add_grant(user=eve, role=PersonRole.OPERATOR.value, customer=Customer.objects.get(key="acme"))
    make(client, name="secret-plan", kind="everything")
    prefix = Token.objects.get().prefix
    visitor = sign_in_as("eve")
    assert "secret-plan" not in look(visitor, "/tokens/").text
    assert "secret-plan" not in look(visitor, "/tokens/?user=tess").text
    look(visitor, f"/tokens/{prefix}", 404)
    assert visitor.post(f"/tokens/{prefix}/revoke").status_code == 404
    make(visitor, name="own", user="tess", kind="everything", role="viewer")
    own = Token.objects.get(name="own")
    assert own.user.name == "eve", "a user that is sent along changes nothing for who may not make tokens for others"
    assert f"/tokens/{own.prefix}/revoke" in look(visitor, "/tokens/").links
    send(visitor, f"/tokens/{own.prefix}/revoke")


def test_a_reviewer_sees_tokens_and_touches_none(now: datetime, client: Client) -> None:
    add_grant(user=add_user(name="rita", name_folded="rita"), role=PersonRole.REVIEWER.value)
    make(client, name="laptop", kind="everything")
    prefix = Token.objects.get().prefix
    visitor = sign_in_as("rita")
    assert f"/tokens/{prefix}" in look(visitor, "/tokens/").links
    assert f"/tokens/{prefix}/revoke" not in look(visitor, "/tokens/").links
    assert "may not say who may do what" in send(visitor, f"/tokens/{prefix}/revoke", 422)
    assert Token.objects.get().revoked_at is None


def test_tokens_are_found_sorted_paged_and_exported(
    now: datetime, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tess = User.objects.get(name="tess")
    for number in range(60):
        name = f"T{number:02}" if number % 2 else f"t{number:02}"
        add_token(user=tess, name=name, name_folded=name.lower(), expires_at=now + timedelta(days=9))
    assert "1–50 of 60 tokens" in look(client, "/tokens/?user=tess").text
    assert "51–60 of 60 tokens" in look(client, "/tokens/?user=tess&page=2").text
    assert "1–1 of 1 token" in look(client, "/tokens/?q=T41").text
    assert "No token is like that" in look(client, "/tokens/?q=nothing").text
    rows = list(csv.DictReader(io.StringIO(client.get("/tokens/?sort=-name&format=csv").content.decode())))
    assert [row["name"].lower() for row in rows] == [f"t{number:02}" for number in reversed(range(60))]
    documents = json.loads(client.get("/tokens/?q=t41&format=json").content)
    assert [each["name"] for each in documents] == ["T41"]
    assert not {"token", "digest", "text"} & documents[0].keys()
    with django_assert_max_num_queries(6):
        client.get("/tokens/")


@pytest.mark.parametrize("path", ["/users/", "/groups/", "/grants/", "/tokens/"])
def test_lists_of_people_keep_what_is_asked_in_their_links(path: str, now: datetime, client: Client) -> None:
    for query in ("", "?sort=name", "?sort=-name&q=e", "?sort=nonsense&state=odd&role=odd&page=x"):
        page = look(client, path + query)
        heads = [attributes for tag, attributes in page.tags if tag == "th" and "aria-sort" in attributes]
        assert len(heads) <= 1
    if "/tokens/" in path or "/groups/" in path:
        return
    assert any("q=e" in link and "format=csv" in link for link in look(client, f"{path}?q=e").links) or (
        "is like that" in look(client, f"{path}?q=e").text
    )
