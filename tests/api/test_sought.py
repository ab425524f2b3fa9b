"""Lists of deployments, rollouts, people and what programs show: found by letters, sorted, refused otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from larry.actions.author import Author
from larry.actions.grant import GrantRequest, add_group, grant
from larry.actions.user import NewUser, add_user
from larry.api.sought import SoughtQuery, choose
from larry.core.document import Json
from larry.core.rights import PersonRole
from tests.api.asking import ask, read
from tests.api.scene import SPARE, WEB, author_at, put

pytestmark = pytest.mark.django_db


def walk(somebody: Client, address: str, word: str) -> list[Any]:
    """One field of all, a page for each, until there is no next."""
    found: list[Any] = []
    cursor = ""
    while True:
        page = read(ask(somebody, "GET", f"{address}&limit=1{cursor}"))
        found += [item[word] for item in page["items"]]
        assert page["total"] >= len(found)
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_deployments_are_sought_and_sorted(somebody: Client, estate: datetime) -> None:
    put(SPARE, estate, at=-2, start=1, end=2)
    put(SPARE, estate, at=-1, start=3, end=4)
    hosts = walk(somebody, "/deployments?sort=-host", "host")
    assert hosts == sorted(hosts, reverse=True)
    assert {WEB, SPARE} == set(hosts)
    ends = walk(somebody, "/deployments?sort=-end", "end")
    assert ends == sorted(ends, key=lambda end: end or "9999", reverse=True)
    assert set(walk(somebody, "/deployments?q=SPARE&sort=start", "host")) == {SPARE}
    assert walk(somebody, "/deployments?q=nowhere", "host") == []
    for strange in ("sort=colour", "sort=host&known_at=-1d"):
        assert read(ask(somebody, "GET", f"/deployments?{strange}"))["errors"][0]["field"] in {"sort", "known_at"}


def test_rollouts_are_sought_and_sorted(somebody: Client, estate: datetime) -> None:
    put(SPARE, estate, at=-2, start=1, end=2, reason="Ébauche")
    put(SPARE, estate, at=-1, start=3, end=4, reason="autumn")
    numbers = walk(somebody, "/rollouts?sort=number", "id")
    assert numbers == sorted(numbers) == walk(somebody, "/rollouts?q=", "id")[::-1]
    reasons = [str(reason).casefold() for reason in walk(somebody, "/rollouts?sort=reason", "reason")]
    assert reasons == sorted(reasons)
    assert walk(somebody, "/rollouts?q=AUTUMN", "reason") == ["autumn"]
    assert read(ask(somebody, "GET", "/rollouts?sort=weather"))["errors"][0]["field"] == "sort"


def test_people_are_sought_and_sorted(somebody: Client, estate: datetime) -> None:
    author = author_at(estate)
    make_people(author)
    names = [user["name"] for user in read(ask(somebody, "GET", "/users?sort=-name"))]
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert [user["name"] for user in read(ask(somebody, "GET", "/users?q=LOVELACE"))] == ["ada"]
    assert [group["name"] for group in read(ask(somebody, "GET", "/groups?q=night&sort=name"))] == ["Night"]
    roles = [each["role"] for each in read(ask(somebody, "GET", "/grants?sort=role"))]
    assert roles == sorted(roles)
    assert {"viewer", "operator"} <= set(roles)
    for address in ("/users", "/groups", "/grants", "/tokens", "/webhooks"):
        assert read(ask(somebody, "GET", f"{address}?q=nobody+at+all")) == []
        assert read(ask(somebody, "GET", f"{address}?sort=weather"))["errors"][0]["field"] == "sort"


def make_people(author: Author) -> None:
    for name, full_name in (("ada", "Ada Lovelace"), ("Bob", "Bob")):
        add_user(NewUser(name, full_name), None, author)
    add_group("Night", "who watches", author)
    grant(GrantRequest("user", "ada", PersonRole.VIEWER), author)
    grant(GrantRequest("group", "Night", PersonRole.OPERATOR), author)


def test_what_is_null_comes_after_all_else() -> None:
    documents: list[Mapping[str, Json]] = [{"of": None, "by": 9}, {"of": "b", "by": 10}, {"of": "A", "by": 2}]
    for sort, wanted in (("of", [2, 10, 9]), ("by", [2, 9, 10]), ("-by", [10, 9, 2])):
        assert [
            each["by"] for each in choose(documents, SoughtQuery.model_validate({"sort": sort}), ("of", "by"), "things")
        ] == wanted
