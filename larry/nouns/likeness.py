"""Likeness: a new app that is like another gets an instance for each of the other's, which follows that as template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from larry.core.key import NoKeyFromName, derive_key, fold
from larry.nouns.directory import Directory, spell_out_parents
from larry.nouns.fault import FaultList, shorten
from larry.nouns.item import Item, find_parent_address, join_address, quote_segment
from larry.nouns.statement import LIKE


@dataclass(frozen=True, slots=True)
class NewApp:
    """A new app as stated, and the address that it gets."""

    item: Item
    address: str


@dataclass(frozen=True, slots=True)
class _Model:
    """An instance that is followed."""

    key: str
    name: str


class Likeness:
    """Says which instances are born with the new apps of one statement. Linear in the number of all instances.

    ``addresses`` maps the app of an instance as stated to its address; ``instances`` are those that are stated.
    """

    def __init__(
        self,
        apps: Iterable[NewApp],
        instances: Iterable[Item],
        addresses: Mapping[tuple[str, str], str | None],
        existing: Mapping[tuple[str, str], Item],
        directory: Directory,
        faults: FaultList,
    ) -> None:
        self.directory, self.faults = directory, faults
        self._apps = {app.address: app for app in apps}
        self._models: dict[str, dict[str, _Model]] = {}
        self._stated: dict[str, list[Item]] = {}
        for noun, address in existing:
            if noun == "instance":
                values = existing[noun, address].values
                self._add(find_parent_address(address), _Model(str(values["key"]), str(values["name"])))
        for item in instances:
            app = addresses.get(("app", find_parent_address(item.address)))
            if app is not None:
                self._stated.setdefault(app, []).append(item)
                model = _model_of(item)
                if model is not None and directory.find("instance", app, _was(item) or model.key) is None:
                    self._add(app, model)
        self._settled: dict[str, tuple[Item, ...]] = {}

    def list_born(self) -> tuple[Item, ...]:
        """The instances that follow others, as stated: those of the statement itself with what they leave unsaid."""
        return tuple(item for address in self._apps for item in self._settle(address, ()))

    def _add(self, app: str, model: _Model) -> None:
        self._models.setdefault(app, {}).setdefault(model.key, model)

    def _settle(self, address: str, way: tuple[str, ...]) -> tuple[Item, ...]:
        """The instances of one new app, after those of the app that it is like."""
        if address not in self._settled:
            self._settled[address] = ()
            app = self._apps[address]
            source = self._find_source(app, (*way, address))
            self._settled[address] = tuple(self._follow(app, source)) if source is not None else ()
        return self._settled[address]

    def _find_source(self, app: NewApp, way: Sequence[str]) -> str | None:
        """The address of the app that this one is like, or None with the fault noted."""
        reference = str(app.item.values[LIKE.name])
        segments = reference.split("/")
        steps = spell_out_parents("app")
        entry = self.directory.follow("app", segments) if len(segments) == len(steps) else None
        if entry is None:
            why = f"an app is written {'/'.join(steps)}, not {shorten(reference)}"
            if len(segments) == len(steps):
                why = f"{self.directory.explain('app', segments)} (one that has retired is followed no more)"
            self.faults.add_to(app.item, why, LIKE.name)
            return None
        if entry.address in way:
            circle = " -> ".join((*way[way.index(entry.address) :], entry.address))
            self.faults.add_to(app.item, f"apps that are like one another in a circle: {circle}", LIKE.name)
            return None
        if entry.address in self._apps:
            self._settle(entry.address, tuple(way))
        if entry.address not in self._models:
            self.faults.add_to(app.item, f"app {entry.address} has no instance that could be followed", LIKE.name)
            return None
        return entry.address

    def _follow(self, app: NewApp, source: str) -> Iterator[Item]:
        by_key: dict[str, Item] = {}
        by_name: dict[str, Item] = {}
        for item in self._stated.get(app.address, ()):
            if own := _model_of(item):
                by_key[own.key] = item
                if own.key not in self._models[source]:
                    by_name[fold(own.name)] = item
        for model in self._models[source].values():
            template = join_address(source, model.key)
            said = by_key.get(model.key) or by_name.get(fold(model.name))
            if said is not None:
                yield replace(said, values=MappingProxyType({"template": template, **said.values}))
                continue
            self._add(app.address, model)
            values = {"name": model.name, "key": model.key, "template": template}
            address = join_address(app.item.address, quote_segment(model.key))
            yield Item("instance", address, MappingProxyType(values), app.item.position)


def _was(item: Item) -> str | None:
    was = item.values.get("was")
    return was if isinstance(was, str) else None


def _model_of(item: Item) -> _Model | None:
    """What a stated instance will be called; None where that is a fault, which is told elsewhere."""
    name = item.values.get("name")
    key = item.values.get("key")
    if not isinstance(name, str):
        return None
    try:
        return _Model(key if isinstance(key, str) else derive_key(name), name)
    except NoKeyFromName:
        return None
