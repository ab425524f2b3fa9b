"""`larry edges`: which service needs or audits which, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.option import listing_option
from larry.cli.printing import Column, print_listing
from larry.cli.session import open_session
from larry.core.moment_text import show_moment
from larry.nouns.field_text import show_where

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from larry.queries.edge import EdgeRow


@click.command()
@click.argument("service", required=False)
@click.option("--known-at", metavar="T", help="As the record had them then, whatever was changed since.")
@listing_option
def edges(*, service: str | None, known_at: str | None, form: str) -> None:
    """List the edges of the service graph, or those from and to one SERVICE: who needs whom, who audits whom and from
    where, since when that is recorded, and by which activity.

    What is live follows the snapshots, not these edges: an edge that is drawn now makes instances dirty.

    \b
    Examples:
      larry edges
      larry edges postgres
      larry edges --known-at 2026-06-01 --format json
    """
    session = open_session()

    from larry.queries.edge import list_edges

    rows = session.call(list_edges)(session.reader, session.at(None, known_at), service=service)
    print_listing(rows, _columns(session.zone), lambda row: row.document, form, nothing="no edges")


def _columns(zone: ZoneInfo) -> tuple[Column[EdgeRow], ...]:
    return (
        Column("service", lambda row: row.service),
        Column("", lambda row: row.kind),
        Column("service", lambda row: row.target),
        Column("where", lambda row: "" if row.where is None else show_where(row.where)),
        Column("since", lambda row: show_moment(row.since.replace(microsecond=0), zone) if row.since else None),
        Column("activity", lambda row: row.activity, is_number=True),
        Column("who", lambda row: row.actor),
        Column("why", lambda row: row.reason),
    )
