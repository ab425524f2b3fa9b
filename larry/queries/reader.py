"""Who asks: every query passes its rows through `restrict`, the one place that says what a reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads; until there are grants everybody who can reach Larry may see everything but secrets."""

    user: str


LOCAL = Reader("local")
"""Whoever runs the command on the machine that holds the database."""


class NotFound(LookupError):
    """What was asked for does not exist, or not for this reader."""


def restrict(reader: Reader, rows: QuerySet[_Row]) -> QuerySet[_Row]:
    """The rows that the reader may see. Costs no SQL of its own."""
    del reader  # grants narrow this once they exist; every query already goes through here
    return rows
