"""A fleet of any size, made without a database: layers of services, instances on several hosts, hostile values."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any

import pytest

from larry.core.fleet import Fleet, FleetHost
from larry.core.node import HostFacts, Node, NodeInstance, NodeService, Place, Subject
from larry.core.node_text import DatedNode
from tests.exports.hostile import TEXTS, make_texts
from tests.exports.specimen import END, PATH, START, dated, entry, frozen

LAYERS = ("linux", "ntp", "postgres", "database", "rails", "website", "watch")
"""Each needs the one before; ``watch`` is on a host of its own and audits websites."""

_OF_INSTANCES = ("database", "rails", "website")


def make_fleet(size: int = 300, *, texts: tuple[str, ...] = TEXTS, seed: int = 7) -> Fleet:
    """So many hosts: a tenth of them databases that others need, one that watches all websites, the rest web hosts.

    The same numbers make the same fleet. Every text is a parameter somewhere, if there is room.
    """
    drawn = random.Random(seed)
    names = [f"host{number}.example.com" for number in range(size)]
    databases, watcher, webs = names[: max(1, size // 10)], names[-1], names[max(1, size // 10) : -1]
    of_host: dict[str, list[str]] = {name: [] for name in names}
    database_of = {}
    for number, name in enumerate(webs):
        for copy in range(drawn.choice((1, 1, 2))):
            path = f"customer_{number % 17}/app_{number % 5}/instance_{number}_{copy}"
            of_host[name].append(path)
            database_of[path] = drawn.choice(databases)
            of_host[database_of[path]].append(path)
    said = cycle(texts)
    subjects: list[Subject] = []
    hosts = []
    for number, name in enumerate(names):
        if name == watcher:
            node = _node(number, name, (entry("linux"), entry("watch", after=["linux"], audits=subjects)))
            hosts.append(_grouped(node, ("monitoring",)))
            continue
        entries = [entry("linux", release="12"), entry("ntp", after=["linux"], servers=["a", "b"], iburst=True)]
        role = "database" if name in databases else "web"
        if role == "database":
            entries.append(entry("postgres", after=["ntp"], port=5432, share=0.25))
        for path in sorted(of_host[name]):
            if role == "database":
                entries.append(entry("database", of=path, after=["postgres"], dbname=next(said), quota=number))
            else:
                rails = entry(
                    "rails",
                    of=path,
                    after=["ntp"],
                    workers=4,
                    motto=next(said),
                    deep={"a": [1, None, {"b": next(said)}]},
                )
                place = Place("database", database_of[path], ("10.0.0.1",))
                rails = replace(rails, needs_elsewhere=(place,))
                entries += [rails, entry("website", of=path, after=[rails.key], port=80, motto=next(said))]
                subjects.append(Subject("website", name, (), (path,), frozen({"port": 80}), frozen({"every": 5})))
        hosts.append(_grouped(_node(number, name, tuple(_for(entries, of_host[name]))), (role,)))
    return Fleet(tuple(sorted(hosts, key=lambda host: host.name)), START, END)


def speak(count: int = 10_000) -> Fleet:
    """A few hosts that say so many generated texts, each as a value and as the key of a map, a hundred in an entry."""
    texts, hosts = make_texts(count), []
    for first in range(0, count, 2500):
        entries: list[NodeService] = []
        for start in range(first, min(first + 2500, count), 100):
            said = texts[start : start + 100]
            keys = {text: place for place, text in enumerate(said)}
            of, after = (None, PATH)[len(entries) % 2], [each.key for each in entries[-1:]]
            entries.append(entry(f"speech{start}", of=of, after=after, texts=list(said), keys=keys))
        node = dated(*entries, own={PATH: {"texts": list(texts[first : first + 2500])}}).node
        hosts.append(_grouped(replace(node, facts=HostFacts(f"host{first}.example.com")), ("web",)))
    return Fleet(tuple(sorted(hosts, key=lambda host: host.name)), START, END)


FLEETS = pytest.mark.parametrize(
    "make", [partial(make_fleet, 300), pytest.param(speak, marks=pytest.mark.slow)], ids=["300 hosts", "texts"]
)


def _for(entries: list[NodeService], paths: list[str]) -> list[NodeService]:
    """What is shared is for all instances of the host."""
    return [one if one.service in _OF_INSTANCES else replace(one, paths=tuple(sorted(paths))) for one in entries]


def _node(number: int, name: str, entries: tuple[NodeService, ...]) -> Node:
    paths = sorted({path for each in entries if each.service in _OF_INSTANCES for path in each.paths})
    own: dict[str, Any] = {}
    for path in paths:
        customer, app, _ = path.split("/")
        own[customer] = frozen({"tone": f"{{{{ {customer} }}}}", "port": 1})
        own[f"{customer}/{app}"] = frozen({"called": app})
        own[path] = frozen({"hosts": [name, number % 3]})
    instances = tuple(
        NodeInstance(customer, app, instance, f"d{number}", "0" * 64)
        for customer, app, instance in (path.split("/") for path in paths)
    )
    facts = HostFacts(
        name, (f"10.0.{number // 250}.{number % 250}",), frozen({"site": "fra"}), frozen({"rack": number})
    )
    return Node(facts, instances, entries, frozen(own))  # type: ignore[arg-type]


def _grouped(node: Node, roles: tuple[str, ...]) -> FleetHost:
    return FleetHost(DatedNode(node, START, END, node.digest), roles, ("production",))
