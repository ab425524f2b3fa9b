"""An Item is one noun of the estate in normal form: the one currency of estate files, edits, dumps and lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, unquote

from larry.core.document import Json, digest_of

FieldPath: TypeAlias = tuple[str | int, ...]
"""Where in a value something stands: ``("parameters", 1, "type")``."""

PlaceNode: TypeAlias = "int | tuple[int, list[PlaceNode] | dict[str, PlaceNode]]"
"""The place of a value and of its key, packed in one number; of a list or map also those of its members."""

LINE_BITS = 32
KEY_BITS = 64
_LOW = (1 << LINE_BITS) - 1


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a value and everything in it stood in its file."""

    file: str
    node: PlaceNode

    def at(self, path: FieldPath = (), *, at_key: bool = False) -> Position:
        """The position of what the path names, or of the nearest thing around it that the file does hold.

        ``at_key`` asks for the key that the path ends with and not for its value.
        """
        node, taken = self.node, 0
        for step in path:
            member = _find_member(node, step)
            if member is None:
                break
            node, taken = member, taken + 1
        place = node if isinstance(node, int) else node[0]
        if at_key and path and taken == len(path) and isinstance(path[-1], str):
            place >>= KEY_BITS
        return Position(self.file, ((place >> LINE_BITS) & _LOW) + 1, (place & _LOW) + 1)

    def inside(self, *path: str | int) -> Places:
        """The places of the member that the path names, which must exist."""
        node = self.node
        for step in path:
            member = _find_member(node, step)
            if member is None:
                raise KeyError(step)
            node = member
        return Places(self.file, node)


def _find_member(node: PlaceNode, step: str | int) -> PlaceNode | None:
    members = None if isinstance(node, int) else node[1]
    if isinstance(members, dict):
        return members.get(step) if isinstance(step, str) else None
    if isinstance(members, list) and isinstance(step, int) and step < len(members):
        return members[step]
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One noun of the estate.

    In normal form ``values`` holds every field of the noun's spec: defaults filled in, references resolved to
    addresses, lists that are sets sorted. Two such items are equal when they mean the same; where they were read is no
    part of that. An item as stated (`larry.nouns.estate.parse_estate`) holds only the stated fields, references as
    written, and an address whose segments are keys or quoted names.
    """

    noun: str
    address: str
    values: Mapping[str, Json]
    position: Position | None = None
    places: Places | None = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Item)
            and self.noun == other.noun
            and self.address == other.address
            and is_same(self.values, other.values)
        )

    def __hash__(self) -> int:
        return hash((self.noun, self.address))

    @property
    def label(self) -> str:
        """How sentences name it: ``service 'rails'``, ``instance acme/shop/production``."""
        name = self.values.get("name")
        has_parent = "/" in self.address
        return f"{self.noun} {name!r}" if isinstance(name, str) and not has_parent else f"{self.noun} {self.address}"

    @property
    def document(self) -> dict[str, Json]:
        """The item for programs: what it is, where it is found, and every field."""
        return {"noun": self.noun, "address": self.address, **self.values}

    @property
    def digest(self) -> str:
        """Known by its fields, so that nobody's later change is undone unseen."""
        return digest_of(self.values)

    def position_of(self, path: FieldPath, *, at_key: bool = False) -> Position | None:
        """Where the file says so, or where it states the item, or None for an item that no file states."""
        return self.places.at(path, at_key=at_key) if self.places is not None else self.position


def list_members(value: Json) -> Sequence[Json]:
    """The members of a list, or none of anything else."""
    return value if isinstance(value, (tuple, list)) else ()


def is_same(one: Json, other: Json) -> bool:
    """Whether two JSON values are equal as JSON: true is not 1, a tuple is a list, 4.0 is 4."""
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return one == other
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping):
        return (
            isinstance(other, Mapping)
            and len(one) == len(other)
            and all(key in other and is_same(member, other[key]) for key, member in one.items())
        )
    if isinstance(one, Sequence):
        return (
            isinstance(other, Sequence)
            and len(one) == len(other)
            and all(is_same(mine, theirs) for mine, theirs in zip(one, other, strict=True))
        )
    return one == other


def join_address(parent: str, segment: str) -> str:
    """The address of a child: ``acme/shop`` and ``production`` make ``acme/shop/production``."""
    return f"{parent}/{segment}" if parent else segment


def find_parent_address(address: str) -> str:
    """The address without its last segment; empty for nouns that belong to the whole estate."""
    return address.rpartition("/")[0]


def quote_segment(name: str) -> str:
    """A name as one segment of the address of a stated item."""
    return name if "/" not in name and "%" not in name else quote(name, safe=" ")


def unquote_segment(segment: str) -> str:
    """The key or name that a segment stands for."""
    return unquote(segment) if "%" in segment else segment
