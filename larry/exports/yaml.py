"""Prints a node, or a fleet of them, as YAML that Ruby and Python read alike: no plain text, nothing like a date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from larry.core.document import Json
from larry.core.fleet import Fleet, FleetOutline, outline
from larry.core.interval import iso
from larry.core.node_text import DatedNode, dated_document, read_node
from larry.exports import yaml_block


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The same document as in JSON; with ``stop`` its services in reverse order."""
    document: dict[str, Any] = dated_document(dated)
    if stop:
        document["services"].reverse()
    return yaml_block(document).lstrip("\n") + "\n"


def render_fleet(fleet: Fleet) -> str:
    """The same document as in JSON."""
    return "".join(_write_hosts(outline(fleet), (host.dated for host in fleet.hosts)))


def write_blocks(fleet: FleetOutline, texts: Iterable[str]) -> Iterator[str]:
    """The same, host by host, of the canonical texts of their nodes: one node at a time is in memory."""
    dated = (
        DatedNode(read_node(text), host.start, host.end, host.digest)
        for host, text in zip(fleet.hosts, texts, strict=True)
    )
    return _write_hosts(fleet, dated)


def _write_hosts(fleet: FleetOutline, nodes: Iterable[DatedNode]) -> Iterator[str]:
    """As `yaml_block` says the whole document."""
    yield '"hosts":' if fleet.hosts else '"hosts": []'
    for host, dated in zip(fleet.hosts, nodes, strict=True):
        document: Json = [{**dated_document(dated), "roles": host.roles, "pools": host.pools}]
        yield yaml_block(document, "  ")
    until = iso(fleet.end) if fleet.end is not None else None
    yield yaml_block({"next_change": until, "digest": fleet.digest}) + "\n"
