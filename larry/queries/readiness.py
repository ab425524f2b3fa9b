"""Readiness: whether the database is there, up to date and guarded."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from larry.queries.moment import Moment
from larry.queries.reader import Reader
from larry.records import guards


@dataclass(frozen=True, slots=True)
class Readiness:
    database_answers: bool
    missing_guards: tuple[str, ...] = ()
    pending_migrations: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        return self.database_answers and not self.missing_guards and not self.pending_migrations


def get_readiness(reader: Reader, at: Moment) -> Readiness:
    """What stands in the way of working; about 4 SQL statements. Never raises."""
    del reader, at
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        names = tuple(f"{migration.app_label}.{migration.name}" for migration, _ in pending)
        return Readiness(True, () if names else guards.missing(connection), names)
    except (DatabaseError, InterfaceError):
        return Readiness(False)
