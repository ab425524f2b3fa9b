"""The map of the estate: all of it where it is small, else what changes nearest to the moment."""

from __future__ import annotations

import pytest

from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.core.picture import IntervalMap
from larry.core.rights import PersonRole, Right, Rights, ScopeKind
from larry.queries.estate_map import get_estate_map
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, Reader
from larry.records.customer import Customer
from tests.actions.estate import author, day, lay

pytestmark = pytest.mark.django_db

CUSTOMERS = ", ".join(
    f"{{name: C{n}, apps: [{{name: A, instances: [{{name: I, requires: [web]}}]}}]}}" for n in range(5)
)
ESTATE = f"""
larry: 1
services: [{{name: web}}]
customers: [{CUSTOMERS}]
hosts: [{", ".join(f"{{name: h{n}}}" for n in range(6))}]
"""


@pytest.fixture(autouse=True)
def estate() -> None:
    lay(ESTATE)
    for customer, start, end, hosts in (
        (0, -9, None, 1),
        (2, -9, 9, 1),
        (1, -3, None, 6),
        (3, 5, None, 1),
        (4, 60, None, 1),
    ):
        item = DeployItem(f"c{customer}/a/i", tuple(f"h{n}" for n in range(hosts)))
        deploy(DeployRequest((item,), day(start), day(end) if end else None), author(min(start, -1)))


def see(most: int, reader: Reader = LOCAL) -> IntervalMap:
    return get_estate_map(reader, Moment(day(0)), since=day(-5), until=day(30), most=most, most_hosts=4)


def lanes(drawn: IntervalMap) -> list[str]:
    return ["/".join(lane.link[1:]) for lane in drawn.lanes]


def test_where_there_are_few_instances_all_have_a_lane() -> None:
    drawn = see(5)
    assert lanes(drawn) == [f"c{n}/a/i" for n in range(5)]
    assert [len(lane.bars) for lane in drawn.lanes] == [1, 4, 1, 1, 0]
    assert (drawn.left_out, drawn.kind, drawn.during.start, drawn.during.end) == (0, "estate", day(-5), day(30))


def test_where_there_are_many_those_that_change_have_one_the_nearest_first() -> None:
    assert (lanes(see(4)), see(4).left_out) == (["c1/a/i", "c2/a/i", "c3/a/i"], 2)
    assert (lanes(see(2)), see(2).left_out) == (["c1/a/i", "c3/a/i"], 3)
    assert lanes(see(1)) == ["c1/a/i"]


def test_of_an_instance_on_many_hosts_the_first_are_shown_and_the_others_counted() -> None:
    (lane,) = see(1).lanes
    assert [bar.host for bar in lane.bars] == ["h0", "h1", "h2", "h3"]
    assert lane.detail == "c1/a, 2 more hosts"


def test_everybody_sees_what_is_theirs() -> None:
    right = Right(PersonRole.VIEWER, ScopeKind.CUSTOMER, Customer.objects.get(key="c3").pk)
    assert lanes(see(1, Reader("eve", Rights(frozenset({right}))))) == ["c3/a/i"]
