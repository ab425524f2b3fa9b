"""Fields of nouns as people read them, on a terminal and on a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from larry.core.deployable import read_where
from larry.core.document import LARGEST_INTEGER, Json, canonical_text, is_sealed, thaw
from larry.core.node_text import MASK
from larry.nouns.field import Field, FieldKind


def show_in_lines(field: Field, value: Json) -> tuple[str, ...]:
    """The whole field, one line for each member of what has several."""
    if field.kind is FieldKind.DECLARATIONS:
        return tuple(_declaration(member) for member in list_maps(value))
    if field.kind is FieldKind.AUDITS:
        return tuple(f"{member['service']} ({show_where(member['where'])})" for member in list_maps(value))
    if isinstance(value, Mapping):
        return tuple(f"{name}={MASK if is_sealed(member) else _member_text(member)}" for name, member in value.items())
    return (show_value(value),)


def list_maps(value: Json) -> Sequence[Mapping[str, Any]]:
    """The members of a field that is a list of maps."""
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


def _member_text(value: Json) -> str:
    if type(value) is int and abs(value) <= LARGEST_INTEGER:
        return str(value)  # which most are, and canonical text takes longer
    return value if isinstance(value, str) else canonical_text(value)


def show_value(value: Json) -> str:
    """A value in few characters for a cell: lists with commas, maps as name=value, text as it is."""
    if value is None or value in ("", (), {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_short(member)}" for name, member in value.items()) or "-"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_short(member) for member in value) or "-"
    return str(value)


def _short(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(thaw(value), ensure_ascii=False)
