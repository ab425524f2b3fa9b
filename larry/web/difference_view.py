"""Differences for a template: paths with what was and what is, side by side, and who made it so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from larry.core.deployable import Difference
from larry.core.document import Json, canonical_text
from larry.core.node_difference import NodeDifference
from larry.core.node_text import mask_sealed
from larry.queries.activity import ActivityRow
from larry.queries.dirty import DirtyCause

LONGEST_VALUE = 400


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One path: ``kind`` is added, removed or changed; ``owner`` has the value now; ``cause`` touched it last."""

    path: str
    kind: str
    old: str
    new: str
    owner: str = ""
    cause: ActivityRow | None = None


def list_lines(differences: Iterable[Difference | NodeDifference]) -> tuple[DifferenceLine, ...]:
    """The lines of `differences.html`."""
    return tuple(_line(each) for each in differences)


def list_caused_lines(causes: Iterable[DirtyCause]) -> tuple[DifferenceLine, ...]:
    """The same, each with the activity that made it."""
    return tuple(_line(each.difference, each.activity) for each in causes)


def tell_value(value: Json) -> str:
    """A value for people: secrets masked, text as it is, anything else as JSON, cut where it is very long."""
    shown = mask_sealed(value)
    text = shown if isinstance(shown, str) else canonical_text(shown)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _line(difference: Difference | NodeDifference, cause: ActivityRow | None = None) -> DifferenceLine:
    old = "" if difference.kind == "added" else tell_value(difference.old)
    new = "" if difference.kind == "removed" else tell_value(difference.new)
    owner = difference.ownership if isinstance(difference, Difference) else ""
    return DifferenceLine(difference.path, difference.kind, old, new, owner, cause)
