"""A long sorted list of texts that never changes: where it is revised, the blocks in which something changes are made
anew, and the others are taken over."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any, NamedTuple, TypeAlias

Key: TypeAlias = tuple[Any, ...]
"""What items are ordered by: texts, and tuples of texts behind them."""

_LONG = 64
"""Items of a block, about; never more than twice as many."""


class ListItem(NamedTuple):
    """What a list holds: its place, how it is written in a document, and how it is in what is digested."""

    key: Key
    text: str
    stamp: str


class _Block:
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

    blocks: tuple[_Block, ...] = ()

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

    @cached_property
    def length(self) -> int:
        """Characters of the items as a document has them, with commas between."""
        # Not by a generator, which takes twice as long.
        return sum([block.length + 1 for block in self.blocks]) - bool(self.blocks)

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


def _key_of(item: ListItem) -> Key:
    return item.key


def _make_blocks(items: Sequence[ListItem]) -> Iterator[_Block]:
    step = len(items) if len(items) <= 2 * _LONG else _LONG
    for first in range(0, len(items), max(1, step)):
        yield _Block(tuple(items[first : first + step]))
