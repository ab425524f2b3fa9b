"""Who may look up what: strangers nothing, everybody what is theirs, secrets only who is entitled to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.edit import edit
from larry.actions.grant import GrantRequest, grant
from larry.core.rights import PersonRole, ScopeKind
from larry.core.token import make_token_text
from larry.exports.dialect import DIALECTS, list_inventories
from larry.records.activity import Activity
from larry.records.pool import Pool
from larry.records.token import Disclosure, Token
from tests.api.conftest import show_token, sign_in
from tests.api.scene import SECRET, SPARE, WEB, author_at, lay, put
from tests.records.rows import add_user

pytestmark = pytest.mark.django_db

CONFIGURATION, INVENTORY = f"/configuration/{WEB}.json", "/inventory.json"
BOTH = (CONFIGURATION, INVENTORY)
NEAR = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def now() -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5)
    for name in ("mine", "other"):
        edit("pool", name, {"name": name}, author_at(now))
    edit("host", WEB, {"pools": ["mine"]}, author_at(now))
    edit("host", SPARE, {"pools": ["other"]}, author_at(now))
    return now


@pytest.mark.parametrize("path", BOTH)
def test_a_stranger_is_refused_in_one_line(path: str, now: datetime) -> None:
    for headers, error in (
        ({}, ""),
        ({"Authorization": "Basic YWRhOng="}, "invalid_request"),
        ({"Authorization": "Bearer x"}, "invalid_token"),
        ({"Authorization": f"Bearer {make_token_text(bytes(6), bytes(32))}"}, "invalid_token"),
    ):
        response = Client().get(path, headers=headers)
        assert response.status_code == 401
        assert response.headers["Content-Type"].startswith("text/plain")
        assert response.content.count(b"\n") == 1
        assert response.headers["WWW-Authenticate"].startswith('Bearer realm="Larry"')
        assert error in response.headers["WWW-Authenticate"]
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers
    unknown = Client().get("/configuration/nowhere.example.com.json")
    assert (unknown.status_code, unknown.content) == (401, Client().get(CONFIGURATION).content)


@pytest.mark.parametrize("path", BOTH)
def test_who_guesses_waits(path: str, now: datetime) -> None:
    for number in range(50):
        text = make_token_text(bytes(6), number.to_bytes(32))
        assert Client().get(path, headers={"Authorization": f"Bearer {text}"}).status_code == 401
    refused = Client().get(path, headers={"Authorization": f"Bearer {make_token_text(bytes(6), bytes(32))}"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert show_token().get(path).status_code == 200


def test_a_machine_of_a_pool_reads_the_hosts_of_that_pool(now: datetime) -> None:
    client = show_token(pool=Pool.objects.get(key="mine"))
    assert client.get(CONFIGURATION).status_code == 200
    hidden, unknown = (client.get(f"/configuration/{name}.json") for name in (SPARE, "nowhere.example.com"))
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.content.decode().replace(SPARE, "X") == unknown.content.decode().replace("nowhere.example.com", "X")
    assert [host["host"] for host in client.get(INVENTORY).json()["hosts"]] == [WEB]


def test_a_customers_own_people_read_no_host_whole(now: datetime) -> None:
    add_user(name="zoe", name_folded="zoe")
    grant(GrantRequest("user", "zoe", PersonRole.ADMINISTRATOR, ScopeKind.CUSTOMER, "acme"), author_at(now))
    client = sign_in("zoe")
    assert client.get(CONFIGURATION).status_code == 404
    assert client.get(INVENTORY).json()["hosts"] == []


def test_who_has_signed_in_reads_what_is_theirs_masked(now: datetime) -> None:
    client = sign_in("tess")
    response = client.get(CONFIGURATION)
    assert response.status_code == 200
    assert SECRET.encode() not in response.content, "a page is no token"
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize("path", BOTH)
def test_near_ones_are_answered_where_a_setting_says_so(path: str, now: datetime, settings: Any) -> None:
    settings.LARRY_LOOKUPS_FROM = NEAR
    response = Client().get(path)
    assert response.status_code == 200
    assert SECRET.encode() not in response.content
    assert Client().get(path, REMOTE_ADDR="203.0.113.7").status_code == 401
    assert Client().get(path, headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401
    assert Client().get(path, headers={"Authorization": "Bearer x"}).status_code == 401, "who shows one is held to it"
    assert Client().get("/api/v1/hosts").status_code == 401


@pytest.mark.parametrize("path", BOTH)
def test_secrets_are_for_tokens_that_are_entitled_to_them(path: str, now: datetime) -> None:
    masked, full = show_token().get(path), show_token(reveals=True).get(path)
    assert SECRET.encode() not in masked.content
    assert SECRET.encode() in full.content
    assert masked.headers["ETag"] != full.headers["ETag"]
    assert masked.headers["Cache-Control"] == "private, max-age=60, stale-if-error=86400"
    assert full.headers["Cache-Control"] == "private, no-store"
    for response in (masked, full):
        assert response.headers["Vary"] == "Authorization, Cookie"
    # Who has been masked is not told "unchanged" when they are entitled, nor the other way.
    for client, tag in ((show_token(reveals=True), masked.headers["ETag"]), (show_token(), full.headers["ETag"])):
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_dialect_prints_secrets_for_who_is_entitled(dialect: Any, now: datetime) -> None:
    response = show_token(reveals=True).get(f"/configuration/{WEB}.{dialect.suffix}")
    assert response.status_code == 200
    masked = show_token().get(f"/configuration/{WEB}.{dialect.suffix}")
    assert (SECRET in response.content.decode()) == (masked.content != response.content)
    assert SECRET not in masked.content.decode()
    if dialect in list_inventories():
        fleet = show_token(reveals=True).get(f"/inventory.{dialect.suffix}")
        assert fleet.status_code == 200


@pytest.mark.parametrize("path", BOTH)
def test_what_a_token_was_handed_is_recorded_once(path: str, now: datetime) -> None:
    client = show_token(reveals=True)
    etag = client.get(path).headers["ETag"]
    client.get(path)
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    line = Activity.objects.get(verb="reveal")
    assert (line.actor, line.noun, line.address) == ("tool", "host", WEB)
    assert line.after == {"digest": Disclosure.objects.get().digest, "token": str(Token.objects.get())}
    edit("customer", "acme", {"parameters": {"password": f"{SECRET} anew"}}, author_at(now))
    client.get(path)
    assert Disclosure.objects.count() == 1, "nothing is delivered until somebody deploys"
    client.get(path, {"as_of": "-4d"})
    assert Disclosure.objects.count() == 1, "there were none to hand out"


def test_nothing_is_opened_where_the_asker_has_it_already(now: datetime) -> None:
    client = show_token(reveals=True)
    shown = client.get(CONFIGURATION).headers["ETag"]
    Disclosure.objects.all().delete()
    assert client.get(CONFIGURATION, headers={"If-None-Match": shown}).status_code == 304
    assert not Disclosure.objects.exists()


def test_an_entitled_token_has_the_secrets_of_its_own_hosts_only(now: datetime) -> None:
    put(SPARE, now, at=-1)
    viewer = show_token("viewer", role="viewer", reveals=True)
    assert SECRET.encode() not in viewer.get(CONFIGURATION).content
    both = show_token("both", pool=Pool.objects.get(key="mine"), reveals=True)
    grant(GrantRequest("user", "both", PersonRole.VIEWER), author_at(now))
    found = {host["host"]: str(host["services"]) for host in both.get(INVENTORY).json()["hosts"]}
    assert SECRET in found[WEB]
    assert SECRET not in found[SPARE]
    assert SECRET.encode() in both.get(CONFIGURATION).content
    assert SECRET.encode() not in both.get(f"/configuration/{SPARE}.json").content
    narrowed = show_token("narrow", pool=Pool.objects.get(key="other"), reveals=True)
    grant(GrantRequest("user", "narrow", PersonRole.VIEWER), author_at(now))
    assert narrowed.get(INVENTORY).headers["ETag"] != both.get(INVENTORY).headers["ETag"]


def test_a_full_lookup_costs_as_much_for_many_secrets(
    now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = show_token(reveals=True)
    client.get(CONFIGURATION)
    with django_assert_max_num_queries(8):
        client.get(CONFIGURATION)


def test_the_past_of_an_entitled_token_is_recorded_too(now: datetime) -> None:
    client = show_token(reveals=True)
    assert SECRET.encode() in client.get(CONFIGURATION, {"as_of": (now + timedelta(days=1)).isoformat()}).content
    assert Disclosure.objects.count() == 1
