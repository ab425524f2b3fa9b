"""`larry config`: what a host is to be at a moment, in the language of a tool."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from larry.cli.dialect_option import choose_dialect, choose_folder, write_folder
from larry.cli.option import as_of_option, from_option, reason_option
from larry.cli.session import Session, open_session
from larry.core.fleet import Fleet, FleetHost
from larry.core.node import keep_leaving

if TYPE_CHECKING:
    from larry.core.node_text import DatedNode

_JUST_BEFORE = timedelta(microseconds=1)
"""The grain of the databases' moments."""


@click.command()
@click.argument("host")
@click.option("--format", "form", default="json", show_default=True, help="One of the dialects.")
@click.option("--stop", is_flag=True, help="In reverse order, for stopping.")
@click.option("--leaving", metavar="T", help="With --stop: only what is gone after the boundary at T.")
@click.option("--into", metavar="DIR", help="Write the dialect's folder of files, instead of printing.")
@click.option("--reveal", is_flag=True, help="With secrets in clear; activity records it.")
@from_option
@reason_option
@as_of_option
def config(
    *,
    host: str,
    form: str,
    stop: bool,
    leaving: str | None,
    into: str | None,
    reveal: bool,
    folder: Path | None,
    reason: str | None,
    as_of: str | None,
) -> None:
    """Print what HOST is to be, now or at a moment. Secrets are masked unless revealed.

    \b
    Examples:
      larry config web1.example.com --format puppet
      larry config web1.example.com --format enc --as-of 2026-12-01T09:00Z
      larry config web1.example.com --format shell --stop --leaving 2026-12-31
      larry config web1.example.com --format hiera --into /srv/hiera
      larry config web1.example.com --format yaml --from /srv/larry
    """
    dialect = choose_dialect(form)
    if stop and not dialect.can_stop:
        raise click.UsageError(f"{dialect.name} has no order of stopping")
    if leaving is not None and not stop:
        raise click.UsageError("--leaving belongs to --stop")
    if leaving is not None and as_of is not None:
        raise click.UsageError("--leaving names its own moment: leave out --as-of")
    if into is not None and stop:
        raise click.UsageError("--into writes what is to start: leave out --stop")
    if folder is not None and reveal:
        raise click.UsageError("a published tree holds secrets if it was published with --secrets: leave out --reveal")
    fill = None if into is None else choose_folder(dialect)
    session = open_session(needs_database=folder is None)

    def read(moment: datetime) -> DatedNode:
        if folder is not None:
            from larry.cli.from_tree import read_published_node

            return read_published_node(folder, host, moment)
        return _read(session, host, moment, reason, reveal=reveal)

    if leaving is None:
        dated = read(session.at(as_of).as_of)
    else:
        boundary = session.moment(leaving, "--leaving")
        dated = read(boundary - _JUST_BEFORE)
        dated = replace(dated, node=keep_leaving(dated.node, read(boundary).node))
    if into is not None and fill is not None:
        write_folder(fill(Fleet((FleetHost(dated),), dated.start, dated.end)), into)
        return
    text = dialect.render(dated, stop=True) if stop else dialect.render(dated)
    click.echo(text, nl=not text.endswith("\n"))


def _read(session: Session, host: str, moment: datetime, reason: str | None, *, reveal: bool) -> DatedNode:
    from larry.queries.moment import Moment
    from larry.queries.node import get_node

    if not reveal:
        return get_node(host, session.reader, Moment(moment))
    from larry.actions.reveal import reveal as act

    return act(host, Moment(moment), session.author(reason))
