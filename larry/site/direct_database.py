"""The database asked directly: for a command that asks one question and is gone, before Django is ready to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from larry.site.configuration import read_configuration
from larry.site.database_url import EmbeddedDatabase, ServedDatabase

Ask: TypeAlias = Callable[[str, Sequence[object]], Sequence[Any] | None]
"""The first row of a statement whose values are marked ``%s``, or None."""

_PATIENCE = 1
"""Seconds: who waits longer for a writer is told of it by the way that everything else goes."""


@dataclass(frozen=True, slots=True)
class DirectDatabase:
    """The database of the settings, for one statement at a time; ``keeps_text``: it keeps moments as text, in UTC."""

    zone: ZoneInfo
    keeps_text: bool
    ask: Ask


def find_direct_database(environment: Mapping[str, str]) -> DirectDatabase | None:
    """The database that the settings name; None for an embedded one that is not there, and for settings that are not
    Larry's own. Nothing is connected before it is asked. Raises `WrongSetting`.
    """
    if environment.get("DJANGO_SETTINGS_MODULE", "larry.site.settings") != "larry.site.settings":
        return None
    found = read_configuration(environment)
    zone, database = ZoneInfo(found.time_zone), found.database
    if isinstance(database, ServedDatabase):
        return DirectDatabase(zone, keeps_text=False, ask=_served(database))
    return DirectDatabase(zone, keeps_text=True, ask=_embedded(database)) if database.path.exists() else None


def _embedded(database: EmbeddedDatabase) -> Ask:
    """SQLite, by the same library and with the same care; a file that is not there is not made."""

    def ask(statement: str, values: Sequence[object]) -> Sequence[Any] | None:
        from larry.site.embedded_sqlite import embed

        embed()
        import sqlite3

        address = f"{database.path.as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, timeout=_PATIENCE, uri=True, isolation_level=None)) as connection:
            connection.executescript("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA query_only=ON")
            row: Sequence[Any] | None = connection.execute(statement.replace("%s", "?"), tuple(values)).fetchone()
            return row

    return ask


def _served(database: ServedDatabase) -> Ask:
    """PostgreSQL: a transaction of its own for each statement, which writes nothing."""

    def ask(statement: str, values: Sequence[object]) -> Sequence[Any] | None:
        import psycopg

        told: dict[str, Any] = {
            "application_name": "larry",
            "connect_timeout": 10,
            "options": f"-c lock_timeout={_PATIENCE}s -c default_transaction_read_only=on -c TimeZone=UTC",
            **{name: value for name, value in database.options.items() if name != "options"},
        }
        if "options" in database.options:
            told["options"] = f"{told['options']} {database.options['options']}"
        named = {"user": database.user, "password": database.password, "host": database.host, "port": database.port}
        told |= {name: value for name, value in named.items() if value}
        with closing(psycopg.connect(dbname=database.name, autocommit=True, **told)) as connection:
            return connection.execute(statement, tuple(values)).fetchone()

    return ask
