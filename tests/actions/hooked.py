"""Webhooks for tests: one is added, what is in the outbox is told in short."""

from __future__ import annotations

from larry.actions.webhook import NewWebhook, add_webhook
from larry.core.event import EventKind
from larry.core.rights import ScopeKind
from larry.records.webhook import Event
from tests.actions.estate import author

ALL_EVENTS = tuple(kind for kind in EventKind if kind is not EventKind.PING)
URL = "https://hooks.example.com/larry/very-secret-path"


def hook(
    *events: EventKind,
    now: float = -20,
    url: str = URL,
    kind: ScopeKind = ScopeKind.EVERYTHING,
    address: str = "",
    owner: str = "",
) -> int:
    """A webhook for some events (none given: all); its number."""
    new = NewWebhook(url, "https://hooks.example.com/…", events or ALL_EVENTS, kind, address, owner)
    made = add_webhook(new, author(now))
    assert made.row is not None
    assert made.secret is not None
    return made.row.id


def told() -> list[tuple[str, str]]:
    """The kind and the address of each event in the outbox, in order."""
    return list(Event.objects.order_by("id").values_list("kind", "address"))


def emptied() -> list[Event]:
    """The events in the outbox, and none is there any more."""
    events = list(Event.objects.order_by("id"))
    Event.objects.all().delete()
    return events
