"""A host's own facts are effective at once: its node and all nodes that mention it are compiled anew from now on."""

from __future__ import annotations

import pytest

from larry.actions.apply import EstateChange
from larry.core.document import Json
from larry.core.node_text import DatedNode
from larry.queries.moment import Moment
from larry.queries.node import get_node, list_timeline
from larry.queries.reader import LOCAL
from larry.records.node import NodeDocument, NodeSegment
from tests.actions.estate import LIVE, SMALL, TEST, change, day, lay, put
from tests.actions.world import find_faults, find_rewritten_past, read_timelines

pytestmark = pytest.mark.django_db


def node(host: str, now: float) -> DatedNode:
    return get_node(host, LOCAL, Moment(day(now)))


def watched(now: float) -> set[tuple[str, tuple[str, ...]]]:
    """What the auditor on the host mon is told of whom it audits."""
    services = node("mon", now).node.services
    return {(each.host, each.addresses) for service in services for each in service.audits}


def readdress(now: float, *addresses: str) -> EstateChange:
    return change("host", "web1", now, addresses=list(addresses))


def test_new_addresses_reach_the_host_and_its_auditor_at_once_and_the_past_keeps_the_old() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    before = read_timelines()
    done = readdress(2, "10.1.1.1")
    assert {(each.host, each.start) for each in done.plan.nodes} == {("web1", day(2)), ("mon", day(2))}
    assert node("web1", 1).node.facts.addresses == ("10.0.0.1",)
    assert node("web1", 2).node.facts.addresses == ("10.1.1.1",)
    assert watched(1.999) == {("web1", ("10.0.0.1",))}
    assert watched(2) == {("web1", ("10.1.1.1",))}
    assert node("web1", 1).end == day(2)
    assert find_rewritten_past(before, read_timelines(), day(2)) == []
    assert find_faults(day(2)) == []


@pytest.mark.parametrize(
    "field, value",
    [("labels", {"site": "ber"}), ("data", {"motd": "hi"}), ("addresses", []), ("name", "web1.example.com")],
)
def test_every_fact_that_a_node_shows_is_a_boundary(field: str, value: Json) -> None:
    lay(SMALL)
    put(LIVE, "web1")
    values: dict[str, Json] = {field: value, "was": "web1"} if field == "name" else {field: value}
    done = change("host", "web1", 1, **values)
    assert ("web1.example.com" if field == "name" else "web1", day(1)) in {(n.host, n.start) for n in done.plan.nodes}
    assert find_faults(day(1)) == []


@pytest.mark.parametrize("field, value", [("capacity", {"cpu": 4}), ("description", "old"), ("roles", [])])
def test_what_no_node_shows_compiles_nothing(field: str, value: Json) -> None:
    lay(SMALL)
    put(LIVE, "web1")
    before = read_timelines()
    assert change("host", "web1", 1, **{field: value}).plan.nodes == ()
    assert read_timelines() == before


def test_the_future_has_the_new_facts_too_and_keeps_its_boundaries() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5, end=9)
    put(TEST, "web1", start=7)
    readdress(1, "10.1.1.1")
    assert [each.start for each in list_timeline("web1", LOCAL, Moment(day(1)))] == [day(1), day(5), day(7), day(9)]
    assert watched(6) == {("web1", ("10.1.1.1",))}
    assert find_faults(day(1)) == []


def test_an_edit_that_is_undone_at_the_same_moment_leaves_no_boundary() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    before = read_timelines()
    readdress(2, "10.1.1.1")
    readdress(2, "10.0.0.1")
    assert read_timelines() == before


def test_an_edit_that_is_undone_later_brings_back_the_very_same_node() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    documents = NodeDocument.objects.count()
    readdress(2, "10.1.1.1")
    readdress(3, "10.0.0.1")
    assert node("web1", 1).digest == node("web1", 3).digest != node("web1", 2).digest
    assert NodeDocument.objects.count() == documents + 2


def test_a_host_that_a_deployment_merely_needs_is_mentioned_too() -> None:
    lay(
        """
        larry: 1
        services: [{name: db}, {name: web, needs: [db]}]
        customers: [{name: C, apps: [{name: A, instances: [{name: I, requires: [web]}]}]}]
        hosts: [{name: one}, {name: two, addresses: [10.0.0.2]}, {name: three}]
        """
    )
    from larry.actions.deploy import deploy
    from tests.actions.estate import ask, author

    deploy(ask("c/a/i", "one", place={"db": "two"}), author())
    done = change("host", "two", 1, addresses=["10.5.5.5"])
    assert {each.host for each in done.plan.nodes} == {"one", "two"}
    (web,) = node("one", 1).node.services
    assert [(place.host, place.addresses) for place in web.needs_elsewhere] == [("two", ("10.5.5.5",))]
    assert find_faults(day(1)) == []


def test_a_renamed_host_is_known_by_its_new_name_everywhere_from_now_on() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    past = list(NodeSegment.objects.filter(end__lte=day(1)).values_list("host_id", "start", "end", "document_id"))
    change("host", "web1", 1, name="first.example.com", was="web1")
    assert node("first.example.com", 1).node.facts.name == "first.example.com"
    assert {host for host, _ in watched(1)} == {"first.example.com"}
    assert {host for host, _ in watched(0.5)} == {"web1"}
    assert past == list(
        NodeSegment.objects.filter(end__lt=day(1)).values_list("host_id", "start", "end", "document_id")
    )
    assert find_faults(day(1)) == []


def test_a_new_host_delivers_an_empty_node_from_its_first_moment_on() -> None:
    lay(SMALL)
    lay("larry: 1\nhosts: [{name: web3}]", now=3)
    assert node("web3", 3).node.services == ()
    assert node("web3", 3).start == day(3)
