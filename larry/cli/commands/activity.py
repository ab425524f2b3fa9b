"""`larry activity`: who did what, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.option import as_of_option, listing_option
from larry.cli.printing import Column, print_listing
from larry.cli.session import open_session
from larry.core.document import Json, freeze
from larry.core.interval import iso
from larry.core.moment_text import show_moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from larry.queries.activity import ActivityRow


@click.command()
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many; the latest.")
@click.option("--noun", metavar="NOUN", help="Only about nouns of this sort: host, deployment, instance …")
@click.option("--address", metavar="ADDRESS", help="Only about this one: a key, a path, an id.")
@as_of_option
@listing_option
def activity(*, limit: int, noun: str | None, address: str | None, as_of: str | None, form: str) -> None:
    """List the latest activity: who did what to what, when and why.

    \b
    Examples:
      larry activity --limit 10
      larry activity --noun host --address web1.example.com --format json
    """
    session = open_session()

    from larry.queries.activity import list_activity

    rows = list_activity(session.reader, session.at(as_of), limit=limit, noun=noun, address=address)
    print_activity(rows, session.zone, form)


def print_activity(rows: Sequence[ActivityRow], zone: ZoneInfo, form: str) -> None:
    """Lines of activity, in the order given."""
    columns: tuple[Column[ActivityRow], ...] = (
        Column("when", lambda row: show_moment(row.at.replace(microsecond=0), zone)),
        Column("who", lambda row: row.actor),
        Column("did", lambda row: row.verb),
        Column("to", lambda row: f"{row.noun} {row.address}"),
        Column("rollout", lambda row: row.rollout, is_number=True),
        Column("why", lambda row: row.reason),
    )
    print_listing(rows, columns, _document, form, nothing="no activity")


def _document(row: ActivityRow) -> dict[str, Json]:
    return {
        "id": row.id,
        "at": iso(row.at),
        "actor": row.actor,
        "verb": row.verb,
        "noun": row.noun,
        "address": row.address,
        "reason": row.reason,
        "before": freeze(row.before),
        "after": freeze(row.after),
        "rollout": row.rollout,
    }
