"""Presences: the deployed services of hosts from a moment on, with the facts of every host they mention."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.db.models import F, Min, Q
from django.db.models.functions import Greatest, Substr

from larry.core.footprint import Cause, Site
from larry.core.interval import Interval
from larry.core.node import HostFacts, Presence
from larry.core.node_part import is_divided
from larry.core.plan import Delivered
from larry.queries.deployable import get_snapshots
from larry.queries.host import get_facts
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.records.deployment import DeployedService, Deployment
from larry.records.host import Host
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


def get_scene(
    names: Iterable[str],
    reader: Reader,
    at: Moment,
    mentioned: Iterable[str] = (),
    about: Collection[str] | None = None,
) -> Scene:
    """Everything needed to compile the timelines of hosts from ``at.as_of`` on; 5 SQL statements, 1 more where there
    are large hosts.

    ``mentioned`` are hosts of which only the facts are wanted besides. Of hosts whose nodes are large only the
    presences of the instances ``about`` which one asks are given; None for all.
    """
    wanted, extra = set(names), set(mentioned)
    ids = dict(restrict(reader, Host.objects.filter(name__in=wanted | extra)).values_list("name", "id"))
    hosts = [ids[name] for name in wanted if name in ids]
    delivered, divided = _delivered(hosts, reader, at)
    large = divided if about is not None else frozenset()
    live = restrict(reader, DeployedService.objects.filter(deactivated=False)).exclude(end__lte=at.as_of)
    live = live.select_related("deployment__instance", "service").order_by("id")
    rows = list(live.filter(host__in=[host for host in hosts if host not in large]))
    if large:
        of_some = restrict(reader, Deployment.objects.filter(instance__path__in=about)).values("id")
        rows += live.filter(host__in=large, deployment__in=of_some)
    others = {host for row in rows for _, host in (*row.subjects, *row.elsewhere)}
    facts = get_facts(others | set(ids.values()), reader, at)
    snapshots = get_snapshots({row.deployment.deployable_id for row in rows}, reader, at)

    def sites(pairs: Iterable[tuple[str, int]]) -> tuple[Site, ...]:
        return tuple((service, facts[host].name) for service, host in pairs)

    presences: dict[str, list[Presence]] = {name: [] for name in wanted}
    for row in rows:
        presence = Presence(
            deployment=row.deployment_id,
            snapshot=snapshots[row.deployment.deployable_id],
            service=row.service_key,
            host=facts[row.host_id].name,
            interval=Interval(row.start, row.end),
            cause=Cause(row.cause),
            subjects=sites(row.subjects),
            elsewhere=sites(row.elsewhere),
            now=(row.deployment.instance.path, row.service.key),
        )
        presences[presence.host].append(presence)
    return Scene(
        MappingProxyType({name: tuple(found) for name, found in presences.items()}),
        MappingProxyType({facts[host].name: tuple(delivered.get(host, ())) for host in hosts}),
        MappingProxyType({known.name: known for known in facts.values()}),
        MappingProxyType({known.name: id_ for id_, known in facts.items()}),
        frozenset(facts[host].name for host in large),
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


def list_hosts_beside(hosts: Iterable[str], reader: Reader, at: Moment) -> frozenset[str]:
    """The hosts whose nodes may mention these hosts from now on, themselves included; 1 SQL statement."""
    names = set(hosts)
    live = restrict(reader, DeployedService.objects.filter(deactivated=False)).exclude(end__lte=at.as_of)
    beside = live.filter(deployment__deployed_services__host__name__in=names)
    return frozenset(beside.values_list("host__name", flat=True)) | names


def _delivered(
    hosts: Iterable[int], reader: Reader, at: Moment
) -> tuple[Mapping[int, list[Delivered]], frozenset[int]]:
    """What each host delivers from the moment on, in order; and the hosts that have a large node among it."""
    rows = restrict(reader, NodeSegment.objects.filter(host__in=hosts)).exclude(end__lte=at.as_of).order_by("start")
    delivered: dict[int, list[Delivered]] = {}
    divided: set[int] = set()
    beginning = Substr("document__body", 1, 1)
    for host, start, end, digest, first in rows.values_list("host_id", "start", "end", "document_id", beginning):
        delivered.setdefault(host, []).append(Delivered(Interval(max(start, at.as_of), end), digest))
        if is_divided(first):
            divided.add(host)
    return delivered, frozenset(divided)
