"""A walk through every page as of another moment: each says so, has the clock, and leads on within that moment."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client

from larry.actions.grant import add_group, join
from larry.actions.token import NewToken, add_token
from larry.actions.user import NewUser, add_user
from larry.core.interval import iso
from larry.records.deployment import Deployment
from larry.records.token import Token
from tests.api.scene import ESTATE, LIVE, WEB, author_at, lay, put
from tests.records.rows import add_delivery, add_webhook
from tests.web.crawl import Page
from tests.web.routes import PAGES, find_page, find_route, list_plain_paths

PARTS_FROM = frozenset({"clock", "static/<str:name>", "sign-out", "preferences", "sign-in", "password"})
"""Addresses that are of no moment: the way to another one, what is always the same, and who one is."""
NO_PAGE = re.compile(
    r"/-/names$|scopes$|^clock$|^static/|^preferences$|^sign-|/switch$|/ping$|retry$|remove$|/snapshot$"
)
"""Routes that answer with a piece, lead elsewhere or are only sent to."""
OF_MOMENTS = frozenset({"hosts/<str:name>", "hosts/<str:name>/configuration"})
"""Pages to which stretches of time lead: a node as of when it begins."""

ERRORS = (
    "/nothing-here",
    "/hosts/nowhere.example.com",
    "/deployments/none",
    "/graph/service/none",
    "/activity?since=never",
)
MOMENTS = (("what was at", timedelta(days=-2)), ("what will be at", timedelta(days=6)))

_LINK = ("href", "hx-get", "hx-post", "formaction")


@pytest.fixture
def now(db: None) -> datetime:
    """Something past, present, to come and uncovered; people, tokens, and a program that is told."""
    now = lay(ESTATE.replace("\nroles: [", "\npools: [{name: rack}]\nroles: ["))
    put(WEB, now, at=-5, start=-3, end=5)
    put(WEB, now, at=-4.9, start=8)
    add_delivery(webhook=add_webhook(), state="dead")
    author = author_at(now)
    add_user(NewUser("mallory", "Mallory", "mallory@example.com"), None, author)
    add_group("night-shift", "at night", author)
    join("night-shift", "mallory", author)
    add_token(NewToken("mallory", "program"), author)
    return now


def walk(client: Client, now: datetime, as_of: str) -> Iterator[tuple[str, Page, str]]:
    """One page of every route there is, found by links: (address, what it shows, all of it)."""
    todo = deque(
        f"{path}{'&' if '?' in path else '?'}as_of={quote(as_of)}" for path in (*list_plain_paths(), *list_rare())
    )
    seen: set[str] = set()
    while todo:
        path = todo.popleft()
        route = find_page(path)
        if route is None or route in seen or route in PARTS_FROM or "format=" in path:
            continue
        seen.add(route)
        answer = client.get(path)
        html = answer.content.decode() if answer.headers["Content-Type"].startswith("text/html") else ""
        if answer.status_code == 405 or "<html" not in html:
            continue
        assert answer.status_code == 200, path
        page = Page(html, path)
        yield path, page, html
        todo.extend(link for link in page.links if link.startswith("/"))
    unseen = sorted(route for route in PAGES - seen - PARTS_FROM if not NO_PAGE.search(route))
    assert " ".join(unseen) == "", "no way leads there"


def list_rare() -> Iterator[str]:
    """What a list does not lead to, or not everybody at every moment."""
    yield from (f"/graph/instance/{LIVE}", f"/timeline/instance/{LIVE}", f"/instances/{LIVE}/redeploy")
    yield from ("/users/mallory/password", "/groups/night-shift", "/groups/night-shift/join")
    yield "/groups/night-shift/leave?user=mallory"
    token = Token.objects.get().prefix
    yield from (f"/tokens/{token}", f"/tokens/{token}/revoke")
    yield f"/deployments/{Deployment.objects.order_by('start').last().id}/delete"  # type: ignore[union-attr]


def list_faults(path: str, page: Page, html: str, words: str, as_of: str) -> Iterator[str]:
    """What of a page forgets the moment."""
    said = " ".join(" ".join(page.words).split())
    shown = f"{as_of[:10]} {as_of[11:16]}"
    if f"This is not now. You see {words} {shown}" not in said:
        yield f"{path}: does not say that it is not now"
    if not re.search(rf"<title>[^<]* · as of {shown}", html):
        yield f"{path}: its title does not say so"
    if 'class="clock away" popovertarget="clock"' not in html or 'id="clock"' not in html:
        yield f"{path}: has no clock"
    own = urlsplit(path).path
    for tag, told in page.tags:
        is_sent = tag == "form" and told.get("method") == "post"
        for name in (*_LINK, "action") if is_sent else _LINK if tag != "form" else ():
            link = told.get(name, "")
            link = f"{own}{link}" if link.startswith("?") else link
            route = find_route(link) if link.startswith("/") else None
            brings_it = told.get("hx-include") == "closest form" or (route or "").endswith(("-/names", "-/scopes"))
            if route and route not in PARTS_FROM and not brings_it:
                is_way_back = told.get("class") == "button" and link == back_to_now(path)
                moments = parse_qs(urlsplit(link).query).get("as_of", [])
                is_of_another = route in OF_MOMENTS and len(moments) == 1
                if moments != [as_of] and not is_way_back and not is_of_another:
                    yield f"{path}: {tag} {name} {link} forgets the moment"
    for form in page.forms:
        is_of_moments = form.method == "get" and find_route(form.action) not in PARTS_FROM
        if is_of_moments and ("as_of", as_of) not in [(name, value) for name, value, _ in form.fields]:
            yield f"{path}: the form to {form.action} forgets the moment"
    for each in re.findall(r"<time [^>]*>", html):
        if not re.search(r'datetime="[^"]*Z" title="[^"]* UTC\b', each) and "data-countdown" not in each:
            yield f"{path}: {each} does not tell UTC"


def back_to_now(path: str) -> str:
    parts = urlsplit(path)
    kept = [each for each in parts.query.split("&") if each and not each.startswith("as_of=")]
    return f"{parts.path}?{'&'.join(kept)}" if kept else parts.path


@pytest.mark.parametrize("words, away", MOMENTS)
def test_every_page_is_of_the_moment_and_says_so(words: str, away: timedelta, now: datetime, client: Client) -> None:
    as_of = iso((now + away).replace(second=0, microsecond=0))
    faults = [fault for each in walk(client, now, as_of) for fault in list_faults(*each, words, as_of)]
    assert "\n".join(faults) == ""


@pytest.mark.parametrize("path", ERRORS)
def test_so_does_every_page_of_what_is_not_there(path: str, now: datetime, client: Client) -> None:
    as_of = iso((now + timedelta(days=6)).replace(second=0, microsecond=0))
    asked = f"{path}{'&' if '?' in path else '?'}as_of={as_of}"
    answer = client.get(asked)
    assert answer.status_code in {200, 400, 404}
    html = answer.content.decode()
    assert "\n".join(list_faults(asked, Page(html, asked), html, "what will be at", as_of)) == ""


def test_a_form_that_did_not_come_from_here_is_refused_within_the_moment(now: datetime, client: Client) -> None:
    as_of = iso((now + timedelta(days=6)).replace(second=0, microsecond=0))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    asked = f"/deploy?as_of={as_of}"
    answer = strict.post(asked, {"step": "act"})
    assert answer.status_code == 403
    html = answer.content.decode()
    assert "\n".join(list_faults(asked, Page(html, asked), html, "what will be at", as_of)) == ""
