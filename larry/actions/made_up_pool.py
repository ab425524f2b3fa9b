"""A pool of hosts of an estate that is made up: laid out and compiled by the core, and written in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from zlib import crc32

from larry.actions.author import Author
from larry.actions.timeline import write_timelines
from larry.core.deployable import Snapshot
from larry.core.footprint import Footing, RoleChooser, lay_out
from larry.core.interval import Interval
from larry.core.merge import Segment, compile_timeline
from larry.core.node import HostFacts, Presence
from larry.core.service_graph import ServiceGraph
from larry.nouns.recipe import MadeUpHost
from larry.nouns.recipe_history import Era
from larry.queries.host import get_facts, get_host_identities
from larry.queries.instance import Description, get_descriptions
from larry.queries.lane import Lane
from larry.records.deployable import Deployable
from larry.records.deployment import DeployedService, Deployment, DeploymentVersion
from larry.records.instance import Instance
from larry.records.service import Service

_BATCH = 500
_PLACE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MadeUpDeployment:
    """An era on one of its hosts."""

    id: str
    era: Era
    host: str
    snapshot: Snapshot
    ordinal: int
    footings: tuple[Footing, ...]


@dataclass(frozen=True, slots=True)
class MadeUpPool:
    """What is, was and will be deployed in one pool, and what its hosts deliver from the beginning on."""

    deployments: tuple[MadeUpDeployment, ...]
    timelines: Mapping[str, tuple[Segment, ...]]
    hosts: Mapping[str, int]
    instances: Mapping[str, int]


def lay_out_pool(
    hosts: Sequence[MadeUpHost], eras: Sequence[Era], services: ServiceGraph, author: Author
) -> MadeUpPool:
    """Lay out the eras of one pool, in the order of recording, and compile its hosts; about 5 SQL statements. Costs
    what compiling the hosts costs."""
    reader, at = author.reader, author.moment
    paths = {era.path for era in eras}
    identities = get_host_identities([host.name for host in hosts], reader, at)
    ids = {name: id_ for name, (id_, _) in identities.items()}
    instances = dict(Instance.objects.filter(path__in=paths).values_list("path", "id"))
    descriptions = get_descriptions(paths, reader, at)
    facts = {known.name: known for known in get_facts(ids.values(), reader, at).values()}
    used: dict[tuple[str, str], int] = {}
    deployments: list[MadeUpDeployment] = []
    for era in eras:
        snapshot, _ = _as_released(descriptions[era.path], era.release).describe(services)
        for host in era.hosts:
            footprint = lay_out(snapshot, host, _PLACE, _choose_in(hosts, era.path))
            number = used.get((era.path, host), 0)
            used[era.path, host] = number + 1
            lane = Lane(era.path, host, instances[era.path], *identities[host], (), MappingProxyType({}), number)
            deployments.append(MadeUpDeployment(lane.new_id(0), era, host, snapshot, number + 1, footprint.footings))
    return MadeUpPool(tuple(deployments), _compile(deployments, facts, author.now), ids, instances)


def _as_released(description: Description, release: str | None) -> Description:
    """The instance as it was described when it was another release."""
    if release is None:
        return description
    *others, own = description.layers
    return replace(
        description, layers=(*others, replace(own, values=MappingProxyType({**own.values, "release": release})))
    )


def _choose_in(hosts: Sequence[MadeUpHost], path: str) -> RoleChooser:
    """Spread over the hosts of a role in the pool, always the same one for an instance."""

    def choose(auditor: str, audited: str, role: str) -> str | None:
        del auditor, audited
        of_role = [host.name for host in hosts if host.role == role]
        return of_role[crc32(path.encode()) % len(of_role)] if of_role else None

    return choose


def _compile(
    deployments: Iterable[MadeUpDeployment], facts: Mapping[str, HostFacts], begin: datetime
) -> Mapping[str, tuple[Segment, ...]]:
    presences: dict[str, list[Presence]] = {}
    for each in deployments:
        for footing in each.footings:
            presence = Presence(
                each.id, each.snapshot, footing.service, footing.host, each.era.interval, footing.cause,
                footing.subjects, footing.elsewhere, (each.era.path, footing.service),
            )  # fmt: skip
            presences.setdefault(footing.host, []).append(presence)
    timelines: dict[str, tuple[Segment, ...]] = {}
    for host, present in sorted(presences.items()):
        timeline = compile_timeline(facts[host], present, facts, Interval(begin))
        if timeline.conflicts:
            raise AssertionError(f"what is made up contradicts itself: {timeline.conflicts[0].text}")
        timelines[host] = timeline.segments
    return MappingProxyType(timelines)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows were written."""

    deployments: int
    deployed_services: int
    segments: int

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.deployments + other.deployments,
            self.deployed_services + other.deployed_services,
            self.segments + other.segments,
        )


def write_pool(
    pool: MadeUpPool, rollouts: Mapping[tuple[str, datetime], int], author: Author, now: datetime
) -> Counted:
    """Write a pool: snapshots, deployments with their versions, deployed services, what the hosts deliver; about 8 SQL
    statements and 1 for each 500 rows. ``rollouts`` are by instance and moment.
    """
    snapshots = {each.snapshot.digest: each for each in reversed(pool.deployments)}
    Deployable.objects.bulk_create(
        [
            Deployable(
                digest=digest, instance_id=pool.instances[first.era.path], document=first.snapshot.text,
                taken_at=first.era.recorded, taken_by=author.actor,
            )
            for digest, first in sorted(snapshots.items())
        ],
        batch_size=_BATCH,
    )  # fmt: skip
    Deployment.objects.bulk_create([_row(each, pool, rollouts, now) for each in pool.deployments], batch_size=_BATCH)
    versions = [version for each in pool.deployments for version in _versions(each, pool, rollouts, now)]
    DeploymentVersion.objects.bulk_create(versions, batch_size=_BATCH)
    ids = dict(Service.objects.values_list("key", "id"))
    services = [row for each in pool.deployments for row in _service_rows(each, pool, ids)]
    DeployedService.objects.bulk_create(services, batch_size=_BATCH)
    write_timelines(pool.timelines, pool.hosts, author, author.now)
    return Counted(len(pool.deployments), len(services), sum(map(len, pool.timelines.values())))


def _row(
    each: MadeUpDeployment, pool: MadeUpPool, rollouts: Mapping[tuple[str, datetime], int], now: datetime
) -> Deployment:
    era, end = each.era, each.era.interval.end
    over = end if end is not None and end <= now else None
    return Deployment(
        id=each.id,
        instance_id=pool.instances[era.path],
        host_id=pool.hosts[each.host],
        deployable_id=each.snapshot.digest,
        start=era.interval.start,
        end=end,
        reason=era.reason,
        rollout_id=rollouts[era.path, era.recorded],
        ordinal=each.ordinal,
        version=2 if over else 1,
        recorded_at=over or era.recorded,
    )


def _versions(
    each: MadeUpDeployment, pool: MadeUpPool, rollouts: Mapping[tuple[str, datetime], int], now: datetime
) -> Iterable[DeploymentVersion]:
    """As it was deployed; and, when its end came unforeseen, as it was then."""
    era, end = each.era, each.era.interval.end
    is_over = end is not None and end <= now
    told = [(era.recorded, None if is_over else end)]
    if end is not None and is_over:
        told.append((end, end))
    for number, (moment, until) in enumerate(told):
        yield DeploymentVersion(
            deployment_id=each.id,
            version=number + 1,
            host_id=pool.hosts[each.host],
            start=era.interval.start,
            end=until,
            rollout_id=rollouts[era.path, moment],
            recorded_at=moment,
        )


def _service_rows(each: MadeUpDeployment, pool: MadeUpPool, ids: Mapping[str, int]) -> Iterable[DeployedService]:
    during = each.era.interval
    for footing in each.footings:
        yield DeployedService(
            deployment_id=each.id,
            service_id=ids[footing.service],
            service_key=footing.service,
            host_id=pool.hosts[footing.host],
            start=during.start,
            end=during.end,
            cause=footing.cause.value,
            subjects=[[service, pool.hosts[host]] for service, host in footing.subjects],
            elsewhere=[[service, pool.hosts[host]] for service, host in footing.elsewhere],
        )
