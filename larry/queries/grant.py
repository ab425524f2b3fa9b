"""Grants and groups: who may do what where, as granted, and what somebody's rights come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import BigIntegerField, Q

from larry.core.document import Json
from larry.core.interval import iso
from larry.core.key import fold
from larry.core.rights import ALL_RIGHTS, PersonRole, Right, Rights, ScopeKind, Territory, rights_of
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.scope import scope_address_of, scope_of
from larry.queries.statement import Later, Prepared
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.grant import Grant, Group, Membership
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.pool import Pool


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant: to a ``user`` or a ``group`` of a name, over a scope with its address (empty for everything).
    ``source`` is where it comes from: the directory, or nothing for Larry itself."""

    id: int
    to: str
    name: str
    role: PersonRole
    kind: ScopeKind
    address: str
    since: datetime
    source: str = ""

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {
            "to": self.to,
            "name": self.name,
            "role": self.role.value,
            "scope": self.kind.value,
            "address": self.address,
            "since": iso(self.since),
            "from": self.source,
        }


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group, and the names of who is in it."""

    name: str
    description: str
    members: tuple[str, ...]

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {"name": self.name, "description": self.description, "members": self.members}


def get_rights(user_id: int, is_administrator: bool, reader: Reader, at: Moment) -> Rights:
    """What a user was granted, by themselves and by their groups; 1 SQL statement. An administrator may everything,
    whatever else they were granted: none is asked for them."""
    if is_administrator:
        return ALL_RIGHTS
    told = _write_grants(reader).ask(user=user_id)
    return rights_of(right_of(Grant(**dict(zip(_OF_RIGHTS, row, strict=True)))) for row in told)


_OF_RIGHTS = ("role", "customer_id", "app_id", "pool_id")


@lru_cache(maxsize=64)
def _write_grants(reader: Reader) -> Prepared:
    """Asked for every page, and so written once."""
    user = Later("user", BigIntegerField())
    rows = restrict(reader, Grant.objects.filter(Q(user=user) | Q(group__memberships__user=user)))
    return Prepared.of(rows.values_list(*_OF_RIGHTS))


def list_grants(
    reader: Reader, at: Moment, *, user: str | None = None, group: str | None = None
) -> tuple[GrantRow, ...]:
    """All grants by whom they are to, those of a user with those of their groups, or those of a group; 1 SQL
    statement."""
    rows = restrict(reader, Grant.objects.select_related("user", "group", "customer", "app__customer", "pool"))
    if user is not None:
        folded = fold(user.strip())
        of_groups = restrict(reader, Membership.objects.filter(user__name_folded=folded)).values("group")
        rows = rows.filter(Q(user__name_folded=folded) | Q(group__in=of_groups))
    if group is not None:
        rows = rows.filter(group__name_folded=fold(group.strip()))
    found = [_row(row) for row in rows.distinct()]
    return tuple(sorted(found, key=lambda row: (row.to, fold(row.name), row.kind, row.address, row.role)))


def list_groups(reader: Reader, at: Moment) -> tuple[GroupRow, ...]:
    """All groups by name; 2 SQL statements."""
    members: dict[int, list[str]] = {}
    for group, name in restrict(reader, Membership.objects.order_by("user__name_folded")).values_list(
        "group_id", "user__name"
    ):
        members.setdefault(group, []).append(name)
    rows = restrict(reader, Group.objects.order_by("name_folded")).distinct()
    return tuple(GroupRow(row.name, row.description, tuple(members.get(row.id, ()))) for row in rows)


def get_group(name: str, reader: Reader, at: Moment) -> GroupRow:
    """The group of a name, in any case; 2 SQL statements. Raises `NotFound`."""
    folded = fold(name.strip())
    found = next((row for row in list_groups(reader, at) if fold(row.name) == folded), None)
    if found is None:
        raise NotFound(f"there is no group {name}")
    return found


def get_instance_spots(ids: Iterable[int], reader: Reader, at: Moment) -> Mapping[str, Territory]:
    """What rights for instances are about, by path; 1 SQL statement."""
    rows = restrict(reader, Instance.objects.filter(id__in=set(ids)))
    return {path: Territory(customer, app) for path, customer, app in rows.values_list("path", "customer_id", "app_id")}


def get_owned_spots(reader: Reader, at: Moment) -> Mapping[tuple[str, str], Territory]:
    """What rights for customers and apps are about, by noun and address: all that the reader sees; 2 SQL statements."""
    customers = restrict(reader, Customer.objects.all()).values_list("key", "id")
    apps = restrict(reader, App.objects.all()).values_list("customer__key", "key", "customer_id", "id")
    spots = {("customer", key): Territory(customer) for key, customer in customers}
    return spots | {("app", f"{customer}/{app}"): Territory(id_, app_id) for customer, app, id_, app_id in apps}


def get_pool_ids(reader: Reader, at: Moment) -> Mapping[str, int]:
    """The id of each pool by key; 1 SQL statement."""
    return dict(restrict(reader, Pool.objects.all()).values_list("key", "id"))


def get_host_spots(names: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, Territory]:
    """What rights for hosts are about, by name; 1 SQL statement."""
    rows = restrict(reader, Host.objects.filter(name__in={name.lower() for name in names}))
    pools: dict[str, set[int]] = {}
    for name, pool in rows.values_list("name", "pools"):
        pools.setdefault(name, set()).update({pool} if pool else ())  # none for a host in no pool
    return {name: Territory(pools=frozenset(ids)) for name, ids in pools.items()}


def right_of(row: Grant) -> Right:
    """What a row grants. No SQL."""
    return Right(PersonRole(row.role), *scope_of(row))


def columns_of(right: Right) -> dict[str, object]:
    """The columns of a grant, those of the other scopes empty. No SQL."""
    kinds = (ScopeKind.CUSTOMER, ScopeKind.APP, ScopeKind.POOL)
    return {"role": right.role.value} | {f"{kind}_id": right.id if right.kind is kind else None for kind in kinds}


def _row(row: Grant) -> GrantRow:
    to, name = (
        ("user", row.user.name) if row.user is not None else ("group", row.group.name if row.group is not None else "")
    )
    return GrantRow(row.id, to, name, PersonRole(row.role), *scope_address_of(row), row.created_at, row.source)
