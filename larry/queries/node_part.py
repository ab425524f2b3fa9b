"""The texts of nodes, put together where they are kept in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from larry.core.node_part import is_divided, list_names, put_together, read_depth
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.view import read_view
from larry.records.node import NodePart

_Read = TypeVar("_Read")

_AT_ONCE = 5_000
"""So many parts are asked for by one statement."""


class RedactedMeanwhile(LookupError):
    """A document was redacted after it was read and before its parts were: they are gone."""


def read_undisturbed(read: Callable[[], _Read]) -> _Read:
    """What ``read`` finds of documents and then of their parts; no SQL of its own, but where a redaction came between:
    then it reads once more, from one state of the database.
    """
    try:
        return read()
    except RedactedMeanwhile:
        with read_view():
            return read()


def get_node_texts(bodies: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, str]:
    """By the body of a document, the text of the node; no SQL where none is divided, else as many statements as the
    deepest tree has steps (one to three), each for up to 5,000 parts.

    Whoever was shown a document may read all of it: the parts are not asked for by themselves. Raises
    `RedactedMeanwhile`, which cannot be where the documents were read in the same view, or behind the gate.
    """
    del reader, at  # a part is the same at every moment, and for everybody
    wanted = set(bodies)
    divided = {body for body in wanted if is_divided(body)}
    if not divided:
        return {body: body for body in wanted}
    try:
        parts = _load(divided)
        return {body: put_together(body, parts) for body in wanted}
    except KeyError as missing:
        raise RedactedMeanwhile(f"there is no part {missing}") from missing


def get_node_text(body: str, reader: Reader, at: Moment) -> str:
    """The text of one; SQL, and what it raises, as for many."""
    return get_node_texts([body], reader, at)[body] if is_divided(body) else body


def _load(bodies: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    level = {(name, read_depth(body) - 1) for body in bodies for name in list_names(body)}
    while level:
        found.update(_fetch({name for name, _ in level} - found.keys()))
        level = {(below, depth - 1) for name, depth in level if depth for below in list_names(found[name])}
    return found


def _fetch(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    asked = sorted(names)
    for first in range(0, len(asked), _AT_ONCE):
        rows = restrict(WHOLE, NodePart.objects.filter(digest__in=asked[first : first + _AT_ONCE]))
        yield from rows.values_list("digest", "body")
