"""An auditor by hand, with subjects of any parameters; and a fleet in which one host watches some 300 others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from larry.core.document import Json, freeze
from larry.core.fleet import Fleet, FleetHost
from larry.core.node import HostFacts, NodeService, Subject
from larry.core.node_text import DatedNode
from tests.exports.many import make_fleet
from tests.exports.specimen import END, PATH, START, dated, entry, frozen

STAGING = "acme/shop/staging"


def about(
    service: str,
    host: str = "db1.example.com",
    *,
    addresses: Iterable[str] = ("10.0.0.21",),
    paths: Iterable[str] = (PATH,),
    settings: Any = None,
    **parameters: Any,
) -> Subject:
    """A subject as an auditor has it."""
    return Subject(service, host, tuple(addresses), tuple(paths), frozen(parameters), frozen(settings or {}))


def auditor(dialect: str, said: Json, *subjects: Subject, service: str = "watch", of: str | None = None) -> NodeService:
    return entry(service, of=of, audits=subjects, tools={dialect: said})


def watching(dialect: str, said: Json, *subjects: Subject) -> DatedNode:
    """A host with one auditor that speaks the dialect."""
    return dated(auditor(dialect, said, *subjects))


def on(name: str, *entries: NodeService) -> DatedNode:
    """A host of that name with those services."""
    made = dated(*entries)
    node = replace(made.node, facts=HostFacts(name))
    return DatedNode(node, START, END, node.digest)


def fleet_of(*nodes: DatedNode) -> Fleet:
    return Fleet(tuple(FleetHost(node) for node in nodes), START, END)


def make_watched_fleet(dialect: str, said: Json, size: int = 300) -> Fleet:
    """The generated fleet; its one auditor speaks the dialect."""
    fleet = make_fleet(size)
    hosts = []
    for host in fleet.hosts:
        entries = tuple(
            replace(each, tools=freeze({dialect: said})) if each.audits else each for each in host.dated.node.services
        )
        node = replace(host.dated.node, services=entries)
        hosts.append(replace(host, dated=replace(host.dated, node=node, digest=node.digest)))
    return replace(fleet, hosts=tuple(hosts))


def watch_everything(fleet: Fleet, dialect: str, said: Json) -> Fleet:
    """The fleet, whose one auditor audits everything on all hosts but its own."""
    subjects = [
        Subject(each.service, host.name, host.dated.node.facts.addresses, each.paths, each.parameters, frozen({}))
        for host in fleet.hosts
        for each in host.dated.node.services
        if not any(other.audits for other in host.dated.node.services)
    ]
    hosts = []
    for host in fleet.hosts:
        entries = tuple(
            replace(each, tools=freeze({dialect: said}), audits=tuple(subjects)) if each.audits else each
            for each in host.dated.node.services
        )
        node = replace(host.dated.node, services=entries)
        hosts.append(replace(host, dated=replace(host.dated, node=node, digest=node.digest)))
    return replace(fleet, hosts=tuple(hosts))
