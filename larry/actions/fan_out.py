"""Fan out: an event in the outbox becomes one delivery for each webhook that asks for it and may know of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from larry.actions.author import Author
from larry.actions.transaction import transact
from larry.core.event import EventKind
from larry.queries.hearing import get_listener, list_heard
from larry.records.webhook import Delivery, Event, Webhook

_BATCH = 500


def fan_out(author: Author) -> int:
    """Make the deliveries of up to 500 events, oldest first; how many events. One transaction: of two who do this at
    once, each takes events that the other has not. 1 SQL statement where there is nothing to do, else about 5 and 4
    for each webhook."""
    return transact(lambda: _fan_out(author))


def _fan_out(author: Author) -> int:
    waiting = Event.objects.select_for_update(skip_locked=True).filter(fanned_at__isnull=True).order_by("id")
    events = list(waiting[:_BATCH])
    if not events:
        return 0
    deliveries = [
        Delivery(key=f"dlv_{secrets.token_hex(16)}", webhook=webhook, event=event, due_at=author.now)
        for webhook in Webhook.objects.filter(removed_at__isnull=True).defer("known").order_by("id")
        for event in _of_webhook(webhook, events, author)
    ]
    Delivery.objects.bulk_create(deliveries, batch_size=_BATCH)
    told = {delivery.event_id for delivery in deliveries}
    Event.objects.filter(id__in=told).update(fanned_at=author.now)
    Event.objects.filter(id__in=[event.id for event in events if event.id not in told]).delete()
    return len(events)


def _of_webhook(webhook: Webhook, events: Sequence[Event], author: Author) -> list[Event]:
    """The events that a webhook asks for, that happened since it was there, and that its owner may know of."""
    asked = [
        event
        for event in events
        if event.webhook_id == webhook.id
        or (event.webhook_id is None and event.kind in webhook.events and event.at >= webhook.created_at)
    ]
    return list_tellable(webhook.id, asked, author)


def list_tellable(webhook: int, events: Sequence[Event], author: Author) -> list[Event]:
    """Those of some events that a webhook may be told of now; about 3 SQL statements, none without events."""
    if not events:
        return []
    listener = get_listener(webhook, author.reader, author.moment)
    subjects = {(event.noun, event.address) for event in events if event.kind != EventKind.PING}
    heard = list_heard(subjects, listener, author.moment)
    return [event for event in events if event.kind == EventKind.PING or (event.noun, event.address) in heard]
