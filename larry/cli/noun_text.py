"""Fields of nouns as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from larry.cli.printing import show_value
from larry.core.deployable import read_where
from larry.core.document import Json, canonical_text, is_sealed
from larry.core.node_text import MASK
from larry.nouns.field import Field, FieldKind

LONGEST_CELL = 48


def show_in_cell(field: Field, value: Json) -> str:
    """The field in one cell of a table, cut when long; of declarations and audits what they are about."""
    if field.kind is FieldKind.DECLARATIONS:
        lines = tuple(str(member["name"]) for member in _maps(value))
    else:
        lines = show_in_lines(field, value)
    text = ", ".join(lines) or "-"
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def show_in_lines(field: Field, value: Json) -> tuple[str, ...]:
    """The whole field, one line for each member of what has several."""
    if field.kind is FieldKind.DECLARATIONS:
        return tuple(_declaration(member) for member in _maps(value))
    if field.kind is FieldKind.AUDITS:
        return tuple(f"{member['service']} ({show_where(member['where'])})" for member in _maps(value))
    if isinstance(value, Mapping):
        return tuple(f"{name}={MASK if is_sealed(member) else _short(member)}" for name, member in value.items())
    return (show_value(value),)


def _maps(value: Json) -> Sequence[Mapping[str, Any]]:
    return value  # type: ignore[return-value]  # a list of maps, by the kind of its field


def _declaration(member: Mapping[str, Any]) -> str:
    parts = [f"{member['name']}: {member['type']}"]
    if "default" in member:
        parts.append(f"= {canonical_text(member['default'])}")
    if member["merge"] == "deep":
        parts.append("(merged deep)")
    if member["sensitive"]:
        parts.append("(sensitive)")
    if member["description"]:
        parts.append(f"- {member['description']}")
    return " ".join(parts)


def show_where(value: Json) -> str:
    """Where an auditor goes, in words: `same-host`, `manual`, `host NAME`, `role NAME`."""
    where = read_where(value)
    return f"{where.kind} {where.name}" if where.name is not None else str(where.kind)


def _short(value: Json) -> str:
    return value if isinstance(value, str) else canonical_text(value)
