"""Every URL, every verb, every role, what is theirs and what is another's: each cell as its rule has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from django.test import Client

from larry.core.rights import PersonRole
from larry.core.token import find_token_prefix, hash_token, make_token_text
from larry.records.activity import Activity
from tests.records.rows import add_token, add_user, hour
from tests.site.matrix import CANARY, ROLES, SIDES, World, expect, grant_role, lay_world, list_routes
from tests.site.requests import fill, send
from tests.site.rules import APART, RULES
from tests.web.test_noun_form import Form
from tests.web.visitor import sign_in_as

FEW = (PersonRole.VIEWER, PersonRole.OPERATOR)
"""Whose pages every run asks for; `make test-all` asks for those of all."""


OF_TOKENS = {("api/v1/tokens", "POST"), ("api/v1/hosts/<host>/reveal", "POST")}
"""What these tokens may not even of what is theirs: no token makes tokens, and none of them is entitled to secrets."""


def test_every_url_has_a_rule_and_every_rule_a_url() -> None:
    known = {(route, verb) for route, verb in list_routes() if route not in APART}
    assert known - RULES.keys() == set(), "say in tests/site/rules.py what it is about and what it takes"
    assert RULES.keys() - known == set(), "this is no URL any more"
    assert len(known) * len(ROLES) * len(SIDES) > 2000


def tell(answer: Any) -> str:
    """What came of a request."""
    if b"would be enough" in answer.content or answer.status_code == 403:
        return "refused"
    if b"no longer what you saw" in answer.content:
        return "done"  # but for our Plan, which is none
    named = {404: "hidden", 405: "none", 409: "stopped", 422: "stopped"}
    return named.get(answer.status_code, "done" if answer.status_code < 400 else f"status {answer.status_code}")


def sign_in(role: PersonRole) -> Client:
    grant_role(add_user(name=role.value, name_folded=role.value), role)
    return sign_in_as(role.value)


def show_token(role: PersonRole) -> Client:
    """An administrator's token, narrowed to a role: it is to be what the role is."""
    user = add_user(name=role.value, name_folded=role.value)
    grant_role(user, PersonRole.ADMINISTRATOR)
    number = 2**40 + user.id  # which no other token of the world begins with
    text = make_token_text(number.to_bytes(6), number.to_bytes(32))
    prefix = find_token_prefix(text)
    add_token(user=user, digest=hash_token(text), prefix=prefix, role=role.value, expires_at=hour(24 * 36500))
    return Client(headers={"Authorization": f"Bearer {text}"})


def fill_in_form(chief: Client, route: str, verb: str, side: str, world: World) -> Mapping[str, str]:
    """What a browser would send of the page's form: as it stands, with one thing changed."""
    if verb != "POST" or not route.endswith("/edit") or not route.partition("/")[0].endswith("s"):
        return {}
    sent = Form(chief.get(fill(route, side, world)).content.decode()).sent
    change = next((name for name in ("description", "copies", "rank") if name in sent), "")
    return {**sent, change: "7"} if change else sent


def check(
    clients: Mapping[PersonRole, Client], world: World, routes: Iterable[tuple[str, str]], *, by_token: bool = False
) -> int:
    """Ask every cell, and tell all that are wrong at once; how many there were."""
    chief, wrong, cells = sign_in_as("chief"), [], 0
    for route, verb in routes:
        rule = RULES[route, verb]
        for side in SIDES:
            form = fill_in_form(chief, route, verb, side, world)
            for role, client in clients.items():
                client.cookies.pop("messages", None)  # what came of the request before would be told by the next page
                before = Activity.objects.count()
                answer = send(client, route, verb, side, world, form)
                right = expect(rule, role, side)
                if by_token and (route, verb) in OF_TOKENS and (right == {"done"} or route.endswith("tokens")):
                    right = frozenset({"refused"})
                told = tell(answer)
                written = Activity.objects.count() - before
                is_leak = CANARY.search(answer.content) is not None
                if told not in right or is_leak or (written and not _may_write(route, verb, role)):
                    wrong.append((verb, route, role.value, side, told, sorted(right), is_leak, written))
                cells += 1
    assert wrong == [], "\n".join(map(str, wrong))
    return cells


def _may_write(route: str, verb: str, role: PersonRole) -> bool:
    """The one page whose button needs no second look."""
    is_snapshot = (route, verb) == ("instances/<path:address>/snapshot", "POST")
    return is_snapshot and role not in {PersonRole.VIEWER, PersonRole.REVIEWER, PersonRole.MACHINE}


def routes_of(*, api: bool) -> list[tuple[str, str]]:
    programs = ("api/", "configuration", "inventory")
    return [each for each in list_routes() if each[0].startswith(programs) is api and each[0] not in APART]


@pytest.mark.django_db
def test_the_api_answers_each_role_as_its_rule_has_it() -> None:
    world = lay_world()
    assert check({role: sign_in(role) for role in ROLES}, world, routes_of(api=True)) > 1000


@pytest.mark.django_db
def test_pages_answer_each_role_as_their_rules_have_it() -> None:
    world = lay_world()
    assert check({role: sign_in(role) for role in FEW}, world, routes_of(api=False)) > 700


@pytest.mark.slow
@pytest.mark.django_db
def test_pages_answer_the_other_roles_too() -> None:
    world = lay_world()
    others = {role: sign_in(role) for role in ROLES if role not in FEW}
    assert check(others, world, routes_of(api=False)) > 1400


@pytest.mark.slow
@pytest.mark.django_db
def test_a_token_narrowed_to_a_role_is_what_the_role_is() -> None:
    world = lay_world()
    tokens = {role: show_token(role) for role in ROLES}
    assert check(tokens, world, routes_of(api=True), by_token=True) > 1000
