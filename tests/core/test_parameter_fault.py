"""Faults of parameters are those that handing every service what it declares would find."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from larry.core import parameter_fault
from larry.core.deployable import describe
from larry.core.document import Json
from larry.core.parameter_fault import FaultFinder, ParameterFaults
from larry.core.parameters import Declaration, Layer, Merge, ParameterType
from larry.core.service_graph import Audit, ServiceGraph, ServiceSpec
from tests.core.budget import dice

NAMES = ("a", "b", "c", "d", "e")
VALUES: tuple[Json, ...] = (None, 1, 1.5, "x", True, (), (1,), {}, {"k": 1}, {"sealed": "00"})
OWNERS = (("template", "t/t/t"), ("template", "u/u/u"), ("customer", "c"), ("app", "c/a"), ("instance", "c/a/i"))


def make_graph(chance: Random) -> ServiceGraph:
    keys = [f"s{n}" for n in range(chance.randint(1, 6))]
    specs = {}
    for place, key in enumerate(keys):
        earlier = keys[:place]
        names = chance.sample(NAMES, chance.randint(0, 4))
        specs[key] = ServiceSpec(
            key,
            declarations=tuple(make_declaration(name, chance) for name in names),
            needs=tuple(chance.sample(earlier, min(len(earlier), chance.randint(0, 2)))),
            audits=tuple(Audit(each) for each in earlier if chance.random() < 0.2),
        )
    return ServiceGraph(specs)


def make_declaration(name: str, chance: Random) -> Declaration:
    kind = chance.choice(tuple(ParameterType))
    merge = chance.choice(tuple(Merge))
    if chance.random() < 0.5:
        return Declaration(name, kind, merge=merge)
    return Declaration(name, kind, True, chance.choice(VALUES), merge=merge)


def make_layers(chance: Random) -> tuple[Layer, ...]:
    return tuple(
        Layer(level, owner, {name: chance.choice(VALUES) for name in (*NAMES, "f", "g") if chance.random() < 0.3})
        for level, owner in OWNERS
    )


def assert_same(
    finder: FaultFinder, layers: tuple[Layer, ...], requires: list[str], graph: ServiceGraph
) -> ParameterFaults:
    found = finder.find(layers, requires)
    resolved = describe(("c", "a", "i"), layers, requires, graph)[1]
    assert found.missing == resolved.missing
    assert list(found.wrong) == [(each.name, each.expected) for each in resolved.wrong]
    assert found.unknown == tuple((u.whence.level, u.whence.owner, u.name) for u in resolved.unknown)
    wanted = {match.name for match in resolved.matching} | {each.name for each in resolved.missing}
    owners = [layer for layer in layers if layer.level in {"customer", "app"}]
    assert set(found.used) == {(layer.owner, name) for layer in owners for name in layer.values.keys() & wanted}
    return found


def test_the_faults_are_those_of_the_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of instances some of which have the same layers above them; of which few are kept."""
    monkeypatch.setattr(parameter_fault, "_KEPT", 2)
    seen: set[str] = set()
    for _, chance in dice(400):
        graph = make_graph(chance)
        finder = FaultFinder(graph)
        for _ in range(2):
            layers, requires = make_layers(chance), chance.sample(sorted(graph), chance.randint(0, len(graph)))
            for own in (layers[-1], make_layers(chance)[-1], replace(layers[-1], values={}), None):
                found = assert_same(finder, layers[:-1] if own is None else (*layers[:-1], own), requires, graph)
                seen.update(word for word in ("missing", "wrong", "unknown", "used") if getattr(found, word))
        assert len(finder._above) <= 2
    assert seen == {"missing", "wrong", "unknown", "used"}


def test_what_follows_from_the_layers_above_is_found_once() -> None:
    graph = ServiceGraph(
        {"web": ServiceSpec("web", declarations=(Declaration("size", ParameterType.INTEGER, True, 1),))}
    )
    finder, above = FaultFinder(graph), (Layer("customer", "c", {"size": 2, "stray": 1}), Layer("app", "c/a", {}))
    plain, other, stray, wrong = (
        finder.find((*above, Layer("instance", "c/a/i", values)), ("web",))
        for values in ({}, {}, {"stray": 2, "odd": 1}, {"size": "x"})
    )
    assert plain is other
    assert plain.unknown == (("customer", "c", "stray"),)
    assert stray.unknown == (("instance", "c/a/i", "odd"), ("instance", "c/a/i", "stray"))
    assert (plain.wrong, wrong.wrong) == ((), (("size", ParameterType.INTEGER),))


def test_what_an_instance_sets_is_put_in_order_among_what_is_unknown_above() -> None:
    graph = ServiceGraph({"web": ServiceSpec("web")})
    finder, above = FaultFinder(graph), (Layer("customer", "c", {"m": 1, "f": 1, "t": 1}), Layer("app", "c/a", {}))
    for name in ("a", "f", "g", "m", "n", "t", "z"):
        own = Layer("instance", "c/a/i", {name: 2})
        assert [each[2] for each in assert_same(finder, (*above, own), ["web"], graph).unknown] == sorted(
            {*"fmt", name}
        )
