"""`larry demo`: the demonstration estate, from nothing to what a host gets."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from larry.cli.address import bind_option, read_address, refuse_taken
from larry.cli.printing import Column, print_table
from larry.nouns.field_text import show_value

if TYPE_CHECKING:
    from larry.cli.session import Session
    from larry.core.node import NodeService

FILES = tuple(f"larry.sqlite3{ending}" for ending in ("", "-wal", "-shm", "-journal"))
LONGEST_CELL = 90
ACCOUNT = "demo"
HERE = "127.0.0.0/8, ::1"


@click.command()
@click.option("--no-serve", is_flag=True, help="Stop after printing, without serving the web pages.")
@bind_option
def demo(*, no_serve: bool, bind: str | None) -> None:
    """Make a fresh example estate with a database of its own, deploy it, print what a host gets, and serve the pages.

    The database is the file larry.sqlite3 in a folder `demo` of its own, made anew each time; no other is touched.

    \b
    Examples:
      larry demo
      larry demo --no-serve
      larry demo --bind 127.0.0.1:8080
    """
    address = read_address(bind)
    if not no_serve:
        refuse_taken(address)
    home = _settle()

    from larry.cli.server import run_server
    from larry.cli.session import find_actor, open_session

    session = open_session(needs_database=False)

    from larry.actions.migrate import migrate
    from larry.cli import demo as demonstration

    click.echo(f"making the demonstration estate in {home}")
    migrate()
    demonstration.play(session.now, find_actor())
    password = _add_account(session)
    _print_host(session, demonstration.SHOWN_HOST)
    _print_hints(home, demonstration.SHOWN_HOST)
    click.echo(f"To sign in to the pages: name {ACCOUNT}, password {password} (told only here, this once)\n")
    if not no_serve:
        run_server(address)


def _add_account(session: Session) -> str:
    """Somebody to sign in as, with everything allowed; the password, which nobody can guess."""
    from larry.actions.user import NewUser, add_user

    password = secrets.token_urlsafe(12)
    new = NewUser(ACCOUNT, "Demonstration", is_administrator=True)
    add_user(new, password, session.author("to look at the demonstration"))
    return password


def _settle() -> Path:
    """A folder of its own with no database in it; this process knows no other from here on."""
    from larry.cli.failure import CannotStart

    said = os.environ.get("LARRY_HOME", "").strip()
    data = os.environ.get("XDG_DATA_HOME", "")
    default = Path(data) if data.startswith("/") else Path("~/.local/share").expanduser()
    home = (Path(said).expanduser() if said else default / "larry") / "demo"
    if not home.is_absolute():
        raise CannotStart(f"LARRY_HOME is {said!r}, which is not an absolute path")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in FILES:
        (home / name).unlink(missing_ok=True)
    for variable in ("LARRY_DATABASE_URL", "LARRY_CONFIG"):
        os.environ.pop(variable, None)
    os.environ["LARRY_HOME"] = str(home)
    os.environ.setdefault("LARRY_LOOKUPS_FROM", HERE)  # nothing of anybody is in it, and curl is to be short
    return home


def _print_host(session: Session, host: str) -> None:
    from larry.queries.deployment import DeploymentFilter, State, list_deployments
    from larry.queries.host import list_hosts
    from larry.queries.node import get_node

    at = session.at(None)
    hosts = list_hosts(session.reader, at)
    counts = {
        state: len(list_deployments(DeploymentFilter(states=frozenset({state})), session.reader, at))
        for state in (State.PAST, State.CURRENT, State.FUTURE)
    }
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    click.echo(f"{len(hosts)} hosts; deployments: {told}\n")
    click.echo(f"What {host} is to be now, in the order in which it starts:\n")
    columns: tuple[Column[tuple[int, NodeService]], ...] = (
        Column("#", lambda line: line[0], is_number=True),
        Column("service", lambda line: line[1].key),
        Column("parameters", lambda line: _cut(show_value(line[1].parameters))),
        Column("audits", lambda line: _cut(show_value(sorted({subject.service for subject in line[1].audits})))),
    )
    print_table(columns, tuple(enumerate(get_node(host, session.reader, at).node.services, start=1)))
    click.echo()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def _print_hints(home: Path, host: str) -> None:
    larry = "larry" if shutil.which("larry") else sys.argv[0]
    click.echo(
        f"To look further, in another terminal:\n"
        f"  export LARRY_HOME={home}\n"
        f"  {larry} config {host} --format puppet\n"
        f"  {larry} config {host} --format enc --as-of +30d\n"
        f"  {larry} deployments --future\n"
        f"  {larry} check\n"
    )
