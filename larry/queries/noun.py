"""The nouns of the estate as Items, the very values an estate file states."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from django.db.models import Model, QuerySet

from larry.core.document import Json, freeze
from larry.core.key import fold
from larry.nouns.item import Item
from larry.queries.former_key import explain_absence
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.edge import Edge
from larry.records.grade import Grade
from larry.records.host import Host
from larry.records.instance import Instance, Requirement
from larry.records.node import NodeSegment
from larry.records.noun import NounRecord
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.service import Parameter, Service

Ids: TypeAlias = "Collection[int] | None"
"""Of which rows; None for all."""

_Row = TypeVar("_Row", bound=Model)


def list_items(noun: str, reader: Reader, at: Moment) -> tuple[Item, ...]:
    """All nouns of one sort that are not retired, sorted without regard to case; 1 to 4 SQL statements."""
    return load_items(noun, None, reader, at)


def load_items(noun: str, ids: Ids, reader: Reader, at: Moment) -> tuple[Item, ...]:
    """The nouns of one sort that have these ids, sorted likewise; 1 to 4 SQL statements."""
    return _LOADERS[noun](reader, ids)


def get_item(noun: str, address: str, reader: Reader, at: Moment) -> Item:
    """One noun by its address, or by its name where only one has it; 2 to 6 SQL statements. Raises `NotFound`."""
    model, word = _TABLES[noun]
    rows: QuerySet[Any] = restrict(reader, model._default_manager.filter(retired_at=None))
    found: list[int] = []
    if noun != "app":
        found = list(rows.filter(**{word: address.lower()}).values_list("id", flat=True))
    elif "/" in address:
        customer, _, key = address.lower().partition("/")
        found = list(rows.filter(customer__key=customer, key=key).values_list("id", flat=True))
    if not found:
        found = list(rows.filter(name_folded=fold(address)).values_list("id", flat=True)[:MOST_NAMESAKES])
    items = load_items(noun, found, reader, at) if found else ()
    if len(items) > 1:
        raise NotFound(f"there are several {noun}s of that name: {', '.join(item.address for item in items)}")
    if not items:
        raise NotFound(explain_absence(noun, [address], reader, at))
    return items[0]


def get_estate(reader: Reader, at: Moment) -> Mapping[tuple[str, str], Item]:
    """The whole estate by (noun, address); a constant number of SQL statements (17)."""
    items = (item for noun in _LOADERS for item in list_items(noun, reader, at))
    return MappingProxyType({(item.noun, item.address): item for item in items})


def _among(rows: QuerySet[_Row], ids: Ids, word: str = "id") -> QuerySet[_Row]:
    return rows if ids is None else rows.filter(**{f"{word}__in": ids})


def _item(noun: str, address: str, row: NounRecord, **values: Any) -> tuple[str, Item]:
    frozen: dict[str, Json] = {"name": row.name, "key": row.key, "description": row.description}
    frozen.update({name: freeze(value) for name, value in values.items()})
    return row.name_folded, Item(noun, address, MappingProxyType(frozen), None)


def _sorted(items: Iterable[tuple[str, Item]]) -> tuple[Item, ...]:
    return tuple(item for _, item in sorted(items, key=lambda pair: (pair[0], pair[1].address)))


def _roles(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    rows = _among(restrict(reader, Role.objects.filter(retired_at=None)), ids)
    return _sorted(_item("role", row.key, row, floor=row.floor) for row in rows)


def _grades(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    rows = _among(restrict(reader, Grade.objects.filter(retired_at=None)), ids)
    return _sorted(_item("grade", row.key, row, rank=row.rank, floor=row.floor) for row in rows)


def _pools(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    rows = _among(restrict(reader, Pool.objects.filter(retired_at=None)), ids)
    return _sorted(_item("pool", row.key, row) for row in rows)


_OF_EDGES = ("service_id", "kind", "where_kind", "target__key", "where_host__name", "where_role__key")
"""What is told of edges; there are several for each service, and most of what is beside them in the tables is not."""


def _services(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    declared: dict[int, list[Json]] = {}
    parameters = restrict(reader, Parameter.objects.order_by("service_id", "position"))
    for parameter in _among(parameters, ids, "service"):
        declared.setdefault(parameter.service_id, []).append(_declaration(parameter))
    needs: dict[int, list[str]] = {}
    audits: dict[int, dict[str, Json]] = {}
    edges = restrict(reader, Edge.objects.select_related("target", "where_host", "where_role"))
    for edge in _among(edges.only(*_OF_EDGES), ids, "service"):
        if edge.kind == "needs":
            needs.setdefault(edge.service_id, []).append(edge.target.key)
        else:
            audits.setdefault(edge.service_id, {})[edge.target.key] = where_of(edge)
    return _sorted(
        _item(
            "service", row.key, row, sharing=row.sharing, category=row.category, tools=row.tools,
            parameters=declared.get(row.id, []), needs=sorted(needs.get(row.id, [])),
            audits=[{"service": key, "where": where} for key, where in sorted(audits.get(row.id, {}).items())],
        )
        for row in _among(restrict(reader, Service.objects.filter(retired_at=None)), ids)
    )  # fmt: skip


def _declaration(parameter: Parameter) -> Json:
    stated: dict[str, Json] = {
        "name": parameter.name,
        "type": parameter.type,
        "merge": parameter.merge,
        "sensitive": parameter.sensitive,
        "description": parameter.description,
    }
    return {**stated, "default": parameter.default} if parameter.has_default else stated


def where_of(edge: Edge) -> Json:
    """Where an audit sends its auditor, as an estate file says it; None for a need. No SQL beyond the edge's own
    rows.
    """
    if edge.where_host is not None:
        return {"host": edge.where_host.name}
    if edge.where_role is not None:
        return {"role": edge.where_role.key}
    return edge.where_kind


def _customers(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    rows = _among(restrict(reader, Customer.objects.filter(retired_at=None)), ids)
    return _sorted(_item("customer", row.key, row, parameters=row.parameters) for row in rows)


def _apps(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    rows = _among(restrict(reader, App.objects.filter(retired_at=None).select_related("customer")), ids)
    return _sorted(
        _item(
            "app", f"{row.customer.key}/{row.key}", row,
            parameters=row.parameters, service_level=row.service_level, importance=row.importance,
        )
        for row in rows
    )  # fmt: skip


def _instances(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    requires: dict[int, list[str]] = {}
    pairs = _among(restrict(reader, Requirement.objects.all()), ids, "instance").values_list(
        "instance_id", "service__key"
    )
    for instance, key in pairs:
        requires.setdefault(instance, []).append(key)
    return _sorted(
        _item(
            "instance", row.path, row, parameters=row.parameters, copies=row.copies, demand=row.demand,
            requires=sorted(requires.get(row.id, [])), template=_template(row.template, reader),
        )
        for row in _among(restrict(reader, Instance.objects.filter(retired_at=None).select_related("template")), ids)
    )  # fmt: skip


def _template(row: Instance | None, reader: Reader) -> str | None:
    return row.path if row is not None and reader.sees(row.customer_id, row.app_id) else None


def _configured(reader: Reader) -> set[int] | None:
    """The hosts of which the reader may see what tools are told, their free data among it; None for all of them."""
    if reader.sees_everything:
        return None
    return set(restrict(reader, NodeSegment.objects.all()).values_list("host_id", flat=True).distinct())


def _hosts(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    rows = _among(restrict(reader, Host.objects.filter(retired_at=None).select_related("grade")), ids)
    roles = _keys_by_host(_among(restrict(reader, Host.objects.filter(retired_at=None)), ids), "roles__key")
    pools = _keys_by_host(_among(restrict(reader, Host.objects.filter(retired_at=None)), ids), "pools__key")
    whole = _configured(reader)
    return _sorted(
        _item(
            "host", row.name, row, addresses=row.addresses, labels=row.labels, capacity=row.capacity,
            data=row.data if whole is None or row.id in whole else {},
            grade=row.grade.key if row.grade else None,
            roles=sorted(roles.get(row.id, ())), pools=sorted(pools.get(row.id, ())),
        )
        for row in rows
    )  # fmt: skip


def _keys_by_host(hosts: QuerySet[Host], word: str) -> Mapping[int, list[str]]:
    """The keys that hosts have through a relation of many to many; none for a host that has none."""
    keys: dict[int, list[str]] = {}
    for host, key in hosts.filter(**{f"{word}__isnull": False}).values_list("id", word):
        keys.setdefault(host, []).append(key)
    return keys


_LOADERS: Mapping[str, Callable[[Reader, Ids], tuple[Item, ...]]] = MappingProxyType(
    {
        "role": _roles,
        "grade": _grades,
        "pool": _pools,
        "service": _services,
        "customer": _customers,
        "app": _apps,
        "instance": _instances,
        "host": _hosts,
    }
)

MOST_NAMESAKES = 20
"""As many are named where a name is that of several."""

_TABLES: Mapping[str, tuple[type[NounRecord], str]] = MappingProxyType(
    {
        "role": (Role, "key"),
        "grade": (Grade, "key"),
        "pool": (Pool, "key"),
        "service": (Service, "key"),
        "customer": (Customer, "key"),
        "app": (App, "key"),
        "instance": (Instance, "path"),
        "host": (Host, "name"),
    }
)
"""The table of each noun, and the column of its address."""
