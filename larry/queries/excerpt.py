"""The excerpt of the estate in which a few statements can be completed and checked: what they name, and what stands in
the way of that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from django.db.models import Q, QuerySet

from larry.core.key import fold
from larry.nouns.directory import Entry
from larry.nouns.item import Item, list_members
from larry.nouns.named import Named, list_declared, list_named
from larry.queries.moment import Moment
from larry.queries.noun import load_items
from larry.queries.reader import WHOLE, Reader, restrict
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.edge import Edge
from larry.records.grade import Grade
from larry.records.host import Host
from larry.records.instance import Instance, Requirement
from larry.records.noun import NounRecord
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.service import Parameter, Service

_Items: TypeAlias = dict[tuple[str, str], Item]

_FLAT: Mapping[str, type[NounRecord]] = MappingProxyType(
    {"role": Role, "grade": Grade, "pool": Pool, "host": Host, "service": Service, "customer": Customer}
)
"""The nouns that belong to the whole estate."""

_ALL: Mapping[str, type[NounRecord]] = MappingProxyType({**_FLAT, "app": App, "instance": Instance})

_OWNED: Mapping[str, type[NounRecord]] = MappingProxyType(
    {"host": Host, "customer": Customer, "app": App, "instance": Instance}
)


def find_excerpt(stated: Iterable[Item], reader: Reader, at: Moment) -> Mapping[tuple[str, str], Item] | None:
    """By (noun, address) all nouns that stated items may mean, with the templates above the instances among them, the
    services that agree with one another about the parameters in question, and those that audit a host that is renamed.

    Time is proportional to these. None where a word means something that the reader does not see. SQL: 1 statement to
    find and 1 to 4 to load each sort that is named, 1 for each step of templates following templates, and 2.
    """
    named = list_named(stated)
    ids = _find_named(named)
    if not reader.sees_everything and _is_hidden(ids, reader):
        return None
    items: _Items = {}
    for noun, found in ids.items():
        if noun != "service":
            _load(items, noun, found, at)
    _load_templates(items, at)
    services = ids["service"]
    if named.renames_hosts and ids["host"]:
        edges = restrict(WHOLE, Edge.objects.filter(where_host__in=ids["host"], service__retired_at=None))
        services |= set(edges.values_list("service_id", flat=True))
    if named.inherits:
        services |= _find_required(items)
    _load(items, "service", services, at)
    beside = _agreeing(named, items) - services
    _load(items, "service", beside, at)
    return MappingProxyType(items)


def find_surroundings(noun: str, address: str, reader: Reader, at: Moment) -> Mapping[tuple[str, str], Item] | None:
    """By (noun, address) one noun, or all of that name where none has the address; with one alone what belongs to it,
    and what refers to it, and the services that declare its sensitive parameters too.

    Time is proportional to these. None where one of them is not for the reader to see. SQL: 2 or 3 statements to find,
    1 to 4 to load each sort, and 2 for a service.
    """
    if noun not in _ALL:
        return MappingProxyType({})
    standing = restrict(WHOLE, _ALL[noun]._default_manager.filter(retired_at=None))
    ids = set(standing.filter(_addressed(noun, address.lower())).values_list("pk", flat=True))
    ids = ids or set(standing.filter(name_folded=fold(address)).values_list("pk", flat=True))
    around: dict[str, set[int]] = {each: set() for each in _ALL}
    around[noun] |= ids
    if len(ids) == 1:
        for other, found in _list_around(noun, next(iter(ids))):
            around[other] |= found
    if not reader.sees_everything and _is_hidden(around, reader):
        return None
    items: _Items = {}
    for each, found in around.items():
        _load(items, each, found, at)
    return MappingProxyType(items)


def _addressed(noun: str, address: str) -> Q:
    if noun == "app":
        customer, _, key = address.partition("/")
        return Q(customer__key=customer, key=key)
    return Q(**{{"instance": "path", "host": "name"}.get(noun, "key"): address})


def _list_around(noun: str, id_: int) -> Iterable[tuple[str, set[int]]]:
    """The rows that belong or refer to one, by noun."""

    of_services = restrict(WHOLE, Edge.objects.filter(service__retired_at=None))
    of_instances = restrict(WHOLE, Requirement.objects.filter(instance__retired_at=None))
    declared = restrict(WHOLE, Parameter.objects.filter(service__retired_at=None))
    hosts = restrict(WHOLE, Host.objects.filter(retired_at=None))
    apps = restrict(WHOLE, App.objects.filter(retired_at=None))
    instances = restrict(WHOLE, Instance.objects.filter(retired_at=None))
    if noun in {"role", "grade", "pool"}:
        yield "host", _ids(hosts.filter(**{{"role": "roles", "grade": "grade", "pool": "pools"}[noun]: id_}))
    if noun in {"role", "host", "service"}:
        word = {"role": "where_role", "host": "where_host", "service": "target"}[noun]
        yield "service", _ids(of_services.filter(**{word: id_}), "service_id")
    if noun == "service":
        yield "instance", _ids(of_instances.filter(service=id_), "instance_id")
        secret = declared.filter(service=id_, sensitive=True).order_by().values("name")
        yield "service", _ids(declared.filter(name__in=secret), "service_id")
    if noun == "customer":
        yield "app", _ids(apps.filter(customer=id_))
    if noun in {"app", "instance"}:
        yield "instance", _ids(instances.filter(**{{"app": "app", "instance": "template"}[noun]: id_}))


def _ids(rows: QuerySet[Any], word: str = "id") -> set[int]:
    return set(rows.values_list(word, flat=True))


def list_entries(noun: str, parent: str, reader: Reader, at: Moment) -> tuple[Entry, ...]:
    """How the nouns of one sort that belong to a parent ("" where that sort has none) are called; 1 SQL statement."""
    rows: QuerySet[Any] = restrict(reader, _ALL[noun]._default_manager.filter(retired_at=None))
    if noun == "app":
        rows = rows.filter(customer__key=parent)
    if noun == "instance":
        customer, _, app = parent.partition("/")
        rows = rows.filter(app__key=app, customer__key=customer)
    return tuple(
        Entry(noun, parent, name.lower() if noun == "host" else f"{parent}/{key}" if parent else key, key, name)
        for key, name in rows.values_list("key", "name")
    )


def _find_named(named: Named) -> dict[str, set[int]]:
    ids: dict[str, set[int]] = {}
    for noun, model in _FLAT.items():
        ids[noun] = _find(restrict(WHOLE, model._default_manager.filter(retired_at=None)), named.words[noun])
    apps = restrict(WHOLE, App.objects.filter(customer__in=ids["customer"], retired_at=None))
    ids["app"] = _find(apps, named.words["app"]) if ids["customer"] else set()
    instances = restrict(WHOLE, Instance.objects.filter(app__in=ids["app"], retired_at=None))
    ids["instance"] = _find(instances, named.words["instance"]) if ids["app"] else set()
    if named.follows_apps and ids["app"]:
        ids["instance"] |= set(instances.values_list("id", flat=True))
    return ids


def _find(rows: QuerySet[Any], words: Collection[str]) -> set[int]:
    if not words:
        return set()
    called = Q(key__in=words) | Q(name_folded__in={fold(word) for word in words})
    return set(rows.filter(called).values_list("id", flat=True))


def _is_hidden(ids: Mapping[str, Collection[int]], reader: Reader) -> bool:
    """Whether any of these is not for the reader to know: then what is there for them is another estate."""
    return any(
        restrict(reader, model._default_manager.filter(pk__in=ids[noun])).distinct().count() < len(ids[noun])
        for noun, model in _OWNED.items()
        if ids[noun]
    )


def _load(items: _Items, noun: str, ids: Collection[int], at: Moment) -> None:
    if ids:
        items.update({(item.noun, item.address): item for item in load_items(noun, ids, WHOLE, at)})


def _load_templates(items: _Items, at: Moment) -> None:
    """What the instances follow, and what that follows."""
    wanted = {item.values["template"] for item in items.values() if item.noun == "instance"}
    while paths := {path for path in wanted if path is not None and ("instance", path) not in items}:
        rows = restrict(WHOLE, Instance.objects.filter(path__in=paths, retired_at=None))
        loaded = load_items("instance", set(rows.values_list("id", flat=True)), WHOLE, at)
        items.update({("instance", item.address): item for item in loaded})
        wanted = {item.values["template"] for item in loaded}


def _find_required(items: _Items) -> set[int]:
    """The services that the instances require, and may hand down."""
    required = {
        key for item in items.values() if item.noun == "instance" for key in list_members(item.values["requires"])
    }
    rows = restrict(WHOLE, Service.objects.filter(key__in=required, retired_at=None))
    return set(rows.values_list("id", flat=True))


def _agreeing(named: Named, items: _Items) -> set[int]:
    """The services that declare what a stated service does, or declares already; and those that declare a sensitive
    name which is set, or stands, in what is found."""
    layers = [item.values.get("parameters") for item in items.values() if item.noun != "service"]
    names = named.set_names | {name for each in layers if isinstance(each, Mapping) for name in each}
    declared = named.declared | {
        name for item in items.values() if item.noun == "service" for name in list_declared(item.values["parameters"])
    }
    names |= declared
    rows = restrict(WHOLE, Parameter.objects.filter(name__in=names, service__retired_at=None))
    if not named.declares:  # no declaration changes: it is only about what is sealed
        rows = rows.filter(sensitive=True)
        names = frozenset(rows.values_list("name", flat=True))
        rows = restrict(WHOLE, Parameter.objects.filter(name__in=names, service__retired_at=None)) if names else rows
    return set(rows.values_list("service_id", flat=True)) if names else set()
