"""Faults of parameters, found without handing every service what it declares: for whoever looks at all instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from larry.core.document import Json
from larry.core.parameters import Declaration, Layer, Merge, Missing, ParameterType, matches_type, settle_layers
from larry.core.service_graph import ServiceGraph


@dataclass(frozen=True, slots=True)
class ParameterFaults:
    """What is wrong with the parameters of an instance: the groups that `resolve` has, without the values.

    ``wrong`` are names with the type that is expected; ``unknown`` are (level, owner, name) of what is set last and no
    service needs; ``used`` are (owner, name) of what its customer and its app set and a service needs.
    """

    missing: tuple[Missing, ...]
    wrong: tuple[tuple[str, ParameterType], ...]
    unknown: tuple[tuple[str, str, str], ...]
    used: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the services of one closure declare, by name: who goes without where nobody sets it, and what to check."""

    without: Mapping[str, Missing]
    faulty: Mapping[str, tuple[ParameterType, ...]]
    """Expected types of defaults that are of another."""
    declared: Mapping[str, Sequence[Declaration]]
    typed: frozenset[str]


class FaultFinder:
    """Finds the faults of instances in one service graph. What a set of requirements wants is found out once; an
    instance costs what it sets."""

    def __init__(self, graph: ServiceGraph) -> None:
        self._graph = graph
        self._wanted: dict[tuple[str, ...], _Wanted] = {}

    def find(self, layers: Sequence[Layer], requires: Iterable[str]) -> ParameterFaults:
        """The faults of one instance; ``layers`` are all layers, earliest first."""
        required = tuple(sorted(set(requires)))
        wanted = self._wanted.get(required)
        if wanted is None:
            wanted = self._wanted[required] = self._ask(required)
        last: dict[str, Layer] = {}
        for layer in layers:
            last.update(dict.fromkeys(layer.values, layer))
        missing = tuple(wanted.without[name] for name in sorted(wanted.without.keys() - last.keys()))
        faulty = [(name, kind) for name in wanted.faulty.keys() - last.keys() for kind in wanted.faulty[name]]
        for name in wanted.typed & last.keys():
            faulty += [(name, each.type) for each in wanted.declared[name] if not _fits(name, each, layers, last[name])]
        unknown = sorted(last.keys() - wanted.declared.keys())
        used = tuple(
            (layer.owner, name)
            for layer in layers
            if layer.level in {"customer", "app"}
            for name in layer.values.keys() & wanted.declared.keys()
        )
        return ParameterFaults(
            missing,
            tuple(sorted(faulty, key=lambda pair: pair[0])),
            tuple((last[name].level, last[name].owner, name) for name in unknown),
            used,
        )

    def _ask(self, required: tuple[str, ...]) -> _Wanted:
        declared: dict[str, list[tuple[str, Declaration]]] = {}
        for key in self._graph.outline(required):
            for declaration in self._graph[key].declarations:
                declared.setdefault(declaration.name, []).append((key, declaration))
        without: dict[str, Missing] = {}
        faulty: dict[str, tuple[ParameterType, ...]] = {}
        ordered = {name: sorted(pairs, key=lambda pair: pair[0]) for name, pairs in declared.items()}
        for name, pairs in ordered.items():
            lacking = tuple(key for key, declaration in pairs if not declaration.has_default)
            if lacking:
                without[name] = Missing(name, lacking)
            wrong = tuple(each.type for _, each in pairs if each.has_default and not _is_fit(each.default, each))
            if wrong:
                faulty[name] = wrong
        typed = frozenset(n for n, pairs in ordered.items() if any(d.type is not ParameterType.ANY for _, d in pairs))
        return _Wanted(without, faulty, {name: [d for _, d in pairs] for name, pairs in ordered.items()}, typed)


def _is_fit(default: Json, declaration: Declaration) -> bool:
    """A default of null is left to the tool."""
    return default is None or matches_type(default, declaration.type)


def _fits(name: str, declaration: Declaration, layers: Iterable[Layer], last: Layer) -> bool:
    """Whether what the layers settle on for a parameter is of its type."""
    is_last = declaration.merge is Merge.REPLACE
    value = last.values[name] if is_last else settle_layers(name, declaration, layers)
    return matches_type(value, declaration.type)
