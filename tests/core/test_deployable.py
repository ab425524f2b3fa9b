"""Deployables: one digest for one content, differences that are complete, refusals that name everybody."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from larry.core.deployable import (
    CannotSnapshot,
    Difference,
    Snapshot,
    compare_snapshots,
    describe,
    read_snapshot,
    read_where,
    take_snapshot,
    write_where,
)
from larry.core.document import canonical_text, digest_of, freeze, thaw
from larry.core.parameters import Declaration, Layer, ParameterType
from larry.core.service_graph import Audit, ServiceSpec, Where
from tests.core.budget import dice, many
from tests.core.specimen import (
    ALL_WHERES,
    KEYS,
    PATHS,
    VALUES,
    Graph,
    edit_graph,
    make_graph,
    make_layers,
)

ACME = PATHS[0]


def make_snapshots(random: Random, count: int = 1) -> list[Snapshot]:
    """Snapshots of nearly the same: often equal, often different in one thing."""
    graph, layers, path = make_graph(random), make_layers(random, ACME, 0.4), ACME
    requires = random.sample(sorted(graph), random.randrange(len(graph) + 1))
    found = [take_snapshot(path, layers, requires, graph)[0]]
    while len(found) < count:
        match random.randrange(6):
            case 0:
                graph = edit_graph(random, graph)
            case 1:
                place = random.randrange(len(layers))
                values = {**layers[place].values, random.choice(("alpha", "stray", "a.b")): random.choice(VALUES)}
                layers = (*layers[:place], replace(layers[place], values=values), *layers[place + 1 :])
            case 2:
                requires = random.sample(sorted(graph), random.randrange(len(graph) + 1))
            case 3:
                path = random.choice(PATHS)
            case 4:
                layers = tuple(replace(layer, values=dict(reversed(list(layer.values.items())))) for layer in layers)
            case _:
                graph = dict(random.sample(sorted(graph.items()), len(graph)))
        found.append(take_snapshot(path, layers, requires, graph)[0])
    return found


# --- digest and text --------------------------------------------------------------------------------------------------


def test_a_snapshot_is_known_by_its_content_only() -> None:
    for seed, random in dice(500):
        graph, layers = make_graph(random), make_layers(random, ACME, 0.4)
        requires = random.sample(sorted(graph), random.randrange(len(graph) + 1))
        one, _ = take_snapshot(ACME, layers, requires, graph)
        other, _ = take_snapshot(ACME, scramble_layers(random, layers), requires[::-1] * 2, scramble(random, graph))
        assert one.text == other.text, f"seed {seed}"
        assert one.digest == other.digest == digest_of(json.loads(one.text)), f"seed {seed}"


def scramble(random: Random, graph: Graph) -> Graph:
    """The same services in another order, with other words about them, and with services nobody asked for."""
    mixed = {
        key: replace(
            graph[key],
            needs=tuple(random.sample(graph[key].needs, len(graph[key].needs))),
            audits=tuple(random.sample(graph[key].audits, len(graph[key].audits))),
            declarations=tuple(
                replace(declaration, description=f"about {random.random()}")
                for declaration in random.sample(graph[key].declarations, len(graph[key].declarations))
            ),
        )
        for key in random.sample(sorted(graph), len(graph))
    }
    return {"stranger": ServiceSpec("stranger", needs=tuple(graph)), **mixed}


def scramble_layers(random: Random, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    return tuple(
        replace(layer, values=dict(random.sample(sorted(layer.values.items()), len(layer.values)))) for layer in layers
    )


def test_reading_a_text_gives_the_snapshot_back() -> None:
    for seed, random in dice(500):
        (snapshot,) = make_snapshots(random)
        again = read_snapshot(snapshot.text)
        assert again == snapshot, f"seed {seed}"
        assert (again.text, again.digest, again.path) == (snapshot.text, snapshot.digest, snapshot.path), f"seed {seed}"
        assert [service.before for service in again.services] == [service.before for service in snapshot.services]
        assert read_snapshot(snapshot.text, "known").digest == "known"


def test_a_snapshot_of_thawed_values_is_read_back_equal_too() -> None:
    layers = [Layer("customer", "acme", {"alpha": [1, {"a": [2.0]}], "beta": {"k": [1]}})]
    graph = {"ant": ServiceSpec("ant", declarations=(Declaration("alpha"), Declaration("beta")), tools={"x": [1]})}
    snapshot, _ = take_snapshot(ACME, layers, ["ant"], graph)
    assert read_snapshot(snapshot.text) == snapshot


def test_a_snapshot_freezes_the_closure_in_start_order_with_edges_and_parameters() -> None:
    for seed, random in dice(500):
        graph, layers = make_graph(random), make_layers(random, ACME, 0.4)
        requires = random.sample(sorted(graph), random.randrange(len(graph) + 1))
        snapshot, resolved = take_snapshot(ACME, layers, requires, graph)
        keys = [service.key for service in snapshot.services]
        for service in snapshot.services:
            spec = graph[service.key]
            assert set(service.needs) == set(spec.needs), f"seed {seed}"
            assert set(service.audits) == {audit for audit in spec.audits if audit.service in keys}, f"seed {seed}"
            assert (service.sharing, service.tools) == (spec.sharing, spec.tools), f"seed {seed}"
            assert all(keys.index(other) < keys.index(service.key) for other in service.before if other in keys)
            if service.audits or not spec.audits:
                assert service.parameters == resolved.by_service[service.key], f"seed {seed}"
        assert set(requires) <= set(keys), f"seed {seed}"
        assert {n: text(v) for n, v in snapshot.own["instance"].items()} == {
            n: text(v) for n, v in layers[3].values.items()
        }


def test_template_values_are_resolved_but_not_own() -> None:
    layers = [Layer("template", "acme/shop/template", {"alpha": 1}), Layer("instance", "acme/shop/production", {})]
    snapshot, _ = take_snapshot(
        ACME, layers, ["ant"], {"ant": ServiceSpec("ant", declarations=(Declaration("alpha"),))}
    )
    assert dict(snapshot.by_key["ant"].parameters) == {"alpha": 1}
    assert all(dict(values) == {} for values in snapshot.own.values())


@pytest.mark.parametrize("where", ALL_WHERES, ids=repr)
def test_where_is_written_and_read(where: Where) -> None:
    assert read_where(write_where(where)) == where
    assert read_where(freeze(json.loads(canonical_text(write_where(where))))) == where


# --- differences ------------------------------------------------------------------------------------------------------


def paths(snapshot: Snapshot) -> dict[str, str]:
    """Every leaf that the document has, by its path, as canonical text; services and audits by key."""
    document: Any = thaw(snapshot.document)
    found: dict[str, Any] = {f"{level}.key": document[level]["key"] for level in ("customer", "app", "instance")}
    for level in ("customer", "app", "instance"):
        found |= {f"{level}.parameters.{name}": value for name, value in document[level]["parameters"].items()}
    found |= {f"instance.requires.{key}": True for key in document["instance"]["requires"]}
    for service in document["services"]:
        stem = f"services.{service['key']}"
        found |= {f"{stem}.sharing": service["sharing"], f"{stem}.tools": service["tools"]}
        found |= {f"{stem}.needs.{key}": True for key in service["needs"]}
        found |= {f"{stem}.audits.{audit['service']}": audit["where"] for audit in service["audits"]}
        found |= {f"{stem}.parameters.{name}": value for name, value in service["parameters"].items()}
        found |= {f"{stem}.defaults.{name}": value for name, value in service["defaults"].items()}
    return {path: text(value) for path, value in found.items()}


def text(value: Any) -> str:
    return canonical_text(freeze(value))


def test_differences_are_complete_and_exact() -> None:
    equal = 0
    for seed, random in dice(1200):
        old, new = make_snapshots(random, count=2)
        differences = compare_snapshots(old, new)
        assert (differences == ()) == (old.digest == new.digest), f"seed {seed}"
        equal += old.digest == new.digest
        before, after = paths(old), paths(new)
        rebuilt = dict(before)
        for difference in differences:
            there = (difference.path in before, difference.path in after)
            wanted = {(False, True): "added", (True, False): "removed", (True, True): "changed"}[there]
            assert difference.kind == wanted, f"seed {seed}: {difference}"
            if difference.kind == "removed":
                assert rebuilt.pop(difference.path) == text(difference.old), f"seed {seed}"
                continue
            if difference.kind == "changed":
                assert rebuilt[difference.path] == text(difference.old) != text(difference.new), f"seed {seed}"
            rebuilt[difference.path] = text(difference.new)
        assert rebuilt == after, f"seed {seed}"
        assert [each.path for each in differences] == sorted({each.path for each in differences}), f"seed {seed}"
    assert many(100) < equal < many(1100)


def test_differences_read_backwards() -> None:
    for seed, random in dice(300):
        old, new = make_snapshots(random, count=2)
        there, back = compare_snapshots(old, new), compare_snapshots(new, old)
        turned = {"added": "removed", "removed": "added", "changed": "changed"}
        wanted = [(each.path, turned[each.kind], text(each.new), text(each.old)) for each in there]
        assert [(each.path, each.kind, text(each.old), text(each.new)) for each in back] == wanted, f"seed {seed}"


def owners(old: list[Layer], new: list[Layer]) -> dict[str, str]:
    graph = {
        "web": ServiceSpec("web", declarations=(Declaration("alpha", has_default=True, default=0), Declaration("a.b")))
    }
    for layers in (old, new):
        layers.insert(
            0, Layer("customer", "acme", {"a.b": 1} if not any("a.b" in layer.values for layer in layers) else {})
        )
    before, after = (describe(ACME, layers, ["web"], graph)[0] for layers in (old, new))
    return {each.path: each.owner for each in compare_snapshots(before, after)}


@pytest.mark.parametrize("level", ["customer", "app", "instance"])
def test_a_difference_names_the_level_that_owns_the_value(level: str) -> None:
    owner = {"customer": "acme", "app": "acme/shop", "instance": "acme/shop/production"}[level]
    wanted = {f"{level}.parameters.alpha": level, "services.web.parameters.alpha": level}
    assert owners([Layer(level, owner, {"alpha": 1})], [Layer(level, owner, {"alpha": 2})]) == wanted
    assert owners([], [Layer(level, owner, {"alpha": 2})]) == wanted
    removed = owners([Layer(level, owner, {"alpha": 1})], [])
    assert removed[f"{level}.parameters.alpha"] == level
    assert removed["services.web.parameters.alpha"] == "a template, or the default of service web"


def test_a_name_with_a_dot_has_an_owner_too() -> None:
    one, two = [Layer("app", "acme/shop", {"a.b": 1})], [Layer("app", "acme/shop", {"a.b": 2})]
    assert owners(one, two) == {"app.parameters.a.b": "app", "services.web.parameters.a.b": "app"}


def test_a_higher_layer_that_is_overridden_owns_only_its_own_path() -> None:
    top = Layer("instance", "acme/shop/production", {"alpha": 5})
    found = owners([Layer("app", "acme/shop", {"alpha": 1}), top], [Layer("app", "acme/shop", {"alpha": 2}), top])
    assert found == {"app.parameters.alpha": "app"}


def test_what_no_level_sets_is_owned_by_the_template_or_the_default_that_gives_it() -> None:
    declared = (Declaration("alpha", has_default=True, default=0),)
    graph = {"web": ServiceSpec("web", declarations=declared)}
    template = Layer("template", "acme/shop/base", {"alpha": 7})
    level = Layer("app", "acme/shop", {"alpha": 5})
    found: list[tuple[str, str | None]] = []
    for old, new in (([level], [template]), ([template], []), ([], [template]), ([template], [template, level])):
        before, _ = describe(ACME, old, ["web"], graph)
        after, resolved = describe(ACME, new, ["web"], graph)
        found += [
            (each.owner, each.owner_before)
            for each in compare_snapshots(before, after, resolved)
            if each.path == "services.web.parameters.alpha"
        ]
    assert Difference("a", "changed", 1, 2, "app", "instance").ownership == "app (was instance)"
    assert Difference("a", "changed", 1, 2, "app").ownership == "app"
    unknown = "a template, or the default of service web"
    assert found == [
        ("template acme/shop/base", "app"), ("default of service web", None), ("template acme/shop/base", None),
        ("app", unknown),
    ]  # fmt: skip


def test_an_edit_of_the_graph_is_the_services() -> None:
    graph = {"ant": ServiceSpec("ant"), "bee": ServiceSpec("bee", needs=("ant",), audits=(Audit("ant"),))}
    edited = {**graph, "bee": replace(graph["bee"], audits=(Audit("ant", ALL_WHERES[1]),))}
    old, new = (take_snapshot(ACME, [], ["bee"], services)[0] for services in (graph, edited))
    assert compare_snapshots(old, new) == (
        Difference("services.bee.audits.ant", "changed", "same-host", {"host": "h1"}, "edge of service bee"),
    )


def test_an_edit_that_was_undone_leaves_no_difference() -> None:
    for _, random in dice(100):
        one, _, _ = make_snapshots(random, count=3)
        assert compare_snapshots(one, read_snapshot(one.text)) == ()


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_refusal_names_everything_that_is_missing_or_wrong_and_who_needs_it() -> None:
    refused = 0
    for seed, random in dice(500):
        graph = {
            key: replace(
                spec,
                declarations=tuple(replace(d, type=random.choice(list(ParameterType))) for d in spec.declarations),
            )
            for key, spec in make_graph(random).items()
        }
        layers = [
            replace(layer, values={n: v for n, v in layer.values.items() if random.random() < 0.4})
            for layer in make_layers(random, ACME, 0.4)
        ]
        snapshot, resolved = describe(ACME, layers, list(graph), graph)
        if not resolved.missing and not resolved.wrong:
            assert take_snapshot(ACME, layers, list(graph), graph)[0] == snapshot
            continue
        refused += 1
        with pytest.raises(CannotSnapshot) as refusal:
            take_snapshot(ACME, layers, list(graph), graph)
        said = str(refusal.value)
        assert said.startswith("acme/shop/production "), f"seed {seed}"
        for missing in resolved.missing:
            assert f"{missing.name} is missing: needed by {', '.join(sorted(missing.needed_by))}" in said, (
                f"seed {seed}"
            )
        for wrong in resolved.wrong:
            assert f"{wrong.name} is not of type {wrong.expected}: needed by {wrong.needed_by[0]}" in said, (
                f"seed {seed}"
            )
            assert wrong.whence.owner in said, f"seed {seed}"
        assert said.count(";") == len(resolved.missing) + len(resolved.wrong) - 1, f"seed {seed}"
    assert refused > 200


def test_only_what_the_closure_needs_can_be_missing() -> None:
    graph = {key: ServiceSpec(key, declarations=(Declaration(f"of_{key}"),)) for key in KEYS}
    snapshot, resolved = describe(ACME, [], ["ant"], graph)
    assert [(missing.name, missing.needed_by) for missing in resolved.missing] == [("of_ant", ("ant",))]
    assert [service.key for service in snapshot.services] == ["ant"]


def test_a_shared_auditor_without_subjects_carries_its_defaults_like_one_with() -> None:
    """So that a monitoring instance that requires its auditor itself agrees with all that the auditor audits."""
    declarations = (Declaration("interval", has_default=True, default=5), Declaration("contact"))
    graph = {
        "web": ServiceSpec("web"),
        "nagios": ServiceSpec("nagios", declarations=declarations, audits=(Audit("web"),)),
    }
    layers = [Layer("customer", "acme", {"contact": "ops", "interval": 1})]
    alone, _ = take_snapshot(ACME, layers, ["nagios"], graph)
    assert alone.by_key["nagios"].audits == ()
    assert dict(alone.by_key["nagios"].parameters) == {"interval": 5}
