"""Who may ask: a stranger is told in the words of programs; a session needs the page's token to write."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client

from tests.api.asking import ROOT, ask, description, read
from tests.api.conftest import sign_in
from tests.api.scene import WEB

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", sorted(description()["paths"]))
def test_a_stranger_is_told_how_to_come_in(path: str) -> None:
    for method in description()["paths"][path]:
        address = path.removeprefix(ROOT).replace("{", "").replace("}", "")
        response = ask(Client(), method.upper(), address, {"name": "x"} if method != "get" else None)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert read(response)["type"].endswith("#problem-not-signed-in")


def test_a_token_that_nobody_knows_is_no_session(somebody: Client, estate: datetime) -> None:
    assert ask(somebody, "GET", "/hosts", Authorization="Bearer nonsense").status_code == 401


def test_what_may_come_from_another_site_is_refused(estate: datetime) -> None:
    client = sign_in(checks=True)
    assert ask(client, "GET", f"/hosts/{WEB}").status_code == 200
    refused = ask(client, "PATCH", f"/hosts/{WEB}", {"description": "evil"})
    assert refused.status_code == 403
    client.cookies["csrftoken"] = token = "a" * 32
    assert ask(client, "PATCH", f"/hosts/{WEB}", {"description": "evil"}, X_CSRFToken="b" * 32).status_code == 403
    assert ask(client, "PATCH", f"/hosts/{WEB}", {"description": "good"}, X_CSRFToken=token).status_code == 200


def test_other_addresses_and_methods_are_problems_too(somebody: Client) -> None:
    for address in ("/api/v1/nothing", "/api/v1/", "/api/v2/hosts", "/api/v1/hosts/a/b/c"):
        response = somebody.get(address)
        assert response.status_code == 404
        assert response.headers["Content-Type"] == "application/problem+json"
    response = somebody.delete("/api/v1/hosts")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, PATCH, POST"
    assert response.headers["Content-Type"] == "application/problem+json"


def test_head_is_get_without_the_body(somebody: Client, estate: datetime) -> None:
    head, get = somebody.head(f"{ROOT}/hosts/{WEB}"), somebody.get(f"{ROOT}/hosts/{WEB}")
    assert head.content == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert head.headers["ETag"] == get.headers["ETag"]


def test_the_description_and_its_page_are_open_and_load_nothing_from_elsewhere() -> None:
    assert Client().get(f"{ROOT}/openapi.json").json()["openapi"] == "3.1.0"
    page = Client().get(f"{ROOT}/docs")
    text = page.content.decode()
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in text
    # An example may show an address; nothing is loaded from one, and nothing leads there.
    assert re.findall(r"""(?:src|href|action|url\()\s*=?\s*["']?\s*(?:https?:)?//""", text) == []
    for path, methods in description()["paths"].items():
        assert path in text
        for told in methods.values():
            assert f'id="{told["operationId"]}"' in text
    assert Client().get(f"{ROOT}/docs.css").headers["Content-Type"].startswith("text/css")
