"""The route says which server a query reads from: the primary, or a replica that somebody chose for what follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_reading: ContextVar[str] = ContextVar("larry_reading", default=DEFAULT_DB_ALIAS)
_viewed: ContextVar[str | None] = ContextVar("larry_viewed", default=None)


class ReadRoute:
    """Django asks it where to read and write: all writes go to the primary, and reads but where `reading_from` says."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        del model, hints
        return _reading.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        del model, hints
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """The servers hold the same rows."""
        del one, other, hints
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """A replica gets its tables from the primary."""
        del app_label, hints
        return db == DEFAULT_DB_ALIAS


@contextmanager
def reading_from(alias: str) -> Iterator[None]:
    """What is read inside, by this thread, is read from that server."""
    token = _reading.set(alias)
    try:
        yield
    finally:
        _reading.reset(token)


def reading_connection() -> BaseDatabaseWrapper:
    """The connection to the server that is read from here."""
    return connections[_reading.get()]


@contextmanager
def viewing(alias: str) -> Iterator[None]:
    """What is read inside, by this thread, is of one state of that server that others could see too."""
    token = _viewed.set(alias)
    try:
        yield
    finally:
        _viewed.reset(token)


def viewed_server() -> str | None:
    """The server that is read from, while one state of it is viewed; None else, and inside a transaction of one's own,
    which may have written what others do not see."""
    viewed = _viewed.get()
    return viewed if viewed == _reading.get() else None
