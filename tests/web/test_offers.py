"""Nobody is led to a form that could only refuse them: a walk by links, as each role sees the pages."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.test import Client

from larry.core.rights import PERMITS, Permission, PersonRole
from larry.records.customer import Customer
from tests.api.scene import ESTATE, WEB, lay, put
from tests.records.rows import add_grant, add_user, add_webhook
from tests.web.crawl import Page
from tests.web.routes import find_page, find_route, list_plain_paths
from tests.web.visitor import sign_in_as

EDIT, DEPLOY, MANAGE = Permission.EDIT, Permission.DEPLOY, Permission.MANAGE
OWNED = "apps|instances|hosts"
WORDS = "roles|grades|pools|services"
FORMS = (
    (rf"({OWNED})/-/(new|bulk|import)|(customers|{OWNED})/<path:address>/(edit|retire)", EDIT, False),
    (rf"({WORDS})/<path:address>/(edit|retire)|(customers|{WORDS})/-/(new|bulk|import)", EDIT, True),
    (rf"(customers|{OWNED}|{WORDS})/<path:address>/key", EDIT, True),
    (
        r"deploy|instances/<path:address>/(redeploy|snapshot)|deployments/(<str:id>/)?(edit|undeploy|delete)",
        EDIT,
        False,
    ),
    (r"deployments/-/undeploy|rollouts/<int:number>/undo", EDIT, False),
    (r"(users|groups)/-/new|groups/<str:name>/(remove|join|leave)|users/<str:name>/(edit|switch)", MANAGE, True),
    (r"grants/-/(new|revoke)|webhooks/-/new", MANAGE, False),
)
"""What sends something, what that takes, and whether over everything. Planners may look what deploying comes to."""


def find_need(link: str) -> tuple[Permission, bool] | None:
    """What the page behind a link is for; None for whoever may look."""
    route = find_route(link) if link.startswith("/") else None
    return next((need for pattern, *need in FORMS if route and re.fullmatch(pattern, route)), None)  # type: ignore[return-value]


def list_offers(client: Client) -> Iterator[tuple[str, str]]:
    """Of one page of every route that links lead to: the page, and whatever a link or a button of it leads to."""
    todo, seen = deque(list_plain_paths()), set[str]()
    while todo:
        path = todo.popleft()
        route = find_page(path)
        if route is None or route in seen or "format=" in path or find_need(path):
            continue
        seen.add(route)
        answer = client.get(path)
        if answer.status_code == 200 and b"<html" in answer.content:
            page = Page(answer.content.decode(), path)
            for link in (*page.links, *page.pieces):
                yield path, link
                todo.append(link)
    assert len(seen) > 30


@pytest.fixture
def now(db: None) -> datetime:
    now = lay(ESTATE.replace("\nroles: [", "\npools: [{name: rack}]\nroles: ["))
    put(WEB, now, at=-5, start=-3, end=5)
    put(WEB, now, at=-4.9, start=8)
    add_webhook()
    return now


def sign_in(role: PersonRole, customer: str = "") -> Client:
    user = add_user(name=role.value, name_folded=role.value)
    add_grant(user=user, role=role.value, customer=Customer.objects.get(key=customer) if customer else None)
    return sign_in_as(role.value)


@pytest.mark.parametrize(
    "role, customer",
    [
        (PersonRole.VIEWER, ""),
        (PersonRole.PLANNER, ""),
        (PersonRole.ADMINISTRATOR, ""),
        (PersonRole.OPERATOR, "acme"),
        (PersonRole.ADMINISTRATOR, "acme"),
    ],
)
def test_no_link_leads_to_what_only_refuses(now: datetime, role: PersonRole, customer: str) -> None:
    wrong, offered = set(), set()
    for path, link in list_offers(sign_in(role, customer)):
        need = find_need(link)
        if need is None:
            continue
        permission, everywhere = need
        if permission in PERMITS[role] and not (everywhere and customer):
            offered.add(find_route(link))
        else:
            wrong.add(f"{path} leads to {link}")
    assert wrong == set(), "\n".join(sorted(wrong))
    assert bool(offered) is (EDIT in PERMITS[role])
