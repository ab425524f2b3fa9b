"""Remains: what a database keeps of rows that were overwritten, until it is made to forget."""

from __future__ import annotations

from django.db import DatabaseError, connection

_HOLDING = (
    "larry_activity",
    "larry_app",
    "larry_customer",
    "larry_deployable",
    "larry_instance",
    "larry_keptanswer",
    "larry_nodedocument",
    "larry_nodepart",
    "larry_parameter",
    "larry_rollout",
)
"""The tables in which a secret may have stood in clear, or a digest of one."""


def sweep_remains() -> str:
    """Make the database file forget what was overwritten; what is left to a person, in one sentence, or nothing.

    Not inside a transaction. SQLite writes its file anew and empties the log; PostgreSQL would have to lock whole
    tables for as long as that takes, so that the administrator chooses when.
    """
    if connection.vendor == "postgresql":
        return (
            "PostgreSQL keeps what was overwritten until it writes the tables anew, which locks them: run"
            f" `VACUUM FULL {', '.join(_HOLDING)}` when that suits and no older transaction is open, since what one may"
            " still see is kept; its log, replicas and backups keep it longer"
        )
    left = "the database file still holds what was overwritten, because it is in use: run `VACUUM` on it"
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy, *_ = cursor.fetchone()
    except DatabaseError:
        return left
    return left if is_busy else ""
