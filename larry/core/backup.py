"""A backup as values: a head that says what it is, then every table's rows and a digest of them, whatever database.

Lines are JSON: ``{"table": …, "columns": […]}``, one list for each row, ``{"table": …, "rows": …, "sha256": …}``; the
last line is the digest of all tables. In a row, null stands for itself, and JSON is wrapped into a list of one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from larry.core.document import LARGEST_INTEGER, Json


class UnusableBackup(Exception):
    """A file that nothing can be restored from; the text says why and what would do."""


class BackupIsDamaged(UnusableBackup):
    """What is there is not what was written."""


@dataclass(frozen=True, slots=True)
class BackupHead:
    """What a backup says of itself: when and by which Larry it was made, of which schema; ``keys`` are the names of
    those keys that open its secrets (the keys themselves are not in it)."""

    made_at: str
    larry: str
    database: str
    schema: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def document(self) -> dict[str, Json]:
        return {
            "made_at": self.made_at,
            "larry": self.larry,
            "database": self.database,
            "schema": list(self.schema),
            "keys": list(self.keys),
        }


@dataclass(frozen=True, slots=True)
class TableRows:
    """One table of a backup; ``rows`` are read once, in the order of their keys."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Sequence[Json]]


class TableDigest:
    """SHA-256 over rows as they come, and how many; equal for equal rows, whichever database they were read from."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0

    def add(self, row: Sequence[Json]) -> None:
        """One more row."""
        text = _write_row(row)
        if _DOUBTFUL.search(text):
            text = _write_row([_settle(value) if isinstance(value, list) else value for value in row])
        self._hash.update(text.encode("utf-8", "surrogatepass") + b"\n")
        self.rows += 1

    @property
    def hex(self) -> str:
        return self._hash.hexdigest()


_encode: Callable[[Json, int], tuple[str, ...]] = json.encoder.c_make_encoder(  # type: ignore[attr-defined]  # in C
    None, repr, json.encoder.encode_basestring, None, ":", ",", True, False, True
)


def _write_row(row: Sequence[Json]) -> str:
    """As ``json.dumps`` does, without white space and keys sorted, and without making an encoder for each row: the
    arguments are those of `larry.core.document`, but for numbers that are none, which pass."""
    return "".join(_encode(row, 0))


_DOUBTFUL = re.compile(r"[:,\[]-?[0-9]+(?:[.e]|[0-9]{15})")
"""A fraction, or a number of 16 digits. Text that holds what looks like one only costs time."""


def _settle(value: Any) -> Any:
    """PostgreSQL writes 1e300 as a one with 300 zeros, and SQLite as it was said: equal numbers become equal texts."""
    if isinstance(value, dict):
        return {key: _settle(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_settle(member) for member in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_INTEGER:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_INTEGER:
        try:
            return float(value)
        except OverflowError:
            return str(value)
    return value


def read_head(document: Json) -> BackupHead:
    """The head that a document tells. Raises `BackupIsDamaged`."""
    if not isinstance(document, Mapping):
        raise BackupIsDamaged("the backup is damaged: its head is not what Larry writes")
    made_at, larry, database = (document.get(name) for name in ("made_at", "larry", "database"))
    schema, keys = (document.get(name) for name in ("schema", "keys"))
    told = isinstance(made_at, str) and isinstance(larry, str) and isinstance(database, str)
    if not told or not isinstance(schema, list) or not isinstance(keys, list):
        raise BackupIsDamaged("the backup is damaged: its head is not what Larry writes")
    return BackupHead(str(made_at), str(larry), str(database), tuple(map(str, schema)), tuple(map(str, keys)))


def tell_tables(tables: Iterable[TableRows]) -> Iterator[Json]:
    """The lines of a backup, one after the other; nothing is kept of what was told."""
    whole = hashlib.sha256()
    for table in tables:
        yield {"table": table.name, "columns": list(table.columns)}
        digest = TableDigest()
        for row in table.rows:
            digest.add(row)
            yield row
        whole.update(f"{table.name} {digest.rows} {digest.hex}\n".encode())
        yield {"table": table.name, "rows": digest.rows, "sha256": digest.hex}
    yield {"sha256": whole.hexdigest()}


def read_tables(lines: Iterator[Json]) -> Iterator[TableRows]:
    """The tables that the lines tell; the rows of each are to be read before the next is asked for.

    Raises `BackupIsDamaged`, for a table when its last row has been read.
    """
    whole = hashlib.sha256()
    for line in lines:
        if not isinstance(line, Mapping):
            raise BackupIsDamaged("the backup is damaged: there is a row outside any table")
        if "table" not in line:
            if line.get("sha256") != whole.hexdigest() or next(lines, None) is not None:
                raise BackupIsDamaged("the backup is damaged: its tables are not those that were written")
            return
        columns = line.get("columns")
        name = str(line["table"])
        if not isinstance(columns, Sequence):
            raise BackupIsDamaged(f"the backup is damaged: the table {name} has no columns")
        yield TableRows(name, tuple(str(column) for column in columns), _read_rows(name, lines, whole))
    raise BackupIsDamaged("the backup is damaged: its end is missing")


def _read_rows(name: str, lines: Iterator[Json], whole: Any) -> Iterator[Sequence[Json]]:
    digest = TableDigest()
    for line in lines:
        if isinstance(line, Mapping):
            if (line.get("table"), line.get("rows"), line.get("sha256")) != (name, digest.rows, digest.hex):
                raise BackupIsDamaged(f"the backup is damaged: the rows of {name} are not those that were written")
            whole.update(f"{name} {digest.rows} {digest.hex}\n".encode())
            return
        if not isinstance(line, Sequence):
            raise BackupIsDamaged(f"the backup is damaged: {name} holds what is no row")
        digest.add(line)
        yield line
    raise BackupIsDamaged(f"the backup is damaged: it ends inside {name}")
