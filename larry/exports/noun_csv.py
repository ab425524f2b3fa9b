"""Prints documents as CSV: one a line, one field a column, what is deep as JSON; `larry import` reads it back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence

from larry.core.document import Json, thaw
from larry.nouns.formula import guard_formula


def csv_text(documents: Sequence[Mapping[str, Json]]) -> str:
    """The documents as CSV, one column a field; a text that a spreadsheet would run gets an apostrophe before it."""
    names = list(dict.fromkeys(name for document in documents for name in document))
    if not names:
        return ""
    return _csv_line(names) + "".join(_csv_line([_csv_cell(row.get(name)) for name in names]) for row in documents)


def _csv_line(cells: Sequence[str | int | float]) -> str:
    """One line, ended as Unix tools like it; Python quotes a carriage return only if it may end a line itself."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue().removesuffix("\r\n") + "\n"


def _csv_cell(value: Json) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(thaw(value), ensure_ascii=False)
    return guard_formula(text)
