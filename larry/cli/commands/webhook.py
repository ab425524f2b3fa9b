"""`larry webhook`: whom to tell what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.option import act_options, as_of_option, listing_option, reason_option
from larry.cli.printing import Column, print_document, print_listing, show_plain
from larry.cli.scope_option import print_outcome, read_scope, scope_options
from larry.cli.session import Session, open_session

if TYPE_CHECKING:
    from larry.queries.webhook import DeliveryRow, WebhookRow

EVENTS = (
    "deployment.planned",
    "deployment.changed",
    "deployment.started",
    "deployment.ended",
    "node.changed",
    "instance.dirty",
    "check.failed",
)
STATES = ("pending", "delivered", "dead", "withheld")
_NUMBER = click.IntRange(1, 2**63 - 1)


@click.group()
def webhook() -> None:
    """Webhooks: what happens is told to other programs, signed, by `larry worker`.

    \b
    Examples:
      larry webhook add https://chat.example.com/hooks/larry --event deployment.started --event check.failed
      larry webhook deliveries 1 --state dead
    """


@webhook.command("add")
@click.argument("url")
@click.option("--event", "events", multiple=True, required=True, type=click.Choice(EVENTS), help="What to tell of.")
@click.option("--owner", default="", metavar="USER", help="Tell only what this user may see. Default: everything.")
@scope_options
@act_options
def add(
    *,
    url: str,
    events: tuple[str, ...],
    owner: str,
    reason: str | None,
    dry_run: bool,
    form: str,
    **scope: str | None,
) -> None:
    """Tell URL of events, and print the secret by which it can check that Larry is telling. It is shown only once.

    \b
    Examples:
      larry webhook add https://chat.example.com/hooks/larry --event deployment.started --event deployment.ended
      larry webhook add https://ci.example.com/larry --event node.changed --pool production --owner ada
    """
    kind, address = read_scope(scope)
    session = open_session()

    from larry.actions.webhook import NewWebhook, add_webhook
    from larry.core.event import EventKind
    from larry.outside.guarded_address import AddressRefused, read_url

    try:
        place = read_url(url)
    except AddressRefused as refused:
        raise click.BadParameter(str(refused), param_hint="URL") from None
    kinds = tuple(EventKind(event) for event in events)
    made = add_webhook(
        NewWebhook(url, place.shown, kinds, kind, address, owner), session.author(reason), dry_run=dry_run
    )
    if made.row is None or made.secret is None:
        print_outcome(f"a webhook to {place.shown} can be added", form, dry_run=True)
    elif form == "json":
        print_document({**made.row.document, "secret": made.secret}, "json")
    else:
        click.echo(show_plain(f"webhook {made.row.id} to {made.row.shown}"))
        click.echo(f"secret: {made.secret}")
        click.echo("It is not shown again. `larry worker` is to run; `larry webhook test` sends a first request.")


@webhook.command("list")
@as_of_option
@listing_option
def list_(*, as_of: str | None, form: str) -> None:
    """List all webhooks, and how many of their deliveries wait or were given up.

    \b
    Examples:
      larry webhook list
    """
    session = open_session()

    from larry.queries.webhook import list_webhooks

    rows = list_webhooks(session.reader, session.at(as_of))
    session.say_as_now("webhooks", as_of)
    columns: tuple[Column[WebhookRow], ...] = (
        Column("id", lambda row: str(row.id)),
        Column("url", lambda row: row.shown),
        Column("events", lambda row: ", ".join(row.events)),
        Column("scope", lambda row: f"{row.kind} {row.address}".strip()),
        Column("owner", lambda row: row.owner),
        Column("state", lambda row: row.state),
        Column("pending", lambda row: str(row.pending)),
        Column("dead", lambda row: str(row.dead)),
    )
    print_listing(rows, columns, lambda row: row.document, form, nothing="no webhooks")


@webhook.command("deliveries")
@click.argument("number", type=_NUMBER)
@click.option("--state", type=click.Choice(STATES), help="Only those that are so.")
@click.option("--limit", type=click.IntRange(1, 10000), default=50, show_default=True, help="At most so many.")
@listing_option
def deliveries(*, number: int, state: str | None, limit: int, form: str) -> None:
    """The deliveries of the webhook NUMBER, newest first: what was told, how it went, when it is tried again.

    \b
    Examples:
      larry webhook deliveries 1
      larry webhook deliveries 1 --state dead --format json
    """
    session = open_session()

    from larry.queries.webhook import get_webhook, list_deliveries

    get_webhook(number, session.reader, session.at(None))
    rows = list_deliveries(number, session.reader, session.at(None), state=state, limit=limit)
    columns: tuple[Column[DeliveryRow], ...] = (
        Column("delivery", lambda row: row.key),
        Column("event", lambda row: row.event),
        Column("about", lambda row: f"{row.noun} {row.address}"),
        Column("at", lambda row: row.at),
        Column("state", lambda row: row.state),
        Column("attempts", lambda row: str(row.attempts)),
        Column("next", lambda row: row.due_at),
        Column("status", lambda row: "" if row.status is None else str(row.status)),
        Column("note", lambda row: row.note),
    )
    print_listing(rows, columns, lambda row: row.document, form, nothing="no deliveries")


@webhook.command("pause")
@click.argument("number", type=_NUMBER)
@act_options
def pause(*, number: int, reason: str | None, dry_run: bool, form: str) -> None:
    """Tell the webhook NUMBER nothing for a while; what happens meanwhile is told once it is resumed.

    \b
    Examples:
      larry webhook pause 1 --reason "the chat is being moved"
    """
    session = open_session()

    from larry.actions.webhook import pause_webhook

    pause_webhook(number, session.author(reason), dry_run=dry_run)
    print_outcome(f"the webhook {number} is paused", form, dry_run=dry_run)


@webhook.command("resume")
@click.argument("number", type=_NUMBER)
@act_options
def resume(*, number: int, reason: str | None, dry_run: bool, form: str) -> None:
    """Go on telling the webhook NUMBER, with what has happened meanwhile.

    \b
    Examples:
      larry webhook resume 1
    """
    session = open_session()

    from larry.actions.webhook import resume_webhook

    resume_webhook(number, session.author(reason), dry_run=dry_run)
    print_outcome(f"the webhook {number} is told again", form, dry_run=dry_run)


@webhook.command("remove")
@click.argument("number", type=_NUMBER)
@act_options
def remove(*, number: int, reason: str | None, dry_run: bool, form: str) -> None:
    """Tell the webhook NUMBER nothing any more, not even what is waiting.

    \b
    Examples:
      larry webhook remove 1 --reason "nobody listens"
    """
    session = open_session()

    from larry.actions.webhook import remove_webhook

    remove_webhook(number, session.author(reason), dry_run=dry_run)
    print_outcome(f"the webhook {number} is removed", form, dry_run=dry_run)


@webhook.command("test")
@click.argument("number", type=_NUMBER)
@reason_option
def test(*, number: int, reason: str | None) -> None:
    """Have the worker send a ping to the webhook NUMBER.

    \b
    Examples:
      larry webhook test 1
    """
    session = open_session()

    from larry.actions.webhook import ping_webhook

    ping_webhook(number, session.author(reason))
    _say_waiting("a ping", number)


@webhook.command("retry")
@click.argument("delivery")
@reason_option
def retry(*, delivery: str, reason: str | None) -> None:
    """Try a DELIVERY again now, also one that was given up or has been taken, under the key that it has.

    \b
    Examples:
      larry webhook retry dlv_0c7c6f0f5a8f4b0f9f5d4f3a2b1c0d9e
    """
    session: Session = open_session()

    from larry.actions.webhook import retry_delivery

    retry_delivery(delivery, session.author(reason))
    click.echo("it is tried again by the next round of `larry worker`")


def _say_waiting(what: str, number: int) -> None:
    click.echo(
        f"{what} for the webhook {number} is waiting for `larry worker`; see `larry webhook deliveries {number}`"
    )
