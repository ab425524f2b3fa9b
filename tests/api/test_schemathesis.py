"""Requests that schemathesis makes of the description: none is a failure, and every answer is as declared.

It makes what the description allows and what it forbids, and judges by its own reading of the description. A few for
each operation in every run; `-m slow` makes 1,000, or as many as TEST_EXAMPLES says. TEST_DONE names a file in which
operations that came through are noted, and from which they are left out: so a long run can be stopped and gone on with.

    TEST_EXAMPLES=60 TEST_DONE=/tmp/done .venv/bin/python -m pytest -m slow tests/api/test_schemathesis.py
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.asking import description
from tests.api.scene import SECRET

pytestmark = pytest.mark.django_db

FEW, MANY = 4, int(os.environ.get("TEST_EXAMPLES", "1000"))
DONE = os.environ.get("TEST_DONE", "")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    (told["tags"][0], method, path)
    for path, methods in sorted(description()["paths"].items())
    for method, told in methods.items()
]


class _Undo(Exception):
    """Leaves an example's transaction as it was before: each is answered from the same estate."""


@cache
def _schema() -> Any:
    return schemathesis.openapi.from_dict(description())


def make_cases(method: str, path: str) -> Any:
    """What the description of an operation allows, and what it forbids, in turn."""
    operation = _schema()[path][method]
    allowed = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    has_places = list(operation.iter_parameters()) or operation.body
    forbidden = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if has_places else allowed
    return hypothesis.strategies.one_of(allowed, forbidden)


def send(client: Client, case: Any) -> Response:
    """What schemathesis would send over the network, by Django's own way, in this thread and its transaction."""
    told = case.as_transport_kwargs(base_url="http://testserver/")
    asked: Any = requests.Request(**{word: value for word, value in told.items() if word != "verify"}).prepare()
    body = asked.body or b""
    headers = {name: value for name, value in asked.headers.items() if name.lower() not in {"content-type", "cookie"}}
    answer = client.generic(
        asked.method or "",
        asked.path_url,
        body.encode() if isinstance(body, str) else body,
        content_type=asked.headers.get("Content-Type", ""),
        headers=headers,
    )
    told = {name: [value] for name, value in answer.headers.items()}
    return Response(answer.status_code, told, answer.content, asked, elapsed=0.0, verify=False, encoding="utf-8")


def attack(client: Client, method: str, path: str, examples: int) -> int:
    """So many requests of one operation, each on its own; how many were sent."""
    sent = 0

    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=examples == FEW,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=make_cases(method, path))
    def ask(case: Any) -> None:
        nonlocal sent
        sent += 1
        with contextlib.suppress(_Undo), transaction.atomic():
            response = send(client, case)
            case.validate_response(response, checks=CHECKS)
            assert SECRET.encode() not in response.content
            raise _Undo

    ask()
    return sent


@pytest.mark.parametrize("tag", sorted({tag for tag, _, _ in OPERATIONS}))
def test_a_few_of_each(tag: str, somebody: Client, estate: datetime) -> None:
    for _, method, path in (each for each in OPERATIONS if each[0] == tag):
        attack(somebody, method, path, FEW)


@pytest.mark.slow
@pytest.mark.parametrize(
    "method, path", [each[1:] for each in OPERATIONS], ids=[" ".join(each[1:]) for each in OPERATIONS]
)
def test_very_many_of_each(
    method: str, path: str, somebody: Client, estate: datetime, record_property: Callable[[str, object], None]
) -> None:
    done = Path(DONE) if DONE else None
    if done is not None and done.exists() and f"{method} {path} " in done.read_text():
        pytest.skip("it came through before")
    sent = attack(somebody, method, path, MANY)
    record_property("requests", sent)
    if done is not None:
        with done.open("a") as file:
            file.write(f"{method} {path} {sent}\n")
