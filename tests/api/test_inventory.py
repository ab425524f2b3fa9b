"""`GET /inventory.FORMAT`: every host in one answer, with the headers that a single host's answer has."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.author import Author
from larry.actions.edit import edit
from larry.actions.retire import retire
from larry.api import inventory
from larry.core.fleet import FleetOutline
from larry.core.interval import iso
from larry.exports.dialect import list_inventories
from larry.outside import clock
from larry.queries import fleet
from larry.queries.fleet import get_fleet
from larry.queries.moment import Moment
from larry.queries.node_part import RedactedMeanwhile
from larry.queries.reader import LOCAL
from tests.api.scene import SECRET, SPARE, WEB, lay, put

pytestmark = pytest.mark.django_db
PAGE = "/inventory.json"
INVENTORIES = list_inventories()


@pytest.fixture
def client(machine: Client) -> Client:
    """Everything here is asked by a machine with a token."""
    return machine


@pytest.fixture
def now() -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5)
    return now


@pytest.mark.parametrize("dialect", INVENTORIES, ids=lambda dialect: dialect.name)
def test_every_inventory_is_what_its_dialect_prints(dialect: object, now: datetime, client: Client) -> None:
    response = client.get(f"/inventory.{dialect.suffix}")  # type: ignore[attr-defined]
    assert response.status_code == 200
    assert response.headers["Content-Type"] == dialect.media_type  # type: ignore[attr-defined]
    text = dialect.render_fleet(get_fleet(LOCAL, Moment(clock.now())))  # type: ignore[attr-defined]
    assert response.content.decode() == text
    assert SECRET not in text


@pytest.mark.parametrize("page", [PAGE, "/inventory.yaml"])
def test_an_inventory_of_many_hosts_is_the_same_and_sent_while_it_is_read(
    page: str, now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    when = iso(now)
    whole = client.get(page, {"as_of": when})
    monkeypatch.setattr(inventory, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(fleet, "AT_ONCE", 1)
    response = client.get(page, {"as_of": when})
    assert response.streaming
    assert b"".join(response) == whole.content
    told = {name: value for name, value in response.headers.items() if name != "X-Request-ID"}
    wanted = {name: value for name, value in whole.headers.items() if name not in {"Content-Length", "X-Request-ID"}}
    assert told == wanted
    head = client.head(page, {"as_of": when})
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", told["ETag"])
    assert client.get(page, {"as_of": when}, HTTP_IF_NONE_MATCH=told["ETag"]).status_code == 304


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_whoever_goes_away_in_the_middle_leaves_nothing_open(
    suffix: str, now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(fleet, "AT_ONCE", 1)
    response = client.get(f"/inventory.{suffix}")
    pieces = iter(response)
    told = [next(pieces), next(pieces)]
    assert all(told)
    assert not _is_amid_a_transaction(), "nor does whoever reads slowly hold one"
    response.close()
    assert not _is_amid_a_transaction()
    edit("host", WEB, {"roles": []}, Author("Tess Tester", "moved", clock.now()))
    assert b"".join(client.get(f"/inventory.{suffix}"))


def _is_amid_a_transaction() -> bool:
    driver: Any = connection.connection
    if driver is None:  # it was closed with the answer
        return False
    return bool(driver.in_transaction if connection.vendor == "sqlite" else driver.info.transaction_status)


def test_what_was_redacted_while_it_was_read_is_asked_for_again(
    now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def redact(*words: Any) -> FleetOutline:
        found = fleet.get_fleet_outline(*words)
        return replace(found, hosts=(*found.hosts, replace(found.hosts[0], digest="0" * 64)))

    monkeypatch.setattr(inventory, "get_fleet_outline", redact)
    response = client.get(PAGE)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "was redacted while" in response.content.decode()
    monkeypatch.setattr(inventory, "MOST_AT_ONCE", 1)
    with pytest.raises(RedactedMeanwhile):
        list(client.get(PAGE))


def test_every_host_is_in_it_with_roles_pools_and_the_next_change(now: datetime, client: Client) -> None:
    response = client.get(PAGE)
    document = response.json()
    assert [host["host"] for host in document["hosts"]] == [SPARE, WEB]
    assert document["hosts"][1]["roles"] == ["web"]
    assert [entry["service"] for entry in document["hosts"][1]["services"]] == ["linux", "rails"]
    assert response.headers["Larry-Next-Change"] == document["next_change"] == iso(now + timedelta(days=5))
    assert re.fullmatch(r'"[0-9a-f]{40}"', response.headers["ETag"])
    assert response.headers["Cache-Control"] == "private, max-age=60, stale-if-error=86400"


def test_it_never_outlives_the_next_change_of_any_host(now: datetime, client: Client) -> None:
    for boundary in (now - timedelta(days=3), now + timedelta(days=5)):
        asked = iso(boundary - timedelta(seconds=20.5))
        response = client.get(PAGE, {"as_of": asked})
        assert response.headers["Cache-Control"] == "private, max-age=20, stale-if-error=0"
        assert response.headers["Larry-Next-Change"] == iso(boundary)
    assert "Larry-Next-Change" not in client.get(PAGE, {"as_of": "+6d"}).headers


def test_it_is_of_the_moment_asked_for(now: datetime, client: Client) -> None:
    def services(as_of: str) -> list[str]:
        hosts = {host["host"]: host for host in client.get(PAGE, {"as_of": as_of}).json()["hosts"]}
        return [entry["service"] for entry in hosts[WEB]["services"]]

    assert services(iso(now - timedelta(days=4))) == []
    assert services("") == ["linux", "rails"]
    assert services("+6d") == []
    before = client.get(PAGE, {"as_of": "2001-01-01"})
    assert before.json()["hosts"] == []
    assert before.headers["Larry-Next-Change"] == iso(now - timedelta(days=10))


def test_whoever_has_it_gets_304_until_a_host_or_its_groups_change(now: datetime, client: Client) -> None:
    etag = client.get(PAGE).headers["ETag"]
    response = client.get(PAGE, headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    author = Author("Tess Tester", "moved", clock.now())
    edit("host", WEB, {"roles": []}, author)
    later = client.get(PAGE, headers={"If-None-Match": etag})
    assert later.status_code == 200
    assert later.json()["hosts"][1]["roles"] == []


def test_a_retired_host_is_in_what_has_passed_only(now: datetime, client: Client) -> None:
    retire("host", SPARE, Author("Tess Tester", "sold", clock.now()))
    assert [host["host"] for host in client.get(PAGE).json()["hosts"]] == [WEB]
    past = client.get(PAGE, {"as_of": "-1d"})
    assert [host["host"] for host in past.json()["hosts"]] == [SPARE, WEB]
    assert past.headers["Larry-Next-Change"] < iso(clock.now())


def test_what_can_be_edited_today_is_not_kept_for_long(now: datetime, client: Client) -> None:
    answer = client.get(PAGE, {"as_of": iso(now - timedelta(days=4))})
    assert answer.headers["Cache-Control"].startswith("private, max-age=60, ")


@pytest.mark.parametrize("suffix", ["klingon", "enc", "pp", "", "%00", "json.json", "x" * 5000])
def test_a_format_that_tells_no_fleet_is_one_line_of_text(suffix: str, now: datetime, client: Client) -> None:
    response = client.get(f"/inventory.{suffix}")
    assert response.status_code == 404
    if suffix:
        assert response.content.startswith(b"ask for inventory.FORMAT, which ends in one of .json")
        assert response.content.count(b"\n") == 1


def test_what_is_no_moment_is_refused(now: datetime, client: Client) -> None:
    assert client.get(PAGE, {"as_of": "yesterday"}).status_code == 400
    assert client.post(PAGE).status_code == 405


def test_it_costs_five_statements_and_two_for_who_asks(
    now: datetime, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(PAGE)  # the first time it is written that the token was used
    with django_assert_num_queries(7):
        tag = client.get(PAGE).headers["ETag"]
    with django_assert_num_queries(6):
        assert client.get(PAGE, HTTP_IF_NONE_MATCH=tag).status_code == 304


def test_an_estate_of_nothing_answers(db: None, client: Client) -> None:
    response = client.get(PAGE)
    assert response.json()["hosts"] == []
    assert "Last-Modified" not in response.headers
