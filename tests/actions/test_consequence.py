"""The consequence of an edit: what becomes dirty by it and what can no longer be deployed, against describing each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author, Refused
from larry.actions.consequence import Consequence, Lack
from larry.actions.edit import edit
from larry.core.document import Json
from larry.core.rights import PersonRole, Right, ScopeKind, rights_of
from larry.nouns.estate import EstateFaults
from larry.queries.dirty import list_dirty_causes
from larry.queries.instance import get_descriptions
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound
from larry.queries.service import get_service_graph
from larry.records.customer import Customer
from larry.records.deployment import Deployment
from larry.records.instance import Instance
from tests.actions.estate import LIVE, NOW, TEST, author, change, lay, put, state
from tests.actions.random_estate import Draw, draw_act, draw_estate
from tests.core.budget import cases

pytestmark = pytest.mark.django_db

OTHER = "zeta/blog/live"
ESTATE = """
larry: 1
services:
  - {name: linux}
  - {name: cache, parameters: [{name: ttl, type: integer, default: 60}]}
  - {name: app, needs: [linux], parameters: [{name: size, type: integer, default: 1}]}
  - {name: watch, needs: [linux], audits: [linux]}
customers:
  - name: Acme
    apps:
      - name: Shop
        instances:
          - {name: Base, parameters: {size: 7}}
          - {name: Live, requires: [app], template: acme/shop/base}
          - {name: Test, requires: [app], template: acme/shop/base, parameters: {size: 2}}
  - {name: Zeta, apps: [{name: Blog, instances: [{name: Live, requires: [app], template: acme/shop/base}]}]}
hosts: [{name: web1}, {name: web2}, {name: web3}]
"""


def start() -> None:
    lay(ESTATE)
    put(LIVE, "web1")
    put(TEST, "web2")
    put(OTHER, "web3")


def preview(noun: str, address: str, **values: Json) -> Consequence:
    return edit(noun, address, values, author(1), dry_run=True).consequence


def test_an_edge_a_default_a_parameter_and_a_template() -> None:
    start()
    everybody = (LIVE, TEST, OTHER)
    assert preview("service", "app", needs=["linux", "cache"]).dirty == everybody
    assert preview("service", "app", needs=[]).dirty == everybody, "with linux goes watch, which audits it"
    assert preview("service", "linux", tools={"puppet": {"class": "base"}}).dirty == everybody
    assert preview("service", "cache", audits=["app"]).dirty == everybody
    assert preview("service", "app", parameters=[{"name": "size", "default": 9}]) == Consequence(), "overridden"
    assert preview("customer", "acme", parameters={"size": 5}).dirty == (LIVE, TEST)
    assert preview("app", "zeta/blog", parameters={"size": 5}).dirty == (OTHER,)
    assert preview("instance", "acme/shop/base", parameters={"size": 8}).dirty == (LIVE, OTHER), "test has its own"
    assert preview("instance", "acme/shop/base", parameters={"size": 7, "stray": 8}) == Consequence()
    assert preview("instance", LIVE, requires=["app", "cache"]).dirty == (LIVE,)
    assert preview("instance", LIVE, template=None).dirty == (LIVE,)
    assert preview("service", "app", description="in other words") == Consequence()
    assert preview("service", "cache", description="read by nobody", tools={"a": 1}) == Consequence()
    assert [each.path for each in list_dirty_causes(LOCAL, Moment(author(1).now))] == [], "nothing was written"


def test_what_lacks_a_parameter_is_told_with_the_services_that_need_it() -> None:
    start()
    needed: Json = [{"name": "size", "type": "integer", "default": 1}, {"name": "key", "type": "string"}]
    said = preview("service", "app", parameters=needed)
    why = ("key is missing: needed by app",)
    assert said.lacking == (Lack(LIVE, why), Lack(TEST, why), Lack(OTHER, why))
    assert said.dirty == (), "what it lacks is in no snapshot: nothing else is described"
    change("customer", "acme", 1, parameters={"key": "k"})
    assert preview("service", "app", parameters=needed).lacking == (Lack(OTHER, why),)
    wrong = preview("customer", "zeta", parameters={"size": "big"})
    assert wrong.lacking == (Lack(OTHER, ("size is not of type integer",)),)
    assert wrong.texts == (
        "1 instance becomes dirty: zeta/blog/live",
        "1 instance can no longer be deployed: zeta/blog/live (size is not of type integer)",
    )


def test_what_was_undone_is_dirty_no_longer_and_what_was_lacking_is_told_once() -> None:
    start()
    change("customer", "acme", 1, parameters={"size": 5})
    assert preview("customer", "acme", parameters={}) == Consequence(clean=(LIVE, TEST))
    assert preview("customer", "acme", parameters={"size": 6}) == Consequence(), "they are dirty already"
    change("customer", "acme", 1, parameters={"size": "big"})
    assert preview("customer", "acme", parameters={"size": "bigger"}).lacking == ()


def test_the_act_tells_what_its_preview_told() -> None:
    start()
    items = state("larry: 1\nservices: [{name: app, needs: [linux, cache]}]")
    shown = apply(items, author(1), dry_run=True)
    assert shown.consequence.dirty == (LIVE, TEST, OTHER)
    assert apply(items, author(1), expect=shown.digest).consequence == shown.consequence


def test_what_the_author_may_not_see_is_neither_named_nor_counted() -> None:
    start()
    acme = rights_of([Right(PersonRole.OPERATOR, ScopeKind.CUSTOMER, Customer.objects.get(key="acme").id)])
    values: Mapping[str, Json] = {"parameters": {"size": 8}}
    said = edit("instance", "acme/shop/base", values, replace(author(1), rights=acme), dry_run=True)
    assert said.consequence.dirty == (LIVE,)
    assert "zeta" not in str(said.document)


def test_of_many_the_first_are_named() -> None:
    paths = tuple(f"a/b/i{number:04}" for number in range(1812))
    (line,) = Consequence(dirty=paths).texts
    assert line.startswith("1,812 instances become dirty: a/b/i0000, a/b/i0001,")
    assert line.endswith("a/b/i0009 and 1,802 more")


# --- against describing each ------------------------------------------------------------------------------------------


def describe_each(at: Moment) -> tuple[dict[str, bool], dict[str, frozenset[str]]]:
    """Said naively: whether each instance is dirty, and which of its parameters keep it from being deployed."""
    services = get_service_graph(LOCAL, at)
    live: dict[str, set[str]] = {}
    rows = Deployment.objects.filter(deactivated_at=None, start__lte=at.as_of).exclude(end__lte=at.as_of)
    for path, digest in rows.values_list("instance__path", "deployable_id"):
        live.setdefault(path, set()).add(digest)
    dirty, faults = {}, {}
    for path in Instance.objects.filter(retired_at=None).values_list("path", flat=True):
        snapshot, resolved = get_descriptions([path], LOCAL, at)[path].describe(services)
        dirty[path] = any(digest != snapshot.digest for digest in live.get(path, ()))
        faults[path] = frozenset([*(m.name for m in resolved.missing), *(w.name for w in resolved.wrong)])
    return dirty, faults


@cases(12)
@given(st.data())
def test_every_consequence_is_what_describing_each_before_and_after_tells(data: st.DataObject) -> None:
    with transaction.atomic():
        draw = Draw(data)
        lay(draw_estate(draw))
        now = NOW
        for _ in range(10):
            now += timedelta(days=draw.one(0.0, 0.25, 1.0))
            act, who, at = draw_act(draw, now), Author("ada", "because", now), Moment(now)
            (dirty, faults) = describe_each(at)
            try:
                with transaction.atomic():
                    done = act.do(who, None)
            except (Refused, EstateFaults, NotFound):
                continue
            (dirty_then, faults_then) = describe_each(at)
            assert {each.path for each in list_dirty_causes(LOCAL, at)} == {
                p for p, is_so in dirty_then.items() if is_so
            }
            if isinstance(done, EstateChange):
                stayed = sorted(dirty.keys() & dirty_then.keys())
                told = done.consequence
                assert list(told.dirty) == [path for path in stayed if dirty_then[path] and not dirty[path]]
                assert list(told.clean) == [path for path in stayed if dirty[path] and not dirty_then[path]]
                assert [each.instance for each in told.lacking] == [p for p in stayed if faults_then[p] - faults[p]]
        transaction.set_rollback(True)
