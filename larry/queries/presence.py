"""Presences: the deployed services of hosts from a moment on, with the facts of every host they mention."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db.models import F, Min, Q, QuerySet, TextField
from django.db.models.functions import Cast, Greatest, Substr

from larry.core.footprint import Cause, Site
from larry.core.interval import Interval
from larry.core.node import HostFacts, Presence
from larry.core.node_part import is_divided
from larry.core.plan import Delivered
from larry.queries.deployable import get_snapshots
from larry.queries.host import get_facts, list_host_facts
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.statement import KeptStatement
from larry.records.deployment import DeployedService, Deployment
from larry.records.node import NodeSegment


@dataclass(frozen=True, slots=True)
class Scene:
    """Hosts from a moment on: who is present on each, what each delivers, and the facts of all hosts mentioned."""

    presences: Mapping[str, tuple[Presence, ...]]
    delivered: Mapping[str, tuple[Delivered, ...]]
    facts: Mapping[str, HostFacts]
    ids: Mapping[str, int]
    large: frozenset[str] = frozenset()
    """The hosts of which only the presences of some instances are here, since their nodes are large."""
    retired: frozenset[str] = frozenset()
    """The hosts among those asked for, or mentioned, that have retired."""


_COLUMNS: tuple[Any, ...] = (
    "deployment_id", "deployment__deployable_id", "deployment__instance__path", "service_key", "service__key",
    "host_id", "start", "end", "cause", Cast("subjects", TextField()), Cast("elsewhere", TextField()),
)  # fmt: skip


class _Row(NamedTuple):
    """A deployed service, and what of its deployment a node shows."""

    deployment: str
    deployable: str
    path: str
    service_key: str
    key: str
    host: int
    start: datetime
    end: datetime | None
    cause: str
    subjects: Sequence[tuple[str, int]]
    elsewhere: Sequence[tuple[str, int]]

    @classmethod
    def read(cls, row: Sequence[Any]) -> _Row:
        """A row with the last two as text."""
        *values, subjects, elsewhere = row
        return cls._make((*values, _read_sites(subjects), _read_sites(elsewhere)))


@lru_cache(maxsize=1024)
def _read_sites(text: str) -> Sequence[tuple[str, int]]:
    """Services and hosts; of most deployed services there are none."""
    return tuple((service, host) for service, host in json.loads(text))


def _query_live(reader: Reader, hosts: Iterable[int], now: datetime) -> QuerySet[Any, Any]:
    live = restrict(reader, DeployedService.objects.filter(deactivated=False)).exclude(end__lte=now)
    return live.order_by("id").filter(host__in=hosts).values_list(*_COLUMNS)


def _query_live_of(reader: Reader, hosts: Iterable[int], paths: Iterable[str], now: datetime) -> QuerySet[Any, Any]:
    of_some = restrict(reader, Deployment.objects.filter(instance__path__in=paths)).values("id")
    return _query_live(reader, hosts, now).filter(deployment__in=of_some)


_LIVE, _LIVE_OF = KeptStatement(_query_live), KeptStatement(_query_live_of)


def get_scene(
    names: Iterable[str],
    reader: Reader,
    at: Moment,
    mentioned: Iterable[str] = (),
    about: Collection[str] | None = None,
) -> Scene:
    """Everything needed to compile the timelines of hosts from ``at.as_of`` on; about 3 SQL statements, 1 more where
    services there mention other hosts, 1 for snapshots that are not known yet, and 1 where there are large hosts.

    ``mentioned`` are hosts of which only the facts are wanted besides. Of hosts whose nodes are large only the
    presences of the instances ``about`` which one asks are given; None for all.
    """
    wanted, extra = set(names), set(mentioned)
    known = list_host_facts(wanted | extra, reader, at)
    facts = {each.id: each.facts for each in known}
    ids = {each.facts.name: each.id for each in known}
    hosts = [ids[name] for name in wanted if name in ids]
    delivered, divided = _delivered(hosts, reader, at)
    large = divided if about is not None else frozenset()
    rows = [*map(_Row.read, _LIVE.ask(reader, hosts=[host for host in hosts if host not in large], now=at.as_of))]
    if large:
        rows += map(_Row.read, _LIVE_OF.ask(reader, hosts=large, paths=about, now=at.as_of))
    others = {host for row in rows for _, host in (*row.subjects, *row.elsewhere)} - facts.keys()
    if others:
        facts.update(get_facts(others, reader, at))
    snapshots = get_snapshots({row.deployable for row in rows}, reader, at)

    def sites(pairs: Iterable[tuple[str, int]]) -> tuple[Site, ...]:
        return tuple((service, facts[host].name) for service, host in pairs)

    presences: dict[str, list[Presence]] = {name: [] for name in wanted}
    for row in rows:
        presence = Presence(
            deployment=row.deployment,
            snapshot=snapshots[row.deployable],
            service=row.service_key,
            host=facts[row.host].name,
            interval=Interval(row.start, row.end),
            cause=Cause(row.cause),
            subjects=sites(row.subjects),
            elsewhere=sites(row.elsewhere),
            now=(row.path, row.key),
        )
        presences[presence.host].append(presence)
    return Scene(
        MappingProxyType({name: tuple(found) for name, found in presences.items()}),
        MappingProxyType({facts[host].name: tuple(delivered.get(host, ())) for host in hosts}),
        MappingProxyType({known.name: known for known in facts.values()}),
        MappingProxyType({known.name: id_ for id_, known in facts.items()}),
        frozenset(facts[host].name for host in large),
        frozenset(each.facts.name for each in known if each.is_retired),
    )


def list_first_delivered(hosts: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, datetime]:
    """Since when something is delivered to each host: what was recorded later than it was to hold was filled in, and
    never told to anybody; 1 SQL statement."""
    rows = restrict(reader, NodeSegment.objects.filter(host__name__in=set(hosts)))
    told = rows.annotate(told_from=Greatest("start", "recorded_at")).filter(Q(end=None) | Q(end__gt=F("told_from")))
    return dict(told.values("host__name").annotate(first=Min("told_from")).values_list("host__name", "first"))


def list_standing(deployments: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, frozenset[str]]:
    """The hosts on which each deployment has services; 1 SQL statement."""
    rows = restrict(reader, DeployedService.objects.filter(deployment__in=list(deployments)))
    standing: dict[str, set[str]] = {}
    for deployment, host in rows.values_list("deployment_id", "host__name").distinct():
        standing.setdefault(deployment, set()).add(host)
    return {deployment: frozenset(hosts) for deployment, hosts in standing.items()}


@dataclass(frozen=True, slots=True)
class StandingService:
    """A deployed service of a deployment: the id of its row, its host by name, when it is there, and whether it was
    taken back."""

    id: int
    host: str
    interval: Interval
    is_deactivated: bool


_STANDING = KeptStatement(
    lambda reader, deployments: (
        restrict(reader, DeployedService.objects.filter(deployment__in=deployments))
        .order_by("id")
        .values_list("deployment_id", "id", "host__name", "start", "end", "deactivated")
    )
)


def list_standing_services(
    deployments: Iterable[str], reader: Reader, at: Moment
) -> Mapping[str, tuple[StandingService, ...]]:
    """The deployed services of each deployment; 1 SQL statement."""
    found: dict[str, list[StandingService]] = {}
    for deployment, id_, host, start, end, deactivated in _STANDING.ask(reader, deployments=list(deployments)):
        found.setdefault(deployment, []).append(StandingService(id_, host, Interval(start, end), deactivated))
    return {deployment: tuple(services) for deployment, services in found.items()}


def list_hosts_beside(hosts: Iterable[str], reader: Reader, at: Moment) -> frozenset[str]:
    """The hosts whose nodes may mention these hosts from now on, themselves included; 1 SQL statement."""
    names = set(hosts)
    live = restrict(reader, DeployedService.objects.filter(deactivated=False)).exclude(end__lte=at.as_of)
    beside = live.filter(deployment__deployed_services__host__name__in=names)
    return frozenset(beside.values_list("host__name", flat=True)) | names


def _query_delivered(reader: Reader, hosts: Iterable[int], now: datetime) -> QuerySet[Any, Any]:
    rows = restrict(reader, NodeSegment.objects.filter(host__in=hosts)).exclude(end__lte=now).order_by("start")
    return rows.values_list("host_id", "start", "end", "document_id", Substr("document__body", 1, 1))


_DELIVERED = KeptStatement(_query_delivered)


def _delivered(
    hosts: Iterable[int], reader: Reader, at: Moment
) -> tuple[Mapping[int, list[Delivered]], frozenset[int]]:
    """What each host delivers from the moment on, in order; and the hosts that have a large node among it."""
    delivered: dict[int, list[Delivered]] = {}
    divided: set[int] = set()
    for host, start, end, digest, first in _DELIVERED.ask(reader, hosts=list(hosts), now=at.as_of):
        delivered.setdefault(host, []).append(Delivered(Interval(max(start, at.as_of), end), digest))
        if is_divided(first):
            divided.add(host)
    return delivered, frozenset(divided)
