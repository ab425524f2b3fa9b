"""A writer is a transaction in a thread of its own, led step by step, so that an interleaving can be written out."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from django.db import IntegrityError, OperationalError, connection, transaction

PATIENCE = 60.0


class Outcome(StrEnum):
    THROUGH = "through"
    REFUSED = "refused"
    AGAIN = "told to try again"


class Writer:
    """One connection and one transaction at a time; `later` does not wait for what it starts."""

    def __init__(self, isolation: str) -> None:
        self.isolation = isolation
        self.outcome: Outcome | None = None
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._atomic: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wait(self._thread.submit(self._leave))
        self._thread.shutdown()

    def begin(self) -> None:
        """Start a transaction, and look at the database: from here REPEATABLE READ sees nothing newer."""
        self.wait(self.begin_later())

    def begin_later(self) -> Future[None]:
        return self._thread.submit(self._begin)

    def write(self, act: Callable[[], object]) -> None:
        self.wait(self.write_later(act))

    def write_later(self, act: Callable[[], object]) -> Future[None]:
        return self._thread.submit(self._write, act)

    def commit(self) -> None:
        self.wait(self._thread.submit(self._commit))

    def roll_back(self) -> None:
        self.wait(self._thread.submit(self._roll_back))

    def run_later(self, act: Callable[[], object], ready: Callable[[], object]) -> Future[None]:
        """A whole transaction; `ready` is called before its first statement on SQLite, where that takes the lock."""

        def run() -> None:
            if connection.vendor == "sqlite":
                ready()
                self._begin()
            else:
                self._begin()
                ready()
            self._write(act)
            self._commit()

        return self._thread.submit(run)

    def wait(self, step: Future[None]) -> None:
        """Until the step is done; what it raised is raised here."""
        step.result(PATIENCE)

    def _begin(self) -> None:
        self.outcome = None
        if self.isolation == "DEFERRED":
            with connection.cursor() as cursor:
                cursor.execute("BEGIN DEFERRED")
                cursor.execute("SELECT count(*) FROM larry_service")
                cursor.fetchall()
            return
        self._atomic = transaction.atomic(durable=True)
        self._atomic.__enter__()
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {self.isolation}")
            cursor.execute("SELECT count(*) FROM larry_service")

    def _write(self, act: Callable[[], object]) -> None:
        if self.outcome is None:
            self._try(act)

    def _commit(self) -> None:
        if self.outcome is None and self._try(self._end):
            self.outcome = Outcome.THROUGH

    def _roll_back(self) -> None:
        self._give_up(InterruptedError())

    def _try(self, act: Callable[[], object]) -> bool:
        """Do it; if the database objects, remember how, and end the transaction."""
        try:
            act()
        except (IntegrityError, OperationalError) as error:
            self.outcome = Outcome.REFUSED if isinstance(error, IntegrityError) else Outcome.AGAIN
            self._give_up(error)
            return False
        return True

    def _end(self) -> None:
        if self._atomic is None:
            with connection.cursor() as cursor:
                cursor.execute("COMMIT")
        else:
            atomic, self._atomic = self._atomic, None
            atomic.__exit__(None, None, None)

    def _give_up(self, error: Exception) -> None:
        atomic, self._atomic = self._atomic, None
        if atomic is not None:
            atomic.__exit__(type(error), error, None)
        elif self.isolation == "DEFERRED":
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")

    def _leave(self) -> None:
        if self._atomic is not None:
            self._roll_back()
        connection.close()


def wait_until_blocked(step: Future[None]) -> None:
    """Until the step waits for another transaction, or is done; SQLite does not tell, so give it a moment."""
    if connection.vendor == "sqlite":
        time.sleep(0.02)
        return
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not step.done():
        with connection.cursor() as cursor:
            cursor.execute(question)
            (waiting,) = cursor.fetchone()
        if waiting:
            return
        time.sleep(0.002)
