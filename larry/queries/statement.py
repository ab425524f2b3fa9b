"""Statements that are asked again and again are written of their queryset once, and told only their values anew.

To make a queryset and to write it as SQL takes Django many times as long as the database takes to answer it. What is
written depends on the queryset alone, never on what the database holds: so it is kept for as long as anybody likes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, DateTimeField, Expression, Field, QuerySet, TextField

from larry.queries.reader import Reader
from larry.records.route import reading_connection

_Rows: TypeAlias = "list[tuple[Any, ...]]"


class Later(Expression):
    """A value that is told when the statement is asked: ``filter(user=Later("user", IntegerField()))``."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        del compiler, connection
        return "%s", [self]

    def tell(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """The value as the driver takes it."""
        return self.output_field.get_db_prep_value(value, connection)


class LaterMany(Later):
    """Values of one kind that are told later, however many: ``filter(id__in=LaterMany("ids", BigIntegerField()))``."""

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        del compiler, connection
        return "(SELECT value FROM json_each(%s))", [self]

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        del compiler
        return f"(SELECT unnest(%s::{self.output_field.db_type(connection)}[]))", [self]

    def tell(self, value: Collection[Any], connection: BaseDatabaseWrapper) -> Any:
        told = [self.output_field.get_db_prep_value(each, connection) for each in value]
        return json.dumps(told) if connection.vendor == "sqlite" else told


@dataclass(frozen=True, slots=True)
class Prepared:
    """SQL with its values, some of which are told later, and what its columns are; without SQL it finds nothing."""

    sql: str
    values: tuple[Any, ...] = ()
    columns: tuple[Any, ...] = ()

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Prepared:
        """The statement of what `values_list` made, for the sort of database that is read from here. No SQL."""
        compiler: Any = rows.query.get_compiler(connection=reading_connection())
        try:
            sql, values = compiler.as_sql()
        except EmptyResultSet:
            return cls("")
        return cls(sql, tuple(values), tuple(column for column, _, _ in compiler.select))

    @classmethod
    def count_of(cls, rows: QuerySet[Any, Any]) -> Prepared:
        """The statement that counts what a queryset has; without SQL, there is nothing. No SQL."""
        one = cls.of(rows.order_by().values_list("pk"))
        return cls(one.sql and f"SELECT COUNT(*) FROM ({one.sql}) counted", one.values)  # noqa: S608  # Django wrote it

    def ask(self, **said: Any) -> _Rows:
        """The rows, by the connection that is read from here; 1 SQL statement. ``said`` are the values by name."""
        if not self.sql:
            return []
        connection = reading_connection()
        told = [each.tell(said[each.name], connection) if isinstance(each, Later) else each for each in self.values]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, told)
            rows: _Rows = cursor.fetchall()
        return self._read(rows, connection) if rows else rows

    def _read(self, rows: _Rows, connection: BaseDatabaseWrapper) -> _Rows:
        """The rows as a queryset reads them. How is not kept: it belongs to the connection, and that to a thread."""
        ways = [_list_ways(column, connection) for column in self.columns]
        if not any(ways):
            return rows
        told: list[Iterable[Any]] = list(zip(*rows, strict=True))
        for at, column in enumerate(self.columns):
            for way in ways[at]:
                told[at] = [way(value, column, connection) for value in told[at]]
        return list(zip(*told, strict=True))


def _list_ways(column: Any, connection: BaseDatabaseWrapper) -> list[Any]:
    """How a value of the column is read, as a queryset does it."""
    return [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]


class KeptStatement:
    """A query that is written once for each sort of reader, by ``rows`` of the reader and of what stands for named
    values: texts, whole numbers and moments, or many of one of these."""

    def __init__(self, rows: Callable[..., QuerySet[Any, Any]]) -> None:
        self.rows, self._write = rows, lru_cache(maxsize=64)(partial(_write, rows))

    def ask(self, reader: Reader, **values: Any) -> _Rows:
        """All rows; 1 SQL statement, none where something is to be among nothing."""
        if not all(value for value in values.values() if _is_many(value)):
            return []
        kinds = tuple((name, _is_many(value), _kind(value)) for name, value in values.items())
        return self._write(reader, kinds).ask(**values)


_FIELDS: Mapping[type, Field[Any, Any]] = {str: TextField(), int: BigIntegerField(), datetime: DateTimeField()}


def _is_many(value: object) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str)


def _kind(value: Any) -> type:
    return type(next(iter(value)) if _is_many(value) else value)


def _write(
    rows: Callable[..., QuerySet[Any, Any]], reader: Reader, kinds: tuple[tuple[str, bool, type], ...]
) -> Prepared:
    later = {name: (LaterMany if is_many else Later)(name, _FIELDS[kind]) for name, is_many, kind in kinds}
    return Prepared.of(rows(reader, **later))
