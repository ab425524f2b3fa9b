"""Listings: what is found, in which order, how many there are, and that nothing asked is taken for a look-up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.nouns.table import NOUNS
from larry.queries.listing import ListingRequest, get_listing, list_related, list_sorts
from larry.queries.moment import Moment
from larry.queries.noun import list_items
from larry.queries.reader import LOCAL
from tests.api.scene import lay

AT = Moment(datetime(2026, 11, 22, tzinfo=UTC))
ESTATE = """
larry: 1
roles: [{name: web}, {name: Ütility, key: utility}, {name: db}]
grades: [{name: small, rank: 1}, {name: huge, rank: 9}]
pools: [{name: live}]
services:
  - {name: base}
  - {name: rails, needs: [base], category: Web hosting, description: "the 100% stack"}
  - {name: pager, audits: [{service: rails}], sharing: instance}
customers:
  - name: Zoo
    apps:
      - {name: Www, service_level: Gold, instances: [{name: Production, copies: 2, requires: [rails]}, {name: Test}]}
  - {name: acme, apps: [{name: Shop, instances: [{name: Production, template: zoo/www/test}]}]}
  - {name: Bäckerei}
hosts:
  - {name: b2.example.com, roles: [web], grade: huge, labels: {site: fra, "a.b": "x"}, addresses: [10.0.0.7]}
  - {name: b10.example.com, roles: [web, db], grade: small, pools: [live], labels: {site: ham}}
  - {name: a1.example.com, addresses: ["2001:db8::1"]}
"""


@pytest.fixture(autouse=True)
def estate(db: None) -> None:
    lay(ESTATE)


def found(noun: str, **asked: Any) -> list[str]:
    listing = get_listing(ListingRequest(noun, **asked), LOCAL, AT)
    assert listing.total == len(listing.items)
    return [item.address for item in listing.items]


@pytest.mark.parametrize(
    "noun, sort, order",
    [
        ("customer", "", ["acme", "backerei", "zoo"]),
        ("customer", "nonsense__lookup", ["acme", "backerei", "zoo"]),
        ("role", "name", ["db", "web", "utility"]),
        ("grade", "", ["small", "huge"]),
        ("host", "grade", ["b10.example.com", "b2.example.com", "a1.example.com"]),
        ("instance", "", ["acme/shop/production", "zoo/www/production", "zoo/www/test"]),
        ("instance", "copies", ["acme/shop/production", "zoo/www/test", "zoo/www/production"]),
        ("app", "service_level", ["acme/shop", "zoo/www"]),
    ],
)
def test_lists_are_sorted_without_regard_to_case_and_alike_by_every_database(
    noun: str, sort: str, order: list[str]
) -> None:
    assert found(noun, sort=sort) == order


def test_a_list_the_other_way_round_is_the_same_backwards() -> None:
    for noun in NOUNS:
        for sort in list_sorts(noun, LOCAL, AT):
            backwards = found(noun, sort=sort, descending=True)
            assert sorted(backwards) == sorted(found(noun, sort=sort))
    assert found("customer", sort="name", descending=True) == ["zoo", "backerei", "acme"]


@pytest.mark.parametrize(
    "noun, filters, addresses",
    [
        ("app", {"customer": "Zoo"}, ["zoo/www"]),
        ("app", {"service_level": "gOLD"}, ["zoo/www"]),
        ("instance", {"customer": "zoo"}, ["zoo/www/production", "zoo/www/test"]),
        ("instance", {"app": "zoo/www", "requires": "rails"}, ["zoo/www/production"]),
        ("instance", {"app": "shop"}, ["acme/shop/production"]),
        ("instance", {"template": "zoo/www/test"}, ["acme/shop/production"]),
        ("service", {"needs": "base"}, ["rails"]),
        ("service", {"audits": "rails"}, ["pager"]),
        ("service", {"needs": "rails"}, []),
        ("service", {"sharing": "instance"}, ["pager"]),
        ("service", {"category": "web HOSTING"}, ["rails"]),
        ("host", {"roles": "web", "grade": "huge"}, ["b2.example.com"]),
        ("host", {"pools": "live"}, ["b10.example.com"]),
        ("host", {"labels": "site=fra"}, ["b2.example.com"]),
        ("host", {"labels": "site"}, ["b10.example.com", "b2.example.com"]),
        ("host", {"labels": "a.b=x"}, ["b2.example.com"]),
        ("host", {"labels": "site__icontains=f"}, []),
        ("host", {"labels": "\"]') OR 1=1 --"}, []),
        ("host", {"name__startswith": "b"}, ["a1.example.com", "b10.example.com", "b2.example.com"]),
    ],
)
def test_filters_narrow_by_the_spec_and_nothing_else(noun: str, filters: dict[str, str], addresses: list[str]) -> None:
    assert found(noun, filters=filters) == addresses


@pytest.mark.parametrize(
    "noun, search, addresses",
    [
        ("customer", "BÄCK", ["backerei"]),
        ("customer", "%", []),
        ("service", "100% stack", ["rails"]),
        ("service", "web stack", ["rails"]),
        ("service", "web nothing", []),
        ("host", "10.0.0", ["b2.example.com"]),
        ("host", "2001:DB8", ["a1.example.com"]),
        ("instance", "zoo/www", ["zoo/www/production", "zoo/www/test"]),
        ("role", "x' OR '1'='1", []),
    ],
)
def test_every_word_sought_is_somewhere(noun: str, search: str, addresses: list[str]) -> None:
    assert found(noun, search=search) == addresses


def test_pages_say_how_many_there_are_and_beyond_the_last_is_the_last() -> None:
    page = get_listing(ListingRequest("host", first=2, most=2), LOCAL, AT)
    assert ([item.address for item in page.items], page.total, page.first) == (["b2.example.com"], 3, 2)
    assert get_listing(ListingRequest("host", first=200, most=2), LOCAL, AT) == page
    assert get_listing(ListingRequest("host", filters={"roles": "none"}, first=9, most=2), LOCAL, AT).total == 0


def test_what_is_listed_is_what_every_other_query_says() -> None:
    for noun in NOUNS:
        assert sorted(found(noun)) == sorted(item.address for item in list_items(noun, LOCAL, AT))
        items = {item.address: item for item in list_items(noun, LOCAL, AT)}
        assert all(items[item.address] == item for item in get_listing(ListingRequest(noun), LOCAL, AT).items)


def test_a_page_is_cut_by_the_database() -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        get_listing(ListingRequest("host", most=1), LOCAL, AT)
    assert any("LIMIT 1" in each["sql"] for each in captured.captured_queries)
    assert len(captured.captured_queries) <= 7


def test_what_refers_to_a_noun_is_told_by_sort() -> None:
    related = {(each.noun, each.filter): each for each in list_related("service", "rails", LOCAL, AT)}
    assert related["instance", "requires"].first == (("zoo/www/production", "Production"),)
    assert related["service", "audits"].first == (("pager", "pager"),)
    assert related["service", "needs"].total == 0
    assert {each.noun: each.total for each in list_related("customer", "zoo", LOCAL, AT)} == {"app": 1, "instance": 2}
    assert [each.total for each in list_related("role", "web", LOCAL, AT, most=1)] == [2]
