"""The page of coverage: who audits what from where, what is uncovered and why, as of any moment."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.api.scene import ESTATE, LIVE, WEB, lay, put
from tests.web.test_pages import look

WITH_BACKUP = ESTATE.replace(
    "customers:\n", "  - {name: backup, audits: [{service: rails, where: same-host}]}\ncustomers:\n"
)


@pytest.fixture
def now(db: None) -> datetime:
    now = lay(WITH_BACKUP)
    put(WEB, now, at=-5, start=-3, end=5)
    return now


def test_what_is_uncovered_stands_first_with_why_and_what_to_do(now: datetime, client: Client) -> None:
    page = look(client, "/coverage")
    assert "uncovered 1 of 2 audits have nobody who audits" in page.text
    assert "nobody has named a host for pager" in page.text
    assert page.text.index("nobody has named") < page.text.index("on the same host")
    assert any(link.startswith("/deployments/") and link.endswith("/edit?place.0.service=pager") for link in page.links)
    assert {f"/instances/{LIVE}", f"/hosts/{WEB}", "/services/backup"} <= set(page.links)


def test_it_is_narrowed_by_its_address(now: datetime, client: Client) -> None:
    assert "1–1 of 1 audit" in look(client, "/coverage?state=covered").text
    uncovered = look(client, "/coverage?state=uncovered").text
    assert "on the same host" not in uncovered
    assert "1–1 of 1 audit" in look(client, "/coverage?auditor=backup").text
    assert "1–2 of 2 audits" in look(client, f"/coverage?instance={LIVE}&host={WEB}&service=rails&customer=acme").text
    assert "No audit is like that" in look(client, f"/coverage?host={WEB}&service=linux").text
    assert "There is no host nowhere" in look(client, "/coverage?host=nowhere", 404).text


def test_it_is_as_of_any_moment(now: datetime, client: Client) -> None:
    assert "Nothing that is live asks for an auditor" in look(client, "/coverage?as_of=%2B6d").text
    assert "1 of 2 audits had nobody" in look(client, "/coverage?as_of=-1d").text
    assert all("as_of=" in link for link in look(client, "/coverage?as_of=-1d").links if link.startswith("/hosts/"))


def test_it_is_exported_whole(now: datetime, client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/coverage?format=csv").content.decode())))
    assert {row["auditor"]: row["from"] for row in rows} == {"pager": "", "backup": WEB}
    (row,) = json.loads(client.get("/coverage?state=uncovered&format=json").content)
    assert row["covered"] is False
    assert "nobody has named a host" in row["why_not"]


def test_it_is_linked_from_situations_and_instances(now: datetime, client: Client) -> None:
    assert "/coverage" in look(client, "/situations").links
    assert "/coverage?instance=acme%2Fshop%2Flive" in look(client, f"/instances/{LIVE}/services").links


def test_it_costs_few_statements(
    now: datetime, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(22):
        client.get("/coverage")
