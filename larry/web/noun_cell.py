"""Which fields of nouns are the columns of a list, and how they stand in the facts of a page, by their specs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from larry.core.document import Json
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.field_text import show_in_lines
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.web.address import noun_path

LONGEST_CELL = 120

_TAGS = frozenset({FieldKind.REFERENCES, FieldKind.REFERENCE, FieldKind.AUDITS})
COUNTED = frozenset({FieldKind.DECLARATIONS, FieldKind.VALUES, FieldKind.JSON_MAP})
"""Of these a list tells how many members there are."""

_HIDDEN = frozenset({"name", "key", "data", "tools", "description"})
"""No columns of their own: the name is the first column, the description the last."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A word in a cell; it leads somewhere when it is another noun."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a noun in full: its label, and its lines, each with where it leads (or nothing)."""

    label: str
    about: str
    lines: tuple[Tag, ...]
    is_code: bool = False


def list_columns(noun: Noun) -> tuple[Field, ...]:
    """The fields that a list shows between the name and the description."""
    return tuple(field for field in noun.fields if field.name not in _HIDDEN)


def make_facts(item: Item) -> tuple[Fact, ...]:
    """The fields of a noun that say anything, in full; its name and description stand in the head of its page."""
    return tuple(
        Fact(field.label, field.description, lines, field.kind in {FieldKind.VALUES, FieldKind.JSON_MAP})
        for field in NOUNS[item.noun].fields
        if field.name not in {"name", "description"} and (lines := _list_lines(field, item.values[field.name]))
    )


def _list_lines(field: Field, value: Json) -> tuple[Tag, ...]:
    if field.kind in _TAGS:
        return _list_tags(field, value)
    return tuple(Tag(line) for line in show_in_lines(field, value) if line not in {"-", ""})


def _list_tags(field: Field, value: Json) -> tuple[Tag, ...]:
    if value is None:
        return ()
    if field.kind is FieldKind.AUDITS:
        lines = show_in_lines(field, value)
        audited = (str(member["service"]) for member in cast("list[Mapping[str, Any]]", value))
        return tuple(Tag(line, noun_path("services", key)) for line, key in zip(lines, audited, strict=True))
    if field.kind in _TAGS:
        keys = [value] if isinstance(value, str) else cast("list[str]", value)
        plural = NOUNS[field.target or ""].plural
        return tuple(Tag(key, noun_path(plural, key)) for key in keys)
    if isinstance(value, Mapping):
        return tuple(Tag(shorten(line)) for line in show_in_lines(field, value))
    return ()


def shorten(text: str) -> str:
    """As much of a text as a cell has room for."""
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
