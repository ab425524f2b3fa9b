"""What holds for every page: looking writes nothing, and what writes needs the page's own token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern
from pytest_django import DjangoDbBlocker

from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.web.headers import HEADERS
from tests.api.scene import LIVE, SPARE, WEB, lay, put
from tests.web.routes import ROUTES

WRITES = re.compile(
    r"^\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|TRUNCATE|SELECT .* FOR UPDATE)", re.IGNORECASE
)
ADDRESSES = {"roles": "web", "grades": "medium", "services": "rails", "customers": "acme", "apps": "acme/shop"}


def path_of(route: URLPattern) -> str:
    """An address that the route answers; of something that is there, where that is easily said."""
    plain = str(route.pattern)
    address = {"hosts": WEB, "instances": LIVE, **ADDRESSES}.get(plain.partition("/")[0], "none")
    if plain.startswith(("deployments/", "rollouts/")):
        row = Deployment.objects.order_by("start").last()  # the one to come: every act may be done to it
        assert row is not None
        address = row.id if plain.startswith("deployments/") else str(row.rollout_id)
    if plain.startswith("deployables/"):
        address = Deployable.objects.get().digest
    return "/" + re.sub(r"<[^>]+>", address, plain)


@pytest.fixture(scope="module")
def now(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[datetime]:
    """An estate laid once for all tests here, in a transaction that is undone in the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        now = lay()
        put(WEB, now, at=-5, start=-3, end=2)
        put(SPARE, now, at=-1, start=3)
        yield now
        transaction.set_rollback(True)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.name))
def test_looking_writes_nothing(route: URLPattern, now: datetime, client: Client) -> None:
    for query in ("", "?as_of=%2B1d", "?format=csv", "?q=x"):
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path_of(route) + query)
        assert response.status_code < 500
        if not query and path_of(route).startswith(("/deployments/", "/rollouts/")):
            assert response.status_code == 200, "it is there"
        assert [each["sql"] for each in captured.captured_queries if WRITES.match(each["sql"])] == []
        assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.name))
def test_nothing_is_sent_without_the_token_of_the_page(route: URLPattern, now: datetime, client: Client) -> None:
    client.handler.enforce_csrf_checks = True
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = client.generic(method, path_of(route), "step=save&name=x", "application/x-www-form-urlencoded")
        assert response.status_code in {401, 403, 404, 405}
        assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.name))
def test_a_nul_is_refused_wherever_it_stands(route: URLPattern, now: datetime, client: Client) -> None:
    if route.name in {"asset", "preferences"}:
        return  # they ask the database for nothing
    path = re.sub(r"/none\b", "/1", path_of(route)) if "<int:" in str(route.pattern) else path_of(route)
    for address in (f"{path}?a=1&q=x%00", f"{path}?x%00=1"):
        response = client.get(address)
        assert response.status_code in {400, 405}, "405 where nothing is to be seen"
        if response.status_code == 400:
            assert "holds a NUL character" in response.text
    response = client.post(path, {"reason": "x", "key": "a\0b"})
    assert response.status_code in {400, 405}
    if re.search(r"<(str|path):", str(route.pattern)):
        response = client.get(
            "/" + re.sub(r"<(str|path):[^>]+>", "a%00b", re.sub(r"<int:\w+>", "1", str(route.pattern)))
        )
        assert response.status_code in {400, 404, 405}
