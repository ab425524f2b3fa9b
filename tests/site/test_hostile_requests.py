"""Hostile requests to every URL of the resolver that the API does not describe: pages, forms, lookups, sign-in.

None is a failure, and none takes two seconds of the processor. Every run sends a part of them to each route, in turn,
so that each form goes to some; `make test-all` sends all to all, also to nouns that are derived as others are.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.api.test_hostile import BODIES, HUGE, KINDS, SEGMENTS
from tests.site.matrix import OWN, World, lay_world, list_routes
from tests.site.requests import NOTHING, fill
from tests.web.visitor import sign_in_as

pytestmark = pytest.mark.django_db

PART_OF_ALL = 7
LONGEST = 2.0
"""Seconds of the processor that one request may take, whatever else the machine does."""
DERIVED = re.compile(r"(?:roles|grades|pools|services|customers|apps|hosts)/(?:-/|<path:address>)|(?:roles|grades)/")
"""Nouns whose pages are made as those of instances are."""
QUERIES = (
    "as_of=%00", "as_of=yesterday", f"as_of={HUGE}", "as_of=99999-01-01", "as_of=%2B999999999w", "as_of=%FF",
    "q=%00", "q=%ED%A0%80", "q=%FF%FE", "q=" + "x" * 5000, "q=%22%27%3B--", "page=-1", f"page={HUGE}", "page=%00",
    "page=NaN", "sort=%00", "sort=-" + "x" * 300, "format=%00", "format=csv&format=json", "format=../../etc/passwd",
    "state=%FF", "kind=%00", "customer=%00", "host=%ED%A0%80", "at=%00", "from=%00&to=%FF", "since=x&until=0000-00-00",
    f"width={HUGE}", "width=-1", "width=NaN", "link_prefix=javascript:alert(1)", "unknown=1", "a=1&a=2&a=3",
    "=", "&&&", "%", "x" * 20_000, "back=//evil.example", "next=%5C%5Cevil.example", "known_at=%00", f"cursor={HUGE}",
    "labels=%00%3D", "noun=%00&address=%FF", f"rollout={HUGE}&cause=-1", "service=%00&parameter=%00",
    "reveal=1&stop=2",
)  # fmt: skip
FIELDS = ("reason", "name", "key", "expect", "step", "start", "end", "at", "hosts", "host", "instance", "parameters",
          "place", "user", "role", "scope", "address", "new", "again", "password", "content", "file",
          "zone")  # fmt: skip
VALUES = ("%00", "%ED%A0%80", "%FF", "NaN", str(HUGE), "-1", "x" * 20_000, "%3Cscript%3E", "[" * 500 + "]" * 500,
          "%7B%22a%22%3A" * 100 + "1" + "%7D" * 100, "..%2F..", "%0D%0ASet-Cookie:%20x")  # fmt: skip
FORM = "application/x-www-form-urlencoded"
PART = 'multipart/form-data; boundary="x"'
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"'
FORMS: dict[str, tuple[bytes, str]] = {
    **{f"all {value[:12]}": ("&".join(f"{name}={value}" for name in FIELDS).encode(), FORM) for value in VALUES},
    "nothing": (b"", FORM),
    "twice": (f"reason=a&reason=b&step=save&step=show&expect={NOTHING}&expect=x".encode(), FORM),
    "many fields": ("&".join(f"f{n}=1" for n in range(2000)).encode(), FORM),
    "many rows": ("&".join(f"parameters.{n}.name=x" for n in range(900)).encode(), FORM),
    "a row far away": (f"parameters.{HUGE}.name=x&needs.-1=x&hosts.NaN=x".encode(), FORM),
    "not UTF-8": (b"reason=\xff\xfe&name=\xc3", FORM),
    "oversize": (b"reason=" + b"x" * (11 * 2**20), FORM),
    "a broken file": (FILE % b"a\x00.csv" + b"\r\n\r\n\x00", PART),
    "a file": (FILE % b"../../a.csv" + b'\r\nContent-Type: text/csv\r\n\r\nname\n\xff\xfe\n"\r\n--x--\r\n', PART),
    "no boundary": (b"x", "multipart/form-data"),
    "an odd charset": (b"reason=x", f"{FORM}; charset=nonsense"),
    "UTF-7": (b"reason=+ADw-script+AD4-", f"{FORM}; charset=utf-7"),
    **{f"JSON, {name}": (body, "application/json") for name, body in list(BODIES.items())[:8]},
    **{f"as {kind or 'nothing'}": (b"reason=x", kind) for kind in KINDS},
}
HEADERS: tuple[dict[str, str], ...] = (
    {"If-None-Match": '"' + "x" * 5000}, {"If-None-Match": "," * 1000}, {"If-Modified-Since": "yesterday"},
    {"Accept": "nonsense"}, {"Accept-Language": "\xff" * 500}, {"HX-Request": "true", "HX-Current-URL": "\xff"},
    {"Range": "bytes=0-,5-1"}, {"Cookie": "larry_session=\xff; csrftoken=;;;===", "X-CSRFToken": "\xff"},
    {"Host": "evil.example\r\nx"}, {"X-Forwarded-For": "a, b, \xff"}, {"Larry-Reason": "\xff"},
)  # fmt: skip


class _Undo(Exception):
    """Leaves each request's transaction: what one does is not there for the next."""


def list_hostile(route: str, verb: str, world: World) -> Iterator[tuple[str, bytes, str, dict[str, str]]]:
    """Address, body, its sort and headers of each request."""
    path = fill(route, OWN, world)
    if verb == "GET":
        for query in QUERIES:
            yield f"{path}?{query}", b"", "application/octet-stream", {}
        yield path, b"x" * 1000, "application/json", {}
    else:
        for body, kind in FORMS.values():
            yield path, body, kind, {}
    for headers in HEADERS:
        yield (
            path,
            b"" if verb == "GET" else b"reason=x",
            "application/octet-stream" if verb == "GET" else FORM,
            headers,
        )
    for segment in SEGMENTS if "<" in route and verb == "GET" else ():
        yield "/" + "".join(re.sub(r"<[^>]+>", "\0", route).replace("\0", segment)), b"", "application/octet-stream", {}


def attack(routes: list[tuple[str, str]], part: int = 1) -> int:
    """Every request, or one in ``part``; all that went wrong is told at once. How many there were."""
    world = lay_world()
    client, wrong, sent, slowest = sign_in_as("chief"), [], 0, (0.0, "")
    client.raise_request_exception = False
    session = client.cookies
    for turn, (route, verb) in enumerate(routes):
        for path, body, kind, headers in islice(list_hostile(route, verb, world), turn % part, None, part):
            if len(client.cookies) != len(session):
                client = sign_in_as("chief")
            before = time.process_time()
            status = ask(client, verb, path, body, kind, headers)
            took = time.process_time() - before
            slowest = max(slowest, (took, f"{verb} {path[:80]}"))
            sent += 1
            if status >= 500 or took > LONGEST:
                wrong.append(f"{status} after {took:.1f} s: {verb} {path[:200]} {body[:60]!r} {kind} {headers}")
    assert wrong == [], "\n".join(wrong)
    print(f"{sent} requests, the slowest {slowest[0]:.2f} s of the processor: {slowest[1]}")
    return sent


def ask(client: Client, verb: str, path: str, body: bytes, kind: str, headers: dict[str, str]) -> int:
    status = 0
    with suppress(_Undo), transaction.atomic():
        answer: Any = client.generic(verb, path, body, content_type=kind, headers=headers)
        status = answer.status_code
        raise _Undo
    return status


def test_no_request_to_a_page_is_a_failure() -> None:
    routes = [each for each in list_routes() if not each[0].startswith("api/") and not DERIVED.match(each[0])]
    assert attack(routes, part=PART_OF_ALL) > 40 * len(routes) / PART_OF_ALL


@pytest.mark.slow
def test_no_request_to_any_page_at_all_is_a_failure() -> None:
    routes = [each for each in list_routes() if not each[0].startswith("api/")]
    assert attack(routes) > 40 * len(routes)


def test_nobody_who_signs_in_oddly_is_a_failure(client: Client) -> None:
    client.raise_request_exception = False
    for path in (
        "/sign-in",
        "/sign-out",
        "/metrics",
        "/healthz",
        "/readyz",
        "/api/v1/docs",
        "/api/v1/openapi.json",
        "/x",
    ):
        for body, kind in list(FORMS.values())[:: 1 if path == "/sign-in" else 5]:
            assert ask(client, "POST", path, body, kind, {}) < 500, (path, body[:60])
        for query in QUERIES[::4]:
            assert ask(client, "GET", f"{path}?{query}", b"", "", {}) < 500, (path, query)
        for headers in HEADERS:
            assert ask(client, "GET", path, b"", "", headers) < 500, (path, headers)
