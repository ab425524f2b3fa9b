"""Every request has an id and a line in the log, which holds no secret and cannot be forged."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from django.test import Client

from larry.outside.log_line import JsonLine
from tests.web.visitor import sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the server writes to its log, whoever writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def told(lines: io.StringIO) -> list[dict[str, object]]:
    return [line for line in map(json.loads, lines.getvalue().splitlines()) if line["logger"] == "larry.request"]


def test_each_request_is_one_line(lines: io.StringIO) -> None:
    client = sign_in_as("tess")
    client.get("/hosts/")
    client.get("/api/v1/hosts")
    Client().get("/nowhere")
    pages, program, stranger = told(lines)
    assert pages | {"ms": 0, "time": "", "request": ""} == {
        "time": "",
        "level": "info",
        "logger": "larry.request",
        "message": "answered",
        "request": "",
        "user": "tess",
        "route": "hosts",
        "method": "GET",
        "status": 200,
        "client": "127.0.0.1",
        "ms": 0,
    }
    assert isinstance(pages["ms"], float)
    assert (program["user"], program["route"], program["status"]) == ("tess", "api/v1/hosts", 200)
    assert (stranger["user"], stranger["route"], stranger["status"]) == ("-", "none", 404)


def test_an_id_that_is_well_formed_is_kept_and_sent_back(client: Client, lines: io.StringIO) -> None:
    for known in ("a", "0b1d-4.x_y:z", "x" * 100):
        assert client.get("/healthz", headers={"X-Request-ID": known}).headers["X-Request-ID"] == known
    assert [line["request"] for line in told(lines)] == ["a", "0b1d-4.x_y:z", "x" * 100]


@pytest.mark.parametrize("said", ["", "a b", "a\nb", "x" * 101, "\xff", "a\n", '"', "<script>", "\x1b[31m", "a,b"])
def test_any_other_is_replaced(said: str, client: Client, lines: io.StringIO) -> None:
    response = client.get("/healthz", HTTP_X_REQUEST_ID=said)
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])
    assert told(lines)[0]["request"] == response.headers["X-Request-ID"]


def test_a_problem_tells_the_id() -> None:
    client = Client()
    response = client.get("/api/v1/hosts", headers={"X-Request-ID": "mine-1"})
    assert json.loads(response.content)["request"] == "mine-1"
    other = client.get("/api/v1/hosts")
    assert json.loads(other.content)["request"] == other.headers["X-Request-ID"]


def test_a_defect_is_found_by_the_id_that_its_page_shows(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sign_in_as("tess")
    client.raise_request_exception = False

    def fail(*_: object, **__: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr("larry.web.views.start.get_tally", fail)
    response = client.get("/", headers={"X-Request-ID": "mine-2"})
    assert response.status_code == 500
    assert b"mine-2" in response.content
    assert b"ValueError" not in response.content
    failed = [line for line in map(json.loads, lines.getvalue().splitlines()) if "traceback" in line]
    assert {(line["request"], line["user"]) for line in failed} == {("mine-2", "tess")}
    assert "a defect" in failed[0]["traceback"]
    assert told(lines)[-1]["level"] == "warning"


def test_nothing_secret_is_told(client: Client, lines: io.StringIO) -> None:
    secret = "canary-7f3a"
    client.get(f"/hosts?token={secret}&q={secret}", headers={"Authorization": f"Bearer {secret}"})
    client.get(f"/api/v1/hosts?token={secret}", headers={"Authorization": f"Bearer {secret}", "Cookie": secret})
    client.get("/metrics", REMOTE_ADDR="203.0.113.7", headers={"Authorization": f"Basic {secret}"})
    client.post("/sign-in", {"name": "ada", "password": secret})
    assert len(told(lines)) == 4
    assert secret not in lines.getvalue()


def test_no_line_is_forged(lines: io.StringIO) -> None:
    client = Client()
    forged = '{"logger": "larry.request", "user": "root"}'
    for path in (f"/a%0A{forged}", f"/hosts/%E2%80%A8{forged}", f"/configuration/x%0D%0A{forged}.json"):
        client.get(path, headers={"User-Agent": f"x\n{forged}", "Referer": f"\n{forged}"})
    client.post("/sign-in", {"name": f"x\n{forged}", "password": f"\n{forged}"})
    assert len(told(lines)) == 4
    assert {line["user"] for line in told(lines)} == {"-"}
