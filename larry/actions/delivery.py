"""Deliveries: claimed under a lease, settled by whoever holds it still, tried again later or given up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Q, QuerySet

from larry.actions.author import Author
from larry.actions.fan_out import list_tellable
from larry.actions.transaction import transact
from larry.core.event import wait_after
from larry.core.interval import iso
from larry.records.secret import unseal_each
from larry.records.webhook import Delivery, Event

MOST_ATTEMPTS = 16
"""With the waits in between, a little more than a day."""

DELIVERIES_KEPT_FOR = timedelta(days=14)
"""So long after they are finished deliveries can be looked at."""

_VERSION = 1
_SIGHT = 200
"""So many that are due are looked at, so that one webhook with many does not stand before the others."""

_LONGEST_NOTE = 300
_GONE = 410


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery that is to be tried now, by whoever holds the ``fence``; ``body`` is the same for every try."""

    id: int
    key: str
    fence: int
    event: str
    body: bytes
    url: str = field(repr=False)
    secret: str = field(repr=False)


def claim_deliveries(most: int, lease: timedelta, author: Author, *, most_of_one: int = 4) -> tuple[Lease, ...]:
    """Lease up to so many deliveries that are due, of one webhook not more than so many. A lease that has run out is as
    good as none: whoever held it may be dead. One transaction; 1 SQL statement where nothing is due.

    What the owner may no longer know is withheld instead.
    """
    return transact(lambda: _claim(most, lease, author, most_of_one))


def _claim(most: int, lease: timedelta, author: Author, most_of_one: int) -> tuple[Lease, ...]:
    due = (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(Q(leased_until=None) | Q(leased_until__lte=author.now), state="pending", due_at__lte=author.now)
        .filter(webhook__paused_at=None, webhook__removed_at=None)
        .select_related("event", "webhook")
        .defer("webhook__known")
        .order_by("due_at", "id")
    )
    chosen: dict[int, list[Delivery]] = {}
    for row in due[:_SIGHT]:
        of_one = chosen.setdefault(row.webhook_id, [])
        if len(of_one) < most_of_one and sum(map(len, chosen.values())) < most:
            of_one.append(row)
    claimed: list[Delivery] = []
    for webhook, rows in chosen.items():
        tellable = {event.id for event in list_tellable(webhook, [row.event for row in rows], author)}
        for row in rows:
            if row.event_id in tellable:
                row.fence, row.attempts, row.leased_until = row.fence + 1, row.attempts + 1, author.now + lease
                claimed.append(row)
            else:
                _withhold(row, author)
    Delivery.objects.bulk_update(claimed, ["fence", "attempts", "leased_until"])
    opened = unseal_each({name for row in claimed for name in (row.webhook.url, row.webhook.secret)})
    return tuple(
        Lease(
            row.id,
            row.key,
            row.fence,
            row.event.kind,
            write_body(row.key, row.event),
            str(opened[row.webhook.url]),
            str(opened[row.webhook.secret]),
        )
        for row in claimed
    )


def write_body(key: str, event: Event) -> bytes:
    """What is told of an event: small, versioned JSON in UTF-8. No SQL."""
    document = {
        "larry": _VERSION,
        "delivery": key,
        "event": event.kind,
        "id": event.id,
        "at": iso(event.at),
        "noun": event.noun,
        "address": event.address,
        "data": event.body,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def settle_delivery(claim: Lease, status: int | None, fault: str, author: Author, chance: float) -> bool:
    """Keep how a try went: ``fault`` is empty if it was taken. False where the lease was lost to somebody else
    meanwhile, who then says how it went. 1 or 2 SQL statements.

    ``chance`` (from 0 to 1) spreads the next tries of many; who answers 410 does not want to be asked again.
    """
    held = Delivery.objects.filter(id=claim.id, fence=claim.fence, state="pending")
    if not fault:
        return _finish(held, "delivered", status, "", author)
    attempts = held.values_list("attempts", flat=True).first()
    if attempts is None:
        return False
    if attempts >= MOST_ATTEMPTS or status == _GONE:
        return _finish(held, "dead", status, fault, author)
    due = author.now + wait_after(attempts, chance)
    return bool(held.update(leased_until=None, due_at=due, status=status, note=fault[:_LONGEST_NOTE]))


def give_back(claims: Iterable[Lease]) -> None:
    """End leases of what was not tried after all, so that others need not wait for them to run out; 1 SQL each."""
    for claim in claims:
        held = Delivery.objects.filter(id=claim.id, fence=claim.fence, state="pending")
        held.update(leased_until=None)


def forget_deliveries(author: Author) -> int:
    """Remove what was finished long ago, but for what is dead; 2 SQL statements. How many deliveries."""
    old = Delivery.objects.filter(state__in=("delivered", "withheld"), finished_at__lt=author.now - DELIVERIES_KEPT_FOR)
    count, _ = old.delete()
    Event.objects.filter(fanned_at__lt=author.now - DELIVERIES_KEPT_FOR, deliveries=None).delete()
    return count


def _finish(held: QuerySet[Delivery], state: str, status: int | None, note: str, author: Author) -> bool:
    return bool(
        held.update(state=state, status=status, note=note[:_LONGEST_NOTE], finished_at=author.now, leased_until=None)
    )


def _withhold(row: Delivery, author: Author) -> None:
    row.state, row.finished_at = "withheld", author.now
    row.note = "its owner may not know of it (any more)"
    row.save(update_fields=["state", "finished_at", "note"])
