"""The route says which server a query reads from: the primary, or a replica that somebody chose for what follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_reading: ContextVar[str] = ContextVar("larry_reading", default=DEFAULT_DB_ALIAS)


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
