"""`larry migrate`: the database as this version of Larry needs it."""

from __future__ import annotations

import click


@click.command()
def migrate() -> None:
    """Create the database, or bring it up to date. Doing it again changes nothing.

    \b
    Example:
      larry migrate
    """
    from larry.cli.session import open_session

    open_session(needs_database=False)

    from larry.actions.migrate import migrate as bring_up_to_date

    bring_up_to_date()
    click.echo("the database is up to date")
