"""What is strange about what is live: what is not deployed, idle, too few, or about to end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from larry.core.interval import iso
from larry.core.situation import Situation
from larry.queries.live import list_live
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.view import read_view
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployment import DeployedService, Deployment
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.node import NodeSegment

SOON = timedelta(days=7)

_MANY = 5000
"""As many are asked for one by one; of more all are read, since no statement takes as many values as one likes."""


def list_live_situations(reader: Reader, at: Moment) -> tuple[Situation, ...]:
    """Apps and customers of which nothing is live, idle hosts, instances with fewer copies than they want, and what
    ends soon and is followed by nothing; 8 SQL statements."""
    with read_view():
        found = [*_list_undeployed(reader, at), *_list_few(reader, at), *_list_ending(reader, at)]
        if reader.sees_everything:  # others see of a host only what is theirs
            found += _list_idle(reader, at)
    return tuple(found)


def _live(reader: Reader, at: Moment) -> QuerySet[Deployment]:
    return list_live(reader, at).filter(is_deleted=False).order_by()


def _is_current(at: Moment) -> Q:
    return Q(start__lte=at.as_of) & (Q(end=None) | Q(end__gt=at.as_of))


def _list_undeployed(reader: Reader, at: Moment) -> Iterator[Situation]:
    apps = restrict(reader, App.objects.filter(retired_at=None)).order_by()
    standing = restrict(reader, Instance.objects.filter(id__in=_live(reader, at).values("instance"))).order_by()
    idle = apps.exclude(id__in=standing.values("app"))
    of_customers: dict[str, list[str]] = {}
    rows = idle.values_list("customer__key", "key", "name_folded")
    for customer, key, _ in sorted(rows, key=lambda app: (app[2], f"{app[0]}/{app[1]}")):
        path = f"{customer}/{key}"
        of_customers.setdefault(customer, []).append(path)
        yield Situation("app_not_deployed", "app", path, f"no instance of {path} is live")
    counts = dict(apps.values("customer").annotate(count=Count("id")).values_list("customer", "count"))
    customers = restrict(reader, Customer.objects.filter(retired_at=None)).values_list("id", "key")
    for id_, customer in customers:
        paths, count = of_customers.get(customer, []), counts.get(id_, 0)
        if paths and len(paths) == count:
            yield Situation("customer_not_deployed", "customer", customer, f"nothing of {customer} is live")
        elif paths:
            text = f"{len(paths)} of {count} apps of {customer} are not live: {', '.join(paths)}"
            yield Situation("customer_partly_deployed", "customer", customer, text)


def _list_idle(reader: Reader, at: Moment) -> Iterator[Situation]:
    live = restrict(reader, DeployedService.objects.filter(_is_current(at), host=OuterRef("pk"), deactivated=False))
    idle = tuple(restrict(reader, Host.objects.filter(~Exists(live), retired_at=None)).values_list("id", "name"))
    ends = restrict(reader, NodeSegment.objects.filter(start__lte=at.as_of, end__gt=at.as_of))
    if 0 < len(idle) <= _MANY:
        ends = ends.filter(host__in=[id_ for id_, _ in idle])
    next_changes = dict(ends.values_list("host_id", "end"))
    for id_, name in idle:
        change = next_changes.get(id_)
        soon = f"; that changes at {iso(change)}" if change is not None else ""
        yield Situation("host_idle", "host", name, f"nothing is live on {name}{soon}")


def _list_few(reader: Reader, at: Moment) -> Iterator[Situation]:
    several = _live(reader, at).filter(instance__retired_at=None, instance__copies__gt=1)
    grouped = several.values("instance__path", "instance__copies")
    few = grouped.annotate(hosts=Count("host", distinct=True)).filter(hosts__lt=F("instance__copies"))
    for path, copies, hosts in few.values_list("instance__path", "instance__copies", "hosts"):
        yield Situation("fewer_copies", "instance", path, f"{path} has {hosts} of {copies} copies")


def _list_ending(reader: Reader, at: Moment) -> Iterator[Situation]:
    until = at.as_of + SOON
    lane = ("instance__path", "host__name")
    coming = restrict(reader, Deployment.objects.filter(deactivated_at=None, start__gt=at.as_of, start__lte=until))
    starts = set(coming.filter(is_deleted=False).values_list(*lane, "start"))
    ending = _live(reader, at).filter(end__lte=until)
    for id_, path, host, end in ending.values_list("id", *lane, "end"):
        if (path, host, end) not in starts:
            yield Situation("ends_soon", "deployment", id_, f"{path} on {host} ends at {iso(end)}, and nothing follows")
