"""Every strange situation is told when it is there, and not when it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from django.db import connection

from larry.actions.deploy import deploy
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from larry.queries.situation import list_situations
from larry.records import guards
from larry.records.promise import PROMISES
from tests.actions.estate import BLOG, LIVE, TEST, ask, author, change, day, lay, put

pytestmark = pytest.mark.django_db

CALM = """
larry: 1
roles: [{name: eye}]
services:
  - {name: linux}
  - name: app
    needs: [linux]
    parameters: [{name: size, type: integer, default: 1}, {name: zone, type: string}]
  - {name: page, needs: [linux], parameters: [theme]}
  - {name: watch, audits: [{service: app, where: {role: eye}}]}
  - {name: pager, audits: [{service: page, where: manual}]}
customers:
  - name: Acme
    parameters: {zone: Europe/Berlin}
    apps:
      - name: Shop
        instances: [{name: Live, copies: 2, requires: [app]}, {name: Test, copies: 0, requires: [app]}]
  - {name: Zeta, apps: [{name: Blog, instances: [{name: Live, requires: [page], parameters: {theme: dark}}]}]}
hosts: [{name: web1}, {name: web2}, {name: mon, roles: [eye]}]
"""
Told = Mapping[str, set[tuple[str, str]]]


def calm() -> None:
    """An estate in which nothing is strange."""
    lay(CALM)
    put(LIVE, "web1", "web2")
    deploy(ask(BLOG, "web2", place={"pager": "mon"}), author(0))


def tell(as_of: float) -> Told:
    told: dict[str, set[tuple[str, str]]] = {}
    for each in list_situations(LOCAL, Moment(day(as_of))):
        told.setdefault(each.code, set()).add((each.noun, each.address))
    return told


def drop_guard(name: str) -> None:
    connection.check_constraints()  # PostgreSQL alters no table that has checks of this transaction before it
    guards.remove(connection, name)


@dataclass(frozen=True, slots=True)
class Strange:
    """What is done to the calm estate on the first day, and all that is strange on the second for it."""

    about: str
    make: Callable[[], object]
    told: Told


THE_LIVE, BOTH = {("instance", LIVE)}, {("instance", LIVE), ("instance", TEST)}
STRANGE = (
    Strange(
        "a guard of the database is gone",
        lambda: drop_guard(PROMISES[0].name),
        {"guard_missing": {("database", PROMISES[0].name)}},
    ),
    Strange(
        "an app of a customer is not live",
        lambda: lay("larry: 1\ncustomers: [{name: zeta, apps: [{name: Shop, instances: [{name: Live}]}]}]", now=1),
        {"app_not_deployed": {("app", "zeta/shop")}, "customer_partly_deployed": {("customer", "zeta")}},
    ),
    Strange(
        "nothing of a customer is live",
        lambda: lay("larry: 1\ncustomers: [{name: Omega, apps: [{name: Shop}]}]", now=1),
        {"app_not_deployed": {("app", "omega/shop")}, "customer_not_deployed": {("customer", "omega")}},
    ),
    Strange(
        "a host has nothing to do",
        lambda: lay("larry: 1\nhosts: [{name: spare}]", now=1),
        {"host_idle": {("host", "spare")}},
    ),
    Strange(
        "there are fewer copies than wanted",
        lambda: change("instance", LIVE, 1, copies=3),
        {"fewer_copies": THE_LIVE},
    ),
    Strange(
        "nobody has placed an auditor",
        lambda: put(BLOG, "web1", now=1),
        {"uncovered": {("instance", BLOG)}},
    ),
    Strange(
        "what is described is not what is live",
        lambda: change("app", "acme/shop", 1, parameters={"size": 9}),
        {"dirty": THE_LIVE},
    ),
    Strange(
        "a parameter is missing",
        lambda: change("customer", "acme", 1, parameters={}),
        {"parameter_missing": BOTH, "dirty": THE_LIVE},
    ),
    Strange(
        "a parameter is of the wrong type",
        lambda: change("app", "acme/shop", 1, parameters={"size": "many"}),
        {"parameter_of_wrong_type": BOTH, "dirty": THE_LIVE},
    ),
    Strange(
        "an instance sets what no service of it needs",
        lambda: change("instance", TEST, 1, parameters={"sise": 2}),
        {"parameter_unknown": {("instance", TEST)}},
    ),
    Strange(
        "a customer sets what nobody needs",
        lambda: change("customer", "acme", 1, parameters={"zone": "Europe/Berlin", "zoen": "UTC"}),
        {"parameter_unknown": {("customer", "acme")}, "dirty": THE_LIVE},
    ),
    Strange(
        "an app sets what only its customer's other apps need",
        lambda: change("app", "zeta/blog", 1, parameters={"size": 2}),
        {"parameter_unknown": {("app", "zeta/blog")}, "dirty": {("instance", BLOG)}},
    ),
    Strange(
        "an audit stays where its role has gone",
        lambda: change("host", "mon", 1, roles=[]),
        {"role_left": THE_LIVE},
    ),
)


def test_nothing_is_strange_in_a_calm_estate() -> None:
    calm()
    assert tell(2) == {}


@pytest.mark.parametrize("strange", STRANGE, ids=lambda strange: strange.about)
def test_what_is_strange_is_told(strange: Strange) -> None:
    calm()
    strange.make()
    assert tell(2) == strange.told


def test_a_deployment_that_ends_within_a_week_is_told_unless_something_follows() -> None:
    calm()
    put(TEST, "web1", now=1, end=12)
    assert [tell(moment).keys() for moment in (4.999, 5, 11.999, 12)] == [set(), {"ends_soon"}, {"ends_soon"}, set()]
    put(TEST, "web1", now=2, start=12)
    assert tell(5) == {}


def test_an_auditor_that_a_person_has_placed_needs_no_role() -> None:
    calm()
    deploy(ask(LIVE, "web1", "web2", place={"watch": "web1"}), author(1))
    assert tell(2) == {}


def test_a_database_that_is_behind_is_told_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from larry.queries.readiness import Readiness

    behind = Readiness(True, (), ("larry.0009_later",))
    monkeypatch.setattr("larry.queries.situation.get_readiness", lambda *_: behind)
    assert tell(0) == {"migration": {("database", "larry.0009_later")}}


def test_what_was_live_may_have_retired_since() -> None:
    from larry.actions.retire import retire

    calm()
    put(TEST, "web1", now=1, end=2)
    retire("instance", TEST, author(3))
    assert tell(1.5) == {"ends_soon": tell(1.5)["ends_soon"]}
