"""How configurations of hosts would differ, for a template: what is alike on a host or on several is told once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from larry.core.document import Json, canonical_text
from larry.core.node import Node
from larry.core.node_difference import NodeDifference, compare_nodes
from larry.core.node_text import mask_node
from larry.core.plan import NodeChange

MOST_NODES, MOST_PATHS = 200, 60
FIRST_HOSTS = 3
LONGEST_VALUE = 160
_INSTANCE = "instances."


@dataclass(frozen=True, slots=True)
class PathLine:
    """One path at which a configuration differs."""

    path: str
    kind: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class NodeStretch:
    """From ``start`` on a configuration differs at ``paths``, and just so after ``later`` boundaries more; ``agrees``:
    it is as it was to be anyway; ``is_unread``: how it differs has not been looked at, or may not be.
    """

    start: datetime
    later: int
    agrees: bool
    is_unread: bool
    paths: tuple[PathLine, ...]
    more: int

    @property
    def differences(self) -> int:
        return len(self.paths) + self.more


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """Hosts whose configurations change alike: ``first`` are named at once, ``others`` on request."""

    first: tuple[str, ...]
    others: tuple[str, ...]
    stretches: tuple[NodeStretch, ...]

    @property
    def hosts(self) -> int:
        return len(self.first) + len(self.others)

    @property
    def name(self) -> str:
        return self.first[0]


def group_nodes(
    changes: Iterable[NodeChange],
    foreseen: Mapping[str, Node],
    find: Callable[[Collection[str]], Mapping[str, Node]],
) -> tuple[NodeGroup, ...]:
    """The hosts of a Plan in order of name, those that change alike together; ``find`` gets, once, the nodes there are
    now by their digests. The first two hundred changes are compared; of further ones it is told when they are.
    """
    ordered = sorted(changes, key=lambda change: (change.host, change.start))
    known = find({each.before for each in ordered[:MOST_NODES] if each.before})
    alike: dict[tuple[NodeStretch, ...], list[str]] = {}
    single: dict[str, tuple[NodeStretch, ...]] = {}
    for host, theirs in groupby(enumerate(ordered), lambda pair: pair[1].host):
        single[host] = _join(
            _compare(change, known if number < MOST_NODES else {}, foreseen) for number, change in theirs
        )
        alike.setdefault(_without_deployments(single[host]), []).append(host)
    return tuple(
        NodeGroup(tuple(hosts[:FIRST_HOSTS]), tuple(hosts[FIRST_HOSTS:]), common if hosts[1:] else single[hosts[0]])
        for common, hosts in alike.items()
    )


def _compare(change: NodeChange, known: Mapping[str, Node], foreseen: Mapping[str, Node]) -> NodeStretch:
    before, after = known.get(change.before or ""), foreseen.get(change.after or "")
    if change.agrees or before is None or after is None:
        return NodeStretch(change.start, 0, change.agrees, not change.agrees, (), 0)
    found = compare_nodes(before, mask_node(after))
    shown = tuple(map(_show_path, found[:MOST_PATHS]))
    return NodeStretch(change.start, 0, False, False, shown, len(found[MOST_PATHS:]))


def _join(compared: Iterable[NodeStretch]) -> tuple[NodeStretch, ...]:
    """Neighbours that differ alike become one."""
    joined = []
    for _, same in groupby(compared, lambda each: (each.agrees, each.is_unread, each.paths, each.more)):
        first, *later = same
        joined.append(replace(first, later=len(later)))
    return tuple(joined)


def _without_deployments(stretches: Iterable[NodeStretch]) -> tuple[NodeStretch, ...]:
    """Each host has deployments of its own, which alone tell hosts apart that change alike."""
    return tuple(replace(each, paths=tuple(map(_without_deployment, each.paths))) for each in stretches)


def _without_deployment(line: PathLine) -> PathLine:
    return replace(line, path=line.path.rpartition(".")[0]) if line.path.startswith(_INSTANCE) else line


def _show_path(found: NodeDifference) -> PathLine:
    return PathLine(found.path, found.kind, _show(found.old), _show(found.new))


def _show(value: Json) -> str:
    text = value if isinstance(value, str) else "" if value is None else canonical_text(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
