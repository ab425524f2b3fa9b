"""Hosts: their facts, and what each does at a moment."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.db.models import CharField, Count, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from larry.core.document import Json, freeze_map
from larry.core.interval import Interval
from larry.core.node import HostFacts
from larry.core.rollout import Candidate
from larry.queries.former_key import FormerKeys, get_former_keys
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.statement import KeptStatement
from larry.queries.view import read_view
from larry.records.deployment import DeployedService
from larry.records.host import Host
from larry.records.node import NodeSegment


@dataclass(frozen=True, slots=True)
class HostRow:
    """One line of the list of hosts as of a moment."""

    name: str
    grade: str | None
    roles: tuple[str, ...]
    pools: tuple[str, ...]
    addresses: tuple[str, ...]
    services: int
    instances: int
    next_change: datetime | None


def list_hosts(reader: Reader, at: Moment) -> tuple[HostRow, ...]:
    """Every host that is not retired, by name; 5 SQL statements."""
    with read_view():
        hosts = list(
            restrict(
                reader, Host.objects.filter(retired_at=None).select_related("grade").prefetch_related("roles", "pools")
            )
        )
        live = restrict(reader, DeployedService.objects.filter(deactivated=False, start__lte=at.as_of)).exclude(
            end__lte=at.as_of
        )
        counted = live.values("host_id").annotate(
            services=Count("service_key", distinct=True), instances=Count("deployment__instance", distinct=True)
        )
        counts = {row["host_id"]: (row["services"], row["instances"]) for row in counted}
        ends = dict(
            restrict(reader, NodeSegment.objects.filter(start__lte=at.as_of, end__gt=at.as_of)).values_list(
                "host_id", "end"
            )
        )
    return tuple(
        HostRow(
            host.name,
            host.grade.key if host.grade else None,
            tuple(sorted(role.key for role in host.roles.all())),
            tuple(sorted(pool.key for pool in host.pools.all())),
            tuple(host.addresses),
            *counts.get(host.id, (0, 0)),
            ends.get(host.id),
        )
        for host in sorted(hosts, key=lambda host: host.name_folded)
    )


def get_host_ids(names: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, int]:
    """Ids of hosts that are not retired, by name; 1 SQL statement. Raises `NotFound` naming all that are missing."""
    return {name: id_ for name, (id_, _) in get_host_identities(names, reader, at).items()}


def _query_standing(reader: Reader, names: Iterable[str]) -> QuerySet[Any, Any]:
    return restrict(reader, Host.objects.filter(name__in=names, retired_at=None)).values_list("name", "id", "key")


_STANDING = KeptStatement(_query_standing)


def get_host_identities(names: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, tuple[int, str]]:
    """Ids and keys of hosts that are not retired, by name; 1 SQL statement. Raises `NotFound` naming all that are
    missing."""
    wanted = {name.lower() for name in names}
    found = {name: (id_, key) for name, id_, key in _STANDING.ask(reader, names=wanted)}
    if wanted - found.keys():
        raise NotFound(f"there is no host {', '.join(sorted(wanted - found.keys()))}")
    return found


def get_host_names(ids: Iterable[int], reader: Reader, at: Moment) -> Mapping[int, str]:
    """Names of hosts by id, retired ones too; 1 SQL statement."""
    return dict(restrict(reader, Host.objects.filter(id__in=set(ids))).values_list("id", "name"))


def list_host_keys(reader: Reader, at: Moment) -> Mapping[str, str]:
    """The names of all hosts by key, by which snapshots know them; 1 SQL statement."""
    return dict(restrict(reader, Host.objects.all()).values_list("key", "name"))


def list_names_by_host_key(
    reader: Reader, at: Moment, keys: Collection[str] | None = None, known: FormerKeys | None = None
) -> Mapping[str, str]:
    """The names of hosts by every key that they have or had, as snapshots of any age know them: of all, or of those
    keys; about 2 SQL, none for no key, 1 where the former keys are ``known``."""
    if keys is not None and not keys:
        return {}
    former = (get_former_keys(reader, at) if known is None else known).all_of("host")
    if keys is None:
        names = list_host_keys(reader, at)
        return {**{then: names[key] for then, key in former.items()}, **names}
    present = {key: former.get(key, key) for key in keys}
    rows = restrict(reader, Host.objects.filter(key__in={*keys, *present.values()}))
    names = dict(rows.values_list("key", "name"))
    found = {key: names.get(key, names.get(now)) for key, now in present.items()}
    return {key: name for key, name in found.items() if name is not None}


def list_keys_of_hosts(names: Collection[str], reader: Reader, at: Moment) -> Mapping[str, str]:
    """The keys of hosts by their names; 1 SQL statement, none for no name."""
    del at
    if not names:
        return {}
    return dict(restrict(reader, Host.objects.filter(name__in=set(names))).values_list("name", "key"))


_FACTS: tuple[Any, ...] = ("name", *[Cast(column, TextField()) for column in ("addresses", "labels", "data")])
_NAMED = KeptStatement(
    lambda reader, names: restrict(reader, Host.objects.filter(name__in=names)).values_list("id", *_FACTS, "retired_at")
)
_OF_IDS = KeptStatement(
    lambda reader, ids: restrict(reader, Host.objects.filter(id__in=ids)).values_list("id", *_FACTS)
)


@dataclass(frozen=True, slots=True)
class FoundHost:
    """A host by its row's id, with its facts."""

    id: int
    facts: HostFacts
    is_retired: bool


def list_host_facts(names: Iterable[str], reader: Reader, at: Moment) -> tuple[FoundHost, ...]:
    """The hosts of these names that there are, retired ones too; 1 SQL statement."""
    return tuple(
        FoundHost(id_, _read_facts(*facts), retired_at is not None)
        for id_, *facts, retired_at in _NAMED.ask(reader, names=set(names))
    )


def _read_facts(name: str, addresses: str, labels: str, data: str) -> HostFacts:
    return HostFacts(name, tuple(json.loads(addresses)), _read_map(labels), _read_map(data))


@lru_cache(maxsize=1024)
def _read_map(text: str) -> Mapping[str, Json]:
    """What many hosts have alike, such as no labels, is read once."""
    return freeze_map(json.loads(text))


def get_facts(ids: Iterable[int], reader: Reader, at: Moment) -> Mapping[int, HostFacts]:
    """Facts of hosts by id; 1 SQL statement."""
    return MappingProxyType({id_: _read_facts(*facts) for id_, *facts in _OF_IDS.ask(reader, ids=set(ids))})


def list_hosts_of_role(
    role: str, during: Interval, paths: Iterable[str], reader: Reader, at: Moment
) -> tuple[Candidate, ...]:
    """The hosts of a role by name, and what is deployed on each during the interval; 3 SQL statements.

    Services of the instances of ``paths`` are named, those of others counted; one of one instance once on a host.
    """
    wanted = set(paths)
    hosts = restrict(reader, Host.objects.filter(roles__key=role, retired_at=None)).values_list("id", "name")
    live = restrict(reader, DeployedService.objects.filter(deactivated=False, host__roles__key=role)).exclude(
        end__lte=during.start
    )
    if during.end is not None:
        live = live.filter(start__lt=during.end)
    once = Count(Concat(Cast("deployment__instance", CharField()), Value("/"), "service_key"), distinct=True)
    others = live.exclude(deployment__instance__path__in=wanted).values("host_id").annotate(services=once)
    counts = {row["host_id"]: row["services"] for row in others}
    mine: dict[int, set[tuple[str, str]]] = {}
    found = live.filter(deployment__instance__path__in=wanted)
    for host, path, service in found.values_list("host_id", "deployment__instance__path", "service_key").distinct():
        mine.setdefault(host, set()).add((path, service))
    return tuple(
        Candidate(name, counts.get(host, 0), frozenset(mine.get(host, ())))
        for host, name in sorted(hosts, key=lambda pair: pair[1])
    )


def list_hosts_of_pool(pool: str, reader: Reader, at: Moment) -> tuple[str, ...]:
    """The names of a pool's hosts that are not retired; 1 SQL statement. None for a pool that there is not."""
    del at
    rows = restrict(reader, Host.objects.filter(pools__key=pool.lower(), retired_at=None))
    return tuple(rows.order_by("name").values_list("name", flat=True))
