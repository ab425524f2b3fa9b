"""Webhooks: which there are, how their deliveries went, and when the next is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from larry.core.document import Json
from larry.core.interval import iso
from larry.core.rights import ScopeKind
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.scope import scope_address_of
from larry.records.deployment import Deployment
from larry.records.node import NodeSegment
from larry.records.webhook import Delivery, Webhook


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook as listed, never with its secret or the whole URL. ``pending`` and ``dead`` count its deliveries."""

    id: int
    shown: str
    events: tuple[str, ...]
    kind: ScopeKind
    address: str
    owner: str
    created_at: datetime
    paused_at: datetime | None
    pending: int
    dead: int

    @property
    def state(self) -> str:
        return "paused" if self.paused_at is not None else "active"

    @property
    def told(self) -> dict[str, Json]:
        """What activity says of it."""
        return {
            "url": self.shown,
            "events": list(self.events),
            "scope": self.kind.value,
            "address": self.address,
            "owner": self.owner or None,
        }

    @property
    def document(self) -> dict[str, Json]:
        """The webhook for programs."""
        return {
            "id": self.id,
            **self.told,
            "state": self.state,
            "created_at": iso(self.created_at),
            "paused_at": iso(self.paused_at) if self.paused_at else None,
            "pending": self.pending,
            "dead": self.dead,
        }


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery: of what, how often it was tried, when it is tried next, and how the last try went."""

    key: str
    webhook: int
    event: str
    noun: str
    address: str
    at: datetime
    state: str
    attempts: int
    due_at: datetime | None
    finished_at: datetime | None
    status: int | None
    note: str

    @property
    def document(self) -> dict[str, Json]:
        """The delivery for programs."""
        return {
            "key": self.key,
            "webhook": self.webhook,
            "event": self.event,
            "noun": self.noun,
            "address": self.address,
            "at": iso(self.at),
            "state": self.state,
            "attempts": self.attempts,
            "due_at": iso(self.due_at) if self.due_at else None,
            "finished_at": iso(self.finished_at) if self.finished_at else None,
            "status": self.status,
            "note": self.note,
        }


def list_webhooks(reader: Reader, at: Moment) -> tuple[WebhookRow, ...]:
    """All webhooks that were not removed, by number; 1 SQL statement."""
    return tuple(_row(row) for row in _rows(reader).filter(removed_at__isnull=True).order_by("id"))


def get_webhook(number: int, reader: Reader, at: Moment) -> WebhookRow:
    """One webhook by its number; 1 SQL statement. Raises `NotFound`."""
    row = _rows(reader).filter(id=number, removed_at__isnull=True).first()
    if row is None:
        raise NotFound(f"there is no webhook {number}")
    return _row(row)


def list_deliveries(
    webhook: int, reader: Reader, at: Moment, *, state: str | None = None, begin: int = 0, limit: int | None = 50
) -> tuple[DeliveryRow, ...]:
    """The deliveries of a webhook, newest first, from ``begin`` (counted from 0); 1 SQL statement."""
    rows = restrict(reader, Delivery.objects.filter(webhook=webhook)).select_related("event").order_by("-id")
    if state is not None:
        rows = rows.filter(state=state)
    return tuple(_delivery(row) for row in rows[begin : None if limit is None else begin + limit])


def count_deliveries(webhook: int, reader: Reader, at: Moment) -> Mapping[str, int]:
    """How many deliveries of a webhook there are in each state; 1 SQL statement."""
    rows = restrict(reader, Delivery.objects.filter(webhook=webhook)).order_by("state")
    return dict(rows.values_list("state").annotate(count=Count("id")))


def get_delivery(key: str, reader: Reader, at: Moment) -> DeliveryRow:
    """One delivery by its key; 1 SQL statement. Raises `NotFound`."""
    row = restrict(reader, Delivery.objects.filter(key=key)).select_related("event").first()
    if row is None:
        raise NotFound(f"there is no delivery {key}")
    return _delivery(row)


def count_dead(reader: Reader, at: Moment) -> Mapping[int, tuple[str, int]]:
    """By number of each webhook that has deliveries that were given up: where it leads, and how many; 1 SQL
    statement."""
    rows = restrict(reader, Delivery.objects.filter(state="dead", webhook__removed_at=None))
    found = rows.values_list("webhook_id", "webhook__shown").annotate(count=Count("id")).order_by("webhook_id")
    return {number: (shown, count) for number, shown, count in found}


def find_next_due(reader: Reader, at: Moment) -> datetime | None:
    """When the worker has to do something next: a delivery that is due, a lease that runs out, a boundary. None where
    nothing is known of yet. 4 SQL statements."""
    waiting = restrict(
        reader,
        Delivery.objects.filter(state="pending", webhook__paused_at=None, webhook__removed_at=None),
    )
    free = waiting.filter(leased_until=None).aggregate(first=Min("due_at"))["first"]
    leased = waiting.exclude(leased_until=None).aggregate(first=Min("leased_until"))["first"]
    starts = restrict(reader, NodeSegment.objects.filter(start__gt=at.as_of)).aggregate(first=Min("start"))["first"]
    ends = restrict(reader, Deployment.objects.filter(end__gt=at.as_of, deactivated_at=None)).aggregate(
        first=Min("end")
    )["first"]
    return min((moment for moment in (free, leased, starts, ends) if moment is not None), default=None)


def _rows(reader: Reader) -> QuerySet[Webhook]:
    rows = restrict(reader, Webhook.objects.select_related("owner", "customer", "app__customer", "pool"))
    return rows.defer("known").annotate(
        pending=Count("deliveries", filter=Q(deliveries__state="pending")),
        dead=Count("deliveries", filter=Q(deliveries__state="dead")),
    )


def _counted(row: Webhook, what: str) -> int:
    return int(getattr(row, what))


def _row(row: Webhook) -> WebhookRow:
    return WebhookRow(
        row.id,
        row.shown,
        tuple(row.events),
        *scope_address_of(row),
        row.owner.name if row.owner else "",
        row.created_at,
        row.paused_at,
        _counted(row, "pending"),
        _counted(row, "dead"),
    )


def _delivery(row: Delivery) -> DeliveryRow:
    return DeliveryRow(
        row.key,
        row.webhook_id,
        row.event.kind,
        row.event.noun,
        row.event.address,
        row.event.at,
        row.state,
        row.attempts,
        row.due_at if row.state == "pending" else None,
        row.finished_at,
        row.status,
        row.note,
    )
