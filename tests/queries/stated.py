"""What is stated and touched in the census of queries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from larry.nouns.item import Item
from larry.queries.concern import list_concerned
from larry.queries.dirty import list_dirty_to_come
from larry.queries.excerpt import find_excerpt, find_surroundings, list_entries
from larry.queries.host import list_host_facts
from larry.queries.moment import Moment
from larry.queries.outlook import Edited, NewValues, open_outlook
from larry.queries.presence import (
    get_scene,
    list_first_delivered,
    list_hosts_beside,
    list_standing,
    list_standing_services,
)
from larry.queries.reader import Reader
from larry.queries.service import list_bringing
from larry.queries.stock import Stock
from tests.actions.estate import day

TOUCHED = Edited(
    {"c0": NewValues({"p0": 2}, frozenset())}, {}, instances=frozenset({"c0/a/i"}), services=frozenset({"base"})
)
"""What an edit might touch."""

OWNERS = (("app", "c0/a"), ("customer", "c0"))


def state_some(path: str, host: str) -> tuple[Item, ...]:
    """Of an instance, a host and a service fields of every sort that refers to others."""
    return (
        Item("instance", path, {"parameters": {"p0": 2, "pin": 1}, "requires": ("s0", "base")}),
        Item("host", host, {"name": host, "roles": ("r",), "pools": ("p",), "grade": "g"}),
        Item("service", "w0", {"audits": ({"service": "s0", "where": {"role": "r"}},)}),
    )


def open_touched(paths: Collection[str], reader: Reader, at: Moment) -> Stock:
    """What is known before the edit that might be."""
    return open_outlook(TOUCHED, lambda: paths, reader, at)


AT, LONG_AGO = Moment(day(1)), Moment(day(-999))
OF_ACTS: Mapping[str, Callable[[Any], object]] = {
    "list_dirty_to_come": lambda all_: list_dirty_to_come(all_.paths, all_.reader, LONG_AGO),
    "list_host_facts": lambda all_: list_host_facts(all_.hosts, all_.reader, AT),
    "list_bringing": lambda all_: list_bringing(["base"], all_.reader, AT),
    "find_excerpt": lambda all_: find_excerpt(state_some(all_.path, all_.host), all_.reader, AT),
    "find_surroundings": lambda all_: find_surroundings("service", "s0", all_.reader, AT),
    "list_entries": lambda all_: list_entries("instance", "c0/a", all_.reader, AT),
    "list_concerned": lambda all_: list_concerned([("instance", all_.path), *OWNERS], ["s0"], all_.reader, AT),
    "get_scene": lambda all_: get_scene(all_.hosts, all_.reader, AT),
    "list_hosts_beside": lambda all_: list_hosts_beside([all_.host], all_.reader, AT),
    "list_first_delivered": lambda all_: list_first_delivered(all_.hosts, all_.reader, AT),
    "list_standing": lambda all_: list_standing(all_.deployments, all_.reader, AT),
    "list_standing_services": lambda all_: list_standing_services(all_.deployments, all_.reader, AT),
}
"""The queries that acts ask about what they touch."""
