"""One view: several statements that read one state of the database, however busy its writers are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

from larry.records.route import reading_connection

_viewed: ContextVar[str | None] = ContextVar("larry_viewed", default=None)


@contextmanager
def read_view() -> Iterator[None]:
    """Everything read inside is of one state: REPEATABLE READ READ ONLY on PostgreSQL, a deferred transaction on
    SQLite.

    Inside a transaction (or another view) it changes nothing.
    """
    connection = reading_connection()
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            with _opened(connection.alias):
                yield
    else:
        connection.ensure_connection()
        if connection.connection.in_transaction:
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                with _opened(connection.alias):
                    yield
            finally:
                cursor.execute("COMMIT")


def viewed_server() -> str | None:
    """The server of which a view is open here, and is what is read from; None inside a transaction of one's own, which
    may have written what others do not see."""
    server = _viewed.get()
    return server if server == reading_connection().alias else None


@contextmanager
def _opened(server: str) -> Iterator[None]:
    token = _viewed.set(server)
    try:
        yield
    finally:
        _viewed.reset(token)
