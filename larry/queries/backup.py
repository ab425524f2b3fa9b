"""A backup: everything that the database holds at one moment, while writers go on writing."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from larry import __version__
from larry.core.backup import BackupHead, tell_tables
from larry.core.document import Json
from larry.core.interval import iso
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader
from larry.queries.view import read_view
from larry.records.secret import list_needed_keys
from larry.records.table_copy import copy_out, get_tables, list_applied_schema


def list_backup_lines(reader: Reader, at: Moment) -> Iterator[Json]:
    """The head, then every table and its rows, then their digest, all of one state; to be read to its end.

    1 SQL statement for each table and 6 more; few rows are in memory at once. Sessions are left out, so that nobody
    signs in with a backup; keys are not in the database. Raises `NotFound` for who does not see everything.
    """
    if not reader.sees_everything:
        raise NotFound("a backup holds everything, and is for whoever may see everything")
    with read_view():
        schema = list_applied_schema()
        head = BackupHead(iso(at.as_of), __version__, connection.vendor, schema, list_needed_keys())
        yield head.document
        yield from tell_tables(copy_out(get_tables(schema)))
