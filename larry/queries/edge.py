"""Edges of the service graph, as they are or as the record had them at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from larry.core.document import Json, freeze
from larry.queries.moment import Moment
from larry.queries.noun import list_items
from larry.queries.reader import Reader, restrict
from larry.records.edge import EdgeVersion


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """``service`` needs or audits ``target``; ``where`` as an estate file says it, None for a need."""

    service: str
    kind: str
    target: str
    where: Json


def list_edges(reader: Reader, at: Moment) -> tuple[EdgeRow, ...]:
    """All edges by service, kind and target: now (4 SQL statements), or as known at ``at.known_at`` (1)."""
    if at.known_at is None:
        return tuple(sorted(_current(reader, at), key=_order))
    versions = restrict(reader, EdgeVersion.objects.filter(recorded_at__lte=at.known_at)).order_by("id")
    latest: dict[tuple[str, str, str], EdgeVersion] = {}
    for row in versions.select_related("service", "target"):
        latest[row.service.key, row.kind, row.target.key] = row
    known = [EdgeRow(*key, freeze(row.where)) for key, row in latest.items() if not row.removed]
    return tuple(sorted(known, key=_order))


def _current(reader: Reader, at: Moment) -> list[EdgeRow]:
    edges: list[EdgeRow] = []
    for item in list_items("service", reader, at):
        needs, audits = item.values["needs"], item.values["audits"]
        edges += [EdgeRow(item.address, "needs", str(key), None) for key in _members(needs)]
        edges += [EdgeRow(item.address, "audits", audit["service"], audit["where"]) for audit in _members(audits)]
    return edges


def _members(value: Json) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def _order(edge: EdgeRow) -> tuple[str, str, str]:
    return edge.service, edge.kind, edge.target
