"""`/healthz` and `/readyz`: what balancers ask."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client

from larry.queries.readiness import Readiness
from tests.web.visitor import sign_in_as


def test_a_process_lives_without_asking_a_database(client: Client) -> None:
    response = client.get("/healthz")  # this test may not touch a database
    assert (response.status_code, response.content) == (200, b"alive\n")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_whole_database_is_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ready\n")
    assert client.head("/readyz").content == b""


@pytest.mark.parametrize(
    "readiness, told",
    [
        (Readiness(database_answers=False), "does not answer"),
        (Readiness(True, pending_migrations=("larry.0002_next",)), "larry.0002_next"),
        (Readiness(True, missing_guards=("no_overlap",)), "no_overlap"),
    ],
)
def test_what_stands_in_the_way_is_told_with_503(
    readiness: Readiness, told: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("larry.api.health.get_readiness", lambda *_: readiness)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.content.startswith(b"not ready: ")
    assert told.encode() in response.content
    assert response.content.count(b"\n") == 1


@pytest.mark.django_db
def test_a_lost_guard_is_noticed(client: Client) -> None:
    from larry.records import guards

    name = "activity_is_append_only"
    guards.remove(connection, name)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert name.encode() in response.content


@pytest.mark.parametrize("path", ["/configuration/web1.example.com.json", "/", "/hosts/web1.example.com"])
def test_a_database_that_is_away_is_503_everywhere(path: str, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sign_in_as("tess")

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("no route to host; password=hunter2")

    for place in (
        "larry.api.configuration.get_node",
        "larry.web.views.start.get_tally",
        "larry.web.views.host.get_node",
        "larry.web.visitor.find_session_user",
    ):
        monkeypatch.setattr(place, fail)
    response = client.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert b"hunter2" not in response.content


def test_a_database_that_is_lost_amid_what_somebody_does_is_told_on_the_page(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log may hold the commit that it could not tell of."""
    client = sign_in_as("tess")

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("larry.web.visitor.find_session_user", fail)
    told = "look whether that was done"
    assert told in client.post("/pools/-/new", {"name": "Lost"}).content.decode()
    assert told not in client.get("/pools/-/new").content.decode()
