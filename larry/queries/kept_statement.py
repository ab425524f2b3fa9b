"""A statement that is written once: asked again, only the values in it are others.

What Django takes to write a statement is ten times what a database takes to answer one that finds a few rows. Where an
act asks twenty of them, that is half of the act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from typing import Any, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper

from larry.core.rights import ALL_RIGHTS
from larry.queries.reader import Reader
from larry.records.route import reading_connection

_Values: TypeAlias = tuple[Any, ...]

LONGEST = 128
"""Statements are kept for as many values among which something is to be; with more, the rows take longer."""

_MARKS: Mapping[type, Callable[[int], Any]] = {
    str: lambda number: f"larry's mark {number}",
    int: lambda number: (1 << 40) + number,
    datetime: lambda number: datetime(1700, 1, 1, tzinfo=UTC) + timedelta(microseconds=number),
}
"""What stands for a value while the statement is written; nothing else in it is like that."""


class LostValue(TypeError):
    """A value does not stand in the statement as it was given, so that no other one can be put in its place."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement; of what it is given, what is the same each time, and for all else where: the place in it, which of
    the values, and of what type the driver wants it, where it is no plain one."""

    text: str
    constants: tuple[Any, ...]
    places: tuple[tuple[int, int, type | None], ...]
    converters: tuple[tuple[int, tuple[Callable[..., Any], ...], Any], ...]


class KeptStatement:
    """``rows`` makes the query of a reader and of named values, by ``values_list``. It looks at no value, but hands
    them on as what something is to be equal to, before, or among: texts, whole numbers and moments, or many of one of
    these."""

    def __init__(self, rows: Callable[..., Any]) -> None:
        self._rows = rows
        self._written: dict[_Values, _Written] = {}

    def ask(self, reader: Reader, **values: Any) -> Sequence[_Values]:
        """All rows; 1 SQL statement, none where something is to be among nothing. For a reader who does not see
        everything, and for values of other types, Django writes it each time. Raises `LostValue`."""
        given = [_spread(value) for value in values.values()]
        if reader.rights == ALL_RIGHTS and all(map(_is_kept, given)):
            connection = reading_connection()
            key = connection.alias, *values, *[(type(among[0]), len(among)) for among in given]
            written = self._written.get(key)
            if written is None:
                written = self._write(reader, values, given, connection)
            if written is not None:
                self._written[key] = written
                return _fetch(written, given, connection)
        return list(self._rows(reader, **values))

    def _write(
        self, reader: Reader, values: Mapping[str, Any], given: Sequence[Sequence[Any]], connection: BaseDatabaseWrapper
    ) -> _Written | None:
        """The statement, with marks in the place of values; None where Django sees without asking that nothing is
        found."""
        numbers = count()
        marks = [[_MARKS[type(value)](next(numbers)) for value in among] for among in given]
        named = {
            name: among if _is_many(value) else among[0]
            for (name, value), among in zip(values.items(), marks, strict=True)
        }
        compiler = self._rows(reader, **named).query.get_compiler(connection=connection)
        try:
            text, parameters = compiler.as_sql()
        except EmptyResultSet:
            return None
        meant = {_adapt(mark, connection): number for number, mark in enumerate(chain.from_iterable(marks))}
        places = []
        for place, parameter in enumerate(parameters):
            number = meant.get(parameter) if isinstance(parameter, (str, int, datetime)) else None
            if number is not None:
                kind = type(parameter)
                places.append((place, number, None if kind in {str, int, datetime} else kind))
        if meant.keys() - {parameters[place] for place, _, _ in places}:
            raise LostValue(f"values do not stand as they were given in {text}")
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        converters = tuple((at, tuple(each), of) for at, (each, of) in compiler.get_converters(columns).items())
        return _Written(text, tuple(parameters), tuple(places), converters)


def _is_many(value: object) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))


def _spread(value: Any) -> list[Any]:
    """The values of one name; of many as many more of the last as make a power of two, so that few statements do."""
    if not _is_many(value):
        return [value]
    among = list(value)
    return among + among[-1:] * ((1 << (len(among) - 1).bit_length()) - len(among)) if among else among


def _is_kept(among: Sequence[Any]) -> bool:
    return 0 < len(among) <= LONGEST and type(among[0]) in _MARKS and len(set(map(type, among))) == 1


def _adapt(value: Any, connection: BaseDatabaseWrapper) -> Any:
    """The value as Django hands it to the driver."""
    return connection.ops.adapt_datetimefield_value(value) if type(value) is datetime else value


def _fetch(written: _Written, given: Sequence[Sequence[Any]], connection: BaseDatabaseWrapper) -> Sequence[_Values]:
    values = [_adapt(value, connection) for among in given for value in among]
    parameters = list(written.constants)
    for place, number, kind in written.places:
        parameters[place] = values[number] if kind is None else kind(values[number])
    with connection.cursor() as cursor:
        cursor.execute(written.text, parameters)
        found: Sequence[_Values] = cursor.fetchall()
    if not written.converters:
        return found
    rows = [list(row) for row in found]
    for at, converters, column in written.converters:
        moments: dict[Any, datetime] = {}  # of which rows have many alike
        for row in rows:
            told = row[at]
            value = moments.get(told) if type(told) is str else None
            if value is None:
                value = told
                for convert in converters:
                    value = convert(value, column, connection)
                if type(value) is datetime and type(told) is str:
                    moments[told] = value
            row[at] = value
    return [tuple(row) for row in rows]
