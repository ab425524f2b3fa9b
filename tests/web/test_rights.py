"""Pages show each visitor what is theirs: every page that a customer's viewer can reach is looked through."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client

from larry.core.rights import PersonRole
from larry.records.customer import Customer
from tests.api.scene import ESTATE, LIVE, WEB, lay, put
from tests.records.rows import add_grant, add_user
from tests.web.test_pages import Page
from tests.web.visitor import sign_in_as

OTHER = "zcanary/shop/live"
CANARY = re.compile("zcanary|hidden word", re.IGNORECASE)
ESTATE_OF_TWO = f"""{ESTATE}
pools: [{{name: spare}}]
""".replace(
    "hosts:\n",
    "  - name: Zcanary\n    parameters: {password: hidden word}\n    description: a hidden word\n"
    "    apps: [{name: Shop, instances: [{name: Live, requires: [rails]}]}]\nhosts:\n",
)


@pytest.fixture
def now(db: None) -> datetime:
    now = lay(ESTATE_OF_TWO)
    put(WEB, now, at=-5, start=-3)
    put(WEB, now, at=-4, start=-2, instance=OTHER, reason="a hidden word")
    return now


def sign_in_with(role: PersonRole, customer: str) -> Client:
    row = add_user(name="eve", name_folded="eve")
    add_grant(user=row, role=role.value, customer=Customer.objects.get(key=customer))
    return sign_in_as("eve")


@pytest.mark.parametrize("role", [PersonRole.VIEWER, PersonRole.OPERATOR, PersonRole.ADMINISTRATOR])
def test_no_page_that_can_be_reached_tells_of_others(role: PersonRole, now: datetime) -> None:
    client = sign_in_with(role, "acme")
    seen: set[str] = set()
    todo = [
        "/",
        "/?as_of=-1d",
        f"/hosts/{WEB}",
        f"/instances/{quote(OTHER)}",
        "/customers/zcanary",
        "/instances/-/names?q=z",
    ]
    while todo and len(seen) < 250:
        path = todo.pop(0)
        if path in seen or path.startswith(("/configuration", "/inventory", "/static", "/clock", "#", "?")):
            continue
        seen.add(path)
        response = client.get(path)
        assert response.status_code in (200, 302, 400, 404), path
        told = (
            unescape(response.content.decode())
            .replace(OTHER, "")
            .replace("zcanary", "" if "zcanary" in path else "zcanary")
        )
        assert not CANARY.search(told), path
        if response.headers["Content-Type"].startswith("text/html") and response.status_code == 200:
            todo += Page(response.content.decode()).links
    assert {"/", "/instances/", f"/instances/{LIVE}"} <= {path.partition("?")[0] for path in seen}
    assert client.get(f"/instances/{LIVE}").status_code == 200
    for hidden in (f"/instances/{OTHER}", "/customers/zcanary", f"/hosts/{WEB}"):
        assert client.get(hidden).status_code == 404


def test_who_has_been_granted_nothing_is_told_so(now: datetime) -> None:
    add_user(name="eve", name_folded="eve")
    text = sign_in_as("eve").get("/").content.decode()
    assert "Nothing has been granted to you yet" in text
    assert "The estate is empty" not in text
    assert WEB not in text
