"""Parts: the text of a large node in pieces that its other versions share, and a tree of their names over them.

A text is cut where its content says so, never at a fixed place: what comes before and after a change is cut as it was,
so that two versions have all parts in common but those that hold the change, and the few above them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zlib import crc32

UNDIVIDED = 16_384
"""Texts of up to so many characters are kept whole."""

_LEAST, _MOST = 1_024, 16_384
"""Characters of a piece: never fewer, but for the last one, and never more."""

_ONE_IN = 8
"""How many of the places at which a piece may end are taken."""

_BRANCHES = 16
"""How many names a part holds on average."""

_WIDEST = 32
"""So many names are kept in the document itself."""

_NAME = 64
_SEAM = re.compile(r'\},\{|","')
"""Between two objects, or two texts, of a list; the same characters within a text do no harm."""


@dataclass(frozen=True, slots=True)
class Divided:
    """``body`` is the text itself, or the depth of its tree and the names of the topmost parts; ``parts`` by name."""

    body: str
    parts: Mapping[str, str]


def divide(text: str) -> Divided:
    """The text as it is kept, an object's; O(length)."""
    if len(text) <= UNDIVIDED:
        return Divided(text, MappingProxyType({}))
    parts: dict[str, str] = {}
    level = [_keep(piece, parts) for piece in _cut(text)]
    depth = 1
    while len(level) > _WIDEST:
        level = [_keep("".join(names), parts) for names in _gather(level)]
        depth += 1
    return Divided(f"{depth} {''.join(level)}", MappingProxyType(parts))


def is_divided(body: str) -> bool:
    """Whether a body holds names of parts; the text of an object begins otherwise."""
    return body[:1].isdigit()


def read_depth(body: str) -> int:
    """How many steps there are from a body to the pieces of its text; 0 where it is the text."""
    return int(body.partition(" ")[0]) if is_divided(body) else 0


def list_names(body: str) -> tuple[str, ...]:
    """The names of the parts that a divided body, or a part above the pieces, holds, in their order."""
    names = body.rpartition(" ")[2]
    return tuple(names[at : at + _NAME] for at in range(0, len(names), _NAME))


def put_together(body: str, parts: Mapping[str, str]) -> str:
    """The inverse of `divide`. Raises ``KeyError`` for a part that is not there."""
    depth = read_depth(body)
    if not depth:
        return body
    level = list_names(body)
    for _ in range(depth - 1):
        level = tuple(name for above in level for name in list_names(parts[above]))
    return "".join(parts[name] for name in level)


def _keep(text: str, parts: dict[str, str]) -> str:
    name = hashlib.sha256(text.encode()).hexdigest()
    parts[name] = text
    return name


def _cut(text: str) -> Iterator[str]:
    """The pieces: each ends behind an item whose own content says so, or where it would be too long."""
    start = before = 0
    for seam in _SEAM.finditer(text):
        end = seam.start() + 1
        while end - start > _MOST:
            yield text[start : start + _MOST]
            start += _MOST
        if end - start >= _LEAST and crc32(text[before:end].encode()) % _ONE_IN == 0:
            yield text[start:end]
            start = end
        before = end
    for at in range(start, len(text), _MOST):
        yield text[at : at + _MOST]


def _gather(names: list[str]) -> Iterator[list[str]]:
    """Neighbours in groups, which end behind a name that says so."""
    group: list[str] = []
    for name in names:
        group.append(name)
        if len(group) >= 4 * _BRANCHES or (len(group) > 1 and int(name[:4], 16) % _BRANCHES == 0):
            yield group
            group = []
    if group:
        yield group
