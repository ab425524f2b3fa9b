"""`larry coverage`: which deployed services have the auditors that their snapshots ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.option import as_of_option, listing_option
from larry.cli.printing import Column, print_listing
from larry.cli.session import open_session
from larry.core.deployable import write_where
from larry.nouns.field_text import show_where

if TYPE_CHECKING:
    from larry.queries.coverage import CoverageRow


@click.command()
@click.option("--customer", metavar="C", help="Of this customer.")
@click.option("--app", metavar="C/A", help="Of this app.")
@click.option("--instance", metavar="C/A/I", help="Of this instance.")
@click.option("--host", metavar="H", help="What is deployed on this host.")
@click.option("--service", metavar="S", help="Deployments of this service.")
@click.option("--uncovered", is_flag=True, help="Only what lacks an auditor.")
@as_of_option
@listing_option
def coverage(*, uncovered: bool, as_of: str | None, form: str, **which: str | None) -> None:
    """List every deployed service with each auditor that its snapshot asks for: where the auditor goes, the host from
    which it audits, or why it does not. What nobody audits comes under uncovered.

    \b
    Examples:
      larry coverage --uncovered
      larry coverage --customer acme --as-of 2026-12-01
      larry coverage --service postgres --format json
    """
    session = open_session()

    from larry.queries.coverage import CoverageFilter, list_coverage

    rows = session.call(list_coverage)(CoverageFilter(**which), session.reader, session.at(as_of))
    shown = tuple(row for row in rows if row.by is None) if uncovered else rows
    nothing = "every audit is covered" if rows else "nothing is deployed that anybody audits"
    print_listing(shown, _COLUMNS, lambda row: row.document, form, nothing=nothing)


def _state(row: CoverageRow) -> str:
    return "uncovered" if row.by is None else "covered"


def _where(row: CoverageRow) -> str:
    return (
        f"{show_where(write_where(row.where))}, placed by hand" if row.is_placed else show_where(write_where(row.where))
    )


_COLUMNS: tuple[Column[CoverageRow], ...] = (
    Column("", _state, state=_state),
    Column("instance", lambda row: row.instance),
    Column("service", lambda row: row.service),
    Column("host", lambda row: row.host),
    Column("auditor", lambda row: row.auditor),
    Column("where", _where),
    Column("from", lambda row: row.by),
    Column("why not", lambda row: row.why),
)
