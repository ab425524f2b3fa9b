"""Nouns as Items: sorted without regard to case, found by address or name, whole and in normal form."""

from __future__ import annotations

import pytest

from larry.actions.retire import retire
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.deployment import DeploymentFilter, list_deployments
from larry.queries.host import list_hosts
from larry.queries.instance import get_standing
from larry.queries.moment import Moment
from larry.queries.noun import get_estate, get_item, list_items
from larry.queries.reader import LOCAL, NotFound
from tests.actions.estate import (
    BK1,
    BLOG,
    FULL,
    LIVE,
    MON1,
    SMALL,
    TEST,
    WEB1,
    WEB2,
    author,
    change,
    day,
    dirty,
    lay,
    put,
)

pytestmark = pytest.mark.django_db

AT = Moment(day(0))
MIXED = """
larry: 1
roles: [{name: beta}, {name: Alpha}, {name: ÄRA}, {name: äpfel}, {name: Zeta}]
customers:
  - {name: beta, apps: [{name: b, instances: [{name: x}, {name: C}, {name: B}]}, {name: A}]}
  - {name: ALPHA, apps: [{name: a}]}
hosts: [{name: b.example.com}, {name: A.example.com}, {name: c.example.com}]
"""


@pytest.mark.parametrize(
    "noun, names",
    [
        ("role", ["Alpha", "beta", "Zeta", "äpfel", "ÄRA"]),
        ("customer", ["ALPHA", "beta"]),
        ("instance", ["B", "C", "x"]),
        ("host", ["A.example.com", "b.example.com", "c.example.com"]),
    ],
)
def test_lists_sort_without_regard_to_case(noun: str, names: list[str]) -> None:
    lay(MIXED)
    listed = [str(item.values["name"]) for item in list_items(noun, LOCAL, AT)]
    assert [name.casefold() for name in listed] == [name.casefold() for name in names]


def test_equal_names_sort_by_address() -> None:
    lay(MIXED)
    assert [item.address for item in list_items("app", LOCAL, AT)] == ["alpha/a", "beta/a", "beta/b"]


def test_hosts_sort_without_regard_to_case_too() -> None:
    lay(MIXED)
    assert [row.name for row in list_hosts(LOCAL, AT)] == ["a.example.com", "b.example.com", "c.example.com"]


def test_a_noun_is_found_by_its_address_or_its_name_in_any_case() -> None:
    lay(FULL)
    for noun, address, wanted in (
        ("customer", "ACME", "acme"),
        ("customer", "Acme", "acme"),
        ("host", WEB1.upper(), WEB1),
        ("instance", LIVE, LIVE),
        ("instance", LIVE.upper(), LIVE),
        ("app", "Acme/Shop", "acme/shop"),
    ):
        assert get_item(noun, address, LOCAL, AT).address == wanted
    with pytest.raises(NotFound, match="there is no host nope"):
        get_item("host", "nope", LOCAL, AT)


def test_a_name_that_several_have_means_none_of_them() -> None:
    lay(FULL)
    assert get_item("app", "shop", LOCAL, AT).address == "acme/shop"
    with pytest.raises(NotFound, match=f"several instances of that name: {LIVE}, {BLOG}"):
        get_item("instance", "live", LOCAL, AT)


def test_an_address_goes_before_a_name() -> None:
    lay("larry: 1\nroles: [{name: one, key: two}, {name: two, key: one}]")
    assert get_item("role", "one", LOCAL, AT).values["name"] == "two"


def test_the_estate_is_everything() -> None:
    lay(FULL)
    estate = get_estate(LOCAL, AT)
    assert {place for noun in NOUNS for place in ((i.noun, i.address) for i in list_items(noun, LOCAL, AT))} == set(
        estate
    )


def test_what_is_retired_is_in_no_list() -> None:
    lay(FULL)
    retire("host", BK1, author())
    assert BK1 not in {item.address for item in list_items("host", LOCAL, AT)}
    assert BK1 not in {row.name for row in list_hosts(LOCAL, AT)}
    with pytest.raises(NotFound):
        get_item("host", BK1, LOCAL, AT)


def test_hosts_tell_what_they_do_at_a_moment() -> None:
    lay(FULL)
    put(LIVE, WEB1, start=2, end=5)
    put(TEST, WEB1, start=2, end=9)
    for moment, services, instances, following in ((0.0, 0, 0, 2), (2.0, 4, 2, 5), (5.0, 4, 1, 9), (9.0, 0, 0, None)):
        row = next(row for row in list_hosts(LOCAL, Moment(day(moment))) if row.name == WEB1)
        assert (row.services, row.instances) == (services, instances)
        assert row.next_change == (None if following is None else day(following))
    web1 = next(row for row in list_hosts(LOCAL, AT) if row.name == WEB1)
    assert (web1.grade, web1.roles, web1.pools, web1.addresses) == ("medium", ("web",), ("production",), ("10.0.0.11",))
    assert next(row for row in list_hosts(LOCAL, Moment(day(3))) if row.name == MON1).instances == 2


def test_the_standing_of_an_instance() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    put(LIVE, WEB2, start=8)
    clean = get_standing(LIVE.upper(), LOCAL, AT)
    assert (clean.path, clean.is_dirty, len(clean.taken)) == (LIVE, False, 1)
    assert clean.order == ("linux", "monitoring", "postgres", "backup", "rails", "logship")
    assert clean.waves == (("linux",), ("monitoring", "postgres"), ("backup", "rails"), ("logship",))
    assert [(each.host, each.is_dirty) for each in clean.live] == [(WEB1, False), (WEB2, False)]
    change("app", "acme/shop", 1, parameters={"threads": 9})
    standing = get_standing(LIVE, LOCAL, Moment(day(1)))
    assert [each.is_dirty for each in standing.live] == [True, True]
    assert {(each.path, each.old, each.new, each.owner) for each in standing.live[0].differences} == {
        ("app.parameters.threads", 8, 9, "app"),
        ("services.rails.parameters.threads", 8, 9, "app"),
    }
    assert dirty(1) == (LIVE,)
    change("app", "acme/shop", 2, parameters={"threads": 8})
    assert dirty(2) == ()


def test_only_current_deployments_make_an_instance_dirty() -> None:
    lay(FULL)
    put(LIVE, WEB1, end=3)
    put(BLOG, WEB1, start=5)
    change("app", "acme/shop", 1, parameters={"threads": 9})
    change("instance", BLOG, 1, parameters={"workers": 9})
    assert dirty(1) == (LIVE,)
    assert dirty(4) == ()
    assert dirty(6) == (BLOG,)


def test_activity_is_listed_newest_first_up_to_a_moment() -> None:
    lay(SMALL)
    for moment in (1, 2, 3):
        change("customer", "acme", moment, description=f"on day {moment}")
    told = list_activity(LOCAL, Moment(day(2.5)), ActivityFilter(noun="customer", address="acme"))
    assert [line.after and line.after.get("description") for line in told] == ["on day 2", "on day 1", ""]
    assert len(list_activity(LOCAL, Moment(day(9)), limit=2)) == 2
    assert list_activity(LOCAL, Moment(day(-31))) == ()


def test_an_instance_without_deployments_has_none() -> None:
    lay(SMALL)
    standing = get_standing(LIVE, LOCAL, AT)
    assert (standing.taken, standing.live, standing.is_dirty) == ((), (), False)
    assert list_deployments(DeploymentFilter(instance=LIVE), LOCAL, AT) == ()
