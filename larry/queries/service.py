"""The service graph as it is described now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import BigIntegerField, Func
from django.db.models.expressions import RawSQL

from larry.core.deployable import read_where
from larry.core.document import Json, freeze
from larry.core.parameters import Declaration, Merge, ParameterType
from larry.core.service_graph import Audit, ServiceGraph, ServiceSpec, Sharing, Where, WhereKind
from larry.nouns.item import Item, list_members
from larry.queries.graph_part import get_graph_part
from larry.queries.host import list_keys_of_hosts
from larry.queries.moment import Moment
from larry.queries.noun import load_items
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.statement import KeptStatement
from larry.records.service import Parameter, Service


class _Reached(Func):
    """The ids of services and of all that comes along with them."""

    template = """
WITH RECURSIVE reached(id) AS (
    SELECT service.id FROM larry_service service WHERE service.key IN %(expressions)s AND service.retired_at IS NULL
    UNION
    SELECT CASE WHEN edge.kind = 'needs' THEN edge.target_id ELSE edge.service_id END
    FROM reached JOIN larry_edge edge
    ON (edge.service_id = reached.id AND edge.kind = 'needs') OR (edge.target_id = reached.id AND edge.kind = 'audits')
)
SELECT id FROM reached
"""
    output_field = BigIntegerField()


_BRINGING = """
WITH RECURSIVE reached(id) AS (
    SELECT service.id FROM larry_service service WHERE service.key IN ({keys})
    UNION
    SELECT CASE WHEN edge.kind = 'needs' THEN edge.service_id ELSE edge.target_id END
    FROM reached JOIN larry_edge edge
    ON (edge.target_id = reached.id AND edge.kind = 'needs') OR (edge.service_id = reached.id AND edge.kind = 'audits')
)
SELECT id FROM reached
"""
_MOST = 10_000
"""So many ids a statement is asked with; where more are reached, the whole graph is read."""


def get_service_graph(reader: Reader, at: Moment, required: Collection[str] | None = None) -> ServiceGraph:
    """Every service by key, or those that come along with what is ``required``; 3 SQL statements, 1 more for what is
    required; of all, 1 more where audits name hosts. Editable nouns answer as they are now.
    """
    reached = None if required is None else _find_reached(required, reader)
    if reached is not None:
        return get_graph_part(reached, reader, at)
    items = load_items("service", None, reader, at)
    return service_graph_of(items, list_keys_of_hosts(_named_hosts(items), WHOLE, at))


def renew_service_graph(services: ServiceGraph, keys: Collection[str], reader: Reader, at: Moment) -> ServiceGraph:
    """A service graph with these services as they are now, where nothing else of it has changed; 4 SQL statements, 1
    more where their audits name hosts. Many are read with all others."""
    if len(keys) > _MOST:
        return get_service_graph(reader, at)
    rows = restrict(reader, Service.objects.filter(key__in=set(keys), retired_at=None)).order_by()
    items = load_items("service", frozenset(rows.values_list("id", flat=True)), reader, at)
    changed = service_graph_of(items, list_keys_of_hosts(_named_hosts(items), WHOLE, at))
    return services.with_changed(changed, set(keys) - changed.keys())


_CLOSURE = KeptStatement(
    lambda reader, keys: restrict(reader, Service.objects.filter(id__in=_Reached(keys))).values_list("id")
)


def _find_reached(required: Collection[str], reader: Reader) -> frozenset[int] | None:
    """The ids of the closure, auditors that have retired with it; None where it is most of the graph anyway."""
    keys = sorted(set(required))
    if not keys:
        return frozenset()
    if len(keys) > _MOST:
        return None
    reached = frozenset(id_ for (id_,) in _CLOSURE.ask(reader, keys=keys))
    return reached if len(reached) <= _MOST else None


def list_bringing(keys: Collection[str], reader: Reader, at: Moment) -> frozenset[str]:
    """The services with which one of these comes along, themselves included: those that need it, and those that it
    audits, and so on; 1 SQL statement, none for no key. Of many, all services."""
    del at  # editable nouns answer as they are now
    wanted = sorted(set(keys))
    rows = restrict(reader, Service.objects.order_by())
    if len(wanted) <= _MOST:
        statement = _BRINGING.format(keys=", ".join(["%s"] * len(wanted)))
        rows = rows.filter(id__in=RawSQL(statement, wanted)) if wanted else rows.none()  # noqa: S611 - as above
    return frozenset(rows.values_list("key", flat=True))


def _named_hosts(items: Iterable[Item]) -> frozenset[str]:
    """The hosts to which services send their audits."""
    stated: Iterable[Any] = (audit for item in items for audit in list_members(item.values["audits"]))
    wheres = (read_where(audit["where"]) for audit in stated)
    return frozenset(str(where.name) for where in wheres if where.kind is WhereKind.HOST)


_SENSITIVE = KeptStatement(
    lambda reader: restrict(reader, Parameter.objects.filter(sensitive=True, service__retired_at=None)).values_list(
        "name"
    )
)


def list_sensitive_names(reader: Reader, at: Moment) -> frozenset[str]:
    """The names of parameters that any service which has not retired declares sensitive; 1 SQL statement."""
    return frozenset(name for (name,) in _SENSITIVE.ask(reader))


def service_graph_of(items: Iterable[Item], host_keys: Mapping[str, str]) -> ServiceGraph:
    """The graph that service Items describe; audits name hosts by key, so that a host's rename makes nothing dirty."""
    return ServiceGraph({item.address: _spec(item.address, item.values, host_keys) for item in items})


def _spec(key: str, values: Mapping[str, Any], host_keys: Mapping[str, str]) -> ServiceSpec:
    return ServiceSpec(
        key=key,
        sharing=Sharing(values["sharing"]),
        declarations=tuple(_declaration(stated) for stated in values["parameters"]),
        needs=tuple(values["needs"]),
        audits=tuple(Audit(stated["service"], _where(stated["where"], host_keys)) for stated in values["audits"]),
        tools=values["tools"],
    )


def _where(stated: Json, host_keys: Mapping[str, str]) -> Where:
    where = read_where(stated)
    return replace(where, name=host_keys[str(where.name)]) if where.kind is WhereKind.HOST else where


_TYPES: Mapping[str, ParameterType] = {each.value: each for each in ParameterType}
_MERGES: Mapping[str, Merge] = {each.value: each for each in Merge}
"""By their words: a graph has thousands of declarations, and to ask an enumeration takes longer."""


def _declaration(stated: Mapping[str, Any]) -> Declaration:
    default: Json = freeze(stated.get("default"))
    return Declaration(
        name=stated["name"],
        type=_TYPES[stated["type"]],
        has_default="default" in stated,
        default=default,
        sensitive=stated["sensitive"],
        merge=_MERGES[stated["merge"]],
        description=stated["description"],
    )
