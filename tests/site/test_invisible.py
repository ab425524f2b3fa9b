"""What somebody may not see is as if it were not there: every URL that names a thing, for every role, twice.

Once with a thing of another's, once with a name that nothing has and that is as long: the two answers are the same to
the byte, but for the name that was asked for, and for what is another in every answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from larry.core.rights import PersonRole
from tests.records.rows import add_delivery, add_user, add_webhook
from tests.site.matrix import OTHER, ROLES, World, grant_role, lay_world, list_routes
from tests.site.requests import ASKED, NOTHING, UNSHOWN, body_of, fill
from tests.web.visitor import sign_in_as

WORDS = re.compile(r"(?:api/v1/)?(?:roles|grades|services|pools)\b")
"""Everybody's words: none of them is hidden, and their routes are made as those of other nouns are."""
OFTEN = PersonRole.OPERATOR
"""Whose answers every run compares; `make test-all` compares those of all, and what lists are asked about."""
_VARIES = (
    (re.compile(rb'"request":"[^"]*"'), b'"request":""'),
    (re.compile(rb'(name="csrfmiddlewaretoken" value=|nonce=|X-CSRFToken[^:]*: *)"[^"]*"'), rb'\1""'),
    (re.compile(rb'"X-CSRFToken": "[^"]*"|&quot;X-CSRFToken&quot;: &quot;[^&]*&quot;'), b""),
    (re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?"), b"then"),
)
_HEADERS_VARY = {"larry-request", "x-request-id", "set-cookie", "date", "last-modified", "larry-as-of", "server-timing"}


@dataclass(frozen=True, slots=True)
class Twin:
    """A thing of another's in the words of a request, and what stands for it where nothing is named."""

    hidden: str
    unknown: str

    def swap(self, text: str) -> str:
        return text.replace(self.hidden, self.unknown)


def make_twins(world: World) -> tuple[Twin, ...]:
    """Each as long as what it stands for, and spelled by the same rules."""

    def turn(text: str) -> str:
        return text[:-1] + ("a" if text[-1] != "a" else "b")

    return (
        Twin("zcanary", "ycanary"),
        Twin("Zcanary", "Ycanary"),
        *(Twin(text, turn(text)) for text in (world.deployment[OTHER], world.digest[OTHER], world.token[OTHER])),
    )


def blur(answer: Any, twins: tuple[Twin, ...], number: Twin) -> tuple[int, Mapping[str, str], bytes]:
    """Of an answer, what may not tell one from the other."""
    body = answer.content
    for pattern, mark in _VARIES:
        body = pattern.sub(mark, body)
    told = {name.lower(): value for name, value in answer.headers.items()}
    headers = {name: value for name, value in told.items() if name not in _HEADERS_VARY}
    for twin in twins:
        body = body.replace(twin.hidden.encode(), twin.unknown.encode())
        headers = {name: twin.swap(value) for name, value in headers.items()}
    alone = rf"(?<=%2F){number.hidden}\b|\b{number.hidden}\b"
    body = re.sub(alone.encode(), number.unknown.encode(), body)
    headers = {name: re.sub(alone, number.unknown, value) for name, value in headers.items()}
    return answer.status_code, headers, body


def requests_of(route: str, verb: str, world: World) -> Iterator[tuple[str, str, bytes, str]]:
    """Method, address, body and its sort: as the matrix asks, and with the object in a question where there is one."""
    path = fill(route, OTHER, world)
    if route.startswith("api/v1/") and verb != "GET":
        content = json.dumps(body_of(route, verb, OTHER, world)).encode()
        yield verb, path if route.endswith(UNSHOWN) else f"{path}?dry_run=true", content, "application/json"
        yield verb, path, b"{}", "application/json"
    elif verb == "GET":
        asked = {
            name: "zcanary/shop/live" if name == "subject" else value for name, value in ASKED.get(route, {}).items()
        }
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        yield verb, f"{path}?{query}" if query else path, b"", "application/octet-stream"
    else:
        form = f"reason=to+see&step=save&expect={NOTHING}"
        yield verb, path, form.encode(), "application/x-www-form-urlencoded"


FILTERS = ("customer=zcanary", "app=zcanary/shop", "instance=zcanary/shop/live", "host=zcanary1.example.com",
           "user=zcanary", "address=zcanary", "address=zcanary1.example.com", "subject=zcanary1.example.com",
           "subject=zcanary", "q=zcanary", "template=zcanary/shop/live", "from=zcanary/shop/live")  # fmt: skip
"""What lists and pages take in their questions; those that one does not know it refuses for both."""


def list_questions() -> Iterator[tuple[str, str, bytes, str]]:
    for route, verb in list_routes():
        if verb == "GET" and "<" not in route:
            for query in FILTERS if route != "metrics" else ():  # which counts requests, and names nobody
                yield verb, f"/{route}?{query}", b"", "application/octet-stream"


def ask(client: Client, asked: tuple[str, str, bytes, str]) -> Any:
    """The answer; what the next page would say of it is read here, and is a part of it."""
    method, path, body, kind = asked
    answer: Any = client.generic(method, path, body, content_type=kind)
    if method == "POST" and 300 <= answer.status_code < 400:
        answer.content += client.get("/pictures").content
    return answer


def compare(client: Client, asked: tuple[str, str, bytes, str], world: World) -> str | None:
    """What tells the hidden from the unknown."""
    twins = make_twins(world)
    hidden_number = str(world.rollout[OTHER])  # PostgreSQL counts on from test to test
    number = Twin(hidden_number, re.sub(r"\d", "8" if hidden_number.strip("9") == "" else "9", hidden_number))
    method, path, body, kind = asked
    other = (method, path, body.decode())
    for twin in twins:
        other = (method, twin.swap(other[1]), twin.swap(other[2]))
    address = re.sub(rf"(?<=/){number.hidden}(?=/|$|\?)", number.unknown, other[1])
    hidden = blur(ask(client, asked), twins, number)
    unknown = blur(ask(client, (method, address, other[2].encode(), kind)), twins, number)
    if hidden == unknown:
        return None
    return next(
        f"{one!r:.300} / {two!r:.300}" for one, two in zip(pieces(hidden), pieces(unknown), strict=False) if one != two
    )


def pieces(told: tuple[int, Mapping[str, str], bytes]) -> list[object]:
    """What two answers are compared by, so that what differs is told and not all that is the same."""
    status, headers, body = told
    return [status, *body.splitlines(), len(body), *sorted(headers.items())]


def compare_all(role: PersonRole, *, asks_lists: bool) -> int:
    """Each pair of answers; how many there were."""
    world = lay_world()
    grant_role(add_user(name=role.value, name_folded=role.value), role)
    add_delivery(key=world.deployment[OTHER], webhook=add_webhook(id=world.rollout[OTHER]))
    client, wrong, pairs = sign_in_as(role.value), [], 0
    named = [each for each in list_routes() if ("<" in each[0] or each[1] != "GET") and not WORDS.match(each[0])]
    asked = [each for route, verb in named for each in requests_of(route, verb, world)]
    for each in [*asked, *(list_questions() if asks_lists else ())]:
        fault = compare(client, each, world)
        pairs += 1
        if fault is not None:
            wrong.append(f"{each[0]} {each[1]} {each[2][:80]!r}: {fault}")
    assert wrong == [], f"{len(wrong)} of {pairs}\n" + "\n".join(wrong)
    return pairs


@pytest.mark.django_db
def test_what_is_hidden_is_as_if_it_were_not_there() -> None:
    assert compare_all(OFTEN, asks_lists=False) > 150


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_is_hidden_is_told_by_any_question(role: PersonRole) -> None:
    assert compare_all(role, asks_lists=True) > 700
