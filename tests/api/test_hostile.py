"""Hostile requests to every operation that is described: each is answered as described, and none is a failure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from larry.api.caller import Caller
from larry.core.rights import ALL_RIGHTS
from tests.api.asking import ROOT, check, description
from tests.api.scene import SECRET

pytestmark = pytest.mark.django_db

HUGE = 10**30
DEEP = 5000
BODIES: dict[str, bytes] = {
    "nothing": b"{}",
    "empty list": b"[]",
    "NUL": b'{"name": "a\\u0000b", "reason": "a\\u0000b"}',
    "raw NUL": b'{"name": "a\x00b"}',
    "surrogate": b'{"name": "\\ud800", "reason": "\\udfff"}',
    "surrogate as key": b'{"\\ud800": 1}',
    "NaN": b'{"name": NaN}',
    "infinity": b'{"copies": -Infinity}',
    "beyond floats": b'{"rank": 1e400, "name": "x"}',
    "10^30": f'{{"name": "x", "rank": {HUGE}, "importance": {HUGE}, "copies": {HUGE}, "cause": {HUGE}}}'.encode(),
    "many digits": b'{"rank": ' + b"9" * 5000 + b"}",
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep maps": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep value": b'{"name": "x", "parameters": ' + b'{"a":' * 60 + b"1" + b"}" * 61,
    "text": b'"a text"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "list of numbers": b"[1, 2]",
    "list of lists": b"[[]]",
    "twice": b'{"name": "a", "name": "b"}',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "broken off": b'{"name": "x',
    "not JSON": b"name=x&reason=y",
    "unknown fields": b'{"colour": "red", "__class__": "x", "name": "x"}',
    "wrong types": b'{"name": 1, "reason": [], "expect": {}, "deploy": {}, "instances": "x", "key": null, "dirty": 2,'
    b' "start": 5, "end": [], "at": {}, "host": 1, "place": [], "parameters": 3, "customer": 4, "app": []}',
    "long text": b'{"name": "' + b"x" * 100_000 + b'", "reason": "' + b"y" * 100_000 + b'"}',
    "markup": b'{"name": "<script>alert(1)</script>", "reason": "\'; DROP TABLE larry_host; --"}',
    "strange moments": b'{"start": "0000-00-00", "end": "99999999999999d", "at": "+999999999w", "reason": "x",'
    b' "deploy": [{"instance": "a/b/c", "hosts": ["x"]}]}',
    "oversize": b'{"name": "' + b"x" * (2**20) + b'"}',
}
QUERIES = (
    "unknown=1",
    f"limit={HUGE}",
    "limit=-1",
    "limit=NaN",
    "limit=1&limit=2",
    "cursor=%00",
    "cursor=bnVsbA",
    "cursor=WyJ4IixbMV1d",
    "cursor=" + "A" * 5000,
    "as_of=yesterday",
    "as_of=99999-01-01",
    "as_of=%2B999999999w",
    "known_at=%00",
    "q=%00",
    "q=%ED%A0%80",
    "q=%FF",
    "sort=name%27--",
    "fields=%00",
    "dry_run=perhaps",
    "expect=zz",
    "labels=%00%3D",
    "labels=a%27%29%3B--%3D1",
    "customer=%00",
    "app=////",
    f"rollout={HUGE}",
    f"cause={HUGE}",
    "since=x",
    "old=zz",
    "state=%00",
)
SEGMENTS = ("%00", "%ED%A0%80", "%FF", "x" * 300, str(HUGE), "..", "'%20OR%201=1--", "%3Cscript%3E", "%20")
KINDS = ("text/plain", "application/xml", "multipart/form-data; boundary=x", "", "application/json; charset=utf-16")
HEADERS = (
    {"Larry-Reason": "\xff"},
    {"Larry-Reason": "x" * 20_000},
    {"Idempotency-Key": "x" * 300},
    {"Idempotency-Key": "a b"},
    {"If-Match": 'W/"x", *junk'},
    {"If-None-Match": "," * 1000},
    {"Accept": "nonsense"},
)


def send(client: Client, method: str, path: str, body: bytes = b"", kind: str = "application/json", **more: Any) -> Any:
    response = client.generic(method.upper(), path, body, content_type=kind, **more)
    assert response.status_code < 500, (method, path, body[:80], more, response.content[:300])
    if not path.partition("?")[0].endswith("/reveal"):
        assert SECRET.encode() not in response.content
    return response


def operations(tag: str) -> list[tuple[str, str]]:
    """Those of a tag; what takes away comes last."""
    found = [
        (method, path)
        for path, methods in sorted(description()["paths"].items())
        for method, told in methods.items()
        if told["tags"] == [tag]
    ]
    return sorted(found, key=lambda each: each[0] == "delete")


TAGS = sorted({told["tags"][0] for methods in description()["paths"].values() for told in methods.values()})


def fill(path: str) -> str:
    """The address of something that there is."""
    known = {
        "customer": "acme",
        "app": "shop",
        "instance": "live",
        "service": "rails",
        "role": "web",
        "grade": "medium",
    }
    known |= {"pool": "none", "host": "web1.example.com", "id": "nobody", "number": "1", "digest": "ab" * 32}
    for name, value in known.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.fixture
def known(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Somebody who may everything, recognised at once: what a session costs would be most of what each request does."""
    tess = Caller("tess", ALL_RIGHTS)
    monkeypatch.setattr("larry.api.caller.RECOGNISERS", (lambda request, now: tess,))
    return client


@pytest.mark.parametrize("tag", TAGS)
def test_no_request_is_a_failure(tag: str, known: Client, estate: datetime) -> None:
    for ask in (ask_with_queries, ask_for_addresses, ask_with_bodies):
        with transaction.atomic():  # what one of them takes away is there again for the next
            ask(known, tag)
            transaction.set_rollback(True)


def ask_with_queries(client: Client, tag: str) -> None:
    for method, path in operations(tag):
        address = fill(path)
        body = b"{}" if method in {"post", "patch"} else b""
        for query in QUERIES:
            check(method, address, send(client, method, f"{address}?{query}", body))
        for headers in HEADERS:
            check(method, address, send(client, method, address, body, headers=headers))


def ask_for_addresses(client: Client, tag: str) -> None:
    for method, path in operations(tag):
        for segment in SEGMENTS if "{" in path else ():
            address = path
            while "{" in address:
                address = f"{address.partition('{')[0]}{segment}{address.partition('}')[2]}"
            send(client, method, address, b"{}" if method in {"post", "patch"} else b"")


def ask_with_bodies(client: Client, tag: str) -> None:
    for method, path in operations(tag):
        if method == "get":
            continue
        address = fill(path)
        for body in BODIES.values():
            check(method, address, send(client, method, address, body))
        for kind in KINDS:
            check(method, address, send(client, method, address, b'{"name": "x"}', kind))
        for length in ("-5", "x", str(HUGE)):
            check(method, address, send(client, method, address, b"{}", CONTENT_LENGTH=length))


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer \0", "Bearer " + "x" * 20_000, "Basic \xff", "larry_\n", "Bearer a b"]
)
def test_no_way_to_say_who_one_is_is_a_failure(shown: str, client: Client) -> None:
    """By a header, and by the cookie of a session."""
    ways: tuple[dict[str, Any], ...] = ({"HTTP_AUTHORIZATION": shown}, {"HTTP_COOKIE": f"larry_session={shown}"})
    for said in ways:
        for method in ("GET", "POST", "BREW"):
            response = send(client, method, f"{ROOT}/hosts", b"{}" if method == "POST" else b"", **said)
            assert response.status_code in {401, 405}, said
            assert "request" in json.loads(response.content)
        page = client.get("/", **said)
        assert (page.status_code, page.headers["Location"]) == (302, "/sign-in")


@pytest.mark.parametrize("path", ["/api/x", "/api/v1/x", "/api/%0a", "/api/v1/x/a%0Ab", "/api/v1/x%0d%0a", "/api//"])
def test_where_nothing_is_programs_are_told_so_as_programs(path: str, somebody: Client, estate: datetime) -> None:
    answer = somebody.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_who_names_another_host_is_told_as_a_program_is(somebody: Client) -> None:
    answer = somebody.get(f"{ROOT}/timeline", headers={"Host": '"'})
    check("GET", f"{ROOT}/timeline", answer)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert b"LARRY_ALLOWED_HOSTS" in answer.content


def test_what_is_refused_says_which_field_and_why(somebody: Client, estate: datetime) -> None:
    said = {name: send(somebody, "post", f"{ROOT}/hosts", body) for name, body in BODIES.items()}
    status = {name: response.status_code for name, response in said.items()}
    assert {name for name, code in status.items() if code < 400} == set()
    assert status["oversize"] == 413
    assert {status[name] for name in ("NaN", "twice", "not UTF-8", "deep lists", "broken off", "raw NUL")} == {400}
    assert {status[name] for name in ("NUL", "surrogate", "10^30", "beyond floats", "unknown fields")} == {422}
    assert json.loads(said["unknown fields"].content)["errors"][0]["field"] == "/colour"
    assert "stands twice" in json.loads(said["twice"].content)["detail"]


def test_a_database_that_does_not_answer_is_told(somebody: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("larry.api.report.list_situations", fail)
    response = somebody.get(f"{ROOT}/situations")
    check("GET", f"{ROOT}/situations", response)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert b"Idempotency-Key" not in response.content


def test_a_database_that_is_lost_amid_an_act_is_told(somebody: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log may hold the commit that it could not tell of."""
    from django.db import OperationalError

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("larry.actions.transaction.transaction.atomic", fail)
    response = somebody.post(f"{ROOT}/pools", {"name": "Lost"}, content_type="application/json")
    check("POST", f"{ROOT}/pools", response)
    assert response.status_code == 503
    assert b"look, or ask again with the same Idempotency-Key" in response.content


def test_a_defect_is_told_without_its_traceback(somebody: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("larry.api.report.list_situations", fail)
    response = somebody.get(f"{ROOT}/situations")
    check("GET", f"{ROOT}/situations", response)
    assert response.status_code == 500
    assert SECRET.encode() not in response.content
