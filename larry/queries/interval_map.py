"""Interval maps: what was, is and will be live, lane by lane, of a host, an instance, a customer or a pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

from django.db.models import F, Q, QuerySet

from larry.core.interval import Interval
from larry.core.key import fold
from larry.core.moment_text import EARLIEST, LATEST
from larry.core.picture import Bar, BoxKind, Condition, IntervalMap, Link, MapLane
from larry.queries.deployment import state_of
from larry.queries.host import list_host_keys
from larry.queries.instance import get_descriptions
from larry.queries.moment import Moment
from larry.queries.noun import list_items
from larry.queries.reader import WHOLE, NotFound, Reader, restrict
from larry.queries.service import service_graph_of
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
_ANYTHING = Q()

_Lane: TypeAlias = tuple[BoxKind, str, str, Link]
"""Of what, its short name, the rest of its name, where it leads."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """How a noun is looked at: whose deployed services, which lanes there are even when empty, what a bar says."""

    title: str
    which: Q
    lane_of: Callable[[_Found], _Lane]
    label_of: Callable[[_Found], str]
    lanes: tuple[_Lane, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """A deployment on one host, from its first deployed service there to its last."""

    deployment: str
    instance: str
    name: str
    retired: bool
    host: str
    host_id: int
    home: str
    start: datetime
    end: datetime | None
    snapshot: str
    reason: str
    uncovered: tuple[tuple[str, str, int, str], ...]
    services: tuple[str, ...]

    @property
    def is_home(self) -> bool:
        return self.host == self.home


def get_interval_map(
    kind: str,
    address: str,
    reader: Reader,
    at: Moment,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int | None = None,
) -> IntervalMap:
    """The map of a noun by its address, from ``since`` until a moment (None: with room around all there is), with the
    first ``most`` lanes (None: all); a constant number of SQL statements (4 to 10 and 1 for each step of templates
    following templates).

    Raises `NotFound`, and `EndsBeforeItStarts` when nothing is between the two moments.
    """
    if since is not None and until is not None:
        Interval(since, until)
    with read_view():
        sight = _SIGHTS[kind](address, reader, most)
        found = _list_found(sight.which, reader, since, until)
        behind = _list_behind(found, reader, at)
        boundaries = _list_boundaries(kind, address, found, reader)
    during = _choose_stretch(found, at.as_of, since, until)
    bars: dict[_Lane, list[Bar]] = {lane: [] for lane in sight.lanes}
    for each in found:
        bars.setdefault(sight.lane_of(each), []).append(_bar(each, sight.label_of(each), at.as_of, behind))
    lanes = (MapLane(*lane, tuple(bars[lane])) for lane in sorted(bars, key=lambda lane: fold("/".join(lane[3]))))
    shown = tuple(moment for moment in boundaries if moment in during)
    return IntervalMap(kind, address, sight.title, at.as_of, during, tuple(lanes), shown, sight.left_out)


def _see_host(address: str, reader: Reader, most: int | None) -> _Sight:
    name = _name_of("host", restrict(reader, Host.objects.filter(name=address)), address)
    return _Sight(f"Host {name}", Q(host__name=name), lambda f: _lane_of_instance(f.instance, f.name), _say_why)


def _see_instance(address: str, reader: Reader, most: int | None) -> _Sight:
    path = restrict(reader, Instance.objects.filter(path=address)).values_list("path", flat=True).first()
    if path is None:
        raise NotFound(f"there is no instance {address}")
    return _Sight(f"Instance {path}", Q(deployment__instance__path=path), lambda f: _lane_of_host(f.host), _say_why)


def _see_customer(address: str, reader: Reader, most: int | None) -> _Sight:
    name = _name_of("customer", restrict(reader, Customer.objects.filter(key=address)), address)
    theirs = restrict(reader, Instance.objects.filter(customer__key=address, retired_at=None))
    return _of_instances(f"Customer {name}", Q(deployment__instance__customer__key=address), theirs, most)


def _see_app(address: str, reader: Reader, most: int | None) -> _Sight:
    customer, _, key = address.partition("/")
    name = _name_of("app", restrict(reader, App.objects.filter(customer__key=customer, key=key)), address)
    theirs = restrict(reader, Instance.objects.filter(path__startswith=f"{address}/", retired_at=None))
    return _of_instances(f"App {name}", Q(deployment__instance__path__startswith=f"{address}/"), theirs, most)


def _of_instances(title: str, which: Q, theirs: QuerySet[Instance], most: int | None) -> _Sight:
    """A lane for each instance, with the deployments on its own hosts."""
    lanes, which, left_out = _few_lanes(theirs.order_by("path"), "deployment__instance", which, ("path", "name"), most)
    return _Sight(
        title,
        which & Q(host=F("deployment__host")),
        lambda f: _lane_of_instance(f.instance, f.name),
        lambda f: f"{_short(f.host)}: {f.reason}",
        tuple(_lane_of_instance(*lane) for lane in lanes),
        left_out,
    )


def _see_pool(address: str, reader: Reader, most: int | None) -> _Sight:
    name = _name_of("pool", restrict(reader, Pool.objects.filter(key=address)), address)
    return _of_hosts(f"Pool {name}", restrict(reader, Host.objects.filter(pools__key=address)), most)


def _see_role(address: str, reader: Reader, most: int | None) -> _Sight:
    name = _name_of("role", restrict(reader, Role.objects.filter(key=address)), address)
    return _of_hosts(f"Role {name}", restrict(reader, Host.objects.filter(roles__key=address)), most)


def _see_grade(address: str, reader: Reader, most: int | None) -> _Sight:
    name = _name_of("grade", restrict(reader, Grade.objects.filter(key=address)), address)
    return _of_hosts(f"Grade {name}", restrict(reader, Host.objects.filter(grade__key=address)), most)


def _see_service(address: str, reader: Reader, most: int | None) -> _Sight:
    """A lane for each host that has, had or will have the service."""
    name = _name_of("service", restrict(reader, Service.objects.filter(key=address)), address)
    deployed = restrict(reader, DeployedService.objects.filter(service_key=address, deactivated=False))
    hosts = restrict(reader, Host.objects.filter(id__in=deployed.values("host_id")))
    return _of_hosts(f"Service {name}", hosts, most, Q(service_key=address))


def _of_hosts(title: str, hosts: QuerySet[Host], most: int | None, which: Q = _ANYTHING) -> _Sight:
    """A lane for each host, with what is on it."""
    standing = hosts.filter(retired_at=None).order_by("name_folded")
    within = which & Q(host__in=standing.order_by().values("id"), host__retired_at=None)
    lanes, within, left_out = _few_lanes(standing, "host", within, ("name",), most)
    return _Sight(
        title,
        within,
        lambda f: _lane_of_host(f.host),
        lambda f: f.instance if f.is_home else f"{f.instance} for {_short(f.home)}",
        tuple(_lane_of_host(*lane) for lane in lanes),
        left_out,
    )


def _few_lanes(
    rows: QuerySet[Any], owner: str, which: Q, columns: tuple[str, ...], most: int | None
) -> tuple[list[tuple[str, ...]], Q, int]:
    """What the first rows say of themselves, which deployed services are theirs, and how many rows are left out."""
    shown = list(rows.values_list("id", *columns)[: None if most is None else most + 1])
    if most is None or len(shown) <= most:
        return [tuple(columns) for _, *columns in shown], which, 0
    kept = shown[:most]
    return (
        [tuple(columns) for _, *columns in kept],
        which & Q(**{f"{owner}__in": [i for i, *_ in kept]}),
        rows.count() - most,
    )


def _name_of(kind: str, rows: QuerySet[Any], address: str) -> str:
    name: str | None = rows.values_list("name", flat=True).first()
    if name is None:
        raise NotFound(f"there is no {kind} {address}")
    return name


_SIGHTS: Mapping[str, Callable[[str, Reader, int | None], _Sight]] = MappingProxyType(
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


def _lane_of_instance(path: str, name: str) -> _Lane:
    customer, app, _ = path.split("/")
    return BoxKind.INSTANCE, name, f"{customer}/{app}", ("instances", *path.split("/"))


def _lane_of_host(name: str) -> _Lane:
    return BoxKind.HOST, _short(name), name, ("hosts", name)


def _short(host: str) -> str:
    return host.partition(".")[0]


def _say_why(found: _Found) -> str:
    """At home, why it is there; elsewhere, which services of it stand there."""
    return found.reason if found.is_home else f"{', '.join(found.services)} for {_short(found.home)}"


def _list_found(which: Q, reader: Reader, since: datetime | None, until: datetime | None) -> tuple[_Found, ...]:
    """2 SQL statements: the deployed services, and the deployments that they belong to."""
    services = restrict(reader, DeployedService.objects.filter(which, deactivated=False))
    if since is not None:
        services = services.exclude(end__lte=since)
    if until is not None:
        services = services.filter(start__lt=until)
    columns = ("deployment_id", "host_id", "host__name", "start", "end", "service_key")
    together: dict[tuple[str, int, str], list[tuple[datetime, datetime | None, str]]] = {}
    for deployment, host, name, start, end, key in services.values_list(*columns).order_by("service_key"):
        together.setdefault((deployment, host, name), []).append((start, end, key))
    told = {
        row["deployment_id"]: row
        for row in services.values(
            "deployment_id", "deployment__deployable_id", "deployment__reason", "deployment__uncovered",
            "deployment__host__name", "deployment__instance__path", "deployment__instance__name",
            "deployment__instance__retired_at",
        ).distinct()
    }  # fmt: skip
    found = []
    for (deployment, host, name), parts in together.items():
        row = told[deployment]
        ends = [end for _, end, _ in parts]
        found.append(
            _Found(
                deployment,
                row["deployment__instance__path"],
                row["deployment__instance__name"],
                row["deployment__instance__retired_at"] is not None,
                name,
                host,
                row["deployment__host__name"],
                min(start for start, _, _ in parts),
                None if None in ends else max(end for end in ends if end is not None),
                row["deployment__deployable_id"],
                row["deployment__reason"],
                tuple(tuple(lack) for lack in row["deployment__uncovered"]),
                tuple(dict.fromkeys(key for *_, key in parts)),
            )
        )
    return tuple(sorted(found, key=lambda f: (f.start, f.instance, f.host, f.deployment)))


def _list_behind(found: Iterable[_Found], reader: Reader, at: Moment) -> frozenset[tuple[str, str]]:
    """(instance, snapshot) of what is live and is not what a snapshot taken now would be; 6 SQL statements or none."""
    live = {(f.instance, f.snapshot) for f in found if not f.retired and at.as_of in Interval(f.start, f.end)}
    if not live:
        return frozenset()
    descriptions = get_descriptions({path for path, _ in live}, reader, at)
    keys = {name: key for key, name in list_host_keys(WHOLE, at).items()}
    specs = service_graph_of(list_items("service", reader, at), keys)
    now = {path: description.describe(specs)[0].digest for path, description in descriptions.items()}
    return frozenset((path, digest) for path, digest in live if now[path] != digest)


def _list_boundaries(kind: str, address: str, found: Iterable[_Found], reader: Reader) -> tuple[datetime, ...]:
    """Of a host, when its node changes, for whatever reason; else when something starts or ends."""
    if kind == "host":
        rows = restrict(reader, NodeSegment.objects.filter(host__name=address)).order_by("start")
        return tuple(rows.values_list("start", flat=True))
    moments = {moment for f in found for moment in (f.start, f.end) if moment is not None}
    return tuple(sorted(moments))


def _choose_stretch(
    found: Iterable[_Found], as_of: datetime, since: datetime | None, until: datetime | None
) -> Interval:
    """What is not asked for is chosen so that all there is has some room around it, and the moment is among it."""
    moments = [as_of, *(m for f in found for m in (f.start, f.end) if m is not None)]
    first, last = since or min(moments), until or max(moments)
    pad = max((last - first) * 0.05, _LEAST_PAD)
    start = since or max(min(first, last) - pad, EARLIEST)
    end = until or min(max(last, start) + pad, LATEST)
    return Interval(min(start, end - _LEAST_PAD) if since is None else start, end)


def _bar(found: _Found, label: str, as_of: datetime, behind: frozenset[tuple[str, str]]) -> Bar:
    state = Condition(state_of(found.start, found.end, None, as_of).value)
    lacks = [
        f"{audited} lacks {auditor}: {why}"
        for auditor, audited, host, why in found.uncovered
        if found.is_home or host == found.host_id
    ]
    conditions = [Condition.UNCOVERED] if lacks and state is not Condition.PAST else []
    if state is Condition.CURRENT and (found.instance, found.snapshot) in behind:
        conditions.append(Condition.DIRTY)
    return Bar(
        deployment=found.deployment,
        instance=found.instance,
        host=found.host,
        interval=Interval(found.start, found.end),
        conditions=(*conditions, state),
        label=label,
        track=f"{found.instance} {found.host} {found.home}",
        snapshot=found.snapshot,
        reason=found.reason,
        services=found.services,
        lacks=tuple(lacks),
        link=("deployments", found.deployment),
    )
