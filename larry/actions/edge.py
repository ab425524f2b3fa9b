"""Edges of the service graph are written one by one, each change kept as a version with the activity that made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from larry.core.document import Json, canonical_text, thaw
from larry.nouns.item import Item
from larry.queries.noun import where_of
from larry.records.activity import Activity
from larry.records.edge import Edge, EdgeVersion
from larry.records.host import Host
from larry.records.role import Role
from larry.records.service import Service

_Stated: TypeAlias = dict[tuple[str, str], Json]
"""(kind, target's key) -> where."""


_FEW = 500
"""As many services are asked for by their keys."""


def write_edges(items: Iterable[Item], lines: Mapping[tuple[str, str], Activity]) -> None:
    """Make the edges of services those that their Items state; removals first, so that an edge may change its
    direction.

    ``lines`` are the activity lines by (noun, address). SQL: about 7 statements; the guard on circles looks at each new
    edge.
    """
    stated = {item.address: _stated_edges(item) for item in items}
    named = {*stated, *(target for edges in stated.values() for _, target in edges)}
    rows = Service.objects.filter(key__in=named) if len(named) <= _FEW else Service.objects.all()
    ids = dict(rows.values_list("key", "id"))
    wanted = {ids[address]: edges for address, edges in stated.items()}
    activities = {ids[item]: line for (noun, item), line in lines.items() if noun == "service" and item in ids}
    standing: dict[tuple[int, str, str], Edge] = {}
    for edge in Edge.objects.filter(service__in=wanted).select_related("target", "where_host", "where_role"):
        standing[edge.service_id, edge.kind, edge.target.key] = edge
    gone = [
        edge
        for (service, kind, target), edge in standing.items()
        if (kind, target) not in wanted[service] or not _same(where_of(edge), wanted[service][kind, target])
    ]
    Edge.objects.filter(id__in=[edge.id for edge in gone]).delete()
    removed = {(edge.service_id, edge.kind, edge.target.key) for edge in gone}
    new = [
        (service, kind, target, where)
        for service, edges in wanted.items()
        for (kind, target), where in edges.items()
        if (service, kind, target) not in standing or (service, kind, target) in removed
    ]
    hosts, roles = _names(new)
    Edge.objects.bulk_create([_edge(s, kind, ids[target], where, hosts, roles) for s, kind, target, where in new])
    replaced = {(service, kind, target) for service, kind, target, _ in new}
    EdgeVersion.objects.bulk_create(
        [
            *(
                _version(
                    edge.service_id,
                    edge.kind,
                    edge.target_id,
                    where_of(edge),
                    activities[edge.service_id],
                    removed=True,
                )
                for edge in gone
                if (edge.service_id, edge.kind, edge.target.key) not in replaced
            ),
            *(_version(s, kind, ids[target], where, activities[s]) for s, kind, target, where in new),
        ]
    )


def _stated_edges(item: Item) -> _Stated:
    edges: _Stated = {("needs", key): None for key in cast(Sequence[str], item.values["needs"])}
    for audit in cast(Sequence[Mapping[str, Any]], item.values["audits"]):
        edges["audits", audit["service"]] = audit["where"]
    return edges


def _same(one: Json, other: Json) -> bool:
    return canonical_text(one) == canonical_text(other)


def _names(new: Iterable[tuple[int, str, str, Json]]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    wheres = [where for *_, where in new if isinstance(where, Mapping)]
    hosts = [str(where["host"]) for where in wheres if "host" in where]
    roles = [str(where["role"]) for where in wheres if "role" in where]
    found = Host.objects.filter(name__in=hosts).values_list("name", "id")
    return dict(found), dict(Role.objects.filter(key__in=roles).values_list("key", "id"))


def _edge(
    service: int, kind: str, target: int, where: Json, hosts: Mapping[str, int], roles: Mapping[str, int]
) -> Edge:
    edge = Edge(service_id=service, kind=kind, target_id=target)
    if isinstance(where, Mapping):
        ((edge.where_kind, name),) = cast(Mapping[str, str], where).items()
        edge.where_host_id = hosts[name] if edge.where_kind == "host" else None
        edge.where_role_id = roles[name] if edge.where_kind == "role" else None
    else:
        edge.where_kind = str(where) if where is not None else None
    return edge


def _version(
    service: int, kind: str, target: int, where: Json, activity: Activity, *, removed: bool = False
) -> EdgeVersion:
    return EdgeVersion(
        service_id=service,
        kind=kind,
        target_id=target,
        where=thaw(where),
        removed=removed,
        recorded_at=activity.at,
        activity=activity,
    )
