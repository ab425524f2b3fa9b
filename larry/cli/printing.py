"""What a command prints: tables for people; JSON, YAML and CSV for programs."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from larry.cli.mark import MARKS
from larry.core.document import Json, thaw
from larry.exports.noun_csv import csv_text

if TYPE_CHECKING:
    from rich.text import Text

Document = Mapping[str, Json]
R = TypeVar("R")

_DIRECTING = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that show nothing but turn the text around them; the joiners of Persian or Hindi are not among them."""


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column of a table for people: its heading, and what stands in it for a row. ``state`` names one of `MARKS`,
    by which a terminal shows the cell.
    """

    heading: str
    cell: Callable[[R], object]
    is_number: bool = False
    state: Callable[[R], str | None] | None = None


def print_listing(
    rows: Sequence[R], columns: Sequence[Column[R]], document: Callable[[R], Document], form: str, *, nothing: str
) -> None:
    """Print rows in a form of `LISTING_FORMATS`: as a table of ``columns``, else the ``document`` of each.

    ``nothing`` is what a person reads when there are none.
    """
    if form == "table":
        if rows:
            print_table(columns, rows)
        else:
            click.echo(nothing)
    elif form == "csv":
        click.echo(csv_text([document(row) for row in rows]), nl=False)
    else:
        print_document([document(row) for row in rows], form)


def print_document(value: Json, form: str) -> None:
    """Print one JSON value as ``json`` or ``yaml``."""
    click.echo(yaml_text(value) if form == "yaml" else json_text(value), nl=False)


def json_text(value: Json) -> str:
    """The value as JSON to be read by eye as well."""
    return json.dumps(thaw(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def yaml_text(value: Json) -> str:
    """The value as YAML with every text in double quotes, which every reader of YAML reads alike."""
    import yaml

    class Quoting(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 — the signature of PyYAML
            return True

    def quote(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')

    Quoting.add_representer(str, quote)
    text: str = yaml.dump(thaw(value), Dumper=Quoting, sort_keys=False, allow_unicode=True, width=10**9)
    return text


def print_table(columns: Sequence[Column[R]], rows: Iterable[R]) -> None:
    """Print aligned columns; with marks, colour and lines only on a terminal."""
    rows = tuple(rows)
    cells = [[_cell(column.cell(row)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        states = [[column.state(row) if column.state else None for column in columns] for row in rows]
        _print_rich_table(columns, cells, states)
        return
    lines = [[column.heading for column in columns], *cells]
    widths = [max(_width(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        padded = [_pad(cell, width, column) for cell, width, column in zip(line, widths, columns, strict=True)]
        click.echo("  ".join(padded).rstrip())


def show_plain(text: str) -> str:
    """The text without anything that a terminal would obey: control and direction characters are spelled out."""
    return "".join(char if _is_harmless(char) else char.encode("unicode_escape").decode() for char in text)


def _cell(value: object) -> str:
    return show_plain("-" if value is None else str(value))


def _is_harmless(char: str) -> bool:
    return char not in _DIRECTING and unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, column: Column[Any]) -> str:
    gap = " " * (width - _width(text))
    return gap + text if column.is_number else text + gap


def _marked(cell: str, state: str | None) -> Text:
    from rich.text import Text

    if state is None:
        return Text(cell)
    return Text(f"{MARKS[state].sign} {cell}", style=MARKS[state].style)


def _print_rich_table(
    columns: Sequence[Column[R]], cells: Sequence[Sequence[str]], states: Sequence[Sequence[str | None]]
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(column.heading), justify="right" if column.is_number else "left", overflow="fold")
    for line, marks in zip(cells, states, strict=True):
        table.add_row(*(_marked(cell, state) for cell, state in zip(line, marks, strict=True)))
    Console(highlight=False).print(table)
