"""Parts: the text of a large node in pieces that its other versions share, and a tree of their names over them.

A text is cut where its content says so, never at a fixed place: what comes before and after a change is cut as it was,
so that two versions have all parts in common but those that hold the change, and the few above them.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple, TypeAlias
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


class _Group(NamedTuple):
    """A part above the pieces: the names that it holds, and its own."""

    members: tuple[str, ...]
    name: str


_NO_GROUPS: Mapping[str, _Group] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Divided:
    """``body`` is the text itself, or the depth of its tree and the names of the topmost parts; ``parts`` by name.

    ``groups`` are the parts above the pieces by the first name in each, but for those that end where the names do.
    """

    body: str
    parts: Mapping[str, str]
    groups: Mapping[str, _Group] = field(default_factory=lambda: _NO_GROUPS)


class _Piece(NamedTuple):
    """A piece of a text, and its name. Behind one that ends at a ``seam`` the text is cut by itself, whatever came
    before."""

    name: str
    text: str
    seam: bool


Pieces: TypeAlias = tuple[_Piece, ...]
"""A text as it is cut."""

Edits: TypeAlias = Sequence[tuple[int, int, str]]
"""Of a text, what stands from the first place to the second becomes another text; in order."""


def divide(text: str) -> Divided:
    """The text as it is kept, an object's; O(length)."""
    return Divided(text, MappingProxyType({})) if len(text) <= UNDIVIDED else divide_pieces(cut_text(text))


def divide_pieces(pieces: Pieces, known: Mapping[str, _Group] = _NO_GROUPS) -> Divided:
    """The same of a text that has been cut already; O(pieces). ``known`` are the groups of another version: those that
    are here too are taken over."""
    if not _is_long(pieces):
        return Divided("".join(piece.text for piece in pieces), MappingProxyType({}))
    parts = {piece.name: piece.text for piece in pieces}
    groups: dict[str, _Group] = {}
    level = [piece.name for piece in pieces]
    depth = 1
    while len(level) > _WIDEST:
        above: list[str] = []
        reached = 0
        for group in _gather(level, known):
            reached += len(group.members)
            if reached < len(level):
                groups[group.members[0]] = group
            parts[group.name] = "".join(group.members)
            above.append(group.name)
        level = above
        depth += 1
    return Divided(f"{depth} {''.join(level)}", MappingProxyType(parts), MappingProxyType(groups))


def _is_long(pieces: Iterable[_Piece]) -> bool:
    return sum(map(len, [piece.text for piece in pieces])) > UNDIVIDED


def cut_text(text: str) -> Pieces:
    """The pieces of a text; O(length)."""
    return tuple(_name(*each) for each in _cut(text))


def recut_text(pieces: Pieces, edits: Edits) -> Pieces:
    """The pieces of a text after edits, in order and apart from one another, from those that it had: as `cut_text`
    makes them. Cuts what is about the edits, and counts the lengths of the others.
    """
    ends = list(accumulate(map(len, [piece.text for piece in pieces])))
    made: list[_Piece] = []
    done, next_edit = 0, 0
    while next_edit < len(edits):
        # Where a piece ends is decided by what is before it and by the two characters behind.
        first = max(done, bisect_left(ends, edits[next_edit][0] - 1))
        while first > done and not pieces[first - 1].seam:
            first -= 1
        made.extend(pieces[done:first])
        anew, done, next_edit = _cut_about(pieces, ends, first, edits, next_edit)
        made.extend(anew)
    return (*made, *pieces[done:])


def _cut_about(
    pieces: Pieces, ends: Sequence[int], first: int, edits: Edits, number: int
) -> tuple[list[_Piece], int, int]:
    """From the piece ``first`` on and with the edits from ``number`` on, pieces until one ends where one did before;
    which piece comes then, and which edit."""
    begin = ends[first - 1] if first else 0
    last, wider = first, 1
    while True:
        last = min(len(pieces), max(last, bisect_left(ends, edits[number][1]) + 1) + wider)
        upto = number
        while upto < len(edits) and edits[upto][0] < ends[last - 1] + 2:
            last = max(last, min(len(pieces), bisect_left(ends, edits[upto][1]) + 1))
            upto += 1
        text, reached = "".join(piece.text for piece in pieces[first:last]), begin
        new: list[str] = []
        for start, end, become in edits[number:upto]:
            new += (text[reached - begin : start - begin], become)
            reached = end
        settled = sum(map(len, new))
        found: list[_Piece] = []
        place = 0
        for piece, seam in _cut("".join((*new, text[reached - begin :]))):
            found.append(_name(piece, seam))
            place += len(piece)
            if seam and place >= settled:
                old = reached + place - settled
                meets = bisect_left(ends, old, first, last)
                if meets < last and ends[meets] == old and pieces[meets].seam:
                    return found, meets + 1, upto
        if last == len(pieces):
            return found, last, len(edits)
        wider *= 2


def digest_pieces(pieces: Iterable[bytes]) -> str:
    """SHA-256 of a text that comes in pieces, 64 hexadecimal digits."""
    whole = hashlib.sha256()
    for piece in pieces:
        whole.update(piece)
    return whole.hexdigest()


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


def _name(text: str, seam: bool) -> _Piece:
    return _Piece(_digest(text), text, seam)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _cut(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces: each ends behind an item whose own content says so, or where it would be too long; and whether it is
    the former."""
    start = before = 0
    for seam in _SEAM.finditer(text):
        end = seam.start() + 1
        while end - start > _MOST:
            yield text[start : start + _MOST], False
            start += _MOST
        if end - start >= _LEAST and crc32(text[before:end].encode()) % _ONE_IN == 0:
            yield text[start:end], True
            start = end
        before = end
    for at in range(start, len(text), _MOST):
        yield text[at : at + _MOST], False


def _gather(names: Sequence[str], known: Mapping[str, _Group]) -> Iterator[_Group]:
    """Neighbours in groups, which end behind a name that says so."""
    at = 0
    while at < len(names):
        group = known.get(names[at])
        if group is None or tuple(names[at : at + len(group.members)]) != group.members:
            members = tuple(_take(names, at))
            group = _Group(members, _digest("".join(members)))
        yield group
        at += len(group.members)


def _take(names: Sequence[str], first: int) -> Iterator[str]:
    for number in range(first, min(len(names), first + 4 * _BRANCHES)):
        yield names[number]
        if number > first and int(names[number][:4], 16) % _BRANCHES == 0:
            return
