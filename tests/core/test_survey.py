"""A survey against describing each instance by itself: the same digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core import survey as surveying
from larry.core.deployable import describe
from larry.core.document import Json, freeze, freeze_map
from larry.core.parameters import Declaration, Layer, Merge, ParameterType
from larry.core.service_graph import Audit, ServiceGraph, ServiceSpec, Sharing
from larry.core.survey import Survey
from tests.core.budget import cases, dice
from tests.core.specimen import NAMES, PATHS, Graph, make_graph, make_layers

STRANGE: tuple[Json, ...] = (
    'é\u2028"\\',
    "\U0001f600",
    1.5,
    10**15,
    -0.0,
    4.0,
    {"\ue000": 1, "\U00010000": 2},
    [[]],
    {},
)
"""What canonical texts have to be careful with."""


def wild_layers(random: Random, path: tuple[str, str, str]) -> tuple[Layer, ...]:
    """Layers some of which are not there, are there twice, or set what is strange."""
    layers = list(make_layers(random, path, 0.5))
    for _ in range(random.randrange(3)):
        place = random.randrange(len(layers))
        values = {**layers[place].values, random.choice((*NAMES, "stray", 'a"b.c')): freeze(random.choice(STRANGE))}
        layers[place] = replace(layers[place], values=values)
    if random.random() < 0.3:
        layers = [layer for layer in layers if random.random() < 0.7]
    if random.random() < 0.2:
        layers.insert(0, Layer("template", "acme/shop/further", {random.choice(NAMES): freeze(random.choice(STRANGE))}))
    return tuple(layers)


def assert_same(
    survey: Survey, path: tuple[str, str, str], layers: tuple[Layer, ...], requires: list[str], graph: Graph, which: str
) -> None:
    snapshot, _ = describe(path, layers, requires, graph)
    assert survey.digest(path, layers, requires) == snapshot.digest, which


def test_a_survey_tells_what_describing_each_tells() -> None:
    """One survey of many instances of one graph, so that what was asked before cannot tell on what is asked after."""
    for seed, random in dice(150):
        graph = make_graph(random, edges=random.choice((0.1, 0.3, 0.5)))
        survey = Survey(graph)
        for _ in range(5):
            path, layers = random.choice(PATHS), wild_layers(random, random.choice(PATHS))
            requires = random.sample(sorted(graph), random.randrange(len(graph) + 1)) * random.choice((1, 1, 2))
            assert_same(survey, path, layers, requires, graph, f"seed {seed}")


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e6, 1e6)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text("ab.\u00e9\U0001f600", max_size=2), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
VALUES = st.dictionaries(st.sampled_from(["size", "limits", "stray"]), JSONS, max_size=3)


@cases(60)
@given(st.lists(VALUES, min_size=4, max_size=4), JSONS, st.sampled_from(Merge), st.sampled_from(Sharing))
def test_whatever_values_there_are(values: list[Mapping[str, Json]], default: Json, merge: Merge, how: Sharing) -> None:
    sized = (
        Declaration("size", ParameterType.INTEGER, True, freeze(default), merge=merge),
        Declaration("limits", merge=merge),
    )
    graph = {
        "web": ServiceSpec("web", declarations=sized, needs=("os",)),
        "os": ServiceSpec("os", declarations=sized[1:], tools=freeze({"": default})),
        "watch": ServiceSpec("watch", how, sized, audits=(Audit("os"),)),
        "idle": ServiceSpec("idle", how, sized, audits=(Audit("gone"),)),
    }
    levels = ("template", "customer", "app", "instance")
    layers = tuple(
        Layer(level, level, {name: freeze(value) for name, value in of.items()})
        for level, of in zip(levels, values, strict=True)
    )
    assert_same(Survey(ServiceGraph(graph)), PATHS[0], layers, ["web", "idle"], graph, "")


def test_an_idle_auditor_carries_its_defaults_whatever_is_set() -> None:
    size = (Declaration("size", has_default=True, default=1),)
    graph = {"watch": ServiceSpec("watch", declarations=size, audits=(Audit("web"),)), "web": ServiceSpec("web")}
    survey = Survey(graph)
    one, two = ((Layer("template", "t", {"size": size}),) for size in (2, 3))
    assert survey.digest(PATHS[0], one, ["watch"]) == survey.digest(PATHS[0], two, ["watch"])
    assert survey.digest(PATHS[0], one, ["web"]) != survey.digest(PATHS[0], two, ["web"])


def test_what_is_kept_is_bounded_and_forgotten_without_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "_KEPT", 2)
    monkeypatch.setattr(surveying, "_KEPT_ABOVE", 2)
    size = (Declaration("size"), Declaration("limits", merge=Merge.DEEP))
    graph = {"web": ServiceSpec("web", declarations=size)}
    survey = Survey(graph)
    for number in range(50):
        layers = tuple(
            Layer(level, "x", {"size": str(number), "limits": [number]}) for level in ("customer", "instance")
        )
        assert_same(survey, PATHS[0], layers, ["web"], graph, f"{number}")
    assert max(len(survey._texts), len(survey._anew), len(survey._above)) <= 2


def test_what_is_the_same_above_instances_is_written_once() -> None:
    """And what they set themselves does not stay for the others."""
    size = (Declaration("size"), Declaration("limits", merge=Merge.DEEP))
    graph = {"web": ServiceSpec("web", declarations=size), "os": ServiceSpec("os", declarations=size[1:])}
    survey = Survey(graph)
    above = (Layer("customer", "c", {"size": 1, "limits": (1,)}), Layer("app", "c/a", {"limits": (2,)}))
    own: tuple[dict[str, Json], ...] = (
        {"size": 2},
        {},
        {"limits": (3,)},
        {"stray": 1},
        {"size": 3, "limits": (4,)},
        {},
    )
    for values in own:
        layers = (*above, Layer("instance", "c/a/i", values))
        assert_same(survey, PATHS[0], layers, ["web", "os"], graph, f"{values}")
    assert len(survey._above) == 1


def test_what_instances_share_is_theirs_alone() -> None:
    """Many instances of one survey, in any order, of few owners and few sets of requirements, so that most of what one
    is written by was written for another: the layers above, the services with what those set, and what is not read."""
    for seed, random in dice(60):
        graph = make_graph(random, edges=random.choice((0.1, 0.3)))
        survey = Survey(graph)
        wilds = [wild_layers(random, path) for path in PATHS[:2] for _ in range(2)]
        sets = [tuple(sorted(random.sample(sorted(graph), random.randrange(len(graph) + 1)))) for _ in range(3)]
        above = [tuple(random.sample(wild, random.randrange(len(wild) + 1))) for wild in wilds]
        values: list[Mapping[str, Json]] = [{}]
        for _ in range(4):
            few = random.sample((*NAMES, "stray", "\u00e9", "\U0001f600"), random.randrange(1, 6))
            values.append(freeze_map({name: random.choice((1, -3, "a", 'q"', "\u00e9", *STRANGE)) for name in few}))
        for _ in range(30):
            path, shared = random.choice(PATHS), random.choice(above)
            own = () if random.random() < 0.1 else (Layer("instance", "/".join(path), random.choice(values)),)
            requires = list(random.choice(sets))
            snapshot, _ = describe(path, (*shared, *own), requires, graph)
            for asked in (tuple(requires), requires):
                assert survey.digest(path, (*shared, *own), asked) == snapshot.digest, f"seed {seed}"


def test_a_renewed_survey_writes_anew_what_has_changed_alone() -> None:
    """Of services that audit as of those that do not."""
    for seed, random in dice(40):
        before, layers = make_graph(random, edges=0.3), wild_layers(random, PATHS[0])
        survey, required = Survey(before), sorted(before)
        survey.digest(PATHS[0], layers, required)
        changed = frozenset(random.sample(required, 2))
        after = {
            key: replace(spec, tools=freeze({"new": 1}), declarations=spec.declarations[1:]) if key in changed else spec
            for key, spec in before.items()
        }
        assert_same(survey.renewed(after, changed), PATHS[0], layers, required, after, f"seed {seed}")
