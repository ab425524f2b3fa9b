"""Webhooks: where to tell what happens, the outbox of what has happened, and each telling of it.

An event is written in the transaction of the act that it tells of, or not at all. Deliveries are made from events
later, one for each webhook that may know, and are tried until one try succeeds or there have been too many.
"""

from __future__ import annotations

from django.db import models

from larry.core.event import DELIVERY_STATES, EventKind
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.pool import Pool
from larry.records.user import User


class Webhook(models.Model):
    """``url`` and ``secret`` are names of sealed values (secret.py); ``shown`` is as much of the URL as may be shown.

    Without an owner it tells what whoever runs Larry may see. ``known`` lists the situations it was told of.
    """

    shown = models.CharField(max_length=300)
    url = models.CharField(max_length=64)
    secret = models.CharField(max_length=64)
    events = models.JSONField(default=list)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="webhooks")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    app = models.ForeignKey(App, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    known = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="webhook_has_one_scope_at_most",
                condition=models.Q(customer__isnull=True, app__isnull=True)
                | models.Q(customer__isnull=True, pool__isnull=True)
                | models.Q(app__isnull=True, pool__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk} to {self.shown}"


class Event(models.Model):
    """``noun`` and ``address`` say what it is about, and so who may know of it; ``body`` is what is told.

    With a ``webhook`` it is for that one only; ``fanned_at`` is empty until its deliveries have been made.
    """

    kind = models.CharField(max_length=32)
    noun = models.CharField(max_length=63)
    address = models.CharField(max_length=255)
    at = models.DateTimeField()
    body = models.JSONField(default=dict)
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    fanned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="event_kind_is_known", condition=models.Q(kind__in=[kind.value for kind in EventKind])
            ),
        ]
        indexes = [
            models.Index(name="event_in_the_outbox", fields=["id"], condition=models.Q(fanned_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"


class Delivery(models.Model):
    """The telling of one event to one webhook, by one ``key`` however often it is tried.

    Who tries it holds a lease, and the fence of that lease: only they may say how it went. ``status`` is the last
    answer's, ``note`` what went wrong.
    """

    key = models.CharField(max_length=40, unique=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=16, default="pending")
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.IntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="event_is_delivered_to_a_webhook_once", fields=["webhook", "event"]),
            models.CheckConstraint(name="delivery_state_is_known", condition=models.Q(state__in=DELIVERY_STATES)),
        ]
        indexes = [
            models.Index(name="delivery_by_due_moment", fields=["due_at"], condition=models.Q(state="pending")),
            models.Index(name="delivery_of_a_webhook", fields=["webhook", "-id"]),
        ]

    def __str__(self) -> str:
        return self.key


BOUNDARIES = "boundaries"
"""The watermark up to which boundaries were told of: nothing is recorded at an earlier moment any more."""


class Watermark(models.Model):
    """How far something has come that many could go on with: the moment, and a mark of what was seen by then."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()
    mark = models.CharField(max_length=100, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
