"""Edges of the service graph, as they are or as the record had them at a moment, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from larry.core.document import Json, freeze
from larry.core.interval import iso
from larry.queries.former_key import FormerKeys, get_former_keys
from larry.queries.moment import Moment
from larry.queries.noun import where_of
from larry.queries.reader import Reader, restrict
from larry.queries.subject import find_subject
from larry.queries.view import read_view
from larry.records.edge import Edge, EdgeVersion


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """``service`` needs or audits ``target``; ``where`` as an estate file says it, None for a need. Recorded ``since``
    a moment as it is, by an activity with its number, actor and reason (None: from before there was a record).
    """

    service: str
    kind: str
    target: str
    where: Json
    since: datetime | None
    activity: int | None
    actor: str
    reason: str

    @property
    def document(self) -> dict[str, Json]:
        """The edge for programs."""
        return {
            "service": self.service,
            "kind": self.kind,
            "target": self.target,
            "where": self.where,
            "since": iso(self.since) if self.since else None,
            "activity": self.activity,
            "actor": self.actor,
            "reason": self.reason,
        }


def list_edges(reader: Reader, at: Moment, *, service: str | None = None) -> tuple[EdgeRow, ...]:
    """All edges by service, kind and target, or those from and to one service: now (2 SQL statements), or as known at
    ``at.known_at`` (about 2). A service that is named takes one more. What was known then is told with the keys of now;
    a host in ``where`` has the name that was recorded. Raises `NotFound`.
    """
    with read_view():
        about = None if service is None else find_subject(service, ("service",), reader, at)[1]
        latest = _latest(reader, at)
        if at.known_at is None:
            rows = restrict(reader, Edge.objects.select_related("service", "target", "where_host", "where_role"))
            found = [
                _row(edge.service.key, edge.kind, edge.target.key, where_of(edge), latest, reader) for edge in rows
            ]
        else:
            former = get_former_keys(reader, at)
            kept_then = ((key, row) for key, row in latest.items() if not row.removed)
            found = [_row(*key, _where_of(row, former), latest, reader) for key, row in kept_then]
    kept: Iterable[EdgeRow] = (edge for edge in found if about is None or about in {edge.service, edge.target})
    return tuple(sorted(kept, key=lambda edge: (edge.service, edge.kind, edge.target)))


def _where_of(row: EdgeVersion, former: FormerKeys) -> Json:
    where = row.where
    return (
        {"role": former.find("role", where["role"])} if isinstance(where, dict) and "role" in where else freeze(where)
    )


def _latest(reader: Reader, at: Moment) -> dict[tuple[str, str, str], EdgeVersion]:
    """The latest version of every edge, or the latest that was recorded until a moment."""
    versions = restrict(reader, EdgeVersion.objects.select_related("service", "target", "activity")).order_by("id")
    if at.known_at is not None:
        versions = versions.filter(recorded_at__lte=at.known_at)
    return {(row.service.key, row.kind, row.target.key): row for row in versions}


def _row(
    service: str,
    kind: str,
    target: str,
    where: Json,
    latest: dict[tuple[str, str, str], EdgeVersion],
    reader: Reader,
) -> EdgeRow:
    """Why an edge was drawn is for those who see everything: the reason may speak of anybody."""
    version = latest.get((service, kind, target))
    if version is None:
        return EdgeRow(service, kind, target, where, None, None, "", "")
    if not reader.sees_everything:
        return EdgeRow(service, kind, target, where, version.recorded_at, None, "", "")
    made = version.activity
    return EdgeRow(service, kind, target, where, version.recorded_at, made.id, made.actor, made.reason)
