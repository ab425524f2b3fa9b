"""Nobody sees what is another customer's: every query of the census is asked as every sort of reader."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from larry.core.rights import NO_RIGHTS, PersonRole, Right, Rights, ScopeKind, rights_of
from larry.queries import deployable, kept_node, visible
from larry.queries.activity import list_activity
from larry.queries.address import list_addresses
from larry.queries.coverage import EVERYTHING, list_coverage
from larry.queries.deployment import DeploymentFilter, State, list_deployments
from larry.queries.edge import list_edges
from larry.queries.history import get_instance_history, get_service_history
from larry.queries.instance import HIDDEN, get_descriptions
from larry.queries.interval_map import MAP_KINDS, get_interval_map
from larry.queries.moment import Moment
from larry.queries.noun import get_item, list_items
from larry.queries.picture import get_graph
from larry.queries.reader import LOCAL, NotFound, Reader
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.pool import Pool
from tests.actions.estate import change, day
from tests.queries import census as census_room
from tests.queries import stated as stated_room
from tests.queries.census import QUERIES, Census, grow, take_census
from tests.queries.stated import AT

pytestmark = pytest.mark.django_db

OWN, OTHER = "c0/a/i", "c1/a/i"
CANARY = re.compile(r"\bc1/|['\"]c1['\"]|\bC1\b|canary|\bu1\b|\bg1\b")
"""Words that only the other customer's things are made of."""

PLANNING = frozenset(
    {
        "get_facts",
        "get_scene",
        "list_standing",
        "list_standing_services",
        "list_host_facts",
        "list_hosts_of_role",
        "list_lanes",
        "list_serving",
        "get_rights",
    }
    | {"find_excerpt"}
)
"""What only acts ask, and only as Larry itself: half of it would be worse than nothing."""

KINDS: Mapping[str, Callable[[], Rights]] = {
    "a stranger": lambda: NO_RIGHTS,
    "of the customer": lambda: _one(ScopeKind.CUSTOMER, Customer.objects.get(key="c0").id),
    "of the app": lambda: _one(ScopeKind.APP, App.objects.get(customer__key="c0", key="a").id),
    "of an empty pool": lambda: _one(ScopeKind.POOL, Pool.objects.get(key="spare").id),
    "a machine of an empty pool": lambda: rights_of(
        [Right(PersonRole.MACHINE, ScopeKind.POOL, Pool.objects.get(key="spare").id)]
    ),
    "an operator of the customer and an empty pool": lambda: rights_of(
        [
            Right(PersonRole.OPERATOR, ScopeKind.CUSTOMER, Customer.objects.get(key="c0").id),
            Right(PersonRole.OPERATOR, ScopeKind.POOL, Pool.objects.get(key="spare").id),
        ]
    ),
}
OWNERS = ("of the customer", "of the app", "an operator of the customer and an empty pool")


def _one(kind: ScopeKind, id_: int) -> Rights:
    return rights_of([Right(PersonRole.VIEWER, kind, id_)])


@pytest.fixture(scope="module")
def census(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Census]:
    """Laid once, in a transaction that is undone in the end: nobody here changes it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _lay()
        transaction.set_rollback(True)


def _lay() -> Census:
    grow(2)
    change("customer", "c1", 0, description="canary-1", parameters={"word": "canary-2"})
    change("app", "c1/a", 0, parameters={"word": "canary-3"})
    change("instance", OTHER, 0, parameters={"shape": "round"})
    change("pool", "spare", 0, name="spare")
    change("host", "lonely", 0, name="lonely", pools=["spare"], data={"word": "what tools are told"})
    change("host", "h1", 0, data={"word": "canary-4"})
    change("instance", "c0/a/t", 0, template=OTHER)
    return take_census()


def ask(name: str, all_: Census) -> str:
    """What a query says, or why it says nothing, without the names it was asked for."""
    deployable._parsed.clear()
    kept_node._kept.clear()
    try:
        return repr(QUERIES[name](all_))
    except NotFound as reason:
        said = str(reason)
        for asked in (*all_.paths, *all_.hosts, *all_.deployments, all_.path, all_.host, "c1/a/t"):
            said = said.replace(asked, "")
        return said


@pytest.mark.parametrize("kind", KINDS)
def test_no_query_tells_a_reader_of_what_is_another_customers(kind: str, census: Census) -> None:
    reader = Reader("u9", KINDS[kind]())
    told = {
        (name, path): text
        for path in (OWN, OTHER)
        for name in QUERIES.keys() - PLANNING
        for text in [ask(name, replace(census, reader=reader, path=path))]
        if CANARY.search(text)
    }
    assert told == {}


def test_the_census_does_hold_canaries(census: Census) -> None:
    told = {name for name in QUERIES if CANARY.search(ask(name, replace(census, path=OTHER)))}
    assert len(told) > 25
    assert {"list_activity", "get_estate", "list_deployments", "get_node", "list_situations", "list_users"} <= told


def test_every_query_of_the_census_is_asked_as_a_reader() -> None:
    sources = (
        inspect.getsource(census_room).partition("QUERIES:"),
        inspect.getsource(stated_room).partition("OF_ACTS:"),
    )
    asked = "".join(rest for *_, rest in sources)
    assert len(re.findall(r"all_\.reader", asked)) >= len(QUERIES)
    assert "LOCAL" not in asked


def test_every_kind_of_map_is_asked_for() -> None:
    assert set(MAPPED) == set(MAP_KINDS)


def test_every_table_has_a_rule() -> None:
    for model in apps.get_app_config("larry").get_models():
        for rights in (NO_RIGHTS, LOCAL.rights):
            visible.find_visible(model, "u0", rights)


MAPPED = {
    "host": "h0",
    "instance": OWN,
    "customer": "c0",
    "app": "c0/a",
    "pool": "p",
    "service": "base",
    "role": "r",
    "grade": "g",
}
"""One of each kind that is drawn over time."""

Ask = Callable[[Reader], object]
FURTHER: Mapping[str, Ask] = {
    **{f"graph of {kind}": lambda r, k=kind, a=a: get_graph(k, a, r, AT) for kind, a in (  # type: ignore[misc]
        ("service", "base"), ("instance", OWN), ("app", "c0/a"), ("customer", "c0"),
        ("instance", "c0/a/t"), ("instance", OTHER), ("app", "c1/a"), ("customer", "c1"), ("host", "h1"))},
    **{f"map of {kind} {a}": lambda r, k=kind, a=a: get_interval_map(k, a, r, AT) for kind, a in (  # type: ignore[misc]
        *MAPPED.items(), ("instance", OTHER), ("customer", "c1"))},
    **{f"addresses of {kind}": lambda r, k=kind: list_addresses(k, "", r, AT) for kind in (  # type: ignore[misc]
        "role", "pool", "service", "customer", "app", "instance", "host", "deployment", "rollout", "snapshot", "user")},
    "all activity": lambda r: list_activity(r, Moment(day(99)), limit=10_000),
    "deployments as known": lambda r: list_deployments(
        DeploymentFilter(states=frozenset(State)), r, Moment(day(1), day(1))),
    "deployments of the other": lambda r: list_deployments(DeploymentFilter(customer="c1"), r, AT),
    "edges as known": lambda r: list_edges(r, Moment(day(1), day(1))),
    "history of a service": lambda r: get_service_history("base", r, AT),
    "history of the other": lambda r: get_instance_history(OTHER, r, AT),
    "coverage": lambda r: list_coverage(EVERYTHING, r, AT),
    "the follower": lambda r: get_descriptions(["c0/a/t"], r, AT),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_histories_and_searches_tell_nothing_either(kind: str, census: Census) -> None:
    reader = Reader("u9", KINDS[kind]())
    for name, query in FURTHER.items():
        deployable._parsed.clear()
        kept_node._kept.clear()
        try:
            said = repr(query(reader))
        except NotFound as reason:
            said = re.sub(r"c1/a/i|c1/a|c1", "", str(reason), count=1)
        assert not CANARY.search(said), name


@pytest.mark.parametrize("kind", OWNERS)
def test_what_is_ones_own_is_all_there(kind: str, census: Census) -> None:
    reader = Reader("u9", KINDS[kind]())
    mine = DeploymentFilter(customer="c0", states=frozenset(State))
    assert list_deployments(mine, reader, AT) == list_deployments(mine, LOCAL, AT) != ()
    assert get_graph("instance", OWN, reader, AT) == get_graph("instance", OWN, LOCAL, AT)
    assert get_interval_map("customer", "c0", reader, AT) == get_interval_map("customer", "c0", LOCAL, AT)
    assert [item.address for item in list_items("instance", reader, AT)] == [OWN, "c0/a/t"]
    assert [item.address for item in list_items("customer", reader, AT)] == ["c0"]
    assert list_items("service", reader, AT) == list_items("service", LOCAL, AT)
    (follower,) = get_descriptions(["c0/a/t"], reader, AT).values()
    (whole,) = get_descriptions(["c0/a/t"], LOCAL, AT).values()
    assert (follower.layers[0].owner, whole.layers[0].owner) == (HIDDEN, OTHER)
    assert follower.layers[0].values == whole.layers[0].values
    assert get_item("instance", "c0/a/t", reader, AT).values["template"] is None


def test_hosts_are_seen_where_ones_own_stands_and_tools_are_told_whole_hosts_only(census: Census) -> None:
    own = Reader("u9", KINDS["of the customer"]())
    pool = Reader("u9", KINDS["of an empty pool"]())
    machine = Reader("u9", KINDS["a machine of an empty pool"]())
    assert [item.address for item in list_items("host", own, AT)] == ["h0", "h1"]
    assert {str(item.values["data"]) for item in list_items("host", own, AT)} == {"{}"}
    for reader in (pool, machine):
        (lonely,) = list_items("host", reader, AT)
        assert "what tools are told" in str(lonely.values["data"])
        assert "lonely" in ask("get_fleet", replace(census, reader=reader))
    assert "h0" not in ask("get_fleet", replace(census, reader=own)).replace("there is no host", "")
    assert list_items("service", machine, AT) == ()
    assert list_items("service", pool, AT) != ()


@pytest.mark.parametrize(
    "name", ["get_node", "get_open_node", "get_standing", "get_item", "find_subject", "get_rollout"]
)
def test_what_is_invisible_is_told_as_what_is_not_there(name: str, census: Census) -> None:
    reader = Reader("u9", KINDS["a stranger"]())
    texts = []
    for path, host, rollout in ((OWN, "h0", census.rollout), ("no/such/one", "nowhere", 999_999)):
        with pytest.raises(NotFound) as reason:
            QUERIES[name](replace(census, reader=reader, path=path, host=host, rollout=rollout))
        texts.append(re.sub(rf"{path}|{host}|{rollout}", "it", str(reason.value)))
    assert texts[0] == texts[1]


def test_seeing_less_costs_no_more_statements(census: Census) -> None:
    def count(reader: Reader) -> dict[str, int]:
        counted = {}
        for name in sorted(QUERIES.keys() - PLANNING):
            deployable._parsed.clear()
            kept_node._kept.clear()
            with CaptureQueriesContext(connection) as captured, suppress(NotFound):
                QUERIES[name](replace(census, reader=reader))
                counted[name] = len(captured.captured_queries)
        return counted

    whole = count(LOCAL)
    for kind in OWNERS:
        less = count(Reader("u9", KINDS[kind]()))
        assert {name: (less[name], whole[name]) for name in less if less[name] > whole[name] + MORE.get(name, 0)} == {}


MORE = {
    "get_listing": 1,
    "get_stretch": 1,
    "load_items": 1,
    "get_estate": 1,
    "list_items": 1,
    "get_snapshots": 1,
    "list_situations": 1,
}
"""Which hosts are seen whole takes one more; so does whether a snapshot that is remembered may be seen."""
