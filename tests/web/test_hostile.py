"""Whatever a field holds is shown as text: nothing of it becomes an element, an attribute or an address.

Every text field of everything that is described, done and signed in holds all the payloads at once (names and lines,
which are short, hold them in turn), and everything that answers is looked at.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from urllib.parse import quote, urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import engines
from django.test import Client

from larry.actions.author import Author
from larry.actions.edit import edit
from larry.actions.grant import GrantRequest, add_group, grant, join
from larry.actions.token import NewToken, add_token
from larry.actions.user import NewUser, add_user
from larry.core import svg_text
from larry.core.document import Json
from larry.core.rights import PersonRole, ScopeKind
from larry.exports import noun_csv
from larry.nouns.table import NOUNS
from larry.web import headers, linked_text
from larry.web.headers import HEADERS
from tests.api.scene import author_at, lay, put
from tests.records.rows import add_delivery, add_webhook
from tests.web.crawl import PIECE, Crawl, read_answer
from tests.web.routes import PAGES, ROUTES, find_route, list_plain_paths
from tests.web.visitor import sign_in_as

PAYLOADS = (
    "=HYPERLINK(1)",
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" class="evil',
    "<b class=evil>b</b>",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% debug %}",
    "<!--<img src=--><img src=x onerror=alert(1)//>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<style>*{display:none}</style>",
    "]]><x>",
    "</textarea><x>",
    "</select></option><x>",
    "<base href=//evil.example>",
    "`${alert(1)}`",
    "<a href=//evil.example>x</a>",
    'http://evil.example/"onclick=alert(1)',
    "\\u003cx\\u003e",
    "\u202e<x>\u2066",
)
EVERYTHING = " ".join(PAYLOADS)
NOTHING: dict[str, str] = {}
RARE = ("/deployments/?state=future", "/users/mallory", "/groups/night-shift")
"""Pages that link to what their likes do not."""
MYSELF = ("/sign-out", "/users/tess")
"""Nobody could go on crawling after these."""
FEWEST = 15
"""On so many pages at least each payload is to be read."""


def pack(longest: int) -> list[str]:
    """The payloads in as few texts as are no longer than that; what would turn the text around it is no name."""
    packed = [""]
    for payload in PAYLOADS:
        if payload.isprintable():
            if len(packed[-1]) + len(payload) >= longest:
                packed.append("")
            packed[-1] = f"{packed[-1]} {payload}".strip()
    return packed


NAMES = pack(190)
HOSTS = [f"h{number}.example.com" for number in range(len(NAMES))]
TURNS = range(len(NAMES))


def estate() -> str:
    """One of each noun for each of the names; JSON is YAML."""
    said = EVERYTHING
    return json.dumps(
        {
            "larry": 1,
            "roles": [{"name": NAMES[n], "key": f"role_{n}", "description": said} for n in TURNS],
            "grades": [{"name": NAMES[n], "key": f"grade_{n}", "rank": n, "description": said} for n in TURNS],
            "pools": [{"name": NAMES[n], "key": f"pool_{n}", "description": said} for n in TURNS],
            "services": [
                *map(describe_service, TURNS), *map(describe_auditor, TURNS),
                {"name": "lacking", "category": NAMES[0], "parameters": [
                    {"name": "missing", "description": EVERYTHING}, {"name": "wrong", "type": "integer"}]},
            ],
            "customers": [*map(describe_customer, TURNS)],
            "hosts": [*map(describe_host, TURNS)],
        }
    )  # fmt: skip


def describe_service(n: int) -> dict[str, object]:
    parameters: list[object] = [
        {"name": "greeting", "description": EVERYTHING},
        {"name": f"list_{n}", "default": [EVERYTHING]},
        {"name": f"map_{n}", "default": {EVERYTHING: EVERYTHING}, "description": EVERYTHING},
        {"name": f"secret_{n}", "type": "string", "sensitive": True},
    ]
    return {
        "name": NAMES[n], "key": f"service_{n}", "category": NAMES[n], "description": EVERYTHING,
        "sharing": "instance", "parameters": parameters, "needs": [f"service_{i}" for i in range(n)],
    }  # fmt: skip


def describe_auditor(n: int) -> dict[str, object]:
    audits = [{"service": f"service_{n}", "where": ["manual", "same-host", {"role": f"role_{n}"}][n % 3]}]
    return {"name": f"auditor {n}", "key": f"auditor_{n}", "description": EVERYTHING, "audits": audits}


def describe_customer(n: int) -> dict[str, object]:
    instance = {
        "name": NAMES[n], "key": "live", "description": EVERYTHING, "requires": [f"service_{n}"],
        "parameters": {"greeting": EVERYTHING, f"unknown_{n}": {EVERYTHING: [EVERYTHING]}},
    }  # fmt: skip
    idle = {"name": "idle", "requires": ["lacking"], "parameters": {"wrong": EVERYTHING}}
    app = {
        "name": NAMES[n], "key": "app", "description": EVERYTHING, "service_level": NAMES[n],
        "parameters": {"greeting": f"{EVERYTHING} of the app"}, "instances": [instance, idle],
    }  # fmt: skip
    parameters = {"greeting": f"{EVERYTHING} of the customer", **{f"secret_{i}": EVERYTHING for i in TURNS}}
    return {"name": NAMES[n], "key": f"c{n}", "description": EVERYTHING, "parameters": parameters, "apps": [app]}


def describe_host(n: int) -> dict[str, object]:
    return {
        "name": HOSTS[n], "roles": [f"role_{n}"], "grade": f"grade_{n}", "pools": [f"pool_{n}"],
        "description": EVERYTHING, "labels": {"site": NAMES[n]}, "data": {EVERYTHING: EVERYTHING},
    }  # fmt: skip


@pytest.fixture
def now(db: None) -> datetime:
    """Everything described, deployed, replaced, to come, dirty, done by and told of people of such names."""
    now = lay(estate(), actor=NAMES[0])
    for n in TURNS:
        instance = f"c{n}/app/live"
        put(HOSTS[n], now, at=-5 + n / 2, start=-3, reason=EVERYTHING, actor=NAMES[n], instance=instance)
        put(HOSTS[n], now, at=-4.9 + n / 2, start=2, end=3, reason=EVERYTHING, actor=NAMES[n], instance=instance)
    for n in TURNS:
        changed: dict[str, Json] = {"description": f"{EVERYTHING} changed", "parameters": {"greeting": EVERYTHING * 2}}
        edit("instance", f"c{n}/app/live", changed, Author(NAMES[n], EVERYTHING, now))
    author = author_at(now, EVERYTHING)
    add_user(NewUser("mallory", NAMES[0], "mallory@example.com"), None, author)
    add_group("night-shift", EVERYTHING, author)
    join("night-shift", "mallory", author)
    grant(GrantRequest("group", "night-shift", PersonRole.OPERATOR, ScopeKind.POOL, "pool_0"), author)
    add_token(NewToken("mallory", "program", kind=ScopeKind.POOL, address="pool_0"), author)
    webhook = add_webhook()
    for state in ("pending", "dead"):
        add_delivery(webhook=webhook, state=state, note=EVERYTHING[:200])
    return now


@pytest.mark.parametrize("most", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_what_anybody_wrote_is_only_ever_text(most: int, now: datetime) -> None:
    """On every page and piece, picture, export and report there is a way to; then however they are asked and sent to,
    by somebody whose own name is hostile too.
    """
    crawl = Crawl(sign_in_as("tess", full_name=NAMES[1]), most)
    crawl.follow([*RARE, "/", "/api/v1/openapi.json", "/api/v1/activity", *list_plain_paths()], PAYLOADS)
    assert {route for route in PAGES if not crawl.routes[route]} == set(), "no way leads there"
    assert {payload: crawl.seen_on[payload] for payload in PAYLOADS if crawl.seen_on[payload] < FEWEST} == {}
    ask_with_payloads_in_every_word(crawl)
    refused = list(crawl.send(make_hostile, "preview", "review", "choose", spared=MYSELF))
    assert len(refused) > 60
    assert {200, 422} <= set(refused)
    assert max(refused) < 500
    done = list(crawl.send(make_hostile, "save", "act", spared=MYSELF))
    assert max(done) < 500
    for path in list_plain_paths():
        read_answer(path, crawl.client.get(path))
    import_hostile_files(crawl.client)


def ask_with_payloads_in_every_word(crawl: Crawl) -> None:
    words = {name for form, _ in crawl.forms.values() if form.method == "get" for name, _, _ in form.fields}
    words |= {"customer", "cause", "before", "page", "sort", "state", "format", "as", "from", "to", "focus", "next"}
    assert len(words) > 20
    queries = (
        urlencode(dict.fromkeys(words - {"as_of", "back"}, EVERYTHING)),
        urlencode({"as_of": EVERYTHING, "back": EVERYTHING, "next": "//evil.example"}),
        "labels=a%3D%3Cx%3E&sort=-%3Cx%3E",
    )
    for turn, path in enumerate([*one_of_each(crawl), "/nowhere"]):
        for query in queries[turn % 3 :][: crawl.most]:
            for told in ({}, PIECE):
                look(crawl, f"{path}?{query}", told)
    addresses = [quote(text, safe="") for text in (EVERYTHING, PAYLOADS[0], NAMES[0])]
    for turn, route in enumerate(ROUTES):
        for address in addresses[turn % 3 :][: crawl.most] if "<" in str(route.pattern) else ():
            look(crawl, "/" + re.sub(r"<[^>]+>", address.replace("\\", "%5C"), str(route.pattern)))


def look(crawl: Crawl, path: str, told: dict[str, str] = NOTHING) -> None:
    response = crawl.client.get(path, headers=told)
    assert response.status_code < 500, path
    read_answer(path, response)


def one_of_each(crawl: Crawl) -> list[str]:
    """An address of each route that was found."""
    plain = [path.partition("?")[0] for path in crawl.pages]
    return list({find_route(path): path for path in plain}.values())


def make_hostile(name: str, value: str, sort: str) -> str:
    return EVERYTHING if sort in {"text", "search"} and not value else value


def import_hostile_files(client: Client) -> None:
    for noun in NOUNS.values():
        for content in (
            EVERYTHING,
            f"name,{EVERYTHING}\n{EVERYTHING},x\n",
            f'name\n"{NAMES[0]}\n',
            "name,rank\nx,<x>\n",
        ):
            file = SimpleUploadedFile(f"{NAMES[0]}.csv".replace("/", "|"), content.encode())
            path = f"/{noun.plural}/-/import"
            response = client.post(path, {"file": file, "step": "review", "reason": EVERYTHING})
            assert response.status_code in {200, 422}
            read_answer(path, response)


def test_the_crawl_notices_each_guard_that_is_gone(now: datetime) -> None:
    """Without one guard after another the crawl above fails: it could see what it looks for."""
    client = sign_in_as("tess", full_name=NAMES[1])
    engine = engines["django"].engine  # type: ignore[attr-defined]
    plants: tuple[tuple[object, str, object, str], ...] = (
        (engine, "autoescape", False, "/customers/"),
        (headers, "HEADERS", {**HEADERS, "Content-Security-Policy": "default-src *"}, "/customers/"),
        (linked_text, "escape", str, "/customers/c0"),
        (svg_text, "escape_xml", str, "/graph/customer/c0"),
        (noun_csv, "guard_formula", str, "/customers/?format=csv"),
    )
    for place, name, instead, path in plants:
        read_answer(path, client.get(path))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place, name, instead)
            with pytest.raises(AssertionError):
                read_answer(path, client.get(path))
