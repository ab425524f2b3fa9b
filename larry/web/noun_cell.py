"""How fields of nouns stand in the columns of a list and in the facts of a page, derived from their specs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import Any, cast

from django.utils.safestring import SafeString, mark_safe

from larry.core.document import Json
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.field_text import show_in_lines
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.web.address import at_moment, noun_path

MOST_TAGS = 4
LONGEST_CELL = 120

_TAGS = frozenset({FieldKind.REFERENCES, FieldKind.REFERENCE, FieldKind.AUDITS})
_COUNTED = MappingProxyType(
    {FieldKind.DECLARATIONS: "parameter", FieldKind.VALUES: "parameter", FieldKind.JSON_MAP: "entry"}
)
_HIDDEN = frozenset({"name", "key", "data", "tools", "description"})
"""No columns of their own: the name is the first column, the description the last."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A word in a cell; it leads somewhere when it is another noun."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell: tags, or a text (a number stands right)."""

    text: str = ""
    tags: tuple[Tag, ...] = ()
    more: int = 0
    is_number: bool = False


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


def make_cell(field: Field, value: Json) -> Cell:
    """The field in a cell."""
    if field.kind in _COUNTED:
        number = len(cast("list[Json]", value))
        return Cell(f"{number:,}" if number else "", is_number=True)
    if field.kind is FieldKind.INTEGER:
        return Cell(f"{value:,}", is_number=True)
    tags = _list_tags(field, value)
    if tags or field.kind in _TAGS or isinstance(value, Mapping):
        return Cell(tags=tags[:MOST_TAGS], more=len(tags[MOST_TAGS:]))
    return Cell(_shorten(", ".join(line for line in show_in_lines(field, value) if line != "-")))


@lru_cache(2_000)
def write_cell(cell: Cell, query: str, label: str) -> SafeString:
    """The cell as an element of a row, under the head ``label``, its links with what carries the moment on.

    Written here and not by a template, and kept: a list has hundreds, and most say what others say.
    """
    opened = (
        f'<td class="number" data-label="{escape(label)}">' if cell.is_number else f'<td data-label="{escape(label)}">'
    )
    tags = "".join(_write_tag(tag, query) for tag in cell.tags)
    more = f'<span class="muted">+{cell.more}</span>' if cell.more else ""
    if not (tags or more or cell.text):
        return mark_safe("<td></td>")
    return mark_safe(f"{opened}{tags}{more}{escape(cell.text)}</td>")  # noqa: S308  # every part is escaped


def _write_tag(tag: Tag, query: str) -> str:
    if not tag.href:
        return f'<span class="tag">{escape(tag.text)}</span>'
    return f'<a class="tag" href="{escape(at_moment(tag.href, query))}">{escape(tag.text)}</a>'


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
        return tuple(Tag(_shorten(line)) for line in show_in_lines(field, value))
    return ()


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
