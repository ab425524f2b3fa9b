"""What is asked of a list that no spec describes: found by letters, and sorted by one of few words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pydantic import Field

from larry.api.asked import AsOfQuery, Line
from larry.api.problem import FieldFault, Problem
from larry.core.document import Json
from larry.core.key import fold

SOUGHT = Field(None, description="Only those with these letters, in any case.", examples=["shop"])
SORTED = Field(None, description="What to sort by, without regard to case; downwards with a minus.")


class SoughtQuery(AsOfQuery):
    """A list that is read whole, since there are few."""

    q: Line | None = SOUGHT
    sort: Line | None = SORTED


def read_sort(text: str | None, sorts: Collection[str], plural: str) -> tuple[str, bool]:
    """By what, and whether downwards: the first of ``sorts`` unless asked. Raises `Problem` for another word."""
    if text is None:
        return next(iter(sorts)), False
    word = text.removeprefix("-")
    if word not in sorts:
        why = f"{plural} are sorted by {', '.join(sorts)}"
        raise Problem("invalid", f"sort: {why}", faults=[FieldFault("query", "sort", why)])
    return word, text.startswith("-")


def choose(
    documents: Iterable[Mapping[str, Json]], asked: SoughtQuery, sorts: Collection[str], plural: str
) -> list[Mapping[str, Json]]:
    """Those documents that are sought, as they came or sorted by one of their fields, what is null after all else.

    Sought is in every text of a document, also in lists of them. Raises `Problem`.
    """
    found = list(documents)
    if asked.q is not None:
        sought = fold(asked.q)
        found = [each for each in found if any(sought in fold(text) for text in _texts(each.values()))]
    if asked.sort is None:
        return found
    word, is_descending = read_sort(asked.sort, sorts, plural)
    found.sort(key=lambda each: _rank(each[word]), reverse=is_descending)
    return found


def _texts(values: Iterable[Json]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _texts(value)


def _rank(value: Json) -> tuple[bool, str]:
    return value is None, f"{value:020}" if isinstance(value, int) else fold(str(value))
