"""Situations: what has newly become strange is told to the webhooks that ask for it, as far as their owners see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q

from larry.actions.announce import announce, find_wanted
from larry.actions.author import Author
from larry.actions.transaction import transact
from larry.core.event import OF_SITUATIONS, EventKind
from larry.core.rights import Rights
from larry.core.situation import Situation
from larry.queries.activity import get_latest_mark
from larry.queries.hearing import get_listener
from larry.queries.situation import list_situations
from larry.records.deployment import Deployment
from larry.records.webhook import Event, Watermark, Webhook

SITUATIONS = "situations"
_AT_LEAST_EVERY = timedelta(hours=1)
"""Some situations come with time alone, such as what ends within a week."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What there is to be told to one webhook, and what it was told of before."""

    webhook: int
    known: Sequence[str] | None
    situations: Mapping[str, Situation]


def tell_situations(author: Author, pause: timedelta) -> int:
    """Put into the outbox what was not so when this was last asked: dirty instances, failed checks. How many events.

    The first time for a webhook tells nothing: what stood then was there to be seen. Looks only when something was
    recorded or a boundary has passed, and after a pause. 1 SQL statement where nobody wants to know, about 5 where
    nothing has happened, else about 40 for each set of rights.
    """
    wanted = find_wanted() & OF_SITUATIONS
    if not wanted:
        return 0
    row = Watermark.objects.filter(name=SITUATIONS).first()
    mark = ":".join(map(str, get_latest_mark(author.reader, author.moment)))
    webhooks = list(Webhook.objects.filter(removed_at__isnull=True).order_by("id"))
    asking = [webhook for webhook in webhooks if OF_SITUATIONS & frozenset(webhook.events)]
    is_new = any(webhook.known is None for webhook in asking)
    if row is not None and not is_new and not _has_happened(row, mark, author, pause):
        return 0
    looks = _look(asking, author)
    return transact(lambda: _tell(looks, mark, author))


def _has_happened(row: Watermark, mark: str, author: Author, pause: timedelta) -> bool:
    if author.now < row.at + pause:
        return False
    if row.mark != mark or author.now >= row.at + _AT_LEAST_EVERY:
        return True
    passed = Q(start__gte=row.at, start__lt=author.now) | Q(end__gte=row.at, end__lt=author.now)
    return Deployment.objects.filter(passed).exists()


def _look(webhooks: Sequence[Webhook], author: Author) -> list[_Look]:
    """Outside of any transaction: looking takes long."""
    seen: dict[Rights, tuple[Situation, ...]] = {}
    looks = []
    for webhook in webhooks:
        listener = get_listener(webhook.id, author.reader, author.moment)
        if listener.rights not in seen:
            seen[listener.rights] = list_situations(listener, author.moment)
        asked = {each.identity: each for each in seen[listener.rights] if _kind(each) in webhook.events}
        looks.append(_Look(webhook.id, webhook.known, asked))
    return looks


def _tell(looks: Sequence[_Look], mark: str, author: Author) -> int:
    events: list[Event] = []
    rows = Webhook.objects.select_for_update().in_bulk([look.webhook for look in looks])
    for look in looks:
        row = rows[look.webhook]
        if row.known != look.known:
            continue  # somebody else has looked meanwhile
        if look.known is not None:
            fresh = look.situations.keys() - set(look.known)
            events += [_event(look.situations[identity], look.webhook, author) for identity in sorted(fresh)]
        row.known = sorted(look.situations)
        row.save(update_fields=["known"])
    announce(events)
    Watermark.objects.update_or_create(name=SITUATIONS, defaults={"at": author.now, "mark": mark})
    return len(events)


def _kind(situation: Situation) -> str:
    return EventKind.DIRTY.value if situation.code == "dirty" else EventKind.CHECK.value


def _event(situation: Situation, webhook: int, author: Author) -> Event:
    body: dict[str, Any] = {"what": situation.code, "text": situation.text}
    return Event(
        kind=_kind(situation),
        noun=situation.noun,
        address=situation.address,
        at=author.now,
        body=body,
        webhook_id=webhook,
    )
