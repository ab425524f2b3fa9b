"""Interval maps: what was, is and will be live, lane by lane, of a host, an instance, a customer or a pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window

from larry.core.interval import Interval
from larry.core.lane_name import LaneName, name_host_lane, name_instance_lane, shorten_host
from larry.core.moment_text import EARLIEST, LATEST
from larry.core.picture import IntervalMap
from larry.queries.map_stay import MapSight, MapStay, list_behind, list_map_stays
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.view import read_view
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployment import DeployedService
from larry.records.grade import Grade
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.node import NodeSegment
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.service import Service

MAP_KINDS = ("host", "instance", "customer", "pool", "app", "service", "role", "grade")
_LEAST_PAD = timedelta(days=1)
_SOME_TIME = timedelta(days=91)
MANY_LANES = 24
MOST_BARS = 1_500
_ANYTHING = Q()


@dataclass(frozen=True, slots=True)
class LaneCut:
    """Which lanes are looked at: ``most`` of them (None: all), after so many that are ``passed``."""

    most: int | None
    passed: int


def get_interval_map(
    kind: str,
    address: str,
    reader: Reader,
    at: Moment,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int | None = None,
    passed: int = 0,
) -> IntervalMap:
    """The map of a noun by its address, from ``since`` until a moment (None: with room around all there is), with
    ``most`` lanes (None: all) after so many that are ``passed``; a constant number of SQL statements (4 to 10 and 1 for
    each step of templates following templates).

    With ``most``, where lanes are passed or left out or more than 24 are shown, and no moment is named, it shows a
    quarter before and after: years of many lanes are more than anybody can see. Of more than 24 it shows no more
    than have 1,500 bars together, but at least one. Raises `NotFound`, and `EndsBeforeItStarts` when nothing is
    between the two moments.
    """
    if since is not None and until is not None:
        Interval(since, until)
    with read_view():
        sight = _SIGHTS[kind](address, reader, LaneCut(most, passed))
        is_cut = most is not None and (sight.passed or sight.left_out or len(sight.lanes) > MANY_LANES)
        if is_cut and since is None and until is None:
            since = max(at.as_of - _SOME_TIME, EARLIEST)
            until = min(at.as_of + _SOME_TIME, LATEST)
        bars = MOST_BARS if len(sight.ids) > MANY_LANES else None
        sight, found = list_map_stays(sight, reader, at, since=since, until=until, most=bars)
        behind = list_behind(found, reader, at)
        boundaries = _list_boundaries(kind, address, found, reader)
    during = _choose_stretch(found, at.as_of, since, until)
    return sight.draw((kind, address), found, behind, during, at, boundaries=boundaries)


def _see_host(address: str, reader: Reader, cut: LaneCut) -> MapSight:
    name = _name_of("host", restrict(reader, Host.objects.filter(name=address)), address)
    return MapSight(f"Host {name}", Q(host__name=name), lambda f: name_instance_lane(f.instance, f.name), _say_why)


def _see_instance(address: str, reader: Reader, cut: LaneCut) -> MapSight:
    path = restrict(reader, Instance.objects.filter(path=address)).values_list("path", flat=True).first()
    if path is None:
        raise NotFound(f"there is no instance {address}")
    return MapSight(f"Instance {path}", Q(deployment__instance__path=path), lambda f: name_host_lane(f.host), _say_why)


def _see_customer(address: str, reader: Reader, cut: LaneCut) -> MapSight:
    name = _name_of("customer", restrict(reader, Customer.objects.filter(key=address)), address)
    theirs = restrict(reader, Instance.objects.filter(customer__key=address, retired_at=None))
    return _of_instances(f"Customer {name}", Q(deployment__instance__customer__key=address), theirs, cut)


def _see_app(address: str, reader: Reader, cut: LaneCut) -> MapSight:
    customer, _, key = address.partition("/")
    name = _name_of("app", restrict(reader, App.objects.filter(customer__key=customer, key=key)), address)
    its = {"app__key": key, "app__customer__key": customer}
    theirs = restrict(reader, Instance.objects.filter(**its, retired_at=None))
    which = Q(**{f"deployment__instance__{word}": value for word, value in its.items()})
    return _of_instances(f"App {name}", which, theirs, cut)


def _of_instances(title: str, which: Q, theirs: QuerySet[Instance], cut: LaneCut) -> MapSight:
    """A lane for each instance, with the deployments on its own hosts."""
    sight = MapSight(
        title,
        which,
        lambda f: name_instance_lane(f.instance, f.name),
        lambda f: f"{shorten_host(f.host)}: {f.reason}",
        Q(host=F("deployment__host")),
        "deployment__instance",
    )
    return _cut_lanes(sight, theirs.order_by("path"), ("path", "name"), name_instance_lane, cut)


def _see_pool(address: str, reader: Reader, cut: LaneCut) -> MapSight:
    name = _name_of("pool", restrict(reader, Pool.objects.filter(key=address)), address)
    return _of_hosts(f"Pool {name}", restrict(reader, Host.objects.filter(pools__key=address)), cut)


def _see_role(address: str, reader: Reader, cut: LaneCut) -> MapSight:
    name = _name_of("role", restrict(reader, Role.objects.filter(key=address)), address)
    return _of_hosts(f"Role {name}", restrict(reader, Host.objects.filter(roles__key=address)), cut)


def _see_grade(address: str, reader: Reader, cut: LaneCut) -> MapSight:
    name = _name_of("grade", restrict(reader, Grade.objects.filter(key=address)), address)
    return _of_hosts(f"Grade {name}", restrict(reader, Host.objects.filter(grade__key=address)), cut)


def _see_service(address: str, reader: Reader, cut: LaneCut) -> MapSight:
    """A lane for each host that has, had or will have the service."""
    name = _name_of("service", restrict(reader, Service.objects.filter(key=address)), address)
    deployed = restrict(reader, DeployedService.objects.filter(service__key=address, deactivated=False))
    hosts = restrict(reader, Host.objects.filter(id__in=deployed.order_by().values("host_id").distinct()))
    return _of_hosts(f"Service {name}", hosts, cut, Q(service__key=address))


def _of_hosts(title: str, hosts: QuerySet[Host], cut: LaneCut, which: Q = _ANYTHING) -> MapSight:
    """A lane for each host, with what is on it."""
    standing = hosts.filter(retired_at=None).order_by("name_folded")
    within = Q(host__in=standing.order_by().values("id"), host__retired_at=None)
    sight = MapSight(
        title,
        within,
        lambda f: name_host_lane(f.host),
        lambda f: f.instance if f.is_home else f"{f.instance} for {shorten_host(f.home)}",
        which,
    )
    return _cut_lanes(sight, standing, ("name",), name_host_lane, cut)


def _cut_lanes(
    sight: MapSight, rows: QuerySet[Any], columns: tuple[str, ...], name: Callable[..., LaneName], cut: LaneCut
) -> MapSight:
    """With the lanes that are asked for, named by columns of the rows that they are of; 1 SQL statement."""
    if cut.most is None:
        return replace(sight, lanes=tuple(name(*each) for each in rows.values_list(*columns)))
    counted = rows.annotate(counted=Window(Count("id")))  # in passing: to find them may be all there is to do
    shown = list(counted.values_list("counted", "id", *columns)[cut.passed : cut.passed + cut.most])
    ids, lanes = tuple(id_ for _, id_, *_ in shown), tuple(name(*told) for _, _, *told in shown)
    total = shown[0][0] if shown else 0
    found = replace(sight, ids=ids, lanes=lanes, passed=cut.passed, left_out=max(total - cut.passed - len(ids), 0))
    return found.keep(len(ids)) if found.passed or found.left_out else found


def _name_of(kind: str, rows: QuerySet[Any], address: str) -> str:
    name: str | None = rows.values_list("name", flat=True).first()
    if name is None:
        raise NotFound(f"there is no {kind} {address}")
    return name


_SIGHTS: Mapping[str, Callable[[str, Reader, LaneCut], MapSight]] = MappingProxyType(
    {
        "host": _see_host,
        "instance": _see_instance,
        "customer": _see_customer,
        "pool": _see_pool,
        "app": _see_app,
        "service": _see_service,
        "role": _see_role,
        "grade": _see_grade,
    }
)


def _say_why(found: MapStay) -> str:
    """At home, why it is there; elsewhere, which services of it stand there."""
    return found.reason if found.is_home else f"{', '.join(found.services)} for {shorten_host(found.home)}"


def _list_boundaries(kind: str, address: str, found: Iterable[MapStay], reader: Reader) -> tuple[datetime, ...]:
    """Of a host, when its node changes, for whatever reason; else when something starts or ends."""
    if kind == "host":
        rows = restrict(reader, NodeSegment.objects.filter(host__name=address)).order_by("start")
        return tuple(rows.values_list("start", flat=True))
    moments = {moment for f in found for moment in (f.start, f.end) if moment is not None}
    return tuple(sorted(moments))


def _choose_stretch(
    found: Iterable[MapStay], as_of: datetime, since: datetime | None, until: datetime | None
) -> Interval:
    """What is not asked for is chosen so that all there is has some room around it, and the moment is among it."""
    moments = [as_of, *(m for f in found for m in (f.start, f.end) if m is not None)]
    first, last = since or min(moments), until or max(moments)
    pad = max((last - first) * 0.05, _LEAST_PAD)
    start = since or max(min(first, last) - pad, EARLIEST)
    end = until or min(max(last, start) + pad, LATEST)
    return Interval(min(start, end - _LEAST_PAD) if since is None else start, end)
