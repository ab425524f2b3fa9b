"""The embedded SQLite takes the place of Python's own where it is newer, before Django imports it.

Versions before 3.51.3 can corrupt a write-ahead log when two connections checkpoint at once, so that Larry writes ahead
only on newer ones. The wheel ``pysqlite3`` brings one; without it everything works, with readers waiting for writers.
"""

from __future__ import annotations

import functools
import importlib
import sys
from typing import Any

SAFE_TO_WRITE_AHEAD = (3, 51, 3)


def embed() -> bool:
    """Put ``pysqlite3`` in the place of ``sqlite3`` if it is installed and newer; whether it is there now.

    Nothing happens once Django's own SQLite driver is loaded: it keeps the module that it found.
    """
    current = importlib.import_module("sqlite3")
    if current.__name__ == "pysqlite3":
        return True
    if "django.db.backends.sqlite3.base" in sys.modules:
        return False
    try:
        wheel = importlib.import_module("pysqlite3")
        dbapi = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return False
    if wheel.sqlite_version_info <= current.sqlite_version_info:
        return False
    sys.modules["sqlite3"] = wheel
    sys.modules["sqlite3.dbapi2"] = dbapi
    return True


def writes_ahead() -> bool:
    """Whether the SQLite that Django gets is new enough for a write-ahead log."""
    linked: tuple[int, ...] = importlib.import_module("sqlite3").sqlite_version_info
    return linked >= SAFE_TO_WRITE_AHEAD


@functools.cache
def connection_class() -> type[Any]:
    """Connections whose failed BEGIN leaves no cursor behind for another thread to clean up.

    The traceback of "database is locked" keeps the cursor in a cycle, which the garbage collector frees in any thread:
    one that holds the write lock would then wait for the cursor's connection, while that waits for the write lock.
    """
    linked = importlib.import_module("sqlite3")

    class Connection(linked.Connection):  # type: ignore[misc, name-defined]  # the module is known at run time only
        def cursor(self, factory: Any = linked.Cursor) -> Any:
            return super().cursor(_closing_class(factory))

    return Connection


@functools.cache
def _closing_class(factory: Any) -> type[Any]:
    class Cursor(factory):  # type: ignore[misc]  # any class of cursors
        def execute(self, query: str, *parameters: Any) -> Any:
            try:
                return super().execute(query, *parameters)
            except Exception:
                if query.startswith("BEGIN"):
                    self.close()
                raise

    return Cursor
