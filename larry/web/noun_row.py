"""The rows of a list of nouns, written here and not by a template: a page has hundreds of cells, most alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from django.utils.text import Truncator

from larry.core.document import Json
from larry.nouns.field import Field, FieldKind
from larry.nouns.field_text import show_in_lines
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.web.address import at_moment, noun_path
from larry.web.noun_cell import COUNTED, list_columns, shorten

MOST_TAGS = 4
LONGEST_DESCRIPTION = 90

_Writer: TypeAlias = Callable[[Field, str, Any, str], str]
"""Of a field, the opened element of its cell, its value and what carries the moment on."""

_NOTHING = "<td></td>"


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; ``href`` sorts by it, ``order`` is ascending or descending when it is what sorts now."""

    label: str
    href: str = ""
    order: str = ""
    is_number: bool = False


def write_head(column: Column, query: str) -> str:
    """The head of a column, every part escaped."""
    label = escape(column.label[:1].upper() + column.label[1:])
    stands = ' class="number"' if column.is_number else ""
    order = f' aria-sort="{escape(column.order)}"' if column.order else ""
    shown = f'<a href="{escape(at_moment(column.href, query))}">{label}</a>' if column.href else label
    return f'<th scope="col"{stands}{order}>{shown}</th>'


def write_row(item: Item, query: str, *, has_box: bool, is_described: bool) -> str:
    """One row, every part escaped; its links with what carries the moment on (``?as_of=…`` or nothing).

    A noun that belongs to another is known by its path, any other by its name, with its key where that differs.
    """
    spec = NOUNS[item.noun]
    name, address = str(item.values["name"]), escape(item.address)
    href = escape(at_moment(noun_path(spec.plural, item.address), query))
    beside = "" if item.noun == "host" else _write_beside(name, str(item.values["key"]), is_owned=bool(spec.parent))
    cells = "".join(
        [write(field, opened, item.values[field.name], query) for field, opened, write in _list_writers(item.noun)]
    )
    described = _write_description(str(item.values["description"])) if is_described else ""
    return (
        f'<tr>{_write_choice(address) if has_box else ""}<th scope="row" class="tight"><a href="{href}">'
        f"{address if spec.parent else escape(name)}</a></th>{beside}{cells}{described}</tr>\n"
    )


def _write_choice(escaped: str) -> str:
    """The box by which a row is chosen."""
    return (
        f'<td class="pick"><input type="checkbox" name="chosen" value="{escaped}" data-chooses="chosen" '
        f'aria-label="Choose {escaped}"></td>\n'
    )


def _write_beside(name: str, key: str, *, is_owned: bool) -> str:
    text, label = (name, "Name") if is_owned else (key, "Key")
    return f'<td data-label="{label}">{escape(text)}</td>' if text else _NOTHING


def _write_description(text: str) -> str:
    # Django's own also composes letters, of which ASCII has none to compose.
    is_short = len(text) <= LONGEST_DESCRIPTION and text.isascii()
    shown = text if is_short else str(Truncator(text).chars(LONGEST_DESCRIPTION))
    return f'<td class="long muted" data-label="">{escape(shown)}</td>'


def _write_count(field: Field, opened: str, value: Any, query: str) -> str:
    del field, query
    return f"{opened}{len(value):,}</td>" if value else _NOTHING


def _write_number(field: Field, opened: str, value: Any, query: str) -> str:
    del field, query
    return f"{opened}{value:,}</td>"


def _write_references(field: Field, opened: str, value: Any, query: str) -> str:
    if not value:
        return _NOTHING
    keys = (value,) if isinstance(value, str) else value
    plural = NOUNS[field.target or ""].plural
    tags = "".join([_write_link(plural, key, key, query) for key in keys[:MOST_TAGS]])
    return f"{opened}{tags}{_write_more(len(keys))}</td>"


def _write_audits(field: Field, opened: str, value: Any, query: str) -> str:
    if not value:
        return _NOTHING
    first = cast("Sequence[Mapping[str, Any]]", value[:MOST_TAGS])
    lines = zip(show_in_lines(field, first), first, strict=True)
    tags = "".join([_write_link("services", str(member["service"]), line, query) for line, member in lines])
    return f"{opened}{tags}{_write_more(len(value))}</td>"


def _write_text(field: Field, opened: str, value: Json, query: str) -> str:
    """A map has a tag for each member; anything else stands as it is."""
    del query
    if isinstance(value, Mapping):
        lines = show_in_lines(field, dict(islice(value.items(), MOST_TAGS)))
        tags = "".join(map(_write_tag, lines))
        return f"{opened}{tags}{_write_more(len(value))}</td>" if tags else _NOTHING
    text = shorten(", ".join([line for line in show_in_lines(field, value) if line != "-"]))
    return f"{opened}{escape(text)}</td>" if text else _NOTHING


_WRITERS: Mapping[FieldKind, _Writer] = MappingProxyType(
    {
        **dict.fromkeys(COUNTED, _write_count),
        FieldKind.INTEGER: _write_number,
        FieldKind.REFERENCE: _write_references,
        FieldKind.REFERENCES: _write_references,
        FieldKind.AUDITS: _write_audits,
    }
)
"""All other kinds are text."""

_NUMBERS = frozenset({*COUNTED, FieldKind.INTEGER})


@cache
def _list_writers(noun: str) -> tuple[tuple[Field, str, _Writer], ...]:
    """The fields of the columns, each with how its cell begins and is written."""
    return tuple((field, _open(field), _WRITERS.get(field.kind, _write_text)) for field in list_columns(NOUNS[noun]))


def _open(field: Field) -> str:
    stands = ' class="number"' if field.kind in _NUMBERS else ""
    return f'<td{stands} data-label="{escape(field.label.capitalize())}">'


def _write_more(count: int) -> str:
    return f'<span class="muted">+{count - MOST_TAGS}</span>' if count > MOST_TAGS else ""


@lru_cache(2_000)
def _write_link(plural: str, key: str, text: str, query: str) -> str:
    return f'<a class="tag" href="{escape(at_moment(noun_path(plural, key), query))}">{escape(text)}</a>'


@lru_cache(2_000)
def _write_tag(text: str) -> str:
    return f'<span class="tag">{escape(shorten(text))}</span>'
