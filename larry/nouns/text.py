"""What text and lists may be, for every kind of field."""

from __future__ import annotations

import re
from collections.abc import Sequence

from larry.core.document import Json, find_json_faults
from larry.nouns.fault import Fault, describe_value

LONGEST_TEXT = 10_000
LONGEST_LINE = 200
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_LINE_END = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def find_text_fault(value: Json, longest: int = LONGEST_TEXT) -> str | None:
    """Why the value cannot be kept as text of any number of lines, or None."""
    if not isinstance(value, str):
        hint = ": put it in quotes" if isinstance(value, int | float) else ", or write ''" if value is None else ""
        return f"must be text, not {describe_value(value)}{hint}"
    if len(value) > longest:
        return f"is too long: {len(value)} characters, at most {longest}"
    if _NO_CHARACTER.search(value):
        return "; ".join(find_json_faults(value))
    return None


def find_line_fault(value: Json, longest: int = LONGEST_LINE) -> str | None:
    """Why the value cannot be kept as one line of text, or None."""
    text_fault = find_text_fault(value, longest)
    if text_fault is None and isinstance(value, str) and _LINE_END.search(value):
        return "must be one line of text"
    return text_fault


def read_list(value: Json, what: str) -> tuple[list[tuple[int, Json]], list[Fault]]:
    """The members of a list with their places, or the fault that it is none."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(enumerate(value)), []
    hint = f": write [{value}]" if isinstance(value, str) and len(value) <= 60 else ""
    return [], [Fault(f"must be a list of {what}, not {describe_value(value)}{hint}")]
