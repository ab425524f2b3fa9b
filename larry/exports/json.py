"""Prints a node, or a fleet of them, as JSON: the pinned shape, for programs."""

from __future__ import annotations

import json
from typing import Any

from larry.core.document import Json, thaw
from larry.core.fleet import Fleet, FleetText, HostText, text_of
from larry.core.interval import iso
from larry.core.node_text import DatedNode, dated_document

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The document, indented; with ``stop`` its services in reverse order."""
    document: dict[str, Any] = dated_document(dated)
    if stop:
        document["services"].reverse()
    return _write(document)


def render_fleet(fleet: Fleet) -> str:
    """Every host's document with its roles and pools, a line for each host."""
    return write_texts(text_of(fleet))


def write_texts(fleet: FleetText) -> str:
    """The same of nodes that are texts already: they are passed on as they are."""
    hosts = ",\n".join(map(_write_host, fleet.hosts))
    until = _encode(iso(fleet.end) if fleet.end is not None else None)
    return f'{{"hosts":[\n{hosts}\n],"next_change":{until},"digest":{_encode(fleet.digest)}}}\n'


def _write_host(host: HostText) -> str:
    """A canonical text ends in a brace, and holds something: what is said of its time and place goes before that."""
    start, end = iso(host.start), iso(host.end) if host.end is not None else None
    said = {
        "valid": {"from": start, "until": end},
        "next_change": end,
        "digest": host.digest,
        "roles": host.roles,
        "pools": host.pools,
    }
    return f"{host.text[:-1]},{_encode(said)[1:]}"


def _write(document: Json) -> str:
    return json.dumps(thaw(document), ensure_ascii=False, indent=2) + "\n"
