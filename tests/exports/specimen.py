"""Specimens: nodes built by hand, with just the entries that a test speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from larry.core.document import Json, freeze
from larry.core.node import HostFacts, Node, NodeInstance, NodeService, Place, Subject, entry_key
from larry.core.node_text import DatedNode
from larry.core.service_graph import Sharing

HOST = "web1.example.com"
PATH = "acme/shop/production"
START = datetime(2026, 12, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)


def entry(
    service: str,
    *,
    of: str | None = None,
    after: Iterable[str] = (),
    audits: Iterable[Subject] = (),
    elsewhere: Iterable[Place] = (),
    tools: Json = None,
    **parameters: Any,
) -> NodeService:
    """An entry shared on the host, or with ``of`` (a path) one of that instance; ``after`` are keys of entries."""
    sharing = Sharing.INSTANCE if of else Sharing.HOST
    return NodeService(
        service=service,
        key=entry_key(service, sharing, of or PATH),
        sharing=sharing,
        parameters=frozen(parameters),
        paths=(of or PATH,),
        needs=tuple(after),
        after=tuple(after),
        needs_elsewhere=tuple(elsewhere),
        audits=tuple(audits),
        tools=freeze(tools),
    )


def puppet(**settings: Json) -> Json:
    """What a service says under ``tools``."""
    return {"puppet": settings}


def subject(service: str, host: str = "db1.example.com", **settings: Any) -> Subject:
    return Subject(service, host, ("10.0.0.21",), (PATH,), frozen({"port": 5432}), frozen(settings))


def dated(*entries: NodeService, own: Mapping[str, Any] | None = None, data: Any = None) -> DatedNode:
    """A node with the entries in start order as given, for the instances they are for."""
    paths = sorted({path for each in entries for path in each.paths})
    instances = tuple(
        NodeInstance(customer, app, instance, f"d{number}", "0" * 64)
        for number, (customer, app, instance) in enumerate(path.split("/") for path in paths)
    )
    facts = HostFacts(HOST, ("10.0.0.11",), MappingProxyType({"site": "fra"}), frozen(data or {}))
    levels = MappingProxyType({path: frozen(values) for path, values in (own or {}).items()})
    node = Node(facts, instances, entries, levels)
    return DatedNode(node, START, END, node.digest)


def frozen(values: Mapping[str, Any]) -> Mapping[str, Json]:
    made = freeze(dict(values))
    assert isinstance(made, Mapping)
    return made
