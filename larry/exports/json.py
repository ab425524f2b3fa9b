"""Prints a node, or a fleet of them, as JSON: the pinned shape, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from larry.core.document import Json, thaw
from larry.core.fleet import Fleet, FleetOutline, HostOutline, outline
from larry.core.interval import iso
from larry.core.node_text import DatedNode, dated_document, write_node

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The document, indented; with ``stop`` its services in reverse order."""
    document: dict[str, Any] = dated_document(dated)
    if stop:
        document["services"].reverse()
    return _write(document)


def render_fleet(fleet: Fleet) -> str:
    """Every host's document with its roles and pools, a line for each host."""
    return "".join(write_texts(outline(fleet), (write_node(host.dated.node) for host in fleet.hosts)))


def write_texts(fleet: FleetOutline, texts: Iterable[str]) -> Iterator[str]:
    """The same, piece by piece, of nodes that are texts already, a text for each host: passed on as they are."""
    yield '{"hosts":[\n'
    before = ""
    for host, text in zip(fleet.hosts, texts, strict=True):
        yield _write_host(before, host, text)
        before = ",\n"
    until = _encode(iso(fleet.end) if fleet.end is not None else None)
    yield f'\n],"next_change":{until},"digest":{_encode(fleet.digest)}}}\n'


def _write_host(before: str, host: HostOutline, text: str) -> str:
    """A canonical text ends in a brace, and holds something: what is said of its time and place goes before that."""
    end = f'"{iso(host.end)}"' if host.end is not None else "null"
    return (
        f'{before}{text[:-1]},"valid":{{"from":"{iso(host.start)}","until":{end}}},"next_change":{end},'
        f'"digest":"{host.digest}","roles":{_write_keys(host.roles)},"pools":{_write_keys(host.pools)}}}'
    )


@lru_cache(maxsize=1024)
def _write_keys(keys: tuple[str, ...]) -> str:
    return _encode(keys)


def _write(document: Json) -> str:
    return json.dumps(thaw(document), ensure_ascii=False, indent=2) + "\n"
