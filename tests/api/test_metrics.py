"""`/metrics`: who may read it, that it is true, and that it names nobody."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from larry.core.event import EventKind
from larry.core.rights import PersonRole, ScopeKind
from larry.records.customer import Customer
from larry.records.grant import Grant
from larry.records.webhook import Event
from tests.api.scene import SECRET
from tests.records.rows import add_user
from tests.web.visitor import sign_in_as

pytestmark = pytest.mark.django_db

FAR = {"REMOTE_ADDR": "203.0.113.7"}
LABELS = {"route", "method", "status", "state", "le", "implementation", "major", "minor", "patchlevel", "version"}
LABELS |= {"generation"}


def read(response: Any) -> dict[tuple[str, str], float]:
    """Every sample by its name and the values of its labels."""
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    samples = [each for family in text_string_to_metric_families(response.content.decode()) for each in family.samples]
    assert {label for each in samples for label in each.labels} <= LABELS
    return {(each.name, " ".join(text for _, text in sorted(each.labels.items()))): each.value for each in samples}


def test_the_estate_is_told_in_figures(client: Client, estate: datetime) -> None:
    kind = next(iter(EventKind)).value
    Event.objects.create(kind=kind, noun="host", address="web1.example.com", at=estate)
    told = read(client.get("/metrics"))
    assert told["larry_database_answers", ""] == 1
    assert told["larry_hosts", ""] >= 2
    assert told["larry_instances", ""] >= 1
    assert told["larry_deployments", "current"] >= 1
    assert told["larry_deployments", "future"] >= 0
    assert told["larry_outbox_events", ""] == 1
    assert (told["larry_deliveries", "pending"], told["larry_deliveries", "dead"]) == (0, 0)
    until_end, since_deployed = timedelta(days=5), timedelta(days=5)
    assert 0 <= until_end.total_seconds() - told["larry_next_boundary_seconds", ""] < 3600
    assert 0 <= told["larry_last_activity_seconds", ""] - since_deployed.total_seconds() < 3600
    assert told["process_resident_memory_bytes", ""] > 10**6


def test_requests_are_counted_by_route_and_status(client: Client, estate: datetime) -> None:
    before = read(client.get("/metrics"))
    for path in ("/healthz", "/healthz", "/nowhere/<script>", "/api/v1/hosts/web1.example.com", "/hosts/secret-name"):
        client.get(path)
    client.generic("BREW", "/healthz")
    after = read(client.get("/metrics"))

    def more(route: str, method: str, status: int) -> float:
        key = ("larry_requests_total", f"{method} {route} {status}")
        return after[key] - before.get(key, 0)

    assert more("healthz", "GET", 200) == 2
    assert more("healthz", "other", 405) == 1
    assert more("none", "GET", 404) == 1
    assert more("api/v1/hosts/<host>", "GET", 401) == 1
    assert "secret-name" not in str(after)
    assert "script" not in str(after)
    assert any(name == "larry_request_seconds_count" for name, _ in after)


def test_nobody_is_named(client: Client, estate: datetime) -> None:
    client.get("/configuration/web1.example.com.json")
    said = client.get("/metrics").content.decode()
    for name in ("acme", "shop", "web1", "example.com", SECRET):
        assert name not in said.lower()


def test_strangers_from_afar_read_nothing(client: Client) -> None:
    response = client.get("/metrics", **FAR)  # type: ignore[arg-type]
    assert response.status_code == 401
    assert b"larry_hosts" not in response.content


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Host"])
def test_what_a_proxy_passes_on_does_not_count_as_near(header: str, client: Client) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 401


def test_a_proxy_that_is_named_tells_who_is_near(client: Client, settings: Any) -> None:
    settings.LARRY_PROXIES = (ip_network("127.0.0.1"),)
    settings.LARRY_METRICS_FROM = (ip_network("127.0.0.0/8"), ip_network("10.1.2.0/24"))
    for said, status in (("10.1.2.9", 200), ("203.0.113.7", 401), ("10.1.2.9, 203.0.113.7", 401), ("127.0.0.1", 401)):
        assert client.get("/metrics", headers={"X-Forwarded-For": said}).status_code == status, said


@pytest.mark.parametrize(
    "role, kind, status",
    [
        (PersonRole.VIEWER, ScopeKind.EVERYTHING, 403),
        (PersonRole.OPERATOR, ScopeKind.EVERYTHING, 403),
        (PersonRole.MACHINE, ScopeKind.EVERYTHING, 403),
        (PersonRole.REVIEWER, ScopeKind.CUSTOMER, 403),
        (PersonRole.ADMINISTRATOR, ScopeKind.CUSTOMER, 403),
        (PersonRole.REVIEWER, ScopeKind.EVERYTHING, 200),
        (PersonRole.ADMINISTRATOR, ScopeKind.EVERYTHING, 200),
    ],
)
def test_from_afar_it_takes_a_review_of_everything(
    role: PersonRole, kind: ScopeKind, status: int, estate: datetime
) -> None:
    row = add_user(name="mo", name_folded="mo")
    right = {"customer": Customer.objects.get(key="acme")} if kind is ScopeKind.CUSTOMER else {}
    Grant.objects.create(user=row, role=role.value, created_at=estate, **right)
    client = sign_in_as("mo")
    assert client.get("/metrics", **FAR).status_code == status  # type: ignore[arg-type]


def test_a_database_that_is_away_is_a_figure_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("larry.api.metrics.get_gauges", fail)
    told = read(client.get("/metrics"))
    assert told["larry_database_answers", ""] == 0
    assert not any(re.match("larry_(hosts|deployments)", name) for name, _ in told)


def test_it_can_only_be_read(client: Client) -> None:
    assert client.post("/metrics").status_code == 405
    head = client.head("/metrics")
    assert (head.status_code, head.content) == (200, b"")
