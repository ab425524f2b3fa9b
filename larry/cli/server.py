"""The server: granian, with one thread a process, so that memory stays small and SQLite has one connection each."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

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

    connections.close_all()
    with _counting_together(workers):
        _serve(address, workers)


def _serve(address: Address, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

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


@contextmanager
def serving_lookups(address: Address, processes: int) -> Iterator[None]:
    """Inside, so many processes of their own answer on the next port. Raises `CannotStart` if that is taken."""
    if not processes:
        yield
        return
    beside = Address(address.host, address.port + 1)
    refuse_taken(beside)
    bind = f"[{beside.host}]:{beside.port}" if ":" in beside.host else f"{beside.host}:{beside.port}"
    words = [sys.executable, "-m", "larry.cli.main", "serve", "--bind", bind, "--workers", str(processes)]
    with subprocess.Popen(words) as server:
        try:
            yield
        finally:
            server.terminate()


@contextmanager
def _counting_together(workers: int) -> Iterator[None]:
    """Several processes count requests in files of one folder, so that any of them can tell the sums.

    The client reads the variable when it is imported, which nothing does in this process.
    """
    variable = "PROMETHEUS_MULTIPROC_DIR"
    if workers == 1 or variable in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="larry-meters-", ignore_cleanup_errors=True) as folder:
        os.environ[variable] = folder
        try:
            yield
        finally:
            del os.environ[variable]
