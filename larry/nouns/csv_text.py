"""CSV: one noun a line, one field a column; what a cell means follows from the field's kind."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from larry.core.document import Json
from larry.core.track import Track, untracked
from larry.nouns.directory import spell_out_parents
from larry.nouns.estate import EstateFaults, find_faults
from larry.nouns.fault import Fault, FaultList, did_you_mean, shorten
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.formula import unguard_formula
from larry.nouns.item import (
    KEY_BITS,
    LINE_BITS,
    Item,
    Places,
    Position,
    find_parent_address,
    join_address,
    quote_segment,
)
from larry.nouns.json_text import NotJson, read_json
from larry.nouns.statement import WAS, parse_statement, passing
from larry.nouns.yaml_text import LARGEST_FILE

CsvRow: TypeAlias = tuple[int, Sequence[str]]
"""The line on which it begins, and its cells."""

NOUN_COLUMN, ADDRESS_COLUMN = "noun", "address"
"""Columns that `larry list --format csv` writes before the fields."""

_DELIMITERS = ",;\t"
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?")


class _NotSo(ValueError):
    """The cell is not written as its column asks."""


def parse_csv(
    noun: Noun,
    file: str,
    text: bytes,
    *,
    largest: int = LARGEST_FILE,
    track: Track = untracked,
    existing: Callable[[], Mapping[tuple[str, str], Item]] | None = None,
) -> tuple[Item, ...]:
    """Items as stated, from UTF-8 CSV with a header of field names; an empty cell states nothing.

    Lists are separated by semicolons, commas or spaces, maps are written ``key=value;key=value``; either may be JSON,
    as anything deeper must be. Nouns that belong to another have a column of that noun's name with its address.
    Raises `EstateFaults` with every fault of every line; with ``existing``, which is asked for only then, also those
    that completing and checking would find later.
    """
    faults = FaultList()
    items = _read_file(noun, file, text, largest, track, faults)
    if faults:
        if items and existing is not None:
            find_faults(items, existing(), faults)
        raise EstateFaults(faults.settle([file]))
    return items


def _read_file(noun: Noun, file: str, text: bytes, largest: int, track: Track, faults: FaultList) -> tuple[Item, ...]:
    rows = list(_read_rows(file, text, largest, faults))
    if not rows:
        if not faults:
            faults.add(Fault("the file is empty: it begins with a line of field names", position=_at(file, 1)))
        return ()
    columns = _read_header(noun, file, rows[0], faults)
    if not columns:
        return ()
    reader = _LineReader(noun, file, columns, faults)
    items = [reader.read(line, cells) for line, cells in track(rows[1:], f"reading {noun.plural}")]
    return tuple(item for item in items if item is not None)


def _read_rows(file: str, text: bytes, largest: int, faults: FaultList) -> Iterator[CsvRow]:
    """The rows that are not blank, up to one that is no CSV."""
    if len(text) > largest:
        note = f"the file has {len(text)} bytes; at most {largest} are read: divide it"
        faults.add(Fault(note, position=_at(file, 1)))
        return
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(re.findall(b"\r\n|\r|\n", text[: error.start])) + 1
        note = f"the byte {text[error.start]:#04x} is not UTF-8: save the file as CSV UTF-8"
        faults.add(Fault(note, position=_at(file, line)))
        return
    header = next((line for line in decoded.splitlines() if line.strip()), "")
    delimiter = next((sign for sign in _DELIMITERS if sign in header), ",")
    reader = csv.reader(io.StringIO(decoded, newline=""), strict=True, delimiter=delimiter)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        faults.add(Fault(f"this is not CSV: {error}", position=_at(file, line)))


def _read_header(noun: Noun, file: str, row: CsvRow, faults: FaultList) -> tuple[str, ...]:
    """The columns, or none when the header is at fault; empty ones at its end are left out."""
    line, cells = row
    columns = [cell.strip().lower().replace(" ", "_") for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    parent = [noun.parent] if noun.parent else []
    said = [field.name for field in (*noun.fields, *passing(noun))]
    known = {word: word for word in (NOUN_COLUMN, ADDRESS_COLUMN, *parent, *said)}
    found: list[Fault] = []
    for place, column in enumerate(columns):
        if column not in known:
            text = f"a {noun.name} has no {shorten(cells[place])}{did_you_mean(column, known)}"
            found.append(Fault(text, position=_at(file, line, place + 1)))
        elif columns.index(column) != place:
            found.append(Fault(f"the column {column} is there twice", position=_at(file, line, place + 1)))
    if not {"name", "key", ADDRESS_COLUMN} & set(columns):
        found.append(Fault("the header lacks name: it names the column of each field", position=_at(file, line)))
    elif noun.parent and len({noun.parent, ADDRESS_COLUMN} & set(columns)) != 1:
        text = f"the header needs one column {noun.parent}, which says whose each {noun.name} is"
        found.append(Fault(text, position=_at(file, line)))
    for fault in found:
        faults.add(fault)
    return () if found else tuple(columns)


class _LineReader:
    """Reads the lines of one file, each into an item as stated; one at fault keeps what is right of it."""

    def __init__(self, noun: Noun, file: str, columns: Sequence[str], faults: FaultList) -> None:
        self.noun = noun
        self.file = file
        self.columns = columns
        self.faults = faults
        self._steps = spell_out_parents(noun.name)

    def read(self, line: int, cells: Sequence[str]) -> Item | None:
        places = self._place(line)
        cells = [unguard_formula(cell) for cell in cells]
        surplus = [cell for cell in cells[len(self.columns) :] if cell.strip()]
        if len(cells) < len(self.columns) or surplus:
            self.faults.add_at(places, f"the line has {len(cells)} cells, the header {len(self.columns)}")
            return None
        said = {column: cell for column, cell in zip(self.columns, cells, strict=False) if cell.strip()}
        stated: dict[str, Json] = {}
        for column, cell in said.items():
            field = next((each for each in passing(self.noun) if each.name == column), self.noun.by_name.get(column))
            if field is not None:
                try:
                    stated[column] = _read_cell(field, cell)
                except _NotSo as reason:
                    self.faults.add_at(places, str(reason), column)
        values, found = parse_statement(self.noun, stated)
        for fault in found:
            self.faults.add_at(places, fault.text, *fault.path, at_key=fault.at_key)
        address = self._find_address(said, values, places)
        if address is None:
            return None
        return Item(self.noun.name, address, MappingProxyType(values), places.at(), places)

    def _place(self, line: int) -> Places:
        """Columns of CSV are counted in cells."""
        start = (line - 1) << LINE_BITS
        cells = {column: (start | at) | (start | at) << KEY_BITS for at, column in enumerate(self.columns)}
        return Places(self.file, (start, dict(cells)))

    def _find_address(self, said: Mapping[str, str], values: Mapping[str, Json], places: Places) -> str | None:
        """Whose the noun is, and its key, what it was or its name; or None with the fault noted."""
        if said.get(NOUN_COLUMN, self.noun.name).strip() not in {self.noun.name, self.noun.plural}:
            text = f"this line is about a {shorten(said[NOUN_COLUMN])}, not a {self.noun.name}"
            self.faults.add_at(places, text, NOUN_COLUMN)
            return None
        whole = said.get(ADDRESS_COLUMN, "").strip()
        segment = values.get("key") or values.get(WAS.name) or values.get("name") or whole.rpartition("/")[2]
        if not segment:
            if not {"name", "key", WAS.name} & said.keys():
                self.faults.add_at(places, f"every {self.noun.name} needs a name")
            return None
        if self.noun.parent is None:
            return quote_segment(str(segment))
        column = self.noun.parent if self.noun.parent in self.columns else ADDRESS_COLUMN
        parent = said.get(column, "") if column == self.noun.parent else find_parent_address(whole)
        parts = [part.strip() for part in parent.split("/")]
        if len(parts) != len(self._steps) - 1 or not all(parts):
            path = "/".join(self._steps[:-1] if column == self.noun.parent else self._steps)
            self.faults.add_at(places, f"every {self.noun.name} says here whose it is: {path}", column)
            return None
        return join_address("/".join(map(quote_segment, parts)), quote_segment(str(segment)))


def _read_cell(field: Field, cell: str) -> Json:
    read = _READERS.get(field.kind)
    return cell if read is None else read(cell.strip())


def _read_list(cell: str) -> Json:
    if cell.startswith("["):
        return _read_json(cell)
    separator = next((sign for sign in ";," if sign in cell), None)
    return [part.strip() for part in cell.split(separator) if part.strip()]


def _read_number(cell: str) -> Json:
    if not _NUMBER.fullmatch(cell):
        raise _NotSo(f"{shorten(cell)} is not a number")
    return float(cell) if any(sign in cell for sign in ".eE") else int(cell)


def _read_pairs(cell: str, read: Callable[[str], Json]) -> Json:
    if cell.startswith("{"):
        return _read_json(cell)
    pairs: dict[str, Json] = {}
    for part in filter(None, (part.strip() for part in cell.split(";"))):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise _NotSo(f"{shorten(part)} is not written key=value; several are separated by semicolons")
        if key in pairs:
            raise _NotSo(f"{shorten(key)} is there twice")
        pairs[key] = read(value)
    return pairs


def _read_json(cell: str) -> Json:
    try:
        return read_json(cell)
    except NotJson as reason:
        raise _NotSo(str(reason)) from None


def _read_text(cell: str) -> Json:
    return cell


_READERS: Mapping[FieldKind, Callable[[str], Json]] = MappingProxyType(
    {
        FieldKind.NAME: _read_text,
        FieldKind.HOST_NAME: _read_text,
        FieldKind.KEY: _read_text,
        FieldKind.CHOICE: _read_text,
        FieldKind.REFERENCE: _read_text,
        FieldKind.INTEGER: _read_number,
        FieldKind.NUMBER_MAP: lambda cell: _read_pairs(cell, _read_number),
        FieldKind.STRING_MAP: lambda cell: _read_pairs(cell, _read_text),
        FieldKind.JSON_MAP: _read_json,
        FieldKind.VALUES: _read_json,
        FieldKind.IP_LIST: _read_list,
        FieldKind.REFERENCES: _read_list,
        FieldKind.DECLARATIONS: _read_list,
        FieldKind.AUDITS: _read_list,
    }
)
"""How a cell without the blanks around it is read; a cell of any other kind is text with its blanks."""


def _at(file: str, line: int, column: int = 1) -> Position:
    return Position(file, line, column)
