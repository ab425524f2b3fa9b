"""Completion turns items as stated into normal form: found or new, references resolved, everything unsaid filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from larry.core.document import Json, is_sealed
from larry.core.key import NoKeyFromName, derive_key
from larry.nouns.directory import Directory, Entry, Others, nobody, spell_out_parents
from larry.nouns.fault import FaultList, shorten
from larry.nouns.field import FieldKind, Noun
from larry.nouns.item import Item, find_parent_address, is_same, join_address, unquote_segment
from larry.nouns.likeness import Likeness, NewApp
from larry.nouns.resolution import Resolution, follow_hosts
from larry.nouns.statement import LIKE, WAS
from larry.nouns.table import NOUNS

_DEFAULTS: Mapping[str, Mapping[str, Json]] = {
    noun.name: {field.name: field.default for field in noun.fields} for noun in NOUNS.values()
}


HANDED_DOWN = ("requires", "demand")
"""What a template gives a new instance as its own; parameters it gives as a layer, for as long as it is followed."""


class _Stated:
    """A stated item on its way: what it was found to be, and what it is called from now on."""

    __slots__ = ("found", "has_address", "item", "key", "name", "parent")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.parent = ""
        self.found: Item | None = None
        self.name = ""
        self.key = ""
        self.has_address = False

    @property
    def address(self) -> str:
        return self.name.lower() if self.item.noun == "host" else join_address(self.parent, self.key)

    @property
    def entry(self) -> Entry:
        return Entry(self.item.noun, self.parent, self.address, self.key, self.name, self.item.position)

    def ask(self, word: str) -> str | None:
        """What is stated of its identity."""
        value = self.item.values.get(word)
        return value if isinstance(value, str) else None


class Completion:
    """Completes stated items against those that exist. Faults are noted, and what has one is left out.

    Nothing is changed: `items` are the completed ones, `directory` knows all nouns as they will be. Linear in the
    number of stated and existing items. Where those are but an excerpt, ``others`` are asked for the names that are not
    among them, when a fault is to say what could have been meant.
    """

    def __init__(
        self,
        items: Iterable[Item],
        existing: Mapping[tuple[str, str], Item],
        faults: FaultList,
        others: Others = nobody,
    ) -> None:
        self.existing = existing
        self.faults = faults
        self.directory = Directory(existing.values(), others)
        self._claimed: dict[tuple[str, str], Item] = {}
        self._addresses: dict[tuple[str, str], str | None] = {}
        self._handed: dict[tuple[str, str], Json] = {}
        stated: dict[str, list[_Stated]] = {noun: [] for noun in NOUNS}
        for item in items:
            stated[item.noun].append(_Stated(item))
        resolution = Resolution(self.directory, faults)
        self._alike: frozenset[str] = frozenset()
        for noun in NOUNS.values():
            if noun.name == "instance":
                self._beget(stated)
            self._identify_all(noun, stated[noun.name], resolution)
        items = tuple(
            self._fill(noun, one, resolution) for noun in NOUNS.values() for one in stated[noun.name] if one.has_address
        )
        born = {one.address: one.item for one in stated["instance"] if one.has_address and one.found is None}
        self._alike = frozenset(address for address, item in born.items() if item.address in self._alike)
        instances = {item.address: item for item in items if item.noun == "instance"}
        self.items = tuple(
            self._hand_down(item, born, instances) if item.noun == "instance" and item.address in born else item
            for item in items
        )

    def _hand_down(self, item: Item, born: Mapping[str, Item], completed: Mapping[str, Item]) -> Item:
        """A template hands what it requires and demands to an instance that is new and does not say so itself, once."""
        unsaid = [field for field in self._handed_to(item.address) if field not in born[item.address].values]
        if not unsaid or item.values["template"] is None:
            return item
        handed = {field: self._inherited(item.address, field, born, completed) for field in unsaid}
        return replace(item, values=MappingProxyType({**item.values, **handed}))

    def _handed_to(self, address: str) -> tuple[str, ...]:
        return (*HANDED_DOWN, "copies") if address in self._alike else HANDED_DOWN

    def _beget(self, stated: Mapping[str, list[_Stated]]) -> None:
        """Add the instances of new apps that are like others; those that are stated too learn whom they follow."""
        new = [one for one in stated["app"] if one.has_address and one.found is None and one.ask(LIKE.name)]
        if not new:
            return
        apps = [NewApp(one.item, one.address) for one in new]
        instances = [one.item for one in stated["instance"]]
        likeness = Likeness(apps, instances, self._addresses, self.existing, self.directory, self.faults)
        born = {item.address: item for item in likeness.list_born()}
        self._alike = frozenset(born)
        for one in stated["instance"]:
            one.item = born.pop(one.item.address, one.item)
        stated["instance"].extend(_Stated(item) for item in born.values())

    def _inherited(self, address: str, field: str, born: Mapping[str, Item], completed: Mapping[str, Item]) -> Json:
        """What an instance says, or the nearest of its templates that does; circles are told by the checks."""
        seen: dict[str, None] = {}
        while (address, field) not in self._handed:
            seen[address] = None
            item = completed.get(address) or self.existing["instance", address]
            template = item.values["template"]
            says = address not in born or field in born[address].values or field not in self._handed_to(address)
            if says or not isinstance(template, str) or template in seen:
                self._handed[address, field] = item.values[field]
            else:
                address = template
        handed = self._handed[address, field]
        self._handed.update({(below, field): handed for below in seen})
        return handed

    def _identify_all(self, noun: Noun, stated: list[_Stated], resolution: Resolution) -> None:
        """Find out what each is, then give out names and keys: those given up here are free for others here."""
        identified = [one for one in stated if self._settle_parent(noun, one) and self._identify(one)]
        for one in identified:
            if one.found is not None:
                old = self._enter(one, one.found)
                self.directory.remove(old)
                resolution.note_rename(old, one.entry)
        for one in identified:
            one.has_address = self._claim(one)
            self._addresses[noun.name, one.item.address] = one.address if one.has_address else None

    def _settle_parent(self, noun: Noun, one: _Stated) -> bool:
        if noun.parent is None:
            return True
        given = find_parent_address(one.item.address)
        if (noun.parent, given) in self._addresses:
            address = self._addresses[noun.parent, given]
        else:
            segments = [unquote_segment(segment) for segment in given.split("/")]
            steps = spell_out_parents(noun.parent)
            entry = self.directory.follow(noun.parent, segments) if len(segments) == len(steps) else None
            address = entry.address if entry else None
            if address is None:
                self._addresses[noun.parent, given] = None
                path = f"the {noun.parent} of an {noun.name} is written {'/'.join(steps)}, not {shorten(given)}"
                text = self.directory.explain(noun.parent, segments) if len(segments) == len(steps) else path
                self.faults.add_to(one.item, text)
        one.parent = address or ""
        return address is not None

    def _identify(self, one: _Stated) -> bool:
        """Find the noun that is stated: by its key, else by what it was, else by its name, else by its address."""
        noun, parent, find = one.item.noun, one.parent, self.directory.find
        key, was, name = one.ask("key"), one.ask(WAS.name), one.ask("name")
        entry = self.directory.find_by_key(noun, parent, key) if key else None
        if entry is None and was:
            entry = find(noun, parent, was)
        if entry is None and name:
            entry = self.directory.find_by_name(noun, parent, name)
        if not (key or was or name):
            segment = unquote_segment(one.item.address.rpartition("/")[2])
            entry = find(noun, parent, segment)
            if entry is None:
                self.faults.add_to(one.item, self.directory.explain(noun, [*self._spell(parent), segment]))
                return False
        if entry is None:
            return self._name_new(one, key, was, name)
        if key and entry.key != key:
            text = (
                f"{entry.label} keeps the key {entry.key}: leave `key:` out, or change it first, by an act of its own: "
                f"larry rename-key {noun} {entry.address} {key}"
            )
            self.faults.add_to(one.item, text, "key")
            return False
        one.found = self.existing[noun, entry.address]
        first = self._claimed.setdefault((noun, entry.address), one.item)
        if first is not one.item:
            text = f"{entry.label} is stated already at {first.position or first.address}"
            self.faults.add_to(one.item, text, "name")
            return False
        one.key, one.name = entry.key, name or entry.name
        return True

    def _name_new(self, one: _Stated, key: str | None, was: str | None, name: str | None) -> bool:
        noun = one.item.noun
        if was:
            why = self.directory.explain(noun, [*self._spell(one.parent), was])
            text = f"nothing to rename: {why}; leave `was:` out for a new one"
            self.faults.add_to(one.item, text, WAS.name)
            return False
        if name is None:
            self.faults.add_to(one.item, f"no {noun} has this key, and a new {noun} needs a name", "key")
            return False
        try:
            one.key = key or derive_key(name)
        except NoKeyFromName as refusal:
            self.faults.add_to(one.item, f"{refusal}: give it a `key:` of its own", "name")
            return False
        one.name = name
        return True

    def _claim(self, one: _Stated) -> bool:
        """Give the item its name and key, unless another has one of them."""
        noun, parent = one.item.noun, one.parent
        holder = self.directory.find_by_name(noun, parent, one.name)
        if holder is not None:
            text = f"the name {one.name!r} is taken, without regard to case, by {holder.label}"
            self.faults.add_to(one.item, text, "name")
            return False
        holder = self.directory.find_by_key(noun, parent, one.key)
        if holder is not None:
            if one.ask("key"):
                text, word = f"the key {one.key} is taken by {holder.label}: take another", "key"
            else:
                rename = f", or `was: {one.key}` if it is that one renamed" if holder.position is None else ""
                text = f"its key would be {one.key}, which {holder.label} has: give it a `key:` of its own{rename}"
                word = "name"
            self.faults.add_to(one.item, text, word)
            return False
        self.directory.add(one.entry)
        return True

    def _fill(self, noun: Noun, one: _Stated, resolution: Resolution) -> Item:
        values = dict(_DEFAULTS[noun.name])
        if one.found is not None:
            values.update(one.found.values)
            if "audits" in values:
                values["audits"] = resolution.carry_over(values["audits"])
        for word, value in one.item.values.items():
            field = noun.by_name.get(word)
            if field is None:
                continue
            values[word] = value if field.target is None else resolution.resolve(field, one.item, value)
            if field.kind is FieldKind.VALUES:
                self._check_seals(one, word)
        values["name"], values["key"] = one.name, one.key
        return Item(noun.name, one.address, MappingProxyType(values), one.item.position, one.item.places)

    def _check_seals(self, one: _Stated, field: str) -> None:
        stated = one.item.values[field]
        standing = one.found.values.get(field) if one.found is not None else None
        if not isinstance(stated, Mapping):
            return
        for name, value in stated.items():
            if is_sealed(value) and not (
                isinstance(standing, Mapping) and name in standing and is_same(value, standing[name])
            ):
                text = "a seal stands only for the secret that is there already, and this is another: write the secret"
                self.faults.add_to(one.item, text, field, name)

    @staticmethod
    def _enter(one: _Stated, found: Item) -> Entry:
        return Entry(
            found.noun, one.parent, found.address, str(found.values.get("key")), str(found.values.get("name")), None
        )

    @staticmethod
    def _spell(parent: str) -> list[str]:
        return parent.split("/") if parent else []


def overlay(existing: Mapping[tuple[str, str], Item], changed: Iterable[Item]) -> tuple[Item, ...]:
    """The whole estate as it will be: what exists, with the changed items in place of what they were.

    A host that is renamed (same key, other address) leaves its old address, and the audits of all services follow it.
    """
    changed = tuple(changed)
    renamed = {item.values.get("key"): item.address for item in changed if item.noun == "host"}
    moved: dict[str, str] = {}
    after: dict[tuple[str, str], Item] = {}
    for place, item in existing.items():
        new = renamed.get(item.values.get("key")) if item.noun == "host" else None
        if new is not None and new != item.address:
            moved[item.address] = new
        else:
            after[place] = item
    after.update(((item.noun, item.address), item) for item in changed)
    if moved:
        for place, item in after.items():
            audits = item.values.get("audits")
            if item.noun == "service" and (followed := follow_hosts(audits, moved)) is not audits:
                after[place] = replace(item, values=MappingProxyType({**item.values, "audits": followed}))
    return tuple(after.values())
