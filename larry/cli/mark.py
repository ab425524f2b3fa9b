"""Marks: each state is shown by one sign and one colour, wherever a person at a terminal meets it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import click


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign, so that nobody needs colours to tell states apart, and the colour besides."""

    sign: str
    colour: str
    is_bold: bool = False

    @property
    def style(self) -> str:
        """As rich wants it."""
        return f"bold {self.colour}" if self.is_bold else self.colour


MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "past": Mark("·", "bright_black"),
        "current": Mark("●", "green"),
        "future": Mark("○", "cyan"),
        "deactivated": Mark("×", "bright_black"),
        "covered": Mark("✓", "green"),
        "uncovered": Mark("!", "yellow", is_bold=True),
        "dirty": Mark("~", "yellow"),
        "conflict": Mark("✗", "red", is_bold=True),
    }
)


def mark_line(text: str, state: str, *, err: bool = False) -> str:
    """A line as it is, and at a terminal with the mark of a state before it, in its colour unless NO_COLOR is set."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        return text
    mark = MARKS[state]
    marked = f"{mark.sign} {text}"
    return marked if os.environ.get("NO_COLOR") else click.style(marked, fg=mark.colour, bold=mark.is_bold)
