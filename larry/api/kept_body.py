"""Bodies of answers that are kept in memory: those of late as they are, the others packed.

JSON and YAML of nodes packed take an eighth of the room, and are unpacked in a hundredth of the time that printing
takes: so a process keeps the answers of ten thousand hosts in less room than it would need for a third of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable

AROUND = 300
"""Bytes that a body takes besides its own: its key, and its places in the store."""

_LEVEL = 3
"""Of zlib: more saves a tenth, and takes twice as long."""


class BodyStore:
    """Bodies by their keys, as many as ``most`` bytes hold, what is around them among it.

    Any other goes for a new one: were it the one that was longest not asked for, whoever asks for more than there is
    room for, all in turn, would always ask for what has just gone.
    """

    __slots__ = ("_chance", "_order", "found", "most", "size")

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self.found: dict[Hashable, bytes] = {}
        self._order: list[Hashable] = []
        self._chance = 0

    def put(self, key: Hashable, body: bytes) -> list[tuple[Hashable, bytes]]:
        """Keep a body, once; what had to go for it."""
        before = self.found.get(key)
        if before is None:
            self._order.append(key)
            self.size += AROUND + len(body)
        else:
            self.size += len(body) - len(before)
        self.found[key] = body
        gone: list[tuple[Hashable, bytes]] = []
        while self.size > self.most:
            self._chance = (self._chance * 1_103_515_245 + 12_345) & 0x7FFFFFFF
            place, last = (self._chance >> 8) % len(self._order), self._order.pop()
            if place < len(self._order):
                last, self._order[place] = self._order[place], last
            given_up = self.found.pop(last)
            self.size -= AROUND + len(given_up)
            gone.append((last, given_up))
        return gone


class KeptBodies:
    """A store of bodies as they are, and one of those that had to leave it, packed."""

    __slots__ = ("open", "packed")

    def __init__(self, most_open: int, most_packed: int) -> None:
        self.open, self.packed = BodyStore(most_open), BodyStore(most_packed)

    @property
    def size(self) -> int:
        """Bytes held by both."""
        return self.open.size + self.packed.size

    def find(self, key: Hashable) -> bytes | None:
        """The body, if it is kept."""
        body = self.open.found.get(key)
        if body is None:
            packed = self.packed.found.get(key)
            if packed is not None:
                body = zlib.decompress(packed)
                self.keep(key, body)
        return body

    def keep(self, key: Hashable, body: bytes) -> None:
        """Keep a body; what leaves for it is packed, if that was not done before."""
        for gone, left in self.open.put(key, body):
            if gone not in self.packed.found and self.packed.most:
                self.packed.put(gone, zlib.compress(left, _LEVEL))
