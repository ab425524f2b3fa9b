"""Asking the API as a program does: JSON in, JSON out, each answer held against the description."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.test import Client

from larry.api.description import describe_api
from tests.api.schema import find_faults

ROOT = "/api/v1"


@cache
def description() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(describe_api())
    return document


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    paths = sorted(description()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{[a-z]+\}", "[^/]+", path)), path) for path in paths]


def find_operation(method: str, path: str) -> dict[str, Any]:
    """The operation that an address is of."""
    for pattern, known in _patterns():
        if pattern.fullmatch(path) and method.lower() in description()["paths"][known]:
            found: dict[str, Any] = description()["paths"][known][method.lower()]
            return found
    raise AssertionError(f"{method} {path} is not described")


def ask(client: Client, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
    """The answer, which is as the description says: its status, its media type, its shape."""
    url = f"{ROOT}{path}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    kind = "application/json" if content else "application/octet-stream"
    response: Any = client.generic(method, url, content, content_type=kind, headers=sent)
    check(method, url.partition("?")[0], response)
    return response  # type: ignore[no-any-return]


def check(method: str, path: str, response: Any) -> None:
    """Hold an answer against the description."""
    told = find_operation(method, path)["responses"].get(str(response.status_code))
    assert told is not None, f"{method} {path}: {response.status_code} is not described: {response.content[:300]!r}"
    if "content" not in told:
        assert response.content == b""
        return
    kind = response.headers["Content-Type"]
    assert kind in told["content"], f"{method} {path}: {kind} is not described"
    if "json" not in kind:
        assert told["content"][kind]["schema"] == {"type": "string"}
        return
    faults = list(find_faults(json.loads(response.content), told["content"][kind]["schema"], description()))
    assert not faults, f"{method} {path}: {faults[:5]}"


def read(response: HttpResponse) -> Any:
    """The answer's JSON."""
    return json.loads(response.content)
