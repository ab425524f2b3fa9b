"""How two nodes of a host differ: as paths, in order, old and new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from larry.core.document import Json, canonical_text
from larry.core.node import Node, NodeService


@dataclass(frozen=True, slots=True)
class NodeDifference:
    """One path at which two nodes of a host differ: ``kind`` is added, removed or changed."""

    path: str
    kind: str
    old: Json
    new: Json


def compare_nodes(old: Node, new: Node) -> tuple[NodeDifference, ...]:
    """Added, removed and changed paths in order of path; empty when the nodes have the same content.

    An entry that comes or goes is one path; of one that stays each parameter, subject and relation is compared.
    """
    before, after = dict(_walk(old, new)), dict(_walk(new, old))
    differences: list[NodeDifference] = []
    for path in sorted(before.keys() | after.keys()):
        if path not in before:
            differences.append(NodeDifference(path, "added", None, after[path]))
        elif path not in after:
            differences.append(NodeDifference(path, "removed", before[path], None))
        elif canonical_text(before[path]) != canonical_text(after[path]):
            differences.append(NodeDifference(path, "changed", before[path], after[path]))
    return tuple(differences)


def _walk(node: Node, other: Node) -> Iterator[tuple[str, Json]]:
    yield "host", node.facts.name
    yield "addresses", node.facts.addresses
    yield from ((f"labels.{name}", value) for name, value in node.facts.labels.items())
    yield from ((f"data.{name}", value) for name, value in node.facts.data.items())
    for path, values in node.own.items():
        yield from ((f"own_parameters.{path}.{name}", value) for name, value in values.items())
    for each in node.instances:
        yield f"instances.{each.path}.{each.deployment}", each.snapshot
    staying = {entry.key for entry in other.services}
    for position, entry in enumerate(node.services):
        if entry.key in staying:
            yield from _walk_entry(entry)
        else:
            arrived: Json = {"position": position, "for": entry.paths, "parameters": entry.parameters}
            yield f"services.{entry.key}", arrived


def _walk_entry(entry: NodeService) -> Iterator[tuple[str, Json]]:
    stem = f"services.{entry.key}"
    yield f"{stem}.service", entry.service
    yield f"{stem}.sharing", entry.sharing.value
    yield f"{stem}.for", entry.paths
    yield f"{stem}.needs", entry.needs
    yield f"{stem}.after", entry.after
    yield f"{stem}.tools", entry.tools
    yield from ((f"{stem}.parameters.{name}", value) for name, value in entry.parameters.items())
    for place in entry.needs_elsewhere:
        yield f"{stem}.needs_elsewhere.{place.service}@{place.host}", place.addresses
    for subject in entry.audits:
        content: Json = {"addresses": subject.addresses, "parameters": subject.parameters, "settings": subject.settings}
        yield f"{stem}.audits.{subject.service}@{subject.host}.{','.join(subject.paths)}", content
