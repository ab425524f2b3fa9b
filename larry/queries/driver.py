"""The drivers of both databases, asked for lookups as directly as they allow, and for whether anything was written.

What was read holds until a transaction commits, whichever it is. SQLite tells that of its file. PostgreSQL tells which
transactions a statement sees: of two that see the same, both read the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Protocol, TypeAlias

from larry.core.interval import iso
from larry.records.write_ahead import CommitMark, find_commit_mark

Row: TypeAlias = "tuple[Any, ...] | None"


class Driver(Protocol):
    """One statement of a host in lower case, a moment, and the digest of a token, by one connection.

    In the statement stand %(host)s, %(moment)s and %(token)s, and %(written)s as its last column.
    """

    def tell_written(self) -> object | None:
        """What is another value once anything was committed since; None where that is not to be known."""

    def ask(self, host: str, moment: datetime, token: str) -> tuple[Row, object | None]:
        """The first row, and what `tell_written` told of the state of the database that it is of, or of one before."""


class OnSqlite:
    """By cursors of the driver alone; ``database`` is Django's, connected, here and below."""

    def __init__(self, database: Any, statement: str) -> None:
        self.connection, self.cursor_type = database.connection, database.Database.Cursor
        self.cursor = self.cursor_type(self.connection)
        self.statement = _name(statement, {"host": ":host", "moment": ":moment", "token": ":token", "written": "NULL"})
        self.mark: CommitMark | None = None
        self.is_new = True

    def tell_written(self) -> object | None:
        """Whether any connection has committed, by the index of the log; where there is none, whether another one has,
        and how many rows this one has changed. Not to be known amid a transaction, which may be taken back."""
        if self.connection.in_transaction:
            return None
        if self.is_new:
            self.mark, self.is_new = self._find_mark(), False
        if self.mark is not None:
            return self.mark.read()
        return self._count_commits()

    def _count_commits(self) -> tuple[int, int]:
        ((version,),) = self.cursor.execute("PRAGMA data_version")  # read to its end, so that no snapshot stays open
        return version, self.connection.total_changes

    def _find_mark(self) -> CommitMark | None:
        self._count_commits()  # which reads: from then on this connection holds the index
        ((mode,),) = self.cursor.execute("PRAGMA journal_mode")
        ((_, _, file), *_) = self.cursor.execute("PRAGMA database_list").fetchall()
        return find_commit_mark(file) if mode == "wal" else None

    def ask(self, host: str, moment: datetime, token: str) -> tuple[Row, object | None]:
        written = self.tell_written()  # first: what is committed in between is noticed the next time
        said = iso(moment)[:-1].replace("T", " ")  # as Django keeps it
        cursor = self.cursor_type(self.connection)  # a plain one: this begins no transaction
        row = cursor.execute(self.statement, {"host": host, "moment": said, "token": token}).fetchone()
        return (None if row is None else row[:-1]), written


_FETCHED, _PREPARED, _IDLE = 2, 1, 0
"""PGRES_TUPLES_OK, PGRES_COMMAND_OK and PQTRANS_IDLE of libpq."""

_WRITTEN = "CASE WHEN NOT pg_is_in_recovery() THEN pg_current_snapshot() END"
"""Which transactions the statement sees: all below a number but those that run. One that has written anything has a
number, and is seen only once it runs no more, so that no two states of the database are told alike. A standby is not
told of those that run: there it says nothing."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_GRAIN = timedelta(microseconds=1)
_NUMBERS = count(1)


def _read_text(value: bytes) -> str:
    return value.decode()


def _read_number(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def _read_moment(value: bytes) -> datetime:
    return _EPOCH + _read_number(value) * _GRAIN


_READERS: Mapping[int, Callable[[bytes], object]] = {16: any, 20: _read_number, 23: _read_number, 1184: _read_moment}
"""By the number of a type (bool, int8, int4, timestamptz); all others are text."""


class OnPostgresql:
    """By libpq itself, which takes a quarter of the time that a cursor takes beside what the server needs."""

    def __init__(self, database: Any, statement: str) -> None:
        from psycopg import Cursor  # noqa: PLC0415 — the driver is installed where PostgreSQL is used

        self.connection, self.cursor_type = database.connection, Cursor
        self.statement = _name(statement, {"written": _WRITTEN})
        self.server = database.connection.pgconn
        self.names: tuple[bytes, bytes] | None = None

    def tell_written(self) -> object | None:
        """Not to be known amid a transaction, which may be taken back."""
        if self.server.transaction_status != _IDLE:
            return None
        result = self._execute(0, ())
        written: object | None = None if result is None else result.get_value(0, 0)
        return written

    def ask(self, host: str, moment: datetime, token: str) -> tuple[Row, object | None]:
        is_amid = self.server.transaction_status != _IDLE
        number = (moment - _EPOCH) // _GRAIN
        result = self._execute(1, (host.encode(), number.to_bytes(8, "big", signed=True), token.encode()))
        if result is None:
            return self._ask_by_cursor(host, moment, token), None
        if not result.ntuples:
            return None, None
        *values, written = [result.get_value(0, at) for at in range(result.nfields)]
        row = tuple(
            None if value is None else _READERS.get(result.ftype(at), _read_text)(value)
            for at, value in enumerate(values)
        )
        return row, None if is_amid else written

    def _execute(self, which: int, values: Sequence[bytes]) -> Any | None:
        """The result, values in binary; None where anything is wrong, which a cursor is to tell."""
        names = self.names or self._prepare()
        if names is not None:
            self.names = names
            result = self.server.exec_prepared(names[which], values, [1] * len(values), 1)
            if result.status == _FETCHED:
                return result
        self.names = None
        return None

    def _prepare(self) -> tuple[bytes, bytes] | None:
        """Once for a connection, and anew after it forgot them."""
        asked = _name(self.statement, {"host": "$1", "moment": "$2", "token": "$3"})
        number = next(_NUMBERS)
        names = f"larry_written_{number}".encode(), f"larry_lookup_{number}".encode()
        for name, text in zip(names, (f"SELECT {_WRITTEN}", asked), strict=True):
            if self.server.prepare(name, text.encode()).status != _PREPARED:
                return None
        return names

    def _ask_by_cursor(self, host: str, moment: datetime, token: str) -> Row:
        with self.cursor_type(self.connection) as cursor:
            row = cursor.execute(self.statement, {"host": host, "moment": moment, "token": token}).fetchone()
            return None if row is None else row[:-1]


def _name(statement: str, names: Mapping[str, str]) -> str:
    for name, said in names.items():
        statement = statement.replace(f"%({name})s", said)
    return statement
