"""The nouns of the estate as Items, the very values an estate file states."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from django.db.models import BigIntegerField, QuerySet

from larry.core.document import Json, freeze
from larry.core.key import fold
from larry.nouns.item import Item
from larry.queries.former_key import explain_absence
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.statement import LaterMany, Prepared
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


def _write(rows: QuerySet[Any, Any], is_some: bool, *columns: str, word: str = "id") -> Prepared:
    """The statement of these columns: of all rows, or of those of some nouns, whose ids are told later."""
    among = rows.filter(**{f"{word}__in": LaterMany("ids", BigIntegerField())}) if is_some else rows
    return Prepared.of(among.values_list(*columns))


def _item(noun: str, address: str, named: Sequence[str], **values: Any) -> tuple[str, Item]:
    """``named`` is what `_NAMED` has of the row."""
    folded, name, key, description = named
    frozen: dict[str, Json] = {"name": name, "key": key, "description": description}
    for word, value in values.items():
        frozen[word] = freeze(value)
    return folded, Item(noun, address, MappingProxyType(frozen), None)


_NAMED = ("name_folded", "name", "key", "description")
_KEY = 2
"""The place of the key among them."""


def _sorted(items: Iterable[tuple[str, Item]]) -> tuple[Item, ...]:
    return tuple(item for _, item in sorted(items, key=lambda pair: (pair[0], pair[1].address)))


@lru_cache(maxsize=64)
def _write_roles(reader: Reader, is_some: bool) -> Prepared:
    return _write(restrict(reader, Role.objects.filter(retired_at=None)), is_some, *_NAMED, "floor")


def _roles(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    told = _write_roles(reader, ids is not None).ask(ids=ids)
    return _sorted(_item("role", named[_KEY], named, floor=floor) for *named, floor in told)


@lru_cache(maxsize=64)
def _write_grades(reader: Reader, is_some: bool) -> Prepared:
    return _write(restrict(reader, Grade.objects.filter(retired_at=None)), is_some, *_NAMED, "rank", "floor")


def _grades(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    told = _write_grades(reader, ids is not None).ask(ids=ids)
    return _sorted(_item("grade", named[_KEY], named, rank=rank, floor=floor) for *named, rank, floor in told)


@lru_cache(maxsize=64)
def _write_pools(reader: Reader, is_some: bool) -> Prepared:
    return _write(restrict(reader, Pool.objects.filter(retired_at=None)), is_some, *_NAMED)


def _pools(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    told = _write_pools(reader, ids is not None).ask(ids=ids)
    return _sorted(_item("pool", named[_KEY], named) for named in told)


@lru_cache(maxsize=64)
def _write_services(reader: Reader, is_some: bool) -> tuple[Prepared, Prepared, Prepared]:
    """Of the parameters, of the edges, and of the services."""
    parameters = restrict(reader, Parameter.objects.order_by("service_id", "position"))
    edges = ("service_id", "kind", "target__key", "where_host__name", "where_role__key", "where_kind")
    services = restrict(reader, Service.objects.filter(retired_at=None))
    return (
        _write(parameters, is_some, "service_id", *_OF_DECLARATION, "has_default", "default", word="service"),
        _write(restrict(reader, Edge.objects.all()), is_some, *edges, word="service"),
        _write(services, is_some, "id", *_NAMED, "sharing", "category", "tools"),
    )


def _services(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    parameters, edges, services = _write_services(reader, ids is not None)
    declared: dict[int, list[Json]] = {}
    for service, *declaration in parameters.ask(ids=ids):
        declared.setdefault(service, []).append(_declare(declaration))
    needs: dict[int, list[str]] = {}
    audits: dict[int, dict[str, Json]] = {}
    for service, kind, target, *where in edges.ask(ids=ids):
        if kind == "needs":
            needs.setdefault(service, []).append(target)
        else:
            audits.setdefault(service, {})[target] = _say_where(*where)
    return _sorted(
        _item(
            "service", named[_KEY], named, sharing=sharing, category=category, tools=tools,
            parameters=declared.get(id_, []), needs=sorted(needs.get(id_, [])),
            audits=[{"service": key, "where": where} for key, where in sorted(audits.get(id_, {}).items())],
        )
        for id_, *named, sharing, category, tools in services.ask(ids=ids)
    )  # fmt: skip


_OF_DECLARATION = ("name", "type", "merge", "sensitive", "description")


def _declare(told: Sequence[Any]) -> Json:
    """``told`` ends with whether there is a default, and which."""
    *plain, has_default, default = told
    stated: dict[str, Json] = dict(zip(_OF_DECLARATION, plain, strict=True))
    return {**stated, "default": default} if has_default else stated


def where_of(edge: Edge) -> Json:
    """Where an audit sends its auditor, as an estate file says it; None for a need. No SQL beyond the edge's own
    rows.
    """
    host, role = edge.where_host, edge.where_role
    return _say_where(None if host is None else host.name, None if role is None else role.key, edge.where_kind)


def _say_where(host: str | None, role: str | None, kind: str | None) -> Json:
    if host is not None:
        return {"host": host}
    return kind if role is None else {"role": role}


@lru_cache(maxsize=64)
def _write_customers(reader: Reader, is_some: bool) -> Prepared:
    return _write(restrict(reader, Customer.objects.filter(retired_at=None)), is_some, *_NAMED, "parameters")


def _customers(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    told = _write_customers(reader, ids is not None).ask(ids=ids)
    return _sorted(_item("customer", named[_KEY], named, parameters=parameters) for *named, parameters in told)


@lru_cache(maxsize=64)
def _write_apps(reader: Reader, is_some: bool) -> Prepared:
    columns = ("customer__key", *_NAMED, "parameters", "service_level", "importance")
    return _write(restrict(reader, App.objects.filter(retired_at=None)), is_some, *columns)


def _apps(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    return _sorted(
        _item(
            "app", f"{customer}/{named[_KEY]}", named,
            parameters=parameters, service_level=service_level, importance=importance,
        )
        for customer, *named, parameters, service_level, importance in _write_apps(reader, ids is not None).ask(ids=ids)
    )  # fmt: skip


@lru_cache(maxsize=64)
def _write_instances(reader: Reader, is_some: bool) -> tuple[Prepared, Prepared]:
    """Of what they require, and of the instances."""
    requirements = restrict(reader, Requirement.objects.all())
    template = ("template__path", "template__customer_id", "template__app_id")
    columns = ("id", "path", *_NAMED, "parameters", "copies", "demand", *template)
    return (
        _write(requirements, is_some, "instance_id", "service__key", word="instance"),
        _write(restrict(reader, Instance.objects.filter(retired_at=None)), is_some, *columns),
    )


def _instances(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    requirements, instances = _write_instances(reader, ids is not None)
    requires: dict[int, list[str]] = {}
    for instance, key in requirements.ask(ids=ids):
        requires.setdefault(instance, []).append(key)
    return _sorted(
        _item(
            "instance", path, named, parameters=parameters, copies=copies, demand=demand,
            requires=sorted(requires.get(id_, [])),
            template=template if template is not None and reader.sees(*owned) else None,
        )
        for id_, path, *named, parameters, copies, demand, template, customer, app in instances.ask(ids=ids)
        for owned in [(customer, app)]
    )  # fmt: skip


def _configured(reader: Reader, ids: Ids) -> set[int] | None:
    """The hosts of which the reader may see what tools are told, their free data among it; None for all of them."""
    if reader.sees_everything:
        return None
    segments = restrict(reader, NodeSegment.objects.all())
    some = segments if ids is None else segments.filter(host__in=ids)
    return set(some.values_list("host_id", flat=True).distinct())


@lru_cache(maxsize=64)
def _write_hosts(reader: Reader, is_some: bool) -> tuple[Prepared, Prepared, Prepared]:
    """Of the hosts, of their roles, and of their pools."""
    hosts = restrict(reader, Host.objects.filter(retired_at=None))
    columns = ("id", *_NAMED, "addresses", "labels", "capacity", "data", "grade__key")
    roles, pools = hosts.filter(roles__key__isnull=False), hosts.filter(pools__key__isnull=False)
    return (
        _write(hosts, is_some, *columns),
        _write(roles, is_some, "id", "roles__key"),
        _write(pools, is_some, "id", "pools__key"),
    )


def _hosts(reader: Reader, ids: Ids) -> tuple[Item, ...]:
    hosts, of_roles, of_pools = _write_hosts(reader, ids is not None)
    roles, pools = _by_host(of_roles.ask(ids=ids)), _by_host(of_pools.ask(ids=ids))
    whole = _configured(reader, ids)
    return _sorted(
        _item(
            "host", named[1], named, addresses=addresses, labels=labels, capacity=capacity,
            data=data if whole is None or id_ in whole else {},
            grade=grade, roles=sorted(roles.get(id_, ())), pools=sorted(pools.get(id_, ())),
        )
        for id_, *named, addresses, labels, capacity, data, grade in hosts.ask(ids=ids)
    )  # fmt: skip


def _by_host(pairs: Iterable[tuple[Any, ...]]) -> Mapping[int, list[str]]:
    """The keys that each host has; none for a host that has none."""
    keys: dict[int, list[str]] = {}
    for host, key in pairs:
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
