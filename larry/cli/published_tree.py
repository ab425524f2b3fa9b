"""The fleet as a tree of files: which texts belong in it at a moment.

``hosts/HOST/timeline.json`` has all that is known of a host from the publication on, ``hosts/HOST/config.SUFFIX`` what
holds now, ``hosts/HOST/next/STAMP.SUFFIX`` what will from a moment on. ``enc/HOST`` is for classifiers that only read,
``inventory.SUFFIX`` tells all hosts at once, and a dialect that fills a folder has one of its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from larry.core.document import Json, canonical_text
from larry.core.fleet import Fleet, KnownHost, fleet_at
from larry.core.node import Node
from larry.core.node_text import DatedNode, dated_document, mask_node, open_node, read_dated
from larry.exports import CannotPrint
from larry.exports.dialect import Dialect
from larry.exports.puppet.hiera import Lock

LAYOUT = 1
"""The version of the tree's layout, which readers look at first."""

TIMELINE = "timeline.json"
Timelines = Mapping[str, KnownHost]


class NotOurTimeline(ValueError):
    """A published timeline is of another layout than this Larry reads."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Texts by path, and the paths (or folders) that could not be printed, with the reason."""

    texts: Mapping[str, str]
    faults: Mapping[str, str]


def write_timeline(timeline: KnownHost) -> str:
    """The whole known timeline of one host, secrets as they are in it."""
    segments = [dated_document(each) for each in timeline.segments]
    document: Json = {"layout": LAYOUT, "roles": timeline.roles, "pools": timeline.pools, "segments": segments}
    return canonical_text(document) + "\n"


def read_timeline(text: str) -> KnownHost:
    """The inverse of `write_timeline`. Raises `NotOurTimeline`."""
    document: Any = json.loads(text)
    if not isinstance(document, dict) or document.get("layout") != LAYOUT:
        raise NotOurTimeline(f"this Larry reads published trees of layout {LAYOUT}: publish again with this one")
    segments = tuple(read_dated(each) for each in document["segments"])
    return KnownHost(segments, tuple(document["roles"]), tuple(document["pools"]))


def stamp(moment: datetime) -> str:
    """The moment in UTC as part of a file's name; texts sort as moments do."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S.%f}Z"


def draw_host(host: str, timeline: KnownHost, dialects: Sequence[Dialect], now: datetime) -> Tree:
    """All files of one host, for each dialect what holds now and what will."""
    folder = f"hosts/{host}"
    texts = {f"{folder}/{TIMELINE}": write_timeline(timeline)}
    faults: dict[str, str] = {}
    held = timeline.find(now)
    for dialect in dialects:
        coming = {stamp(each.start): each for each in timeline.segments if each.start > now}
        places = {f"{folder}/next/{start}.{dialect.suffix}": each for start, each in coming.items()}
        if held is not None:
            places[f"{folder}/config.{dialect.suffix}"] = held
        for path, dated in places.items():
            try:
                texts[path] = dialect.render(mask_dated(dated))
            except CannotPrint as fault:
                faults[path] = str(fault)
        current = texts.get(f"{folder}/config.{dialect.suffix}")
        if dialect.name == "enc" and current is not None:
            texts[f"enc/{host}"] = current
    return Tree(texts, faults)


def draw_fleet(timelines: Timelines, dialects: Sequence[Dialect], now: datetime, lock: Lock | None) -> Tree:
    """The files that tell all hosts at once as of now; secrets masked, or locked where the dialect can and may."""
    fleet = fleet_at(timelines, now)
    masked = mask_fleet(fleet)
    texts: dict[str, str] = {}
    faults: dict[str, str] = {}
    for dialect in dialects:
        try:
            if dialect.render_fleet is not None:
                texts[f"inventory.{dialect.suffix}"] = dialect.render_fleet(masked)
        except CannotPrint as fault:
            faults[f"inventory.{dialect.suffix}"] = str(fault)
        try:
            texts.update(
                {f"{dialect.name}/{path}": text for path, text in _files(dialect, fleet, masked, lock).items()}
            )
        except CannotPrint as fault:
            faults[dialect.name] = str(fault)
    return Tree(texts, faults)


def open_timelines(timelines: Timelines, unseal: Callable[[str], Json]) -> Timelines:
    """The same with every secret in clear."""
    return {
        host: replace(of, segments=tuple(_with_node(dated, open_node(dated.node, unseal)) for dated in of.segments))
        for host, of in timelines.items()
    }


def list_secrets(timelines: Timelines) -> tuple[str, ...]:
    """The HMACs of all secrets in the nodes, in order."""
    found: set[str] = set()

    def note(hmac: str) -> Json:
        found.add(hmac)
        return None

    for timeline in timelines.values():
        for dated in timeline.segments:
            open_node(dated.node, note)
    return tuple(sorted(found))


def mask_dated(dated: DatedNode) -> DatedNode:
    """The same with every secret masked that is not in clear."""
    return _with_node(dated, mask_node(dated.node))


def mask_fleet(fleet: Fleet) -> Fleet:
    """The same for all hosts."""
    return replace(fleet, hosts=tuple(replace(host, dated=mask_dated(host.dated)) for host in fleet.hosts))


def _files(dialect: Dialect, fleet: Fleet, masked: Fleet, lock: Lock | None) -> Mapping[str, str]:
    if lock is not None and dialect.render_locked is not None:
        return dialect.render_locked(fleet, lock)
    return dialect.render_files(masked) if dialect.render_files is not None else {}


def _with_node(dated: DatedNode, node: Node) -> DatedNode:
    return DatedNode(node, dated.start, dated.end, dated.digest)
