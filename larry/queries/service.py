"""The service graph as it is described now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from larry.core.deployable import read_where
from larry.core.document import Json, freeze
from larry.core.parameters import Declaration, Merge, ParameterType
from larry.core.service_graph import Audit, ServiceGraph, ServiceSpec, Sharing, Where, WhereKind
from larry.nouns.item import Item, list_members
from larry.queries.host import list_keys_of_hosts
from larry.queries.moment import Moment
from larry.queries.noun import list_items
from larry.queries.reader import WHOLE, Reader, restrict
from larry.records.service import Parameter


def get_service_graph(reader: Reader, at: Moment) -> ServiceGraph:
    """Every service by key; 3 SQL statements, 4 where audits name hosts. Editable nouns answer as they are now."""
    items = list_items("service", reader, at)
    return service_graph_of(items, list_keys_of_hosts(_named_hosts(items), WHOLE, at))


def _named_hosts(items: Iterable[Item]) -> frozenset[str]:
    """The hosts to which services send their audits."""
    stated: Iterable[Any] = (audit for item in items for audit in list_members(item.values["audits"]))
    wheres = (read_where(audit["where"]) for audit in stated)
    return frozenset(str(where.name) for where in wheres if where.kind is WhereKind.HOST)


def list_sensitive_names(reader: Reader, at: Moment) -> frozenset[str]:
    """The names of parameters that any service which has not retired declares sensitive; 1 SQL statement."""
    declared = restrict(reader, Parameter.objects.filter(sensitive=True, service__retired_at=None))
    return frozenset(declared.values_list("name", flat=True))


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


def _declaration(stated: Mapping[str, Any]) -> Declaration:
    default: Json = freeze(stated.get("default"))
    return Declaration(
        name=stated["name"],
        type=ParameterType(stated["type"]),
        has_default="default" in stated,
        default=default,
        sensitive=stated["sensitive"],
        merge=Merge(stated["merge"]),
        description=stated["description"],
    )
