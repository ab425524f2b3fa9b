"""`larry config`: what a host is to be at a moment, in the language of a tool."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from larry.cli.dialect_option import choose_dialect, choose_folder, write_folder
from larry.cli.direct import find_node_directly
from larry.cli.option import as_of_option, from_option, reason_option

if TYPE_CHECKING:
    from larry.cli.session import Session
    from larry.core.node_text import DatedNode

_JUST_BEFORE = timedelta(microseconds=1)
"""The grain of the databases' moments."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was called with."""

    host: str
    form: str
    stop: bool
    leaving: str | None
    into: str | None
    reveal: bool
    folder: Path | None
    reason: str | None
    as_of: str | None

    def refuse_contradictions(self, *, can_stop: bool) -> None:
        """Wrong usage for options that do not go together."""
        rules = (
            (self.stop and not can_stop, f"{self.form} has no order of stopping"),
            (self.leaving and not self.stop, "--leaving belongs to --stop"),
            (self.leaving and self.as_of, "--leaving names its own moment: leave out --as-of"),
            (self.into and self.stop, "--into writes what is to start: leave out --stop"),
            (self.folder and self.reveal, "a tree has secrets in clear if it was published so: leave out --reveal"),
        )
        for is_broken, why in rules:
            if is_broken:
                raise click.UsageError(why)


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
def config(**given: Any) -> None:
    """Print what HOST is to be, now or at a moment. Secrets are masked unless revealed.

    \b
    Examples:
      larry config web1.example.com --format puppet
      larry config web1.example.com --format enc --as-of 2026-12-01T09:00Z
      larry config web1.example.com --format shell --stop --leaving 2026-12-31
      larry config web1.example.com --format hiera --into /srv/hiera
      larry config web1.example.com --format yaml --from /srv/larry
    """
    asked = Asked(**given)
    dialect = choose_dialect(asked.form)
    asked.refuse_contradictions(can_stop=dialect.can_stop)
    fill = None if asked.into is None else choose_folder(dialect)
    is_plain = asked.folder is None and asked.leaving is None and not asked.reveal
    dated = (find_node_directly(asked.host, asked.as_of) if is_plain else None) or _ask(asked)
    if asked.into is not None and fill is not None:
        from larry.core.fleet import Fleet, FleetHost

        write_folder(fill(Fleet((FleetHost(dated),), dated.start, dated.end)), asked.into)
        return
    text = dialect.render(dated, stop=True) if asked.stop else dialect.render(dated)
    click.echo(text, nl=not text.endswith("\n"))


def _ask(asked: Asked) -> DatedNode:
    from larry.cli.session import open_session

    session = open_session(needs_database=asked.folder is None)
    if asked.leaving is None:
        return _read(session, asked, session.at(asked.as_of).as_of)
    from larry.core.node import keep_leaving

    boundary = session.moment(asked.leaving, "--leaving")
    before = _read(session, asked, boundary - _JUST_BEFORE)
    return replace(before, node=keep_leaving(before.node, _read(session, asked, boundary).node))


def _read(session: Session, asked: Asked, moment: datetime) -> DatedNode:
    if asked.folder is not None:
        from larry.cli.from_tree import read_published_node

        return read_published_node(asked.folder, asked.host, moment)
    from larry.queries.moment import Moment
    from larry.queries.node import get_node

    if not asked.reveal:
        return session.call(get_node)(asked.host, session.reader, Moment(moment))
    from larry.actions.reveal import reveal

    return session.call(reveal)(asked.host, Moment(moment), session.author(asked.reason))
