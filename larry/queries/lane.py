"""Lanes: the live deployments of an instance on a host, as planning needs them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from django.db.models import Exists, OuterRef, Q, QuerySet

from larry.core.interval import Interval
from larry.core.timeline import Stay
from larry.queries.former_key import FormerKeys, explain_absence, get_former_keys
from larry.queries.host import get_host_identities, get_host_names
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, NotFound, Reader, restrict
from larry.queries.statement import KeptStatement
from larry.records.deployment import DeployedService, Deployment
from larry.records.instance import Instance

LaneKey: TypeAlias = tuple[str, str]
"""An instance's path and a host's name."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane from now on; ``places`` says by deployment which services a person has placed where, ``versions`` how
    often each was written, ``copies`` how many of the instance are wanted; ``former`` is what was read with it."""

    path: str
    host: str
    instance_id: int
    host_id: int
    host_key: str
    stays: tuple[Stay, ...]
    places: Mapping[str, Mapping[str, str]]
    used: int
    former: FormerKeys = field(default_factory=FormerKeys)
    versions: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    copies: int = 1

    def new_id(self, number: int) -> str:
        """The id of the lane's next deployment but ``number``: known before it is written, so that previews hold it.

        It is made of keys, which mean one thing for ever. The numbers of rows would not do: those of an instance that
        is created by the same act differ between the preview and the act where numbers that were taken back are lost.
        """
        ordinal = self.used + 1 + number
        seed = hashlib.sha256(f"{self.path}:{self.host_key}:{ordinal}".encode()).digest()
        return base64.b32encode(seed[:8]).decode().rstrip("=").lower()


def list_lanes(keys: Iterable[LaneKey], reader: Reader, at: Moment) -> Mapping[LaneKey, Lane]:
    """Lanes with their stays that are not over; about 4 SQL statements, 1 more where services were placed, and what
    former keys take. Raises `NotFound` for unknown ones.
    """
    wanted = set(keys)
    hosts = get_host_identities({host for _, host in wanted}, reader, at)
    paths = {path for path, _ in wanted}
    instances = {path: (id_, copies) for path, id_, copies in _INSTANCES.ask(reader, paths=paths)}
    if paths - instances.keys():
        raise NotFound(explain_absence("instance", paths - instances.keys(), reader, at))
    of = {"instances": [id_ for id_, _ in instances.values()], "hosts": [id_ for id_, _ in hosts.values()]}
    live, used = _split([*map(_Row._make, _IN_LANES.ask(reader, **of, now=at.as_of))], at)
    names = get_host_names(ids, WHOLE, at) if (ids := {id_ for row in live for id_ in row.place.values()}) else {}
    former = get_former_keys(reader, at)
    by_lane: dict[tuple[int, int], list[_Row]] = {}
    for row in live:
        by_lane.setdefault((row.instance_id, row.host_id), []).append(row)
    lanes: dict[LaneKey, Lane] = {}
    for path, host in sorted(wanted):
        (id_, copies), (host_id, host_key) = instances[path], hosts[host]
        mine = by_lane.get((id_, host_id), [])
        places = {row.id: MappingProxyType({key: names[there] for key, there in row.place.items()}) for row in mine}
        versions = MappingProxyType({row.id: row.version for row in mine})
        lanes[path, host] = Lane(
            path, host, id_, host_id, host_key, _stays(mine), MappingProxyType(places),
            used.get((id_, host_id), 0), former, versions, copies,
        )  # fmt: skip
    return MappingProxyType(lanes)


class _Row(NamedTuple):
    """What planning knows of a deployment."""

    id: str
    instance_id: int
    host_id: int
    deployable_id: str
    start: datetime
    end: datetime | None
    deactivated_at: datetime | None
    place: Mapping[str, int]
    ordinal: int
    version: int


def _query_lanes(reader: Reader, instances: Iterable[int], hosts: Iterable[int], now: datetime) -> QuerySet[Any, Any]:
    """The deployments of lanes that are not over, and the last one of each lane."""
    same = {"instance": OuterRef("instance"), "host": OuterRef("host")}
    later = restrict(WHOLE, Deployment.objects.filter(**same, ordinal__gt=OuterRef("ordinal")))
    goes_on = Q(deactivated_at=None) & (Q(end=None) | Q(end__gt=now))
    rows = restrict(reader, Deployment.objects.filter(instance__in=instances, host__in=hosts))
    return rows.filter(goes_on | ~Exists(later)).values_list(*_Row._fields)


def _query_instances(reader: Reader, paths: Iterable[str]) -> QuerySet[Any, Any]:
    return restrict(reader, Instance.objects.filter(path__in=paths, retired_at=None)).values_list(
        "path", "id", "copies"
    )


_IN_LANES, _INSTANCES = KeptStatement(_query_lanes), KeptStatement(_query_instances)


def _split(found: Iterable[_Row], at: Moment) -> tuple[list[_Row], Mapping[tuple[int, int], int]]:
    """The deployments that are not over, and the last ordinal of each lane."""
    used: dict[tuple[int, int], int] = {}
    for row in found:
        lane = row.instance_id, row.host_id
        used[lane] = max(row.ordinal, used.get(lane, 0))
    return [row for row in found if row.deactivated_at is None and not _is_over(row, at)], used


def _is_over(row: _Row, at: Moment) -> bool:
    return row.end is not None and row.end <= at.as_of


def list_lane_keys(deployments: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, LaneKey]:
    """The lane of each deployment that is not deactivated; 1 SQL statement. Raises `NotFound`."""
    wanted = {each.lower() for each in deployments}
    rows = restrict(reader, Deployment.objects.filter(id__in=wanted, deactivated_at=None))
    found = {id_: (path, host) for id_, path, host in rows.values_list("id", "instance__path", "host__name")}
    if wanted - found.keys():
        raise NotFound(f"there is no live deployment {', '.join(sorted(wanted - found.keys()))}")
    return found


_LIVE = KeptStatement(
    lambda reader, paths, moment: (
        restrict(reader, Deployment.objects.filter(instance__path__in=paths, deactivated_at=None, start__lte=moment))
        .exclude(end__lte=moment)
        .values_list("instance__path", "host__name")
    )
)


def list_live_lanes(paths: Iterable[str], moment: Moment, reader: Reader, at: Moment) -> tuple[LaneKey, ...]:
    """The lanes in which the instances are live at a moment; 1 SQL statement."""
    wanted = {path.lower() for path in paths}
    return tuple(sorted({(path, host) for path, host in _LIVE.ask(reader, paths=wanted, moment=moment.as_of)}))


def _query_serving(reader: Reader, paths: Iterable[str], now: datetime) -> QuerySet[Any, Any]:
    live = restrict(reader, DeployedService.objects.filter(deactivated=False, deployment__instance__path__in=paths))
    rows = live.exclude(end__lte=now).exclude(subjects=[])
    return rows.values_list(
        "deployment__instance__path", "service_key", "subjects", "host__name", "deployment__deployable_id"
    ).order_by("start", "host__name")


_SERVING = KeptStatement(_query_serving)


def list_serving(paths: Iterable[str], reader: Reader, at: Moment) -> tuple[tuple[tuple[str, str, str], str, str], ...]:
    """((instance, auditor, audited), host that serves this edge from now on, digest of the snapshot that asked for it),
    what is live first; 1 SQL statement.
    """
    wanted = {path.lower() for path in paths}
    return tuple(
        ((path, auditor, audited), host, digest)
        for path, auditor, subjects, host, digest in _SERVING.ask(reader, paths=wanted, now=at.as_of)
        for audited, _ in subjects
    )


def _stays(rows: Iterable[_Row]) -> tuple[Stay, ...]:
    return tuple(
        Stay(row.id, row.deployable_id, Interval(row.start, row.end)) for row in sorted(rows, key=lambda row: row.start)
    )
