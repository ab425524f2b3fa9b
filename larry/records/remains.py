"""Remains: what a database keeps of rows that were overwritten, until it is made to forget."""

from __future__ import annotations

from pathlib import Path

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

    Not inside a transaction. SQLite writes its file anew and empties the log, and what the classifier of Puppet keeps
    beside it goes; PostgreSQL would have to lock whole
    tables for as long as that takes, so that the administrator chooses when.
    """
    if connection.vendor == "postgresql":
        return (
            "PostgreSQL keeps what was overwritten until it writes the tables anew, which locks them: run"
            f" `VACUUM FULL {', '.join(_HOLDING)}` when that suits and no older transaction is open, since what one may"
            " still see is kept; its log, replicas and backups keep it longer"
        )
    left = [_sweep_file(), _sweep_printed(Path(f"{connection.settings_dict['NAME']}.enc"))]
    return "; ".join(each for each in left if each)


def _sweep_file() -> str:
    left = "the database file still holds what was overwritten, because it is in use: run `VACUUM` on it"
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy, *_ = cursor.fetchone()
    except DatabaseError:
        return left
    return left if is_busy else ""


def _sweep_printed(folder: Path) -> str:
    """Configurations that were printed before; the classifier has them printed again."""
    try:
        for printed in folder.iterdir():
            printed.unlink(missing_ok=True)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{folder} still holds what was printed for Puppet, and cannot be emptied ({error.strerror}): remove it"
    return ""
