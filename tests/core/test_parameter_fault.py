"""Faults of parameters are those that handing every service what it declares would find."""

from __future__ import annotations

from random import Random

from larry.core.deployable import describe
from larry.core.document import Json
from larry.core.parameter_fault import FaultFinder
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


def test_the_faults_are_those_of_the_groups() -> None:
    seen: set[str] = set()
    for _, chance in dice(400):
        graph = make_graph(chance)
        finder = FaultFinder(graph)
        for _ in range(3):
            layers, requires = make_layers(chance), chance.sample(sorted(graph), chance.randint(0, len(graph)))
            found = finder.find(layers, requires)
            resolved = describe(("c", "a", "i"), layers, requires, graph)[1]
            assert found.missing == resolved.missing
            assert list(found.wrong) == [(each.name, each.expected) for each in resolved.wrong]
            assert found.unknown == tuple((u.whence.level, u.whence.owner, u.name) for u in resolved.unknown)
            wanted = {match.name for match in resolved.matching} | {each.name for each in resolved.missing}
            owners = [layer for layer in layers if layer.level in {"customer", "app"}]
            assert set(found.used) == {(layer.owner, name) for layer in owners for name in layer.values.keys() & wanted}
            seen.update(word for word in ("missing", "wrong", "unknown", "used") if getattr(found, word))
    assert seen == {"missing", "wrong", "unknown", "used"}
