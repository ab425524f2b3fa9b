"""The world as the tables hold it, read without Larry's queries, and what must be true of it whatever was done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeAlias

from django.apps import apps
from django.db import connection

from larry.core.deployable import Snapshot, read_snapshot
from larry.core.document import Json, freeze
from larry.core.footprint import Cause
from larry.core.interval import Interval
from larry.core.merge import build_node
from larry.core.node import HostFacts, Node, Presence
from larry.core.node_part import put_together
from larry.core.node_text import read_node
from larry.records.deployable import Deployable
from larry.records.deployment import DeployedService, Deployment, DeploymentVersion
from larry.records.host import Host
from larry.records.node import NodeDocument, NodePart, NodeSegment

World: TypeAlias = Mapping[str, list[tuple[Any, ...]]]
"""Every row of every table, by the table's name."""

Timeline: TypeAlias = Mapping[str, tuple[tuple[datetime, datetime | None, str], ...]]
"""By host's name: (start, end, digest) of its segments, earliest first."""


def read_world() -> World:
    """Everything: 1 SQL statement for each table."""
    world: dict[str, list[tuple[Any, ...]]] = {}
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            world[table] = cursor.fetchall()
    return world


def read_all_text() -> str:
    """Every value of every table as text, to look for what must be nowhere in it."""
    return repr(read_world())


def _tables() -> Iterator[str]:
    for model in apps.get_app_config("larry").get_models(include_auto_created=True):
        yield model._meta.db_table


def read_timelines() -> Timeline:
    """What every host delivered, delivers and will deliver."""
    found: dict[str, list[tuple[datetime, datetime | None, str]]] = {}
    rows = NodeSegment.objects.order_by("host__name", "start")
    for host, start, end, digest in rows.values_list("host__name", "start", "end", "document_id"):
        found.setdefault(host, []).append((start, end, digest))
    return {host: tuple(segments) for host, segments in found.items()}


def digest_at(segments: tuple[tuple[datetime, datetime | None, str], ...], moment: datetime) -> str | None:
    """The digest of the segment that holds the moment."""
    return next((digest for start, end, digest in segments if moment in Interval(start, end)), None)


def find_faults(now: datetime) -> list[str]:
    """All that is wrong with the world, in words; empty when every invariant holds."""
    return [*_find_overlaps(), *_find_broken_versions(), *_find_strays(), *_find_gaps(), *_find_stale_nodes(now)]


def _find_overlaps() -> Iterator[str]:
    lanes: dict[tuple[int, int], list[Deployment]] = {}
    for row in Deployment.objects.filter(deactivated_at=None).order_by("start"):
        lanes.setdefault((row.instance_id, row.host_id), []).append(row)
    for lane in lanes.values():
        for earlier, later in pairwise(lane):
            if earlier.end is None or earlier.end > later.start:
                yield f"{earlier.id} and {later.id} of one lane are live at once"


def _find_broken_versions() -> Iterator[str]:
    versions: dict[str, list[DeploymentVersion]] = {}
    for version in DeploymentVersion.objects.order_by("version"):
        versions.setdefault(version.deployment_id, []).append(version)
    for row in Deployment.objects.all():
        kept = versions.get(row.id, [])
        if [version.version for version in kept] != list(range(1, row.version + 1)):
            yield f"{row.id} has the versions {[version.version for version in kept]}, and is at {row.version}"
            continue
        last = kept[-1]
        if (last.start, last.end, last.deactivated_at) != (row.start, row.end, row.deactivated_at):
            yield f"the last version of {row.id} is not what it is"


def _find_strays() -> Iterator[str]:
    """Deployed services outside their deployment, or live without it."""
    for service in DeployedService.objects.select_related("deployment"):
        within = Interval(service.deployment.start, service.deployment.end)
        if service.deactivated != (service.deployment.deactivated_at is not None):
            yield f"{service} does not know whether it is deactivated"
        elif not service.deactivated and Interval(service.start, service.end) != within:
            yield f"{service} has another interval than its deployment"


def _find_gaps() -> Iterator[str]:
    known = set(Host.objects.values_list("name", flat=True))
    timelines = read_timelines()
    if known != timelines.keys():
        yield f"hosts without a timeline: {known ^ timelines.keys()}"
    for host, segments in timelines.items():
        for earlier, later in pairwise(segments):
            if earlier[1] != later[0]:
                yield f"{host}: a segment ends at {earlier[1]}, and the next starts at {later[0]}"
        if segments[-1][1] is not None:
            yield f"{host}: nothing is known from {segments[-1][1]} on"


def _find_stale_nodes(now: datetime) -> Iterator[str]:
    """Stored nodes, from now on, that are not what the deployed services say, looked at moment by moment."""
    build = node_builder()
    timelines = read_timelines()
    bodies = dict(NodeDocument.objects.values_list("digest", "body"))
    parts = dict(NodePart.objects.values_list("digest", "body"))
    for host, segments in timelines.items():
        for moment in boundaries(host, now):
            stored, wanted = digest_at(segments, moment), build(host, moment)
            if stored != wanted.digest:
                yield f"{host} at {moment}: stored {stored}, the deployed services make {wanted.digest}"
        for _, end, digest in segments:
            if (end is None or end > now) and read_node(put_together(bodies[digest], parts)).digest != digest:
                yield f"{host}: the document {digest} holds another node"


def boundaries(host: str, now: datetime) -> list[datetime]:
    """Now and every later moment at which something on the host starts or ends, or a segment of it does."""
    services = DeployedService.objects.filter(host__name=host).values_list("start", "end")
    segments = NodeSegment.objects.filter(host__name=host).values_list("start", "end")
    moments = {moment for pair in (*services, *segments) for moment in pair if moment is not None and moment > now}
    return [now, *sorted(moments)]


def node_builder() -> Callable[[str, datetime], Node]:
    """A naive way from the rows to a node: (host, moment) -> what is live there and then, merged on the spot."""
    hosts = {row.id: row for row in Host.objects.all()}
    facts = {row.name: _facts(row) for row in hosts.values()}
    snapshots: dict[str, Snapshot] = {}
    for digest, document in Deployable.objects.values_list("digest", "document"):
        snapshots[digest] = read_snapshot(document)
    rows = list(DeployedService.objects.filter(deactivated=False).select_related("deployment"))

    def build(host: str, moment: datetime) -> Node:
        live = [
            Presence(
                row.deployment_id, snapshots[row.deployment.deployable_id], row.service_key, host,
                Interval(row.start, row.end), Cause(row.cause),
                tuple((service, hosts[there].name) for service, there in row.subjects),
                tuple((service, hosts[there].name) for service, there in row.elsewhere),
            )
            for row in rows
            if hosts[row.host_id].name == host and moment in Interval(row.start, row.end)
        ]  # fmt: skip
        node, conflicts = build_node(facts[host], live, facts)
        assert not conflicts, [conflict.text for conflict in conflicts]
        return node

    return build


def _facts(row: Host) -> HostFacts:
    return HostFacts(row.name, tuple(row.addresses), _map(row.labels), _map(row.data))


def _map(value: Any) -> Mapping[str, Json]:
    frozen = freeze(value)
    assert isinstance(frozen, Mapping)
    return frozen


def find_rewritten_past(before: Timeline, after: Timeline, now: datetime) -> list[str]:
    """Segments that were over by now and are not there any more as they were; the running one may end otherwise."""
    faults: list[str] = []
    for host, segments in before.items():
        passed = [segment for segment in segments if segment[1] is not None and segment[1] <= now]
        running = [segment for segment in segments if segment[0] < now and (segment[1] is None or segment[1] > now)]
        kept = after.get(host, ())
        faults += [
            f"{host}: {segment} is gone"
            for segment in passed
            if segment not in kept and not _goes_on(segment, kept, now)
        ]
        starts = {(start, digest) for start, _, digest in kept}
        faults += [f"{host}: {segment} is gone" for segment in running if (segment[0], segment[2]) not in starts]
    return faults


def _goes_on(
    segment: tuple[datetime, datetime | None, str],
    kept: tuple[tuple[datetime, datetime | None, str], ...],
    now: datetime,
) -> bool:
    """Whether a segment that ended just now goes on after all, because what ended it was undone at the same moment."""
    return segment[1] == now and any((start, digest) == (segment[0], segment[2]) for start, _, digest in kept)
