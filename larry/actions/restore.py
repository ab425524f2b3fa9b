"""Restore: make the database what a backup says it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.core.management import call_command
from django.db import transaction

from larry.actions.activity import record
from larry.actions.author import Author, Refused
from larry.actions.migrate import verify_guards
from larry.actions.transaction import begin_recording
from larry.core.backup import BackupHead, read_tables
from larry.core.document import Json
from larry.queries.backup import list_backup_lines
from larry.records.secret import LOST_KEY, forget_lost_key, list_key_names
from larry.records.table_copy import (
    copy_in,
    empty_tables,
    get_tables,
    list_applied_schema,
    list_filled,
    list_known_schema,
    take_tables,
)

Keep = Callable[[Iterator[Json]], None]
"""Puts the lines of a backup where they are safe, and returns when they are."""


class DatabaseIsNotEmpty(Refused):
    """Restoring would overwrite what is there."""


class SchemaIsNewer(Refused):
    """The backup or the database comes from a later version of Larry."""


class KeysAreMissing(Refused):
    """The secrets of the backup could not be opened."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """What was restored; ``was_upgraded`` if the backup was of an older schema."""

    tables: int
    rows: int
    was_upgraded: bool


def restore(
    head: BackupHead,
    lines: Iterator[Json],
    author: Author,
    *,
    keep: Keep | None = None,
    without_keys: bool = False,
) -> Restoration:
    """Write the rows of a backup into an empty database, which is made if need be, and hold them against its digests.

    With ``keep``, also into one that is not empty: it gets the lines of a backup of what is there, and then that is
    overwritten. All in one transaction, unless the backup is of an older schema: then the tables are emptied, made as
    they were, filled, and upgraded, each in a transaction of its own. About 5 SQL for each table and 1 for each 500
    rows. Raises `DatabaseIsNotEmpty`, `SchemaIsNewer`, `KeysAreMissing`, and what the lines raise.
    """
    refuse_unusable(head, without_keys=without_keys)
    applied = list_applied_schema()
    later = sorted(set(applied) - set(list_known_schema()))
    if later:
        raise SchemaIsNewer(f"the database comes from a later version of Larry ({later[-1]}): install that one")
    if applied and applied != head.schema:
        with transaction.atomic():
            _make_room(applied, author, keep)
        keep = None
        call_command("migrate", "larry", "zero", verbosity=0, interactive=False)
    if applied != head.schema:
        call_command("migrate", "larry", head.schema[-1], verbosity=0, interactive=False)
    with transaction.atomic():
        _make_room(head.schema, author, keep)
        tables, rows = copy_in(get_tables(head.schema), read_tables(lines))
    _finish()
    with transaction.atomic():
        record(begin_recording(author), "restore", "estate", "", after={"made_at": head.made_at, "rows": rows})
    return Restoration(tables, rows, head.schema != list_known_schema())


def refuse_unusable(head: BackupHead, *, without_keys: bool = False) -> None:
    """Raise `SchemaIsNewer` or `KeysAreMissing` if this Larry cannot use such a backup. No SQL."""
    newer = sorted(set(head.schema) - set(list_known_schema()))
    if newer or not head.schema:
        raise SchemaIsNewer(
            f"the backup comes from a later version of Larry ({head.larry}, {newer[-1] if newer else 'no schema'}):"
            " install that one"
        )
    lost = [name for name in head.keys if name != LOST_KEY and name not in list_key_names()]
    if lost and not without_keys:
        raise KeysAreMissing(
            f"the backup's secrets are sealed with keys that this Larry does not have ({', '.join(lost)}): put them"
            " into LARRY_SECRETS_KEYS or keys.toml, or give --without-keys and lose those secrets"
        )


def _finish() -> None:
    """The schema of this version, with its guards, and a key for new secrets if that of the old ones is lost."""
    if list_applied_schema() != list_known_schema():
        call_command("migrate", verbosity=0, interactive=False)
    forget_lost_key()
    verify_guards()


def _make_room(schema: tuple[str, ...], author: Author, keep: Keep | None) -> None:
    """Take the tables; if they hold anything, keep that and remove it, or refuse."""
    tables = get_tables(schema)
    take_tables(tables)
    filled = list_filled(tables)
    if filled and keep is None:
        raise DatabaseIsNotEmpty(
            f"the database is not empty ({len(filled)} tables hold rows): restore into an empty one, or give --replace,"
            " which keeps what is there in a file"
        )
    if filled and keep is not None:
        keep(list_backup_lines(author.reader, author.moment))
    if filled:
        empty_tables(tables)
