"""What every operation promises: a key for what creates, a moment for what is read, an example; tags of deployments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from larry.core.document import digest_of
from larry.records.kept_answer import KeptAnswer
from larry.records.user import User
from tests.api.asking import ask, description, read
from tests.api.conftest import sign_in
from tests.api.scene import LIVE, WEB
from tests.api.schema import find_faults

AT_NO_MOMENT = {
    "/api/v1/hosts/{host}/history": "it tells every moment, between since and until",
    "/api/v1/webhooks/{number}/deliveries": "each has its own moments",
}
CREATES_NOTHING = {
    "preview_rollout": "it shows",
    "plan_estate": "it shows",
    "reveal_node": "it reads, and activity tells each time that it did",
    "delete_many": "what was taken back is not there to be taken back again",
    "change_password": "the same password again is the same",
    "shut_out": "refused the second time",
    "let_in_again": "refused the second time",
    "take_grant": "refused the second time",
    "leave_group": "refused the second time",
    "stop_telling": "refused the second time",
    "go_on_telling": "refused the second time",
    "send_ping": "a ping more says the same",
    "try_again": "it keeps the key that it has",
}
"""What is posted without a key, and why none is missed."""


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description()["paths"].items():
        for method, told in methods.items():
            yield method, path, told


def takes(told: dict[str, Any]) -> set[str]:
    return {each["name"] for each in told.get("parameters", ())}


def test_everything_that_is_read_is_read_as_of_a_moment() -> None:
    without = {path for method, path, told in operations() if method == "get" and "as_of" not in takes(told)}
    assert without == set(AT_NO_MOMENT)


def test_everything_that_creates_takes_a_key() -> None:
    without = {
        told["operationId"]
        for method, _, told in operations()
        if method == "post" and "Idempotency-Key" not in takes(told) and "If-Match" not in takes(told)
    }
    assert without == set(CREATES_NOTHING)


def test_every_body_has_an_example() -> None:
    without = [
        told["operationId"]
        for method, _, told in operations()
        if "requestBody" in told and not told["requestBody"]["content"]["application/json"].get("examples")
    ]
    assert without == []


def test_every_answer_has_an_example_which_is_as_described() -> None:
    """Of what is done by its schema, of what is not by the code of the problem; and none that no answer has."""
    document, used = description(), set()
    for _, _, told in operations():
        for status, answer in told["responses"].items():
            for kind, content in answer.get("content", {}).items():
                if "json" not in kind:
                    continue
                assert content["examples"], (told["operationId"], status)
                for example in content["examples"].values():
                    name = example.get("$ref", "").removeprefix("#/components/examples/")
                    used.add(name)
                    value = document["components"]["examples"][name]["value"] if name else example["value"]
                    assert list(find_faults(value, content["schema"], document)) == [], (told["operationId"], status)
    assert used - {""} == set(document["components"]["examples"])


def test_every_example_of_a_body_is_as_described() -> None:
    for _, _, told in operations():
        for content in told.get("requestBody", {}).get("content", {}).values():
            for example in content["examples"].values():
                faults = list(find_faults(example["value"], content["schema"], description()))
                assert faults == [], told["operationId"]


ONCE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/users", {"name": "ada", "password": "correct horse battery"}),
    ("/groups", {"name": "night-shift"}),
    ("/grants", {"to": "user", "name": "eve", "role": "viewer", "scope": "customer", "address": "acme"}),
    ("/groups/day-shift/join", {"user": "eve"}),
    ("/deployments/undeploy", {"at": "+1d", "reason": "enough"}),
)


@pytest.mark.django_db
@pytest.mark.parametrize("path, body", ONCE, ids=[path for path, _ in ONCE])
def test_what_creates_is_done_once(path: str, body: dict[str, Any], somebody: Client, estate: datetime) -> None:
    sign_in("eve")
    ask(somebody, "POST", "/groups", {"name": "day-shift"})
    if path.startswith("/deployments"):
        body = {**body, "deployments": [read(ask(somebody, "GET", f"/deployments?host={WEB}"))["items"][0]["id"]]}
    first = ask(somebody, "POST", path, body, Idempotency_Key="one")
    again = ask(somebody, "POST", path, body, Idempotency_Key="one")
    assert first.status_code in {200, 201}
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotent-Replay"] == "true"
    assert ask(somebody, "POST", path, {**body, "reason": "x"}, Idempotency_Key="one").status_code == 422


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/deployments", "/rollouts", "/activity", "/deployables", "/hosts"])
def test_less_can_be_asked_for(path: str, somebody: Client, estate: datetime) -> None:
    whole = read(ask(somebody, "GET", f"{path}?limit=1"))["items"][0]
    few = sorted(whole)[:2]
    assert read(ask(somebody, "GET", f"{path}?limit=1&fields={','.join(few)}"))["items"] == [
        {name: whole[name] for name in whole if name in few}
    ]
    told = ask(somebody, "GET", f"{path}?fields=colour")
    assert (told.status_code, read(told)["errors"][0]["field"]) == (422, "fields")
    one = {"/deployments": "id", "/rollouts": "id", "/deployables": "digest"}.get(path)
    if one is not None:
        assert read(ask(somebody, "GET", f"{path}/{whole[one]}?fields={one}")) == {one: whole[one]}


@pytest.mark.django_db
def test_a_token_is_made_once_and_told_once(somebody: Client, estate: datetime) -> None:
    first = ask(somebody, "POST", "/tokens", {"name": "laptop"}, Idempotency_Key="one")
    again = ask(somebody, "POST", "/tokens", {"name": "laptop"}, Idempotency_Key="one")
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert read(again) == {**read(first), "token": None, "addresses": None}
    assert first.headers["Cache-Control"] == "no-store"
    assert read(first)["token"].startswith(f"larry_{read(first)['prefix']}")
    assert read(first)["token"] not in KeptAnswer.objects.get().body
    assert len(read(ask(somebody, "GET", "/tokens"))) == 1


@pytest.mark.django_db
def test_nobody_can_try_secrets_on_what_is_kept_of_a_request(somebody: Client, estate: datetime) -> None:
    body = {"name": "ada", "password": "correct horse battery"}
    ask(somebody, "POST", "/users", body, Idempotency_Key="one")
    said: Any = {"reason": "", "full_name": "", "email": "", "time_zone": "", "is_administrator": False, **body}
    guess = digest_of(["POST", "/api/v1/users", said, "", None])
    assert KeptAnswer.objects.get().digest != guess


@pytest.mark.django_db
def test_who_comes_second_is_told_and_nothing_is_lost(somebody: Client, estate: datetime) -> None:
    id_ = read(ask(somebody, "GET", f"/deployments?host={WEB}"))["items"][0]["id"]
    tag = ""
    changes: dict[str, tuple[str, str, dict[str, Any]]] = {
        "/users/tess": ("PATCH", "/users/tess", {"full_name": "Tess"}),
        f"/deployments/{id_}": ("PATCH", f"/deployments/{id_}", {"end": "+9d", "reason": "longer"}),
        f"/instances/{LIVE}": ("POST", f"/instances/{LIVE}/rename-key", {"key": "another", "reason": "so"}),
    }
    for path, (method, address, body) in changes.items():
        tag = ask(somebody, "GET", path).headers["ETag"]
        stale = ask(somebody, method, address, body, If_Match='"something else"')
        assert (stale.status_code, read(stale)["type"]) == (412, "/api/v1/docs#problem-changed-meanwhile"), path
        assert ask(somebody, "GET", path).headers["ETag"] == tag
        assert ask(somebody, method, address, body, If_Match=tag).status_code == 200
        if path != f"/instances/{LIVE}":
            assert ask(somebody, "GET", path).headers["ETag"] != tag
            assert ask(somebody, method, address, {**body, "reason": "y"}, If_Match=tag).status_code == 412
    for method, address in (("DELETE", f"/deployments/{id_}"), ("POST", f"/deployments/{id_}/undeploy")):
        assert ask(somebody, method, address, {"reason": "x"}, If_Match=tag).status_code == 412
    assert User.objects.get(name="tess").full_name == "Tess"


@pytest.mark.django_db
def test_a_tag_is_of_what_can_be_changed(somebody: Client, estate: datetime) -> None:
    before = ask(somebody, "GET", "/users/tess").headers["ETag"]
    User.objects.filter(name="tess").update(signed_in_at=estate)
    assert ask(somebody, "GET", "/users/tess").headers["ETag"] == before


@pytest.mark.django_db
def test_a_moment_before_it_was_is_told(somebody: Client, estate: datetime) -> None:
    digest = read(ask(somebody, "GET", "/deployables"))["items"][0]["digest"]
    assert ask(somebody, "GET", f"/deployables/{digest}").status_code == 200
    assert ask(somebody, "GET", f"/deployables/{digest}?as_of=2001-01-01").status_code == 404
    assert read(ask(somebody, "GET", "/edges?as_of=2001-01-01")) == []
    assert "Larry-Note" in ask(somebody, "GET", "/users/tess?as_of=2001-01-01").headers
    number = read(ask(somebody, "GET", "/rollouts"))["items"][0]["id"]
    assert ask(somebody, "GET", f"/rollouts/{number}?as_of=%2B1d").headers["Larry-As-Of"]
