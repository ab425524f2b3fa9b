"""The server: granian, with one thread a process, so that memory stays small and SQLite has one connection each."""

from __future__ import annotations

import click

from larry.cli.address import Address, refuse_taken
from larry.cli.failure import CannotStart
from larry.cli.session import Session

APPLICATION = "larry.site.wsgi:application"


def refuse_unready(session: Session) -> None:
    """Raise `CannotStart` when the database does not answer, is out of date or lacks a guard; 4 SQL statements."""
    from larry.queries.readiness import get_readiness

    readiness = get_readiness(session.reader, session.at(None))
    if not readiness.database_answers:
        raise CannotStart("the database does not answer: is it running, and does LARRY_DATABASE_URL name it?")
    if readiness.pending_migrations:
        raise CannotStart("the database is not up to date: run `larry migrate`")
    if readiness.missing_guards:
        lost = ", ".join(readiness.missing_guards)
        raise CannotStart(f"the database has lost guards ({lost}): run `larry migrate`, which lays them anew")


def run_server(address: Address, workers: int = 1) -> None:
    """Serve until interrupted or terminated; prints the address once it listens. Raises `CannotStart`."""
    refuse_taken(address)

    from django.db import connections
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    connections.close_all()
    server = Granian(
        APPLICATION,
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        websockets=False,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    )

    def announce() -> None:
        click.echo(f"Larry answers on {address.url} (stop with Ctrl-C)")

    server.on_startup(announce)
    server.serve()
