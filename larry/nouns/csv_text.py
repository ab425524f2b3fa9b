"""CSV: one noun a line, one field a column; what a cell means follows from the field's kind."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from larry.core.document import Json
from larry.nouns.estate import EstateFaults
from larry.nouns.fault import Fault, FaultList, did_you_mean
from larry.nouns.field import Field, Kind, Noun
from larry.nouns.item import Item, Position, join_address, quote_segment
from larry.nouns.statement import parse_statement
from larry.nouns.yaml_text import LARGEST_FILE


class _NotSo(ValueError):
    """The cell is not written as its column asks."""


def parse_csv(noun: Noun, file: str, text: bytes, *, largest: int = LARGEST_FILE) -> tuple[Item, ...]:
    """Items as stated, from UTF-8 CSV with a header of field names; an empty cell states nothing.

    Lists are separated by spaces or semicolons, maps are written ``key=value;key=value``, anything deeper is JSON.
    Nouns
    that belong to another have a column of that noun's name with its address. Raises `EstateFaults` with every fault of
    every line.
    """
    faults = FaultList()
    rows = _read_rows(file, text, largest, faults)
    items = tuple(_read_items(noun, file, rows, faults)) if rows else ()
    if faults:
        raise EstateFaults(faults.settle([file]))
    return items


def _read_rows(file: str, text: bytes, largest: int, faults: FaultList) -> list[tuple[int, list[str]]]:
    if len(text) > largest:
        faults.add(
            Fault(f"the file has {len(text)} bytes, more than the {largest} that are read", position=_at(file, 1))
        )
        return []
    try:
        reader = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True)
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        faults.add(Fault(f"the byte {text[error.start]:#04x} is not UTF-8", position=_at(file, line)))
        return []
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        faults.add(Fault(f"this is not CSV: {error}", position=_at(file, reader.line_num)))
        return []
    if not rows:
        faults.add(Fault("the file is empty: it begins with a line of field names", position=_at(file, 1)))
    return rows


def _read_items(noun: Noun, file: str, rows: Sequence[tuple[int, list[str]]], faults: FaultList) -> list[Item]:
    (first, header), *lines = rows
    columns = [cell.strip() for cell in header]
    known = [*noun.by_name, *([noun.parent] if noun.parent else [])]
    for number, column in enumerate(columns, start=1):
        if column not in known:
            text = f"a {noun.name} has no {column!r}{did_you_mean(column, {word: word for word in known})}"
            faults.add(Fault(text, position=_at(file, first, number)))
        elif columns.index(column) != number - 1:
            faults.add(Fault(f"the column {column} is there twice", position=_at(file, first, number)))
    missing = [word for word in ("name", noun.parent) if word and word not in columns]
    if missing:
        faults.add(Fault(f"the header lacks {' and '.join(missing)}", position=_at(file, first)))
    if faults:
        return []
    items = (_read_item(noun, columns, cells, _at(file, line), faults) for line, cells in lines)
    return [item for item in items if item is not None]


def _read_item(
    noun: Noun, columns: Sequence[str], cells: Sequence[str], at: Position, faults: FaultList
) -> Item | None:
    if len(cells) != len(columns):
        faults.add(Fault(f"the line has {len(cells)} cells, the header {len(columns)}", position=at))
        return None
    stated: dict[str, Json] = {}
    parent = ""
    for number, (column, cell) in enumerate(zip(columns, cells, strict=True), start=1):
        if column == noun.parent:
            parent = "/".join(quote_segment(part.strip()) for part in cell.split("/"))
        elif cell.strip():
            try:
                stated[column] = _read_cell(noun.by_name[column], cell)
            except _NotSo as reason:
                faults.add(Fault(str(reason), (column,), position=_at(at.file, at.line, number)))
    values, found = parse_statement(noun, stated)
    for fault in found:
        cell_number = columns.index(str(fault.path[0])) + 1 if fault.path and fault.path[0] in columns else 1
        faults.add(replace(fault, position=_at(at.file, at.line, cell_number)))
    name = values.get("name")
    if not isinstance(name, str):
        if "name" not in stated:
            faults.add(Fault(f"every {noun.name} needs a name", position=at))
        return None
    address = join_address(parent, quote_segment(str(values.get("key") or name)))
    return Item(noun.name, address, MappingProxyType(values), at)


def _read_cell(field: Field, cell: str) -> Json:
    read = _READERS.get(field.kind)
    return cell if read is None else read(cell.strip())


def _read_list(cell: str) -> Json:
    return [part for part in cell.replace(";", " ").split() if part]


def _read_integer(cell: str) -> Json:
    try:
        return int(cell)
    except ValueError:
        raise _NotSo(f"{cell!r} is not a whole number") from None


def _read_number(cell: str) -> Json:
    try:
        return int(cell) if cell.lstrip("+-").isdigit() else float(cell)
    except ValueError:
        raise _NotSo(f"{cell!r} is not a number") from None


def _read_pairs(cell: str, read: Callable[[str], Json]) -> Json:
    pairs: dict[str, Json] = {}
    for part in filter(None, (part.strip() for part in cell.split(";"))):
        key, equals, value = part.partition("=")
        if not equals:
            raise _NotSo(f"{part!r} is not written key=value; several are separated by semicolons")
        pairs[key.strip()] = read(value.strip())
    return pairs


def _read_json(cell: str) -> Json:
    try:
        value: Json = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise _NotSo(f"this is not JSON: {error}") from None
    return value


_READERS: Mapping[Kind, Callable[[str], Json]] = MappingProxyType(
    {
        Kind.INTEGER: _read_integer,
        Kind.NUMBER_MAP: lambda cell: _read_pairs(cell, _read_number),
        Kind.STRING_MAP: lambda cell: _read_pairs(cell, str),
        Kind.JSON_MAP: _read_json,
        Kind.IP_LIST: _read_list,
        Kind.REFERENCES: _read_list,
        Kind.VALUES: _read_json,
        Kind.DECLARATIONS: _read_json,
        Kind.AUDITS: _read_json,
    }
)


def _at(file: str, line: int, column: int = 1) -> Position:
    """Columns of CSV are counted in cells."""
    return Position(file, line, column)
