"""Faults of parameters, found without handing every service what it declares: for whoever looks at all instances."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from larry.core.document import Json
from larry.core.parameters import Declaration, Layer, Merge, Missing, ParameterType, matches_type, settle_layers
from larry.core.service_graph import ServiceGraph

_SHARED = frozenset({"customer", "app"})
"""Levels whose owners many instances have in common."""

_NOTHING = Layer("instance", "", {})

_KEPT = 100
"""Of as many layers in common with what is wanted the faults are kept: those who have them follow one another."""


class ParameterFaults(NamedTuple):
    """What is wrong with the parameters of an instance: the groups that `resolve` has, without the values.

    ``wrong`` are names with the type that is expected; ``unknown`` are (level, owner, name) of what is set last and no
    service needs; ``used`` are (owner, name) of what its customer and its app set and a service needs. A tuple, for as
    many are made and compared as there are instances.
    """

    missing: tuple[Missing, ...]
    wrong: tuple[tuple[str, ParameterType], ...]
    unknown: tuple[tuple[str, str, str], ...]
    used: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Stated:
    """What one service declares: all names; whether anything can be wrong with one; those without a default; of names
    whose default is of another type that type; and what is to be checked, each in the order of its declarations."""

    names: frozenset[str]
    is_checked: bool
    lacking: tuple[str, ...]
    faulty: tuple[tuple[str, ParameterType], ...]
    typed: tuple[Declaration, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the services of one closure declare, by name: who goes without where nobody sets it, and what to check."""

    names: AbstractSet[str]
    without: Mapping[str, Missing]
    faulty: Mapping[str, Sequence[ParameterType]]
    """Expected types of defaults that are of another."""
    typed: Mapping[str, Sequence[Declaration]]
    looked_at: AbstractSet[str]
    """Names of which anything can be wrong."""


@dataclass(frozen=True, slots=True)
class _Above:
    """The faults of whoever sets nothing under some layers, which many instances have in common; ``names`` of those
    that are unknown, in order."""

    layers: tuple[Layer, ...]
    wanted: _Wanted
    faults: ParameterFaults
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Risks:
    """Parameters that an instance may come to be at fault with in another graph: for certain ``anybody``, or only
    ``setters`` of what no service of its wanted before.
    """

    anybody: frozenset[str]
    setters: frozenset[str]

    def concern(self, faults: ParameterFaults) -> bool:
        """Whether they may concern an instance with such faults; False says that they do not."""
        return bool(self.anybody) or any(name in self.setters for _, _, name in faults.unknown)


def is_at_risk(
    services: ServiceGraph, requires: tuple[str, ...], values: Mapping[str, Json], gone: Collection[str]
) -> bool:
    """Whether whoever requires these may come to be at fault where one layer sets these values anew, and sets the
    parameters that are ``gone`` no more; whatever other layers set. False says that nobody does. O(closure)."""
    declared = _list_declared(services, services.outline(requires), values.keys() | set(gone))
    return any(
        not _takes(each, values[name]) if name in values else _is_checked(each)
        for name, of_name in declared.items()
        for each in of_name
    )


def find_risks(here: ServiceGraph, there: ServiceGraph, requires: tuple[str, ...], changed: AbstractSet[str]) -> Risks:
    """What whoever requires these may come to be at fault with in another graph, in which some services have changed.
    O(closure)."""
    before, after = here.outline(requires), there.outline(requires)
    moved = (set(before) ^ set(after)) | (changed & set(before))
    specs = [of[key] for key in moved for of in (here, there) if key in of]
    names = {declared.name for spec in specs for declared in spec.declarations}
    was, now = _list_declared(here, before, names), _list_declared(there, after, names)
    # Equal defaults may be different values (1 and true), so texts are compared.
    other = {name for name, of_name in now.items() if repr(of_name) != repr(was.get(name))}
    checked = {name for name in other if any(map(_is_checked, now[name]))}
    fit = {name for name in checked if name not in was and all(map(_is_given, now[name]))}
    return Risks(frozenset(checked - fit), frozenset(fit))


def _list_declared(
    services: ServiceGraph, keys: Iterable[str], names: AbstractSet[str]
) -> dict[str, list[Declaration]]:
    """What services declare of some names."""
    found: dict[str, list[Declaration]] = {}
    for key in keys if names else ():
        for declared in services[key].declarations:
            if declared.name in names:
                found.setdefault(declared.name, []).append(declared)
    return found


def _is_checked(declared: Declaration) -> bool:
    """Whether anything can be wrong with a parameter."""
    return not declared.has_default or declared.type is not ParameterType.ANY


def _takes(declared: Declaration, value: Json) -> bool:
    """Whether nothing is wrong with a value of one layer, whatever lies under it and over it."""
    return declared.type is ParameterType.ANY or (
        declared.merge is Merge.REPLACE and matches_type(value, declared.type)
    )


def _is_given(declared: Declaration) -> bool:
    """Whether nothing is wrong with it where nobody sets it."""
    return declared.has_default and _is_fit(declared.default, declared)


class FaultFinder:
    """Finds the faults of instances in one service graph. What a set of requirements wants is found out once, and what
    follows from layers that instances have in common once for those; an instance costs what it sets itself."""

    def __init__(self, graph: ServiceGraph) -> None:
        self._graph = graph
        self._stated: dict[str, _Stated] = {}
        self._wanted: dict[tuple[str, ...], _Wanted] = {}
        self._above: dict[tuple[int, ...], _Above] = {}

    def find(self, layers: Sequence[Layer], requires: Iterable[str]) -> ParameterFaults:
        """The faults of one instance; ``layers`` are all layers, earliest first."""
        wanted = self._want(requires)
        own = layers[-1] if layers else _NOTHING
        values = own.values
        if own.level in _SHARED or not wanted.looked_at.isdisjoint(values):
            return _find(layers, wanted)
        above = self._look_above(layers[:-1], wanted)
        strange = [name for name in values if name not in wanted.names]
        if not strange:
            return above.faults
        missing, wrong, unknown, used = above.faults
        if len(strange) == 1:  # as most are: it is put among those that are in order already
            name = strange[0]
            place = bisect_left(above.names, name)
            after = place + 1 if above.names[place : place + 1] == (name,) else place
            told = (*unknown[:place], (own.level, own.owner, name), *unknown[after:])
            return ParameterFaults(missing, wrong, told, used)
        all_unknown = {each[2]: each for each in unknown}
        all_unknown.update((name, (own.level, own.owner, name)) for name in strange)
        return ParameterFaults(missing, wrong, tuple([all_unknown[name] for name in sorted(all_unknown)]), used)

    def _look_above(self, layers: Sequence[Layer], wanted: _Wanted) -> _Above:
        same = (id(wanted), *map(id, layers))
        known = self._above.get(same)
        if known is None:  # kept with the layers, so that nothing else gets their ids
            if len(self._above) >= _KEPT:
                self._above.clear()
            faults = _find(layers, wanted)
            names = tuple([name for _, _, name in faults.unknown])
            known = self._above[same] = _Above(tuple(layers), wanted, faults, names)
        return known

    def _want(self, requires: Iterable[str]) -> _Wanted:
        known = self._wanted.get(requires) if isinstance(requires, tuple) else None
        if known is not None:
            return known
        required = tuple(sorted(set(requires)))
        wanted = self._wanted.get(required)
        if wanted is None:
            wanted = self._wanted[required] = self._ask(required)
        return wanted

    def _ask(self, required: tuple[str, ...]) -> _Wanted:
        names: set[str] = set()
        lacking: dict[str, list[str]] = {}
        faulty: dict[str, list[ParameterType]] = {}
        typed: dict[str, list[Declaration]] = {}
        for key in sorted(self._graph.outline(required)):
            stated = self._stated.get(key)
            if stated is None:
                stated = self._stated[key] = _state(self._graph[key].declarations)
            names |= stated.names
            if not stated.is_checked:
                continue
            for name in stated.lacking:
                lacking.setdefault(name, []).append(key)
            for name, kind in stated.faulty:
                faulty.setdefault(name, []).append(kind)
            for declared in stated.typed:
                typed.setdefault(declared.name, []).append(declared)
        without = {name: Missing(name, tuple(lacking[name])) for name in sorted(lacking)}
        return _Wanted(names, without, faulty, typed, without.keys() | faulty.keys() | typed.keys())


def _find(layers: Sequence[Layer], wanted: _Wanted) -> ParameterFaults:
    """The faults of whoever has these layers alone."""
    last: dict[str, Layer] = {}
    for layer in layers:
        if layer.values:
            last.update(dict.fromkeys(layer.values, layer))
    missing: tuple[Missing, ...] = ()
    wrong: list[tuple[str, ParameterType]] = []
    if wanted.looked_at:
        missing = tuple([without for name, without in wanted.without.items() if name not in last])
        wrong += [(name, kind) for name, kinds in wanted.faulty.items() if name not in last for kind in kinds]
        for name in wanted.typed.keys() & last.keys():
            unfit = (each for each in wanted.typed[name] if not _fits(name, each, layers, last[name]))
            wrong += [(name, each.type) for each in unfit]
        wrong.sort(key=lambda pair: pair[0])
    unknown = [(last[name].level, last[name].owner, name) for name in sorted(last.keys() - wanted.names)]
    used = [
        (layer.owner, name)
        for layer in layers
        if layer.level in _SHARED
        for name in layer.values
        if name in wanted.names
    ]
    return ParameterFaults(missing, tuple(wrong), tuple(unknown), tuple(used))


def _state(declarations: Sequence[Declaration]) -> _Stated:
    return _Stated(
        frozenset([each.name for each in declarations]),
        any(map(_is_checked, declarations)),
        tuple(each.name for each in declarations if not each.has_default),
        tuple((each.name, each.type) for each in declarations if each.has_default and not _is_fit(each.default, each)),
        tuple(each for each in declarations if each.type is not ParameterType.ANY),
    )


def _is_fit(default: Json, declaration: Declaration) -> bool:
    """A default of null is left to the tool."""
    return default is None or matches_type(default, declaration.type)


def _fits(name: str, declaration: Declaration, layers: Iterable[Layer], last: Layer) -> bool:
    """Whether what the layers settle on for a parameter is of its type."""
    is_last = declaration.merge is Merge.REPLACE
    value = last.values[name] if is_last else settle_layers(name, declaration, layers)
    return matches_type(value, declaration.type)
