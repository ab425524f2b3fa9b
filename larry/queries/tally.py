"""The estate in numbers, and what starts and ends next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from larry.queries.live import list_live
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.view import read_view
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployment import DeployedService, Deployment
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.service import Service


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are; ``current`` and ``future`` count deployments, ``live_…`` what is in current ones."""

    customers: int
    apps: int
    instances: int
    services: int
    hosts: int
    current: int
    future: int
    live_instances: int
    live_hosts: int

    @property
    def is_empty(self) -> bool:
        """Nothing is described at all."""
        return not (self.customers or self.instances or self.services or self.hosts)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A deployment that starts or ends at a moment; ``follows``: another of its lane takes over just then. ``actor``
    has planned it, and ``recorded_at`` is when it became what it is."""

    moment: datetime
    starts: bool
    follows: bool
    instance: str
    host: str
    deployment: str
    reason: str
    actor: str
    recorded_at: datetime


def get_tally(reader: Reader, at: Moment) -> Tally:
    """Nouns as they are now, deployments as of the moment; 8 SQL statements."""
    with read_view():
        customers, apps, instances, services, hosts = (
            restrict(reader, model._default_manager.filter(retired_at=None)).count()
            for model in (Customer, App, Instance, Service, Host)
        )
        rows = restrict(reader, Deployment.objects.filter(deactivated_at=None))
        live = list_live(reader, at)
        of_live = live.aggregate(current=Count("id"), instances=Count("instance", distinct=True))
        standing = restrict(reader, DeployedService.objects.filter(deactivated=False, start__lte=at.as_of))
        on_host = standing.filter(Q(end=None) | Q(end__gt=at.as_of), host=OuterRef("pk"))  # so indexes find it
        in_use = restrict(WHOLE, Host.objects.filter(Exists(on_host))).count()
        return Tally(
            customers, apps, instances, services, hosts, of_live["current"],
            rows.filter(start__gt=at.as_of).count(), of_live["instances"], in_use,
        )  # fmt: skip


def list_boundaries(reader: Reader, at: Moment, limit: int = 100) -> tuple[Boundary, ...]:
    """The next starts and ends of deployments after a moment, soonest first, as many as surely are all until the last;
    2 SQL statements.
    """
    columns = ("instance__path", "host__name", "id", "reason", "rollout__actor", "recorded_at")
    with read_view():
        rows = restrict(reader, Deployment.objects.filter(deactivated_at=None))
        starts = list(rows.filter(start__gt=at.as_of).order_by("start", "id").values_list("start", *columns)[:limit])
        ends = list(rows.filter(end__gt=at.as_of).order_by("end", "id").values_list("end", *columns)[:limit])
    taking_over = {(moment, path, host) for moment, path, host, *_ in starts}
    found = [Boundary(moment, True, False, *rest) for moment, *rest in starts]
    for moment, path, host, *rest in ends:
        found.append(Boundary(moment, False, (moment, path, host) in taking_over, path, host, *rest))
    # Where one of both lists is cut, what comes after its last moment is not known to be all.
    cut = min((each[-1][0] for each in (starts, ends) if len(each) == limit), default=None)
    known = (each for each in found if cut is None or each.moment <= cut)
    return tuple(sorted(known, key=lambda each: (each.moment, not each.starts, each.instance, each.host)))
