"""Whatever a field holds is shown as text: nothing of it becomes an element, an attribute or an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.test import Client

from larry.actions.author import Author
from larry.actions.grant import add_group, join
from larry.actions.user import UserEdit, edit_user
from larry.nouns.table import NOUNS
from tests.api.scene import lay, put
from tests.web.test_pages import Page

PAYLOADS = (
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% debug %}",
    "<!--<img src=--><img src=x onerror=alert(1)//>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<style>*{display:none}</style>",
    "]]><x>",
    "</textarea><x>",
    "<base href=//evil.example>",
    "`${alert(1)}`",
    "\u202e<x>\u2066",
    "<a href=//evil.example>x</a>",
)
KNOWN = frozenset(
    "html head meta title link body a header div img form label input button main h1 h2 p strong code "
    "table thead tbody tr th td span time footer ul ol li dl dt dd svg rect path br i nav fieldset legend kbd script "
    "section details summary g title desc text defs pattern select option datalist textarea code b s ins "
    "del noscript pre".split()
)
HOST = "web1.example.com"
ADDRESSES = {
    "roles": "web",
    "grades": "medium",
    "pools": "pool",
    "services": "rails",
    "customers": "acme",
    "apps": "acme/shop",
    "instances": "acme/shop/live",
}


def estate(payload: str) -> str:
    said = json.dumps(payload)
    name = said if payload.isprintable() else "plain"  # a name is refused with what would turn the text around it
    return f"""
larry: 1
roles: [{{name: {name}, key: web, description: {said}}}]
grades: [{{name: {name}, key: medium, rank: 2, description: {said}}}]
pools: [{{name: {name}, key: pool, description: {said}}}]
services:
  - {{name: {name}, key: rails, category: {said}, description: {said}, sharing: instance,
     parameters: [{{name: greeting, description: {said}}}, {{name: list, default: [{said}]}}]}}
  - {{name: pager, audits: [{{service: rails, where: manual}}],
     parameters: [{{name: note, default: {{{said}: {said}}}}}]}}
customers:
  - {{name: {name}, key: acme, description: {said}, parameters: {{greeting: {said}}},
     apps: [{{name: {name}, key: shop, service_level: {said},
             instances: [{{name: {name}, key: live, requires: [rails]}}]}}]}}
hosts:
  - {{name: {HOST}, roles: [web], grade: medium, description: {said}, labels: {{site: {said}}}, data: {{x: {said}}}}}
"""


def pages(client: Client, payload: str) -> Iterator[str]:
    nouns = [f"/{noun.plural}/" for noun in NOUNS.values()]
    shown = [f"/{plural}/{address}" for plural, address in ADDRESSES.items()]
    shown += [f"{path}/{act}" for path in (*shown, f"/hosts/{HOST}") for act in ("edit", "retire", "key")]
    shown += [f"/{noun.plural}/-/{act}" for noun in NOUNS.values() for act in ("new", "names", "import")]
    shown += [f"/instances/acme/shop/live/{tab}" for tab in ("parameters", "services", "snapshots", "deployments")]
    shown += [f"/hosts/{HOST}/{tab}" for tab in ("configuration", "history")]
    shown += ["/graph/instance/acme/shop/live", "/graph/customer/acme", "/timeline/customer/acme", "/pictures"]
    shown += ["/users/", "/users/tess", "/groups/", "/groups/crowd", "/grants/", "/grants/-/new", "/coverage"]
    shown += ["/users/-/names", "/grants/-/scopes"]
    shown += ["/search", "/dirty", "/activity", "/situations", "/situations/counts"]
    for path in ("/", f"/hosts/{HOST}", "/nowhere", f"/hosts/{quote(payload, safe='')}", *nouns, *shown):
        for query in ({}, {"as_of": payload, "q": payload, "sort": payload, "labels": payload}):
            response = client.get(path, query)
            assert response.status_code in (200, 400, 404)
            yield response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_anybody_wrote_is_only_ever_text(payload: str, client: Client) -> None:
    actor = payload if payload.isprintable() else "plain"
    now = lay(estate(payload), actor=actor)
    put(HOST, now, at=-1, start=-1, reason=payload, actor=actor)
    people = Author(actor, payload, now)
    edit_user("tess", UserEdit(full_name=payload if payload.isprintable() else "plain"), people)
    add_group("crowd", payload, people)
    join("crowd", "tess", people)
    put(HOST, now, at=-0.5, start=2, end=3, reason=payload, actor=actor)
    seen = ""
    for html in pages(client, payload):
        page = Page(html)
        assert {tag for tag, _ in page.tags} <= KNOWN
        for tag, attributes in page.tags:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            for name in ("href", "src", "action"):
                assert (attributes.get(name) or "/").startswith(("/", "?", "#")), (tag, attributes)
            assert not (attributes.get("href") or "/").startswith("//")
            if tag == "script":
                assert (attributes.get("src") or "").startswith("/static/")
        assert [tag for tag, _ in page.tags].count("script") in {0, 2}
        seen += "".join(page.words)
    assert payload in seen
