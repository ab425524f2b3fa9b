"""Two people change one thing by the API: of every operation that updates, the second is told, and nothing is lost."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from larry.api.description import describe_api
from larry.nouns.table import NOUNS
from tests.api.asking import ask, read
from tests.api.conftest import sign_in
from tests.api.scene import LIVE, WEB
from tests.records.rows import add_user

_ONE = {
    "customer": "customers/acme",
    "app": "apps/acme/shop",
    "instance": f"instances/{LIVE}",
    "host": f"hosts/{WEB}",
    "role": "roles/web",
    "grade": "grades/medium",
    "pool": "pools/spare",
    "service": "services/linux",
}
OTHERWISE = {
    "DELETE /groups/{name}": "nothing of a group is edited: who is in it joins and leaves, one at a time",
    "DELETE /tokens/{id}": "nothing of a token is edited",
    "DELETE /webhooks/{number}": "nothing of a webhook is edited",
    **{f"PATCH /{noun.plural}": "each item says its own `etag`" for noun in NOUNS.values()},
}
"""Updates that take no If-Match, and why nobody is overwritten by them."""


def list_updates() -> dict[str, bool]:
    """Every operation that changes or takes away what its address names, and whether it takes If-Match."""
    paths: Any = json.loads(describe_api())["paths"]
    return {
        f"{verb.upper()} {path.removeprefix('/api/v1')}": any(
            each.get("name") == "If-Match" or str(each.get("$ref", "")).endswith("If-Match")
            for each in operation.get("parameters", ())
        )
        for path, operations in paths.items()
        for verb, operation in operations.items()
        if verb in {"patch", "put", "delete"}
    }


def test_every_update_takes_if_match_or_says_otherwise() -> None:
    assert {update for update, takes in list_updates().items() if not takes} == OTHERWISE.keys()


@pytest.mark.parametrize("noun", NOUNS)
def test_the_second_of_two_is_told(noun: str, somebody: Client, estate: datetime) -> None:
    one, other = f"/{_ONE[noun]}", sign_in("otto")
    if noun == "pool":
        ask(somebody, "POST", "/pools", {"name": "Spare"})
    opened = ask(somebody, "GET", one).headers["ETag"]
    first = ask(other, "PATCH", one, {"description": "the first"}, If_Match=opened)
    assert first.status_code == 200
    for method, body in (("PATCH", {"description": "the second"}), ("DELETE", {"reason": "gone"})):
        told = ask(somebody, method, one, body, If_Match=opened)
        assert (told.status_code, read(told)["type"].rpartition("#")[2]) == (412, "problem-changed-meanwhile")
    changes = [
        {"address": one.partition("/")[2].partition("/")[2], "description": "by many", "etag": opened.strip('"')}
    ]
    assert ask(somebody, "PATCH", f"/{NOUNS[noun].plural}", changes).status_code == 412
    assert read(ask(somebody, "GET", one))["description"] == "the first"
    again = ask(somebody, "GET", one).headers["ETag"]
    assert again == first.headers["ETag"] != opened
    assert ask(somebody, "PATCH", one, {"description": "the second"}, If_Match=again).status_code == 200


def test_of_users_too(somebody: Client, estate: datetime) -> None:
    add_user(name="bob", name_folded="bob")
    opened = ask(somebody, "GET", "/users/bob").headers["ETag"]
    other = sign_in("otto")
    assert ask(other, "PATCH", "/users/bob", {"full_name": "Bob"}, If_Match=opened).status_code == 200
    told = ask(somebody, "PATCH", "/users/bob", {"full_name": "Robert"}, If_Match=opened)
    assert told.status_code == 412
    assert read(ask(somebody, "GET", "/users/bob"))["full_name"] == "Bob"
    again = ask(somebody, "GET", "/users/bob").headers["ETag"]
    assert ask(somebody, "PATCH", "/users/bob", {"full_name": "Robert"}, If_Match=again).status_code == 200
    assert ask(somebody, "PATCH", "/users/bob", {"full_name": "Rob"}, If_Match="*").status_code == 200
