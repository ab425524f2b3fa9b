"""Users, groups and grants over REST: the same rules as for the command, and no password anywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from larry.records.activity import Activity
from larry.records.user import User
from tests.api.asking import ask, read
from tests.api.conftest import sign_in

PASSWORD = "a long enough pass phrase"


def test_a_user_from_beginning_to_end(somebody: Client, estate: datetime) -> None:
    body = {"name": "ada", "full_name": "Ada Admin", "password": PASSWORD, "reason": "new on the team"}
    shown = ask(somebody, "POST", "/users?dry_run=true", body)
    assert (shown.status_code, User.objects.filter(name="ada").count()) == (200, 0)
    made = ask(somebody, "POST", "/users", body)
    assert made.status_code == 201
    assert User.objects.get(name="ada").check_password(PASSWORD)
    assert ask(somebody, "POST", "/users", body).status_code == 409
    assert read(ask(somebody, "GET", "/users/ada"))["full_name"] == "Ada Admin"
    assert "ada" in [each["name"] for each in read(ask(somebody, "GET", "/users"))]
    changed = read(ask(somebody, "PATCH", "/users/ada", {"email": "ada@example.com", "reason": "mail"}))["user"]
    assert (changed["email"], changed["full_name"]) == ("ada@example.com", "Ada Admin")
    another = "quite another pass phrase"
    ask(somebody, "POST", "/users/ada/password", {"password": another})
    assert User.objects.get(name="ada").check_password(another)
    assert ask(somebody, "POST", "/users/ada/password", {"password": "short"}).status_code == 409
    assert read(ask(somebody, "POST", "/users/ada/deactivate", {"reason": "left"}))["user"]["is_active"] is False
    assert read(ask(somebody, "POST", "/users/ada/activate"))["user"]["is_active"] is True
    assert ask(somebody, "GET", "/users/nobody").status_code == 404
    told = str(list(Activity.objects.values())) + made.content.decode()
    assert PASSWORD not in told
    assert another not in told


def test_grants_and_groups(somebody: Client, estate: datetime) -> None:
    ask(somebody, "POST", "/users", {"name": "eve"})
    grant = {"to": "user", "name": "eve", "role": "viewer", "scope": "customer", "address": "acme"}
    assert ask(somebody, "POST", "/grants?dry_run=true", grant).status_code == 200
    assert read(ask(somebody, "GET", "/grants?user=eve")) == []
    assert "viewer of customer acme" in read(ask(somebody, "POST", "/grants", grant))["done"]
    (row,) = read(ask(somebody, "GET", "/grants?user=eve"))
    assert (row["role"], row["scope"], row["address"]) == ("viewer", "customer", "acme")
    assert ask(somebody, "POST", "/grants", grant).status_code == 409
    ask(somebody, "POST", "/groups", {"name": "night-shift", "description": "who is woken up"})
    ask(somebody, "POST", "/groups/night-shift/join", {"user": "eve"})
    (group,) = read(ask(somebody, "GET", "/groups"))
    assert group == {"name": "night-shift", "description": "who is woken up", "members": ["eve"]}
    ask(somebody, "POST", "/groups/night-shift/leave", {"user": "eve"})
    ask(somebody, "DELETE", "/groups/night-shift", {"reason": "no nights any more"})
    assert read(ask(somebody, "GET", "/groups")) == []
    ask(somebody, "POST", "/grants/revoke", {**grant, "reason": "left"})
    assert read(ask(somebody, "GET", "/grants?user=eve")) == []
    assert Activity.objects.filter(verb="revoke").get().reason == "left"


@pytest.mark.parametrize(
    "wrong", [{"to": "pool"}, {"role": "king"}, {"scope": "planet"}, {"address": ""}, {"scope": "everything"}]
)
def test_a_grant_that_is_none(somebody: Client, estate: datetime, wrong: dict[str, str]) -> None:
    grant = {"to": "user", "name": "eve", "role": "viewer", "scope": "customer", "address": "acme"}
    answer = ask(somebody, "POST", "/grants", {**grant, **wrong})
    assert answer.status_code == 422
    assert read(answer)["errors"][0]["in"] == "body"


def test_who_may_not(somebody: Client, estate: datetime) -> None:
    ask(somebody, "POST", "/users", {"name": "eve"})
    ask(somebody, "POST", "/users", {"name": "bob"})
    ask(
        somebody,
        "POST",
        "/grants",
        {"to": "user", "name": "eve", "role": "operator", "scope": "customer", "address": "acme"},
    )
    eve = sign_in("eve")
    assert [each["name"] for each in read(ask(eve, "GET", "/users"))] == ["eve"]
    assert ask(eve, "GET", "/users/bob").status_code == 404
    refused: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("POST", "/users", {"name": "x"}),
        ("POST", "/groups", {"name": "x"}),
        ("POST", "/users/bob/deactivate", {}),
        ("POST", "/users/bob/password", {"password": PASSWORD}),
        ("POST", "/grants", {"to": "user", "name": "eve", "role": "administrator"}),
        (
            "POST",
            "/grants",
            {"to": "user", "name": "eve", "role": "administrator", "scope": "customer", "address": "acme"},
        ),
        ("POST", "/estate/apply", {"estate": {"larry": 1, "roles": [{"name": "queue"}]}}),
    )
    for method, path, body in refused:
        assert ask(eve, method, path, body).status_code in {403, 404}, path
