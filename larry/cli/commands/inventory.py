"""`larry inventory`: every host at a moment, in the language of a tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from larry.cli.dialect_option import choose_dialect, choose_folder, write_folder
from larry.cli.option import as_of_option, from_option
from larry.cli.session import Session, open_session

if TYPE_CHECKING:
    from larry.core.fleet import Fleet
    from larry.exports.dialect import RenderTexts
    from larry.queries.moment import Moment


@click.command()
@click.option("--format", "form", default="json", show_default=True, help="One of the dialects that tell all hosts.")
@click.option("--into", metavar="DIR", help="Write the dialect's folder of files, instead of printing.")
@from_option
@as_of_option
def inventory(*, form: str, into: str | None, folder: Path | None, as_of: str | None) -> None:
    """Print what every host is to be, now or at a moment. Secrets are masked; roles and pools are as they are now.

    \b
    Examples:
      larry inventory > fleet.json
      larry inventory --format yaml --as-of 2026-12-01T09:00Z
      larry inventory --format hiera --into /etc/puppet/code/data
      larry inventory --format json --from /srv/larry
    """
    dialect = choose_dialect(form)
    fill = dialect.render_fleet if into is None else choose_folder(dialect)
    if fill is None:
        from larry.exports.dialect import list_inventories

        known = ", ".join(each.name for each in list_inventories())
        raise click.UsageError(f"{dialect.name} tells one host at a time (larry config); all at once: {known}")
    session = open_session(needs_database=folder is None)
    if folder is None and into is None and session.remote is None and dialect.render_texts is not None:
        _pass_on(session, session.at(as_of), dialect.render_texts)
        return
    told = fill(_read(session, folder, session.at(as_of)))
    if isinstance(told, str):
        click.echo(told, nl=False)
    elif into is not None:
        write_folder(told, into)


def _pass_on(session: Session, at: Moment, print_texts: RenderTexts) -> None:
    """Print nodes, masked, as they are read. No state of the database is held until whoever reads them is done."""
    from larry.queries.fleet import get_fleet_outline, list_masked_texts

    fleet = get_fleet_outline(session.reader, at)
    for piece in print_texts(fleet, list_masked_texts(fleet, session.reader, at)):
        click.echo(piece, nl=False)


def _read(session: Session, folder: Path | None, at: Moment) -> Fleet:
    if folder is not None:
        from larry.cli.from_tree import read_published_fleet

        return read_published_fleet(folder, at.as_of)
    from larry.queries.fleet import get_fleet

    return session.call(get_fleet)(session.reader, at)
