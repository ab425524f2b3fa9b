"""One view: several statements that read one state of the database, however busy its writers are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from larry.records.route import reading_connection, viewing


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
            with viewing(connection.alias):
                yield
    else:
        connection.ensure_connection()
        if connection.connection.in_transaction:
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                with viewing(connection.alias):
                    yield
            finally:
                cursor.execute("COMMIT")
