"""`larry deployments`: what was, is and will be live where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.option import as_of_option, listing_option
from larry.cli.printing import Column, print_listing
from larry.cli.session import open_session
from larry.core.moment_text import show_moment
from larry.nouns.field_text import show_value

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from larry.queries.deployment import DeploymentRow


@click.command()
@click.option("--customer", metavar="C", help="Of this customer.")
@click.option("--app", metavar="C/A", help="Of this app.")
@click.option("--instance", metavar="C/A/I", help="Of this instance.")
@click.option("--host", metavar="H", help="On this host.")
@click.option("--current", is_flag=True, help="Those live at the moment.")
@click.option("--future", is_flag=True, help="Those that start after it.")
@click.option("--past", is_flag=True, help="Those that ended before it.")
@click.option("--known-at", metavar="T", help="As the record had them then, whatever was changed since.")
@click.option("--all", "every", is_flag=True, help="All, deactivated ones too.")
@as_of_option
@listing_option
def deployments(
    *,
    customer: str | None,
    app: str | None,
    instance: str | None,
    host: str | None,
    known_at: str | None,
    as_of: str | None,
    form: str,
    **states: bool,
) -> None:
    """List deployments by start. Deactivated ones are shown only with --all.

    \b
    Examples:
      larry deployments --current
      larry deployments --host web1.example.com --future --format json
      larry deployments --customer acme --all --as-of 2026-12-01
      larry deployments --instance acme/shop/production --known-at -7d
    """
    session = open_session()

    from larry.queries.deployment import SHOWN, DeploymentFilter, State, list_deployments

    wanted = frozenset(state for state in State if states.get(state.value)) or SHOWN
    which = DeploymentFilter(
        customer=customer, app=app, instance=instance, host=host, states=frozenset(State) if states["every"] else wanted
    )
    rows = session.call(list_deployments)(which, session.reader, session.at(as_of, known_at))
    print_listing(rows, _columns(session.zone), lambda row: row.document, form, nothing="no deployments")


def _columns(zone: ZoneInfo) -> tuple[Column[DeploymentRow], ...]:
    return (
        Column("id", lambda row: row.id),
        Column("state", lambda row: row.state.value, state=lambda row: row.state.value),
        Column("instance", lambda row: row.instance),
        Column("host", lambda row: row.host),
        Column("start", lambda row: show_moment(row.start.replace(microsecond=0), zone)),
        Column("end", lambda row: show_moment(row.end.replace(microsecond=0), zone) if row.end else "open"),
        Column("snapshot", lambda row: row.snapshot[:12]),
        Column(
            "uncovered",
            lambda row: show_value(sorted({lack[0] for lack in row.uncovered})),
            state=lambda row: "uncovered" if row.uncovered else None,
        ),
        Column("reason", lambda row: row.reason),
    )
