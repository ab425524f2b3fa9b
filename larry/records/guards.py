"""Guards are promises about many rows at once, kept by the database itself whoever writes to it.

A check constraint sees one row, a unique constraint equal ones; that intervals do not overlap, that a graph has no
circle and that a log is only appended to needs triggers (both databases) and an exclusion constraint (PostgreSQL).
Django knows none of these, and remaking a table on SQLite drops its triggers without a word: so `install` runs after
every migration, and `missing` is asked at start and by ``larry check``. A breach reaches Python as ``IntegrityError``
with the guard's name in its text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from larry.records.guards_on_postgresql import PostgresqlGuards
from larry.records.guards_on_sqlite import SqliteGuards
from larry.records.promise import PROMISES, Piece, Promise


class GuardDialect(Protocol):
    """What is to be known of a database in order to lay guards on it."""

    def write_pieces(self, promise: Promise) -> tuple[Piece, ...]: ...
    def find_in_place(self, connection: BaseDatabaseWrapper, pieces: Iterable[Piece]) -> frozenset[Piece]: ...
    def lay_piece(self, connection: BaseDatabaseWrapper, piece: Piece) -> None: ...
    def drop_piece(self, connection: BaseDatabaseWrapper, piece: Piece) -> None: ...


_DIALECTS: dict[str, GuardDialect] = {"sqlite": SqliteGuards(), "postgresql": PostgresqlGuards()}

_ONE_AT_A_TIME = 0x6C61727279
"""The advisory lock of those who lay guards on PostgreSQL, where two who do so at once fail ("larry" in ASCII)."""


class NoGuardsForThisDatabase(Exception):
    """Larry keeps its promises on SQLite and PostgreSQL only."""


def install(connection: BaseDatabaseWrapper) -> None:
    """Lay every guard that is missing or altered and whose table is there; a second time changes nothing.

    Also restores the estate's one row if it is gone (flushed), since the guards of graphs refuse everything without it.
    Raises ``IntegrityError`` if the rows already break a promise that PostgreSQL verifies when it is given.
    """
    dialect = _dialect(connection)
    with transaction.atomic(using=connection.alias):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
        tables = set(connection.introspection.table_names())
        for name in missing(connection):
            for piece in _pieces(connection, name):  # all of one guard: dropping a function drops its triggers
                if piece.table in tables:
                    dialect.lay_piece(connection, piece)
        if "larry_estate" in tables:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO larry_estate (id, graph_version, seal_key) VALUES (1, 0, '') ON CONFLICT DO NOTHING"
                )


def missing(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """The names of the guards that are not in place: gone, altered, or switched off, wholly or in part."""
    dialect = _dialect(connection)
    in_place = dialect.find_in_place(connection, _pieces(connection))
    return tuple(promise.name for promise in PROMISES if not in_place.issuperset(dialect.write_pieces(promise)))


def remove(connection: BaseDatabaseWrapper, *names: str) -> None:
    """Take these guards away (all, if none is named): for a migration that must, and for tests that need to."""
    dialect = _dialect(connection)
    with transaction.atomic(using=connection.alias):
        tables = set(connection.introspection.table_names())
        for piece in reversed(_pieces(connection, *names)):
            if piece.table in tables:
                dialect.drop_piece(connection, piece)


def _dialect(connection: BaseDatabaseWrapper) -> GuardDialect:
    try:
        return _DIALECTS[connection.vendor]
    except KeyError:
        raise NoGuardsForThisDatabase(f"no guards are written for {connection.vendor}") from None


def _pieces(connection: BaseDatabaseWrapper, *names: str) -> tuple[Piece, ...]:
    dialect = _dialect(connection)
    return tuple(
        piece for promise in PROMISES if not names or promise.name in names for piece in dialect.write_pieces(promise)
    )
