"""Fields of nouns as people read them."""

from __future__ import annotations

from larry.core.document import Json
from larry.nouns.field import Field, FieldKind
from larry.nouns.field_text import list_maps, show_in_lines

LONGEST_CELL = 48


def show_in_cell(field: Field, value: Json) -> str:
    """The field in one cell of a table, cut when long; of declarations and audits what they are about."""
    if field.kind is FieldKind.DECLARATIONS:
        lines = tuple(str(member["name"]) for member in list_maps(value))
    else:
        lines = show_in_lines(field, value)
    text = ", ".join(lines) or "-"
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
