"""A part of the service graph, read straight from its rows: a deploy reads it, and nothing else of services."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from larry.core.document import Json, freeze
from larry.core.parameters import Declaration, Merge, ParameterType
from larry.core.service_graph import Audit, ServiceGraph, ServiceSpec, Sharing, Where, WhereKind
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.statement import KeptStatement
from larry.records.edge import Edge
from larry.records.service import Parameter, Service

_DECLARED = KeptStatement(
    lambda reader, ids: (
        restrict(reader, Parameter.objects.filter(service__in=ids))
        .order_by("service_id", "position")
        .values_list(
            "service_id",
            "name",
            "type",
            "merge",
            "sensitive",
            "description",
            "has_default",
            Cast("default", TextField()),
        )
    )
)
_EDGES = KeptStatement(
    lambda reader, ids: restrict(reader, Edge.objects.filter(service__in=ids)).values_list(
        "service_id", "kind", "target__key", "where_kind", "where_host__key", "where_role__key"
    )
)
_SERVICES = KeptStatement(
    lambda reader, ids: restrict(reader, Service.objects.filter(id__in=ids, retired_at=None)).values_list(
        "id", "key", "sharing", Cast("tools", TextField())
    )
)


def get_graph_part(ids: Collection[int], reader: Reader, at: Moment) -> ServiceGraph:
    """The services of these ids that have not retired; 3 SQL statements. Audits name hosts by key."""
    del at  # editable nouns answer as they are now
    declared: dict[int, list[Declaration]] = {}
    for service, *said in _DECLARED.ask(reader, ids=frozenset(ids)):
        declared.setdefault(service, []).append(_declare(*said))
    needs: dict[int, list[str]] = {}
    audits: dict[int, list[Audit]] = {}
    for service, kind, target, *where in _EDGES.ask(reader, ids=frozenset(ids)):
        if kind == "needs":
            needs.setdefault(service, []).append(target)
        else:
            audits.setdefault(service, []).append(Audit(target, _place(*where)))
    return ServiceGraph(
        {
            key: ServiceSpec(
                key=key,
                sharing=Sharing(sharing),
                declarations=tuple(declared.get(id_, ())),
                needs=tuple(sorted(needs.get(id_, ()))),
                audits=tuple(sorted(audits.get(id_, ()), key=lambda audit: audit.service)),
                tools=_read(tools),
            )
            for id_, key, sharing, tools in sorted(_SERVICES.ask(reader, ids=frozenset(ids)), key=lambda row: row[1])
        }
    )


@lru_cache(maxsize=4096)
def _declare(*said: Any) -> Declaration:
    """A declaration by what its row says: the same rows are read again and again."""
    name, kind, merge, sensitive, description, has_default, default = said
    value = _read(default) if has_default and default is not None else None
    return Declaration(name, ParameterType(kind), has_default, value, sensitive, Merge(merge), description)


@lru_cache(maxsize=1024)
def _read(text: str) -> Json:
    return freeze(json.loads(text))


@lru_cache(maxsize=256)
def _place(kind: str, host: str | None, role: str | None) -> Where:
    return Where(WhereKind(kind), host if host is not None else role)
