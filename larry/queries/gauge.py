"""Gauges: the figures of the whole estate that a monitor watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q

from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.view import read_view
from larry.records.activity import Activity
from larry.records.deployment import Deployment
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.webhook import Delivery, Event


@dataclass(frozen=True, slots=True)
class Gauges:
    """How many there are; ``next_boundary`` is the next start or end of a deployment, None when nothing is planned.

    ``events`` wait in the outbox; ``pending`` deliveries to webhooks are yet to succeed, ``dead`` ones were given up.
    """

    hosts: int
    instances: int
    current: int
    future: int
    next_boundary: datetime | None
    last_activity: datetime | None
    events: int
    pending: int
    dead: int


def get_gauges(reader: Reader, at: Moment) -> Gauges:
    """Nouns as they are now, deployments as of the moment; 9 SQL statements, whatever there is."""
    with read_view():
        hosts, instances = (
            restrict(reader, model._default_manager.filter(retired_at=None)).count() for model in (Host, Instance)
        )
        live = restrict(reader, Deployment.objects.filter(deactivated_at=None))
        future = live.filter(start__gt=at.as_of)
        starts = future.aggregate(next=Min("start"))["next"]
        ends = live.filter(end__gt=at.as_of).aggregate(next=Min("end"))["next"]
        deliveries = restrict(reader, Delivery.objects.all())
        told = deliveries.aggregate(
            pending=Count("id", filter=Q(state="pending")), dead=Count("id", filter=Q(state="dead"))
        )
        return Gauges(
            hosts,
            instances,
            live.filter(start__lte=at.as_of).exclude(end__lte=at.as_of).count(),
            future.count(),
            min((moment for moment in (starts, ends) if moment is not None), default=None),
            restrict(reader, Activity.objects.all()).aggregate(last=Max("at"))["last"],
            restrict(reader, Event.objects.filter(fanned_at=None)).count(),
            told["pending"],
            told["dead"],
        )
