"""A fleet orders what starts where across hosts, and says of each level what all of its hosts agree on."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from larry.core.fleet import (
    Fleet,
    FleetHost,
    FleetOutline,
    HostOutline,
    PackedHosts,
    agree_levels,
    fleet_document,
    order_services,
)
from larry.core.node import HostFacts, NodeService, Place, Subject
from larry.core.node_text import DatedNode
from larry.core.service_graph import CircleInServices
from tests.exports.many import make_fleet
from tests.exports.specimen import END, START, dated, entry, frozen

OTHER = "acme/shop/staging"
PATH = "acme/shop/production"


def host(
    name: str, *entries: NodeService, roles: tuple[str, ...] = (), own: dict[str, object] | None = None
) -> FleetHost:
    node = replace(dated(*entries, own=own).node, facts=HostFacts(name))
    return FleetHost(DatedNode(node, START, END, node.digest), roles)


def about(service: str, on: str, path: str = PATH) -> Subject:
    return Subject(service, on, (), (path,), frozen({}), frozen({}))


def test_what_is_needed_and_audited_elsewhere_comes_before() -> None:
    web = host("web", entry("linux"), entry("rails", of=PATH, after=["linux"], elsewhere=[Place("db", "data", ())]))
    data = host("data", entry("db", of=PATH), entry("db", of=OTHER), entry("pg"))
    watch = host("watch", entry("watch", audits=[about("db", "data"), about("pg", "data"), about("linux", "gone")]))
    before = Fleet((data, watch, web)).before
    assert before["web", "acme-shop-production-rails"] == (("data", "acme-shop-production-db"), ("web", "linux"))
    assert before["watch", "watch"] == (("data", "acme-shop-production-db"), ("data", "pg"))
    assert before["web", "linux"] == before["data", "acme-shop-staging-db"] == ()


def test_services_are_ordered_over_all_hosts() -> None:
    one = host("one", entry("b", after=[], elsewhere=[Place("a", "two", ())]), entry("c", after=["b"]))
    two = host("two", entry("a"))
    assert order_services(Fleet((one, two))) == ("a", "b", "c")
    assert order_services(Fleet(())) == ()


def test_a_circle_over_hosts_is_spelled_out() -> None:
    one = host("one", entry("a", elsewhere=[Place("b", "two", ())]))
    two = host("two", entry("b", elsewhere=[Place("a", "one", ())]))
    with pytest.raises(CircleInServices, match="a -> b -> a"):
        order_services(Fleet((one, two)))


def test_an_entry_is_not_before_itself() -> None:
    alone = host("alone", entry("watch", audits=[about("watch", "alone")]))
    assert Fleet((alone,)).before["alone", "watch"] == ()


def test_levels_are_said_as_far_as_all_hosts_agree() -> None:
    one = host("one", entry("a", of=PATH), own={"acme": {"x": 1}, "acme/shop": {"y": 2}, PATH: {}})
    two = host("two", entry("a", of=OTHER), own={"acme": {"x": 1}, "acme/shop": {"y": 3}, OTHER: {"z": 1}})
    assert agree_levels(Fleet((one, two))) == {"acme": {"x": 1}, PATH: {}, OTHER: {"z": 1}}


def test_the_digest_tells_of_nodes_their_time_and_their_groups() -> None:
    fleet = Fleet((host("one", entry("a")),), START, END)
    (only,) = fleet.hosts
    others = [
        Fleet((host("one", entry("b")),)),
        Fleet((replace(only, roles=("web",)),)),
        Fleet((replace(only, pools=("web",)),)),
        Fleet((replace(only, dated=replace(only.dated, end=None)),)),
        Fleet(()),
    ]
    digests = {each.digest for each in (fleet, *others)}
    assert len(digests) == 6
    assert Fleet((only,), None, None).digest == fleet.digest


def test_the_document_has_every_host_with_its_groups() -> None:
    fleet = Fleet((host("one", entry("a"), roles=("web",)),), START, END)
    document: Any = fleet_document(fleet)
    assert document["next_change"] == "2027-01-01T00:00:00Z"
    assert document["digest"] == fleet.digest
    (only,) = document["hosts"]
    assert (only["host"], only["roles"], only["pools"]) == ("one", ("web",), ())


def test_a_made_fleet_is_the_same_each_time() -> None:
    assert make_fleet(30).digest == make_fleet(30).digest
    fleet = make_fleet(300)
    assert len(fleet.hosts) == 300
    assert order_services(fleet) == ("linux", "ntp", "postgres", "database", "rails", "website", "watch")


def test_packed_hosts_are_the_hosts() -> None:
    """To the microsecond, in any moment there is; and they take far less room."""
    dated_by = [
        datetime.min.replace(tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ]
    hosts = tuple(
        HostOutline(start, end, hashlib.sha256(f"{start}{end}".encode()).hexdigest(), *groups)
        for start in dated_by
        for end in (None, *dated_by)
        for groups in (((), ()), (("web", "db"), ("north",)))
    )
    packed = PackedHosts(iter(hosts))
    assert (tuple(packed), len(packed)) == (hosts, len(hosts))
    assert (packed[3], packed[-1], packed[5:9], packed[9:999]) == (hosts[3], hosts[-1], hosts[5:9], hosts[9:999])
    assert FleetOutline(packed).digest == FleetOutline(hosts).digest
    with pytest.raises(IndexError):
        packed[len(hosts)]


def test_packed_hosts_take_little_room() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def make() -> Iterator[HostOutline]:
        for number in range(2000):
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            yield HostOutline(start + timedelta(seconds=number), None, digest, ("web",), ("north",))

    tracemalloc.start()
    try:
        packed = PackedHosts(make())
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < len(packed) * 80
