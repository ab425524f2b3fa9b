"""The directory finds nouns as people name them: by key, else by name without regard to case, within their parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from larry.core.key import fold
from larry.nouns.fault import did_you_mean, name_some, shorten
from larry.nouns.item import Item, Position, find_parent_address
from larry.nouns.table import NOUNS


class Entry(NamedTuple):
    """One noun as it is found; ``position`` is where a file states it, None for what exists already."""

    noun: str
    parent: str
    address: str
    key: str
    name: str
    position: Position | None = None

    @property
    def label(self) -> str:
        """How sentences name it: its name, its key when that says more, and where it is stated."""
        by_key = f" (key {self.key})" if self.key != self.name else ""
        stated = f" stated at {self.position}" if self.position else ""
        return f"{self.noun} {self.name!r}{by_key}{stated}"


def enter(item: Item) -> Entry:
    """The entry of an item in normal form."""
    key, name = item.values.get("key"), item.values.get("name")
    parent = find_parent_address(item.address) if NOUNS[item.noun].parent else ""
    return Entry(item.noun, parent, item.address, str(key), str(name), None)


Others: TypeAlias = Callable[[str, str], Iterable[Entry]]
"""Of a noun and a parent the entries that there are besides those that a directory was given."""


def nobody(noun: str, parent: str) -> Iterable[Entry]:
    """There are no others."""
    del noun, parent
    return ()


class Directory:
    """Entries by (noun, parent), then by key and by folded name. All look-ups take constant time.

    It may be given no more of what there is than what is looked up; ``others`` are asked where it is to say what else
    could have been meant.
    """

    def __init__(self, items: Iterable[Item], others: Others = nobody) -> None:
        self._others = others
        self._complete: set[tuple[str, str]] = set()
        self._keys: dict[tuple[str, str], dict[str, Entry]] = {}
        self._names: dict[tuple[str, str], dict[str, Entry]] = {}
        self._spellings: dict[tuple[str, str], dict[str, str]] = {}
        for item in items:
            self.add(enter(item))

    def add(self, entry: Entry) -> None:
        """Enter it, over whatever had its key or name."""
        scope = (entry.noun, entry.parent)
        self._keys.setdefault(scope, {})[entry.key] = entry
        self._names.setdefault(scope, {})[fold(entry.name)] = entry
        self._spellings.pop(scope, None)

    def remove(self, entry: Entry) -> None:
        """Take it out; its name and key are free then."""
        scope = (entry.noun, entry.parent)
        self._keys[scope].pop(entry.key, None)
        self._names[scope].pop(fold(entry.name), None)
        self._spellings.pop(scope, None)

    def find_by_key(self, noun: str, parent: str, key: str) -> Entry | None:
        """The entry with that key."""
        return self._keys.get((noun, parent), {}).get(key)

    def find_by_name(self, noun: str, parent: str, name: str) -> Entry | None:
        """The entry with that name, without regard to case."""
        return self._names.get((noun, parent), {}).get(fold(name))

    def find(self, noun: str, parent: str, reference: str) -> Entry | None:
        """The entry with that key, else with that name."""
        return self.find_by_key(noun, parent, reference) or self.find_by_name(noun, parent, reference)

    def follow(self, noun: str, segments: Sequence[str]) -> Entry | None:
        """The entry at the end of a path of keys or names: customer, app, instance."""
        entry: Entry | None = None
        for step, segment in zip(spell_out_parents(noun), segments, strict=False):
            entry = self.find(step, entry.address if entry else "", segment)
            if entry is None:
                return None
        return entry

    def explain(self, noun: str, segments: Sequence[str]) -> str:
        """Why a path leads nowhere, with what would: ``there is no service 'postgress'; did you mean 'postgres'?``."""
        parent = ""
        for step, segment in zip(spell_out_parents(noun), segments, strict=False):
            entry = self.find(step, parent, segment)
            if entry is None:
                self._complete_scope(step, parent)
                within = f" in {parent}" if parent else ""
                candidates = self._spell(step, parent)
                guess = did_you_mean(segment, candidates)
                names = {} if guess else self._spell_names(step, parent)
                offer = guess or (f"; {name_some(names)}" if name_some(names) else "")
                return f"there is no {step} {shorten(segment)}{within}{offer}"
            parent = entry.address
        return f"there is no {noun} {shorten('/'.join(segments))}"

    def _complete_scope(self, noun: str, parent: str) -> None:
        if (noun, parent) not in self._complete:
            self._complete.add((noun, parent))
            for entry in self._others(noun, parent):
                self.add(entry)

    def _spell(self, noun: str, parent: str) -> dict[str, str]:
        """Keys and folded names with their spelling, made once until something is entered."""
        scope = (noun, parent)
        if scope not in self._spellings:
            keys = {key: key for key in self._keys.get(scope, {})}
            self._spellings[scope] = keys | self._spell_names(noun, parent)
        return self._spellings[scope]

    def _spell_names(self, noun: str, parent: str) -> dict[str, str]:
        names = self._names.get((noun, parent), {})
        return {} if len(names) > 1000 else {folded: entry.name for folded, entry in names.items()}


def spell_out_parents(noun: str) -> tuple[str, ...]:
    """The nouns on the path to one of this noun: ``("customer", "app", "instance")``."""
    steps = [noun]
    while (parent := NOUNS[steps[0]].parent) is not None:
        steps.insert(0, parent)
    return tuple(steps)
