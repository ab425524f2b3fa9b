"""Copies of tables: every row of every table as plain values, out of one database and into another.

Tables are those of a schema, which may be older than this version's: a database is backed up before it is upgraded,
and an old backup is restored into tables as they were, which are then upgraded.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.apps import apps as present
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Cast, Collate

from larry.core.backup import TableDigest, TableRows
from larry.core.document import Json
from larry.records import guards

_APP = "larry"
_BATCH = 500
_LAST = "larry_estate"
"""Written last: the guards of graphs count in its row while edges are written."""

Tables = Mapping[str, type[models.Model]]
"""By its name, each table of one schema as Django sees it."""


class TablesDiffer(Exception):
    """What was to be written is not what the tables take, or not what they hold afterwards."""


def list_known_schema() -> tuple[str, ...]:
    """The names of all migrations that this version of Larry knows, in order."""
    return tuple(sorted(name for app, name in MigrationLoader(None).disk_migrations if app == _APP))


def list_applied_schema() -> tuple[str, ...]:
    """The names of those that the database has seen, in order. 2 SQL."""
    return tuple(sorted(name for app, name in MigrationLoader(connection).applied_migrations if app == _APP))


def get_tables(schema: Sequence[str]) -> Tables:
    """The tables that these migrations make. Raises ``KeyError`` for one that is not known."""
    if tuple(schema) == list_known_schema():
        return _tables_of(present.get_app_config(_APP).get_models(include_auto_created=True))
    state = MigrationLoader(None).project_state([(_APP, name) for name in schema])
    return _tables_of(state.apps.get_app_config(_APP).get_models(include_auto_created=True))


def _tables_of(found: Iterable[type[models.Model]]) -> Tables:
    return {model._meta.db_table: model for model in sorted(found, key=lambda each: each._meta.db_table)}


def copy_out(tables: Tables) -> Iterator[TableRows]:
    """Every table with its rows, in the order of their keys; 1 SQL each. Inside one view they are of one state."""
    for name, model in tables.items():
        fields = model._meta.local_concrete_fields
        yield TableRows(name, tuple(field.column for field in fields), read_rows(model))


def read_rows(model: type[models.Model]) -> Iterator[Sequence[Json]]:
    """The rows of one table; few are in memory at once. 1 SQL."""
    key = model._meta.pk
    fields = model._meta.local_concrete_fields
    columns = {f"column_{number}": _column(field) for number, field in enumerate(fields)}
    order: Any = key.attname
    if isinstance(key, models.CharField):  # by code point, whatever the database's language
        order = Collate(models.F(key.attname), "C" if connection.vendor == "postgresql" else "BINARY")
    rows = model._default_manager.order_by(order).values_list(*columns.values())
    packs = [_pack_json if isinstance(field, models.JSONField) else _pack for field in fields]
    for row in rows.iterator(chunk_size=_BATCH):
        yield [None if value is None else pack(value) for pack, value in zip(packs, row, strict=True)]


def _column(field: Any) -> Any:
    """JSON is read as text, in which its null differs from the column's."""
    return Cast(field.attname, models.TextField()) if isinstance(field, models.JSONField) else models.F(field.attname)


def _pack_json(value: str) -> Json:
    return [json.loads(value)]


_PLAIN = frozenset({bool, int, float, str})


def _pack(value: Any) -> Json:
    if type(value) in _PLAIN:
        return value  # type: ignore[no-any-return]  # one of these
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return str(value)  # a date, a UUID, a decimal number: its field reads it back


def copy_in(tables: Tables, copies: Iterable[TableRows]) -> tuple[int, int]:
    """Write every row into tables that are empty, and read them back; how many tables and rows.

    The guards stay in place, so that the database itself holds every promise against what is written. Inside a
    transaction. Raises `TablesDiffer`, and what the copies raise.
    """
    digests: dict[str, TableDigest] = {}
    last: list[tuple[type[models.Model], list[models.Model]]] = []
    for copy in copies:
        model = tables.get(copy.name)
        if model is None or copy.name in digests:
            raise TablesDiffer(f"no table {copy.name} is expected")
        digests[copy.name] = digest = TableDigest()
        made = _make_rows(model, copy, digest)
        if copy.name == _LAST:
            last.append((model, list(made)))
            continue
        while batch := list(islice(made, _BATCH)):
            model._default_manager.bulk_create(batch)
    missing = [name for name in tables if name not in digests]
    if missing:
        raise TablesDiffer(f"nothing is said of {', '.join(missing)}")
    for model, rows in last:
        model._default_manager.all().delete()
        model._default_manager.bulk_create(rows)
    _verify(tables, digests)
    _set_counters(tables)
    return len(digests), sum(digest.rows for digest in digests.values())


def _make_rows(model: type[models.Model], copy: TableRows, digest: TableDigest) -> Iterator[models.Model]:
    fields: dict[str, Any] = {field.column: field for field in model._meta.local_concrete_fields}
    if set(copy.columns) != set(fields) or len(copy.columns) != len(fields):
        raise TablesDiffer(f"the table {copy.name} has other columns than were written")
    in_order = [fields[column] for column in copy.columns]
    places = [copy.columns.index(column) for column in fields]  # a database upgraded in steps orders them otherwise
    for row in copy.rows:
        digest.add([row[place] for place in places])
        yield model(**{field.attname: _unpack(field, value) for field, value in zip(in_order, row, strict=True)})


def _unpack(field: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, models.JSONField):
        return models.Value(None, models.JSONField()) if value == [None] else value[0]
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat(value)
    if isinstance(field, models.BinaryField):
        return base64.b64decode(value)
    target = field.target_field if field.is_relation else field
    return target.to_python(value)


def _verify(tables: Tables, wanted: Mapping[str, TableDigest]) -> None:
    """Held against what was read, not against what was meant to be written. 1 SQL for each table."""
    for name, model in tables.items():
        found = TableDigest()
        for row in read_rows(model):
            found.add(row)
        if (found.rows, found.hex) != (wanted[name].rows, wanted[name].hex):
            raise TablesDiffer(f"{name} does not hold what was written")


def _set_counters(tables: Tables) -> None:
    """The next number of each table is one that no row has."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(tables.values())):
            cursor.execute(statement)


def take_tables(tables: Tables) -> None:
    """Nobody else reads or writes them until this transaction ends. 1 SQL on PostgreSQL; SQLite has one writer."""
    if connection.vendor == "postgresql" and tables:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")


def list_filled(tables: Tables) -> tuple[str, ...]:
    """The tables that hold rows, but for the estate's one. 1 SQL for each table."""
    return tuple(name for name, model in tables.items() if name != _LAST and model._default_manager.exists())


def empty_tables(tables: Tables) -> None:
    """Remove every row, those that are only appended too; the guards are in place before and after. Inside a
    transaction, with the tables taken."""
    with transaction.atomic(), connection.cursor() as cursor:
        guards.remove(connection)
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)}")
        else:
            for name in tables:
                cursor.execute(f'DELETE FROM "{name}"')  # noqa: S608 - the names of our own tables
        guards.install(connection)
