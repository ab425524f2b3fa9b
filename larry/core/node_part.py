"""Parts: the text of a large node in pieces that its other versions share, and a tree of their names over them.

A text is cut where its content says so, never at a fixed place: what comes before and after a change is cut as it was,
so that two versions have all parts in common but those that hold the change, and the few above them.

And long lists: what a large node has many of, in blocks that its other versions share in memory.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, takewhile
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias
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


class TextPiece(NamedTuple):
    """A piece of a text, and its name. Behind one that ends at a ``seam`` the text is cut by itself, whatever came
    before."""

    name: str
    text: str
    seam: bool


class Edit(NamedTuple):
    """Of a text, what stands from ``start`` to ``end`` becomes ``text``."""

    start: int
    end: int
    text: str


def divide(text: str) -> Divided:
    """The text as it is kept, an object's; O(length)."""
    return Divided(text, MappingProxyType({})) if len(text) <= UNDIVIDED else divide_pieces(cut_text(text))


def divide_pieces(pieces: Sequence[TextPiece], known: Mapping[str, _Group] = _NO_GROUPS) -> Divided:
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


def _is_long(pieces: Iterable[TextPiece]) -> bool:
    return sum(map(len, [piece.text for piece in pieces])) > UNDIVIDED


def cut_text(text: str) -> tuple[TextPiece, ...]:
    """The pieces of a text; O(length)."""
    return tuple(_name(*each) for each in _cut(text))


def recut_text(pieces: Sequence[TextPiece], edits: Sequence[Edit]) -> tuple[TextPiece, ...]:
    """The pieces of a text after edits, in order and apart from one another, from those that it had: as `cut_text`
    makes them. Cuts what is about the edits, and counts the lengths of the others.
    """
    ends = list(accumulate(map(len, [piece.text for piece in pieces])))
    made: list[TextPiece] = []
    done, next_edit = 0, 0
    while next_edit < len(edits):
        # Where a piece ends is decided by what is before it and by the two characters behind.
        first = max(done, bisect_left(ends, edits[next_edit].start - 1))
        while first > done and not pieces[first - 1].seam:
            first -= 1
        made.extend(pieces[done:first])
        anew, done, next_edit = _cut_about(pieces, ends, first, edits, next_edit)
        made.extend(anew)
    return (*made, *pieces[done:])


def _cut_about(
    pieces: Sequence[TextPiece], ends: Sequence[int], first: int, edits: Sequence[Edit], number: int
) -> tuple[list[TextPiece], int, int]:
    """From the piece ``first`` on and with the edits from ``number`` on, pieces until one ends where one did before;
    which piece comes then, and which edit."""
    begin = ends[first - 1] if first else 0
    last, wider = first, 1
    while True:
        last = min(len(pieces), max(last, bisect_left(ends, edits[number].end) + 1) + wider)
        upto = number
        while upto < len(edits) and edits[upto].start < ends[last - 1] + 2:
            last = max(last, min(len(pieces), bisect_left(ends, edits[upto].end) + 1))
            upto += 1
        text, reached = "".join(piece.text for piece in pieces[first:last]), begin
        new: list[str] = []
        for edit in edits[number:upto]:
            new += (text[reached - begin : edit.start - begin], edit.text)
            reached = edit.end
        settled = sum(map(len, new))
        found: list[TextPiece] = []
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


def _name(text: str, seam: bool) -> TextPiece:
    return TextPiece(_digest(text), text, seam)


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


Key: TypeAlias = tuple[Any, ...]
"""What items are ordered by: texts, and tuples of texts behind them."""

_LONG = 64
"""Items of a block, about; never more than twice as many."""


class ListItem(NamedTuple):
    """What a list holds: its place, how it is written in a document, and how it is in what is digested."""

    key: Key
    text: str
    stamp: str


class Block:
    """Neighbours in a list. It never changes."""

    def __init__(self, items: tuple[ListItem, ...]) -> None:
        self.items = items
        self.length = sum(len(item.text) for item in items) + len(items) - 1

    @cached_property
    def text(self) -> str:
        """The items as a document has them, with commas between."""
        return ",".join(item.text for item in self.items)

    @cached_property
    def stamp(self) -> bytes:
        """The items as they are digested, with commas between."""
        return ",".join(item.stamp for item in self.items).encode()


@dataclass(frozen=True)
class LongList:
    """Items in the order of their keys; of those with the same key in the order in which they came."""

    blocks: tuple[Block, ...] = ()

    @classmethod
    def of(cls, items: Iterable[ListItem]) -> LongList:
        """A list of items; O(items log items)."""
        return cls(tuple(_make_blocks(sorted(items, key=_key_of))))

    @cached_property
    def _firsts(self) -> list[Key]:
        return [block.items[0].key for block in self.blocks]

    @cached_property
    def _lasts(self) -> list[Key]:
        return [block.items[-1].key for block in self.blocks]

    def __iter__(self) -> Iterator[ListItem]:
        return (item for block in self.blocks for item in block.items)

    def __len__(self) -> int:
        return sum(map(len, [block.items for block in self.blocks]))

    @property
    def length(self) -> int:
        """Characters of the items as a document has them, with commas between."""
        return measure(self.blocks) - bool(self.blocks)

    @property
    def stamps(self) -> Iterator[bytes]:
        """The items as they are digested, with commas between."""
        for number, block in enumerate(self.blocks):
            yield block.stamp if not number else b"," + block.stamp

    @property
    def text(self) -> str:
        """The items as a document has them, with commas between; O(length)."""
        return ",".join(block.text for block in self.blocks)

    def find(self, beginning: Key) -> tuple[ListItem, ...]:
        """The items whose key begins so; O(log items + found)."""
        size = len(beginning)
        behind = (
            item
            for block in self.blocks[bisect_left(self._lasts, beginning) :]
            for item in block.items
            if item.key >= beginning
        )
        return tuple(takewhile(lambda item: item.key[:size] == beginning, behind))

    def revise(self, gone: Collection[Key], come: Iterable[ListItem]) -> LongList:
        """The list without the items of some keys and with others, which come behind those of the same key. Makes the
        blocks anew in which something changes, and copies the list of the others."""
        coming: dict[int, list[ListItem]] = {}
        for item in come:
            coming.setdefault(max(0, bisect_right(self._firsts, item.key) - 1), []).append(item)
        changed = set(coming)
        for key in gone:
            number = bisect_left(self._lasts, key)
            while number < len(self.blocks) and self._firsts[number] <= key:
                changed.add(number)
                number += 1
        blocks = list(self.blocks)
        for number in sorted(changed, reverse=True):
            there = self.blocks[number].items if self.blocks else ()
            kept = [item for item in there if item.key not in gone]
            blocks[number : number + 1] = _make_blocks(sorted((*kept, *coming.get(number, ())), key=_key_of))
        return LongList(tuple(blocks))


def measure(blocks: Iterable[Block]) -> int:
    """Characters of blocks, with a comma behind each."""
    return sum([block.length + 1 for block in blocks])  # not by a generator, which takes twice as long


def _key_of(item: ListItem) -> Key:
    return item.key


def _make_blocks(items: Sequence[ListItem]) -> Iterator[Block]:
    step = len(items) if len(items) <= 2 * _LONG else _LONG
    for first in range(0, len(items), max(1, step)):
        yield Block(tuple(items[first : first + step]))
