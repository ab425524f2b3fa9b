"""The server: granian, with one thread a process, so that memory stays small and SQLite has one connection each."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from larry.cli.address import Address, refuse_taken
from larry.cli.failure import CannotStart
from larry.cli.session import Session
from larry.outside.parent import end_with_parent

APPLICATION = "larry.site.page_process:application"
LOOKUPS = "larry.site.wsgi:application"
"""What a process of the pages calls, and one of the lookups, which needs no head start."""

_LOOK_EVERY = 0.5
_START_AGAIN_AFTER = 1.0
"""Seconds: how often a server of its own is looked at, and how long after its end another one is started."""


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


def run_server(address: Address, workers: int = 1, lookups: int = 0) -> None:
    """Serve until interrupted or terminated; prints the address once it listens. Raises `CannotStart`.

    ``lookups``: so many processes more, on the next port.
    """
    refuse_taken(address)

    from django.db import connections

    connections.close_all()
    with _counting_together(workers + lookups), _serving_lookups(address, lookups):
        _serve(address, workers, APPLICATION, "Larry answers on")


def _serve(address: Address, workers: int, application: str, announced: str) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        application,
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
        click.echo(f"{announced} {address.url} (stop with Ctrl-C)")

    server.on_startup(announce)
    server.serve()


@contextmanager
def _serving_lookups(address: Address, processes: int) -> Iterator[None]:
    """Inside, so many processes of their own answer on the next port. Raises `CannotStart` if that is taken."""
    if not processes:
        yield
        return
    beside = address.next
    refuse_taken(beside)
    is_over = threading.Event()
    keeper = threading.Thread(target=_keep_serving, args=(beside, processes, is_over), name="lookups")
    keeper.start()
    try:
        yield
    finally:
        is_over.set()
        keeper.join()


def _keep_serving(address: Address, processes: int, is_over: threading.Event) -> None:
    """A server of lookups, and another whenever it has ended, until all is over.

    Its processes are replaced by itself; it ends when it is killed, or when they cannot live.
    """
    spawn = multiprocessing.get_context("spawn")
    while not is_over.is_set():
        server = spawn.Process(target=_serve_lookups, args=(address, processes), name="lookups")
        server.start()
        while server.is_alive() and not is_over.wait(_LOOK_EVERY):
            pass
        server.terminate()
        server.join()
        if not is_over.wait(_START_AGAIN_AFTER):
            click.echo(f"larry: what answers lookups has ended ({server.exitcode}), and is started again", err=True)


def _serve_lookups(address: Address, processes: int) -> None:
    end_with_parent()
    _serve(address, processes, LOOKUPS, "Lookups are answered on")


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
