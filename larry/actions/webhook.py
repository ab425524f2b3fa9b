"""Webhooks are added, paused, resumed, tested and removed by who may say who may do what in their scope."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from larry.actions.activity import record
from larry.actions.announce import announce
from larry.actions.author import Author, Refused
from larry.actions.boundary import begin_watching
from larry.actions.grant import find_scope
from larry.actions.permit import permit, permit_everything
from larry.actions.transaction import begin_recording, transact
from larry.core.document import SEALED
from larry.core.event import EventKind
from larry.core.rights import Permission, ScopeKind, Territory
from larry.queries.reader import NotFound
from larry.queries.user import get_user
from larry.queries.webhook import WebhookRow, get_webhook
from larry.records.secret import seal
from larry.records.webhook import Delivery, Event, Webhook

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """Where to tell what: ``shown`` is as much of the URL as may be shown. Who reads the URL has judged it.

    ``owner`` is a user, whose rights decide what is told; empty: what whoever runs Larry may see.
    """

    url: str = field(repr=False)
    shown: str
    events: tuple[EventKind, ...]
    kind: ScopeKind = ScopeKind.EVERYTHING
    address: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """``secret`` is told here and never again; None for a dry run."""

    row: WebhookRow | None
    secret: str | None = field(repr=False)


def add_webhook(new: NewWebhook, author: Author, *, dry_run: bool = False) -> MadeWebhook:
    """Add a webhook, with a new secret to sign by. One transaction. Raises `NotFound`, `NotAllowed`, `Refused`."""
    if not new.events:
        raise Refused("say which events the webhook is for", field="events")
    if EventKind.NODE in new.events and new.kind in {ScopeKind.CUSTOMER, ScopeKind.APP}:
        text = "nodes are told whole: node.changed is for everything or a pool, as reading a configuration is"
        raise Refused(text, field="events")

    def work() -> MadeWebhook:
        spot, id_ = find_scope(new.kind, new.address, author)
        permit(author, Permission.MANAGE, spot, f"for {new.kind} {new.address}".strip())
        owner = get_user(new.owner, author.sees, author.moment) if new.owner else None
        if new.owner != author.actor:
            permit_everything(author, Permission.MANAGE, "or have others told")
        now = begin_recording(author)
        columns = {f"{kind}_id": id_ for kind in ScopeKind if kind == new.kind and kind is not ScopeKind.EVERYTHING}
        secret = f"whsec_{secrets.token_urlsafe(_SECRET_BYTES)}"
        if dry_run:
            return MadeWebhook(None, None)
        row = Webhook.objects.create(
            shown=new.shown,
            url=str(seal(new.url)[SEALED]),
            secret=str(seal(secret)[SEALED]),
            events=sorted({kind.value for kind in new.events}),
            owner_id=owner.id if owner is not None else None,
            created_at=now.now,
            **columns,
        )
        begin_watching(now)
        told = get_webhook(row.id, author.reader, author.moment)
        record(now, "add", "webhook", str(row.id), after=told.told)
        return MadeWebhook(told, secret)

    return transact(work)


def pause_webhook(number: int, author: Author, *, dry_run: bool = False) -> WebhookRow:
    """Tell it nothing for a while; what happens meanwhile is told once it is resumed. Raises `NotFound`, `Refused`."""

    def work(row: Webhook, now: Author) -> None:
        if row.paused_at is not None:
            raise Refused(f"the webhook {number} is paused already")
        row.paused_at = now.now

    return _change(number, "pause", work, author, dry_run=dry_run)


def resume_webhook(number: int, author: Author, *, dry_run: bool = False) -> WebhookRow:
    """Go on with a webhook that was paused. Raises `NotFound`, `Refused`."""

    def work(row: Webhook, now: Author) -> None:
        del now
        if row.paused_at is None:
            raise Refused(f"the webhook {number} is not paused")
        row.paused_at = None

    return _change(number, "resume", work, author, dry_run=dry_run)


def remove_webhook(number: int, author: Author, *, dry_run: bool = False) -> WebhookRow:
    """Tell it nothing any more, not even what is waiting; what was told can still be looked at. Raises `NotFound`."""

    def work(row: Webhook, now: Author) -> None:
        row.removed_at = now.now
        waiting = Delivery.objects.filter(webhook=row, state="pending")
        waiting.update(state="withheld", finished_at=now.now, leased_until=None, note="the webhook was removed")

    return _change(number, "remove", work, author, dry_run=dry_run)


def ping_webhook(number: int, author: Author) -> WebhookRow:
    """Put a ping for one webhook into the outbox. Raises `NotFound`, `NotAllowed`, `Refused`."""

    def work() -> WebhookRow:
        row = _lock(number, author)
        if row.paused_at is not None:
            raise Refused(f"the webhook {number} is paused: resume it first")
        now = begin_recording(author)
        announce([Event(kind=EventKind.PING.value, noun="webhook", address=str(row.id), at=now.now, webhook=row)])
        return get_webhook(number, author.reader, author.moment)

    return transact(work)


def retry_delivery(key: str, author: Author) -> None:
    """Try a delivery again now, under the key that it has, also one that was given up. Raises `NotFound`, `Refused`."""

    def work() -> None:
        row = Delivery.objects.select_for_update().filter(key=key).first()
        if row is None:
            raise NotFound(f"there is no delivery {key}")
        try:
            _lock(row.webhook_id, author)
        except NotFound:  # of the webhook, which who asks has not named
            raise NotFound(f"there is no delivery {key}") from None
        if row.state == "withheld":
            raise Refused(f"the delivery {key} is withheld: {row.note}")
        now = begin_recording(author)
        row.state, row.due_at, row.leased_until, row.finished_at = "pending", now.now, None, None
        row.attempts = 0
        row.fence += 1  # whoever is trying it at this moment no longer says how it went
        row.save(update_fields=["state", "due_at", "leased_until", "finished_at", "attempts", "fence"])
        record(now, "retry", "webhook", str(row.webhook_id), after={"delivery": key})

    transact(work)


def _change(
    number: int, verb: str, work: Callable[[Webhook, Author], None], author: Author, *, dry_run: bool
) -> WebhookRow:
    def change() -> WebhookRow:
        row = _lock(number, author)
        before = get_webhook(number, author.reader, author.moment)
        now = begin_recording(author)
        work(row, now)
        if dry_run:
            return before
        row.save(update_fields=["paused_at", "removed_at"])
        record(now, verb, "webhook", str(number), before=before.told)
        return before

    return transact(change)


def _lock(number: int, author: Author) -> Webhook:
    """The webhook, if the author may manage it: whoever may in its scope. Invisible to them, it is not there."""
    get_webhook(number, author.sees, author.moment)
    row = Webhook.objects.select_for_update().select_related(None).get(id=number)
    spot = Territory()
    if row.customer_id is not None:
        spot = Territory(row.customer_id)
    elif row.app_id is not None:
        spot = Territory(row.app.customer_id if row.app else None, row.app_id)
    elif row.pool_id is not None:
        spot = Territory(pools=frozenset({row.pool_id}))
    permit(author, Permission.MANAGE, spot, f"the webhook {number}")
    return row
