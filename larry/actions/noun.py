"""Items become rows: what a changed or new noun writes, noun by noun, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from django.db.models import CharField, Model, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from larry.actions.author import Author, Refused
from larry.core.document import thaw
from larry.core.interval import iso
from larry.core.key import fold
from larry.nouns.item import Item, find_parent_address
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployment import DeployedService, Deployment
from larry.records.former_key import FormerKey
from larry.records.grade import Grade
from larry.records.host import Host
from larry.records.instance import Instance, Requirement
from larry.records.noun import NounRecord
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.service import Parameter, Service

_BATCH = 500
_FEW = 500
"""As many are asked for by their keys."""

_Parents: TypeAlias = Mapping[str, Mapping[str, Any]]
"""By address, the columns that say whose child the noun is."""

_Ids: TypeAlias = Mapping[str, Mapping[str, int]]
"""By column of a reference, the ids of what it may refer to by their addresses."""


@dataclass(frozen=True, slots=True)
class NounRows:
    """How the Items of one noun are kept: the table, the fields that are columns, and how its other fields are
    written.
    """

    model: type[NounRecord]
    columns: tuple[str, ...]
    parents: Callable[[Iterable[Item]], _Parents] = lambda items: {item.address: {} for item in items}
    references: Callable[[Iterable[Item]], _Ids] = lambda items: {}
    relations: Callable[[Mapping[int, Item]], None] = lambda rows: None


def write_items(items: Sequence[Item], author: Author) -> None:
    """Create or change the rows of Items in normal form, all of one noun; the edges of services are written elsewhere.

    A noun is found by its parent and key, which never change. SQL: about 4 statements and 1 for each 500 rows, and as
    many again for each sort of relation. Raises `Refused` for a key or name of what has retired.
    """
    if not items:
        return
    table = _TABLES[items[0].noun]
    standing = {_identity_of(row): row for row in _standing_rows(table, items)}
    _refuse_retired(table, items)
    _free_names(table, {standing[identity(item)]: item for item in items if identity(item) in standing})
    parents = table.parents([item for item in items if identity(item) not in standing])
    refuse_former_keys(
        items[0].noun,
        [
            (_parent_id(parents[item.address]), str(item.values["key"]), None, item.address)
            for item in items
            if item.address in parents and identity(item) not in standing
        ],
    )
    ids = table.references(items)
    new: list[NounRecord] = []
    changed: list[NounRecord] = []
    kept: list[tuple[Item, NounRecord]] = []
    for item in items:
        row = standing.get(identity(item))
        if row is None:
            row = table.model(created_at=author.now, **parents[item.address])
            new.append(row)
        else:
            changed.append(row)
        _fill(row, item, table.columns, ids)
        kept.append((item, row))
    manager = table.model._default_manager
    manager.bulk_create(new, batch_size=_BATCH)
    columns = ["name", "name_folded", "description", *table.columns, *ids]
    manager.bulk_create(  # all are there: this is an update, and far faster than Django's own of many rows
        changed, batch_size=_BATCH, update_conflicts=True, unique_fields=["id"], update_fields=columns
    )
    table.relations({row.pk: item for item, row in kept})


def _refuse_retired(table: NounRows, items: Collection[Item]) -> None:
    """What has retired keeps its name and key, because what was live is recorded under them."""
    retired: dict[tuple[str, str, str], NounRecord] = {}
    for row in _retired_rows(table, items):
        parent = _identity_of(row).rpartition("/")[0]
        retired[parent, "key", row.key] = retired[parent, "name", row.name_folded] = row
    for item in items if retired else ():
        parent = identity(item).rpartition("/")[0]
        for word, said in (("key", str(item.values["key"])), ("name", fold(str(item.values["name"])))):
            gone = retired.get((parent, word, said))
            if gone is not None and gone.retired_at is not None:
                raise Refused(
                    f"{item.noun} {gone.name!r} retired at {iso(gone.retired_at)}, and its {word} stays its own: "
                    f"give {item.address} another `{word}:`"
                )


def refuse_former_keys(noun: str, wanted: Collection[tuple[int, str, int | None, str]]) -> None:
    """Keys that others had before theirs were changed stay theirs. ``wanted`` are (id of the parent or 0, key, id of
    the row or None for a new one, address). 1 SQL statement, none for none wanted. Raises `Refused` saying who had it.
    """
    if not wanted:
        return
    kept = _among(FormerKey.objects.filter(noun=noun), key={key for _, key, *_ in wanted})
    former = {(row.parent, row.key): row for row in kept}
    for parent, key, owner, address in wanted if former else ():
        row = former.get((parent, key))
        if row is not None and row.owner != owner:
            name = _TABLES[noun].model._default_manager.values_list("name", flat=True).get(pk=row.owner)
            raise Refused(
                f"the key {key} was that of {noun} {name!r} until {iso(row.until)}, and stays its own: "
                f"give {address} another `key:`"
            )


def _free_names(table: NounRows, stated: Mapping[NounRecord, Item]) -> None:
    """Names that pass from one to another are given up first: two may change names, and neither is ever the other."""
    taken = {fold(str(item.values["name"])) for item in stated.values()}
    freed = [row.pk for row, item in stated.items() if row.name_folded in taken and _is_renamed(row, item)]
    if freed:
        nobody = Concat(Value("\x01"), Cast("pk", CharField()))  # no name holds what is not printable
        table.model._default_manager.filter(pk__in=freed).update(name_folded=nobody)


def _is_renamed(row: NounRecord, item: Item) -> bool:
    return row.name_folded != fold(str(item.values["name"]))


def _retired_rows(table: NounRows, items: Collection[Item]) -> Iterable[NounRecord]:
    """Those that have retired, of many items all, of a few those beside them with one of their keys or names."""
    rows = _rows_beside(table, items).exclude(retired_at=None)
    if len(items) > _FEW:
        return rows
    keys, names = {item.values["key"] for item in items}, {fold(str(item.values["name"])) for item in items}
    return rows.filter(Q(key__in=keys) | Q(name_folded__in=names))


def _standing_rows(table: NounRows, items: Collection[Item]) -> Iterable[NounRecord]:
    """Those that stand, of many items all, of a few those beside them with one of their keys."""
    return _among(_rows_beside(table, items).filter(retired_at=None), key={item.values["key"] for item in items})


def _rows_beside(table: NounRows, items: Collection[Item]) -> QuerySet[Any]:
    """The rows of the same customers and apps; an app is known by its customer's key too."""
    parents = [find_parent_address(item.address) for item in items]
    if table.model is App:
        return _among(App.objects.select_related("customer"), customer__key=set(parents))
    if table.model is Instance:
        customers, apps = {each.partition("/")[0] for each in parents}, {each.partition("/")[2] for each in parents}
        return _among(Instance.objects.all(), customer__key=customers, app__key=apps)
    return table.model._default_manager.all()


def _among(rows: QuerySet[Any], **wanted: Collection[Any]) -> QuerySet[Any]:
    """The rows with one of a few values in each column; of many values all, which are no more to read."""
    few = {f"{column}__in": values for column, values in wanted.items() if len(values) <= _FEW}
    return rows.filter(**few)


class CannotRetire(Refused):
    """Something is still live of the noun, or on it; ``against`` are those, as (noun, address)."""

    def __init__(self, text: str, against: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.against = tuple(against)


def retire_items(items: Sequence[Item], author: Author) -> None:
    """Take nouns out of use, children before parents; their names and keys stay theirs. About 3 SQL statements a noun.

    Raises `CannotRetire` naming every host, instance and service on which or of which anything is live from now on.
    """
    live = Deployment.objects.filter(deactivated_at=None).exclude(end__lte=author.now)
    paths = [item.address for item in items if item.noun == "instance"]
    lanes = live.filter(instance__path__in=paths).values_list("instance__path", "host__name")
    hosts = [item.address for item in items if item.noun == "host"]
    deployed = live.filter(host__name__in=hosts).values_list("host__name", "instance__path")
    standing = DeployedService.objects.filter(deactivated=False, host__name__in=hosts).exclude(end__lte=author.now)
    stays = standing.values_list("host__name", "deployment__instance__path")
    services = [item.address for item in items if item.noun == "service"]
    serving = DeployedService.objects.filter(deactivated=False, service__key__in=services).exclude(end__lte=author.now)
    served = serving.values_list("service__key", "deployment__instance__path")
    reasons = [
        *(
            f"service {key} cannot retire while it is live for {of}: deploy that without it first"
            for key, of in _group(served)
        ),
        *(f"instance {path} cannot retire while it is live on {on}: end that first" for path, on in _group(lanes)),
        *(
            f"host {host} cannot retire while it holds {of}: end or move that first"
            for host, of in _group([*stays, *deployed])
        ),
    ]
    if reasons:
        instances = {("instance", path) for pairs in (served, stays, deployed) for _, path in pairs}
        raise CannotRetire("; ".join(reasons), sorted(instances | {("host", host) for _, host in lanes}))
    for item in items:
        _row_of(item).update(retired_at=author.now)


def _group(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each first with its seconds in words, every one once."""
    grouped: dict[str, set[str]] = {}
    for first, second in pairs:
        grouped.setdefault(first, set()).add(second)
    return [(first, ", ".join(sorted(seconds))) for first, seconds in sorted(grouped.items())]


def find_row(item: Item) -> NounRecord:
    """The row of an item that is not retired. 1 SQL statement."""
    row: NounRecord = _row_of(item).get()
    return row


def _parent_id(parents: Mapping[str, Any]) -> int:
    return int(parents.get("app_id") or parents.get("customer_id") or 0)


def _row_of(item: Item) -> QuerySet[Any]:
    """The row of an item that is not retired."""
    if item.noun == "instance":
        return Instance.objects.filter(path=item.address, retired_at=None)
    if item.noun == "app":
        customer, _, key = item.address.partition("/")
        return App.objects.filter(customer__key=customer, key=key, retired_at=None)
    return _TABLES[item.noun].model._default_manager.filter(key=item.values["key"], retired_at=None)


def identity(item: Item) -> str:
    """What never changes of a noun: its parent's address and its key."""
    parent = find_parent_address(item.address) if item.noun != "host" else ""
    return f"{parent}/{item.values['key']}"


def _identity_of(row: NounRecord) -> str:
    if isinstance(row, Instance):
        return row.path
    if isinstance(row, App):
        return f"{row.customer.key}/{row.key}"
    return f"/{row.key}"


def _fill(row: NounRecord, item: Item, columns: Iterable[str], ids: _Ids) -> None:
    values = cast(Mapping[str, Any], item.values)
    row.key, row.name, row.description = values["key"], values["name"], values["description"]
    row.name_folded = fold(row.name)
    for column in columns:
        setattr(row, column, thaw(values[column]))
    for column, targets in ids.items():
        setattr(row, f"{column}_id", None if values[column] is None else targets[values[column]])


def _app_parents(items: Iterable[Item]) -> _Parents:
    owners = {find_parent_address(item.address) for item in items}
    customers = dict(_among(Customer.objects.all(), key=owners).values_list("key", "id"))
    return {item.address: {"customer_id": customers[find_parent_address(item.address)]} for item in items}


def _instance_parents(items: Iterable[Item]) -> _Parents:
    owners = [find_parent_address(item.address).partition("/") for item in items]
    rows = _among(App.objects.all(), customer__key={each[0] for each in owners}, key={each[2] for each in owners})
    ids = rows.values_list("customer__key", "key", "id", "customer_id")
    apps = {f"{customer}/{key}": {"app_id": id_, "customer_id": of} for customer, key, id_, of in ids}
    return {item.address: {"path": item.address, **apps[find_parent_address(item.address)]} for item in items}


def _service_relations(rows: Mapping[int, Item]) -> None:
    """Declarations have no identity of their own: those of a changed service are written anew."""
    Parameter.objects.filter(service__in=rows).delete()
    Parameter.objects.bulk_create(
        [
            _parameter(service, position, stated)
            for service, item in rows.items()
            for position, stated in enumerate(cast(Sequence[Mapping[str, Any]], item.values["parameters"]))
        ],
        batch_size=_BATCH,
    )


def _parameter(service: int, position: int, stated: Mapping[str, Any]) -> Parameter:
    return Parameter(
        service_id=service,
        position=position,
        name=stated["name"],
        type=stated["type"],
        merge=stated["merge"],
        sensitive=stated["sensitive"],
        description=stated["description"],
        has_default="default" in stated,
        default=thaw(stated.get("default")),
    )


def _instance_relations(rows: Mapping[int, Item]) -> None:
    services = _ids_of(Service, {key for item in rows.values() for key in _keys(item, "requires")})
    wanted = {row: {services[key] for key in _keys(item, "requires")} for row, item in rows.items()}
    _write_pairs(Requirement, "instance_id", "service_id", wanted)
    paths = {item.values["template"] for item in rows.values()} - {None}
    ids = dict(Instance.objects.filter(path__in=paths).values_list("path", "id"))
    standing = dict(Instance.objects.filter(id__in=rows).values_list("id", "template_id"))
    wished = {row: ids.get(str(item.values["template"])) for row, item in rows.items()}
    follow = [Instance(id=row, template_id=template) for row, template in wished.items() if template != standing[row]]
    Instance.objects.bulk_update(follow, ["template"], batch_size=_BATCH)


def _host_relations(rows: Mapping[int, Item]) -> None:
    roles = _ids_of(Role, {key for item in rows.values() for key in _keys(item, "roles")})
    pools = _ids_of(Pool, {key for item in rows.values() for key in _keys(item, "pools")})
    wanted = {row: {roles[key] for key in _keys(item, "roles")} for row, item in rows.items()}
    _write_pairs(Host.roles.through, "host_id", "role_id", wanted)
    wanted = {row: {pools[key] for key in _keys(item, "pools")} for row, item in rows.items()}
    _write_pairs(Host.pools.through, "host_id", "pool_id", wanted)


def _grades(items: Iterable[Item]) -> _Ids:
    return {"grade": _ids_of(Grade, {str(item.values["grade"]) for item in items if item.values["grade"] is not None})}


def _ids_of(model: type[NounRecord], keys: Collection[str]) -> Mapping[str, int]:
    """The ids of nouns by key. 1 SQL statement, none for no keys."""
    return dict(_among(model._default_manager.all(), key=keys).values_list("key", "id")) if keys else {}


def _keys(item: Item, field: str) -> Iterable[str]:
    return cast(Sequence[str], item.values[field])


def _write_pairs(model: type[Model], owner: str, other: str, wanted: Mapping[int, set[int]]) -> None:
    """Make the pairs of the owners those wanted: what is too much goes, what is missing comes. 3 SQL statements."""
    manager = model._default_manager
    standing: dict[int, dict[int, int]] = {}
    for pair, left, right in manager.filter(**{f"{owner}__in": wanted}).values_list("pk", owner, other):
        standing.setdefault(left, {})[right] = pair
    surplus = [pair for left, pairs in standing.items() for right, pair in pairs.items() if right not in wanted[left]]
    manager.filter(pk__in=surplus).delete()
    missing = [
        model(**{owner: left, other: right})
        for left, rights in wanted.items()
        for right in sorted(rights - standing.get(left, {}).keys())
    ]
    manager.bulk_create(missing, batch_size=_BATCH)


_TABLES: Mapping[str, NounRows] = MappingProxyType(
    {
        "role": NounRows(Role, ("floor",)),
        "grade": NounRows(Grade, ("rank", "floor")),
        "pool": NounRows(Pool, ()),
        "host": NounRows(
            Host, ("addresses", "labels", "data", "capacity"), references=_grades, relations=_host_relations
        ),
        "service": NounRows(Service, ("sharing", "category", "tools"), relations=_service_relations),
        "customer": NounRows(Customer, ("parameters",)),
        "app": NounRows(App, ("parameters", "service_level", "importance"), _app_parents),
        "instance": NounRows(
            Instance, ("parameters", "copies", "demand"), _instance_parents, relations=_instance_relations
        ),
    }
)
