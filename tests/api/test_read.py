"""Reading over the API: the same shapes as the command prints, pages, filters, sorts, fields, moments."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.edit import edit
from larry.core.interval import iso
from larry.nouns.table import NOUNS
from tests.api.asking import ask, read
from tests.api.scene import LIVE, SECRET, SPARE, WEB, author_at
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.django_db

SAME = (
    ("/instances/acme/shop/live/parameters", ("parameters", LIVE)),
    ("/instances/acme/shop/live/order", ("order", LIVE)),
    ("/instances/acme/shop/live/order?reverse=true", ("order", LIVE, "--reverse")),
    ("/instances/acme/shop/live/order?waves=true", ("order", LIVE, "--waves")),
    ("/instances/acme/shop/live/diff", ("diff", LIVE)),
    ("/instances/acme/shop/live/history", ("history", LIVE)),
    ("/instances/acme/shop/live/coverage", ("coverage", "--instance", LIVE)),
    (f"/hosts/{WEB}/node", ("config", WEB)),
    (f"/hosts/{WEB}/history", ("history", WEB)),
    ("/edges", ("edges",)),
    ("/edges?service=rails", ("edges", "rails")),
    ("/coverage", ("coverage",)),
    ("/coverage?uncovered=true", ("coverage", "--uncovered")),
    ("/situations", ("check",)),
    ("/hosts/WEB1.example.com", ("show", "host", WEB)),
    ("/instances/acme/shop/live", ("show", "instance", LIVE)),
    ("/services/Rails", ("show", "service", "rails")),
)
PAGES = (
    *((f"/{noun.plural}", ("list", noun.plural)) for noun in NOUNS.values()),
    ("/deployments", ("deployments",)),
    ("/deployments?state=all", ("deployments", "--all")),
    ("/deployments?state=future", ("deployments", "--future")),
    ("/deployments?customer=acme&host=web1.example.com", ("deployments", "--customer", "acme", "--host", WEB)),
    ("/deployments?known_at=-9d", ("deployments", "--known-at", "-9d")),
    ("/activity", ("activity",)),
    ("/activity?verb=deploy&instance=acme/shop/live", ("activity", "--verb", "deploy", "--instance", LIVE)),
)


@pytest.mark.parametrize("address, words", SAME)
def test_one_answer_is_what_the_command_prints(
    address: str, words: tuple[str, ...], somebody: Client, estate: datetime, larry: Terminal
) -> None:
    assert read(ask(somebody, "GET", address)) == json.loads(larry(*words, "--format", "json").out)


@pytest.mark.parametrize("address, words", PAGES)
def test_a_page_is_what_the_command_lists(
    address: str, words: tuple[str, ...], somebody: Client, estate: datetime, larry: Terminal
) -> None:
    document = read(ask(somebody, "GET", address))
    assert document["items"] == json.loads(larry(*words, "--format", "json").out)
    assert document["next"] is None


def test_nothing_secret_is_read(somebody: Client, estate: datetime) -> None:
    for address, _ in (*SAME, *PAGES, ("/deployables", ())):
        assert SECRET.encode() not in ask(somebody, "GET", address).content


def test_a_snapshot_is_read_with_its_content(somebody: Client, estate: datetime) -> None:
    (kept,) = read(ask(somebody, "GET", "/deployables"))["items"]
    document = read(ask(somebody, "GET", f"/deployables/{kept['digest']}"))
    assert document["instance"] == LIVE
    assert {service["key"] for service in document["content"]["services"]} == {"linux", "rails", "pager"}
    assert ask(somebody, "GET", f"/deployables/{'0' * 64}").status_code == 404


def test_one_deployment_is_read(somebody: Client, estate: datetime) -> None:
    (row,) = read(ask(somebody, "GET", "/deployments"))["items"]
    assert read(ask(somebody, "GET", f"/deployments/{row['id']}")) == row
    assert read(ask(somebody, "GET", f"/deployments/{row['id']}?as_of=-4d"))["state"] == "future"
    assert ask(somebody, "GET", "/deployments/nobody").status_code == 404


def test_rollouts_are_read(somebody: Client, estate: datetime) -> None:
    (line,) = read(ask(somebody, "GET", "/rollouts"))["items"]
    assert line["reason"] == "go live"
    document = read(ask(somebody, "GET", f"/rollouts/{line['id']}"))
    assert [each["host"] for each in document["touched"]] == [WEB]
    assert ask(somebody, "GET", "/rollouts/999999").status_code == 404


def test_what_is_dirty_is_told_with_its_causes(somebody: Client, estate: datetime) -> None:
    assert read(ask(somebody, "GET", "/dirty")) == []
    assert read(ask(somebody, "GET", "/instances/acme/shop/live/dirty"))["dirty"] is False
    edit("instance", LIVE, {"parameters": {"workers": 9}}, author_at(estate))
    (dirty,) = read(ask(somebody, "GET", "/dirty"))
    assert (dirty["instance"], dirty["hosts"]) == (LIVE, [WEB])
    assert dirty["causes"][0]["activity"]["verb"] == "update"
    assert read(ask(somebody, "GET", "/instances/acme/shop/live/dirty")) == {"dirty": True, **dirty}


@pytest.mark.parametrize("sort", ["name", "-name", "key", "grade", "-grade"])
def test_pages_follow_one_another_whatever_they_are_sorted_by(sort: str, somebody: Client, estate: datetime) -> None:
    for number in range(7):
        grade = "medium" if number % 3 else None
        edit("host", f"h{number}.example.com", {"name": f"H{number}.example.com", "grade": grade}, author_at(estate))
    whole = read(ask(somebody, "GET", f"/hosts?sort={sort}"))
    found, cursor = [], ""
    while True:
        page = read(ask(somebody, "GET", f"/hosts?sort={sort}&limit=2{cursor}"))
        assert page["total"] == 9
        found += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == whole["items"]


def test_a_page_begins_after_the_last_one_though_others_come_and_go(somebody: Client, estate: datetime) -> None:
    page = read(ask(somebody, "GET", "/hosts?limit=1"))
    assert [item["name"] for item in page["items"]] == [SPARE]
    edit("host", "a.example.com", {"name": "a.example.com"}, author_at(estate))
    following = read(ask(somebody, "GET", f"/hosts?limit=1&cursor={page['next']}"))
    assert [item["name"] for item in following["items"]] == [WEB]


def test_deployments_and_activity_go_on_where_the_page_ended(somebody: Client, estate: datetime) -> None:
    from tests.api.scene import put

    put(SPARE, estate, at=-2, start=1, end=2)
    put(SPARE, estate, at=-1, start=3, end=4)
    for address in ("/deployments", "/activity", "/rollouts", "/deployables"):
        whole = read(ask(somebody, "GET", address))["items"]
        found, cursor = [], ""
        while cursor is not None:
            page = read(ask(somebody, "GET", f"{address}?limit=1{cursor}"))
            found += page["items"]
            cursor = None if page["next"] is None else f"&cursor={page['next']}"  # type: ignore[assignment]
        assert found == whole


def test_a_cursor_fits_its_own_list_only(somebody: Client, estate: datetime) -> None:
    cursor = read(ask(somebody, "GET", "/hosts?limit=1"))["next"]
    for address in (f"/hosts?sort=-name&cursor={cursor}", f"/services?cursor={cursor}", "/hosts?cursor=AAAA"):
        document = read(ask(somebody, "GET", address))
        assert document["errors"][0]["field"] == "cursor"


def test_filters_search_and_fields(somebody: Client, estate: datetime) -> None:
    assert read(ask(somebody, "GET", "/hosts?roles=web&labels=site%3Dfra&fields=name"))["items"] == [{"name": WEB}]
    assert read(ask(somebody, "GET", "/hosts?q=SPARE&fields=address"))["items"] == [{"address": SPARE}]
    assert read(ask(somebody, "GET", "/instances?customer=acme&fields=address"))["items"] == [{"address": LIVE}]
    refused = read(ask(somebody, "GET", "/hosts?fields=colour"))
    assert "there is no field 'colour'" in refused["detail"]
    assert "there is no" in read(ask(somebody, "GET", "/deployments?state=asleep"))["detail"]


def test_what_can_be_edited_says_that_it_is_as_now(somebody: Client, estate: datetime) -> None:
    response = ask(somebody, "GET", "/hosts?as_of=2020-01-01")
    assert "hosts can be edited" in response.headers["Larry-Note"]
    assert abs(datetime.fromisoformat(response.headers["Larry-As-Of"]) - estate) < timedelta(minutes=5)
    assert "Larry-Note" not in ask(somebody, "GET", "/hosts").headers


def test_an_answer_that_is_known_is_not_sent_again(somebody: Client, estate: datetime) -> None:
    etag = ask(somebody, "GET", f"/hosts/{WEB}").headers["ETag"]
    assert ask(somebody, "GET", f"/hosts/{WEB}", If_None_Match=etag).status_code == 304
    edit("host", WEB, {"description": "told better"}, author_at(estate))
    assert ask(somebody, "GET", f"/hosts/{WEB}", If_None_Match=etag).status_code == 200


def test_the_node_of_another_moment(somebody: Client, estate: datetime) -> None:
    response = ask(somebody, "GET", f"/hosts/{WEB}/node?as_of=-4d")
    assert read(response)["services"] == []
    assert response.headers["Larry-Next-Change"] == iso(estate - timedelta(days=3))


@pytest.mark.parametrize("address", ["/hosts", "/instances", "/deployments", "/activity", "/coverage"])
def test_statements_do_not_grow_with_the_estate(
    address: str, somebody: Client, estate: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ask(somebody, "GET", address)  # snapshots are parsed once
    with django_assert_max_num_queries(40) as few:
        ask(somebody, "GET", address)
    before = len(few.captured_queries)
    for number in range(5):
        edit("host", f"h{number}.example.com", {"name": f"h{number}.example.com"}, author_at(estate))
        edit("instance", f"acme/shop/i{number}", {"name": f"i{number}", "requires": ["rails"]}, author_at(estate))
    with django_assert_max_num_queries(before) as many:
        ask(somebody, "GET", address)
    assert len(many.captured_queries) == before
