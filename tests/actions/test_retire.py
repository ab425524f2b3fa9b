"""Retiring takes a noun out of use, unless something stands on it; what it was stays on record."""

from __future__ import annotations

import pytest

from larry.actions.author import Refused
from larry.actions.redeploy import redeploy
from larry.actions.retire import retire
from larry.actions.undeploy import undeploy
from larry.nouns.estate import EstateFaults
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.noun import get_item
from larry.queries.reader import LOCAL, NotFound
from tests.actions.estate import FULL, LIVE, SMALL, TEST, author, change, day, lay, put, rows
from tests.actions.world import find_faults, find_rewritten_past, read_timelines, read_world

pytestmark = pytest.mark.django_db


def test_a_host_with_something_live_or_planned_cannot_retire() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5, end=9)
    for moment in (0, 6):
        for host in ("web1", "mon"):
            with pytest.raises((Refused, EstateFaults)):
                retire("host", host, author(moment))
    change("service", "watch", 9, audits=[])
    past = read_timelines()
    assert not retire("host", "web1", author(9)).changes_nothing
    assert not retire("host", "mon", author(9)).changes_nothing
    assert find_rewritten_past(past, read_timelines(), day(9)) == []
    assert get_node("web1", LOCAL, Moment(day(6))).node.services != ()
    with pytest.raises(NotFound, match="there is no host web1"):
        put(LIVE, "web1", now=10)
    assert find_faults(day(10)) == []


def test_an_instance_that_is_live_cannot_retire() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    with pytest.raises(Refused):
        retire("instance", LIVE, author())
    undeploy((rows()[0].id,), author(1))
    retire("instance", LIVE, author(1))
    with pytest.raises(NotFound):
        put(LIVE, "web1", now=2)
    assert [row.instance for row in rows(2)] == [LIVE]


@pytest.mark.parametrize(
    "noun, address", [("customer", "acme"), ("app", "acme/shop"), ("service", "linux"), ("host", "mon")]
)
def test_what_others_refer_to_cannot_retire(noun: str, address: str) -> None:
    lay(SMALL)
    world = read_world()
    with pytest.raises((Refused, EstateFaults)):
        retire(noun, address, author())
    assert read_world() == world


def test_a_dry_run_retires_nothing() -> None:
    lay(SMALL)
    world = read_world()
    assert not retire("host", "web2", author(), dry_run=True).changes_nothing
    assert read_world() == world


def test_a_name_that_several_have_retires_none_of_them() -> None:
    lay(FULL)
    world = read_world()
    with pytest.raises(NotFound, match="several instances of that name"):
        retire("instance", "Live", author())
    with pytest.raises(NotFound, match="there is no instance nope"):
        retire("instance", "nope", author())
    assert read_world() == world


def test_an_address_goes_before_a_name() -> None:
    lay("larry: 1\nroles: [{name: one, key: two}, {name: two, key: one}]")
    retire("role", "one", author())
    assert get_item("role", "one", LOCAL, Moment(day(0))).address == "two"


def test_a_service_that_is_live_cannot_retire_even_if_nobody_requires_it_any_more() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=5)
    change("instance", LIVE, 1, requires=["linux"])
    change("instance", TEST, 1, requires=[])
    change("service", "watch", 1, audits=[])
    world = read_world()
    with pytest.raises(Refused, match=f"service app cannot retire while it is live for {LIVE}: deploy that without it"):
        retire("service", "app", author(2))
    assert read_world() == world
    redeploy((LIVE,), author(3))
    retire("service", "app", author(3))
    assert "app" in {entry.service for entry in get_node("web1", LOCAL, Moment(day(2))).node.services}
    assert find_faults(day(3)) == []


def test_nothing_retires_before_what_is_planned_for_later() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5, end=9)
    change("instance", TEST, 1, requires=[])
    change("instance", LIVE, 1, requires=["linux"])
    change("service", "watch", 1, audits=[])
    with pytest.raises(Refused, match="service app cannot retire while it is live"):
        retire("service", "app", author(2))
    retire("service", "app", author(9))
    assert find_faults(day(9)) == []
