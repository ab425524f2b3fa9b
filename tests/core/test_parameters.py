"""Parameters: every layer, group and origin against a naive reading of the specification."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.document import canonical_text, freeze, thaw
from larry.core.parameters import (
    Declaration,
    Layer,
    Match,
    Merge,
    Origin,
    ParameterType,
    Resolved,
    matches_type,
    merge_deep,
    resolve,
)
from tests.core.budget import cases, dice
from tests.core.specimen import NAMES, VALUES, some

A_SECRET = {"sealed": "00"}


def text(value: Any) -> str:
    return canonical_text(freeze(value))


# --- deep merge -------------------------------------------------------------------------------------------------------


def naive_merge(earlier: Any, later: Any) -> Any:
    """Maps merge, lists concatenate without duplicates, all else is replaced; a secret is one value, never a map."""
    secret = any(isinstance(side, dict) and list(side) == ["sealed"] for side in (earlier, later))
    if isinstance(earlier, dict) and isinstance(later, dict) and not secret:
        both = {key: naive_merge(earlier[key], later[key]) for key in earlier if key in later}
        return {**earlier, **later, **both}
    if isinstance(earlier, list) and isinstance(later, list):
        joined = earlier + later
        written = [json.dumps(member, sort_keys=True) for member in joined]
        return [member for place, member in enumerate(joined) if written[place] not in written[:place]]
    return later


FREE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from("ab") | st.just(A_SECRET),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("klm"), inner, max_size=3),
    max_leaves=8,
)
MAP_OF_LISTS = st.dictionaries(
    st.sampled_from("klm"), st.lists(st.integers(0, 3) | st.booleans(), max_size=4, unique_by=repr)
)


@cases(500)
@given(FREE, FREE)
def test_deep_merge_is_as_said(earlier: Any, later: Any) -> None:
    assert text(merge_deep(freeze(earlier), freeze(later))) == text(naive_merge(earlier, later))
    assert text(merge_deep(earlier, later)) == text(naive_merge(earlier, later))


@cases(300)
@given(MAP_OF_LISTS, MAP_OF_LISTS, MAP_OF_LISTS)
def test_deep_merge_is_associative_where_layers_agree_on_the_kind(one: Any, two: Any, three: Any) -> None:
    assert text(merge_deep(merge_deep(one, two), three)) == text(merge_deep(one, merge_deep(two, three)))


@cases(200)
@given(st.lists(FREE, max_size=5), st.lists(FREE, max_size=5))
def test_merged_lists_hold_nothing_twice_and_lose_nothing(one: list[Any], two: list[Any]) -> None:
    merged: Any = merge_deep(one, two)
    written = [text(member) for member in merged]
    assert len(set(written)) == len(written)
    assert set(written) == {text(member) for member in (*one, *two)}


@cases(100)
@given(FREE)
def test_merging_a_value_over_itself_changes_nothing_but_duplicates(value: Any) -> None:
    once = merge_deep(value, value)
    assert text(merge_deep(once, once)) == text(once)


def test_true_and_one_are_not_duplicates() -> None:
    assert thaw(merge_deep([1, True], [1.5, "1"])) == [1, True, 1.5, "1"]
    assert thaw(merge_deep({"a": [0]}, {"a": [False]})) == {"a": [0, False]}


@pytest.mark.parametrize("other", [{"a": 1}, {}, [1], "x", {"sealed": "11"}], ids=repr)
def test_a_secret_is_replaced_whole(other: Any) -> None:
    assert merge_deep(A_SECRET, other) == other
    assert merge_deep(other, A_SECRET) == A_SECRET


# --- types ------------------------------------------------------------------------------------------------------------

OF_TYPE: dict[str, set[ParameterType]] = {
    '"x"': {ParameterType.STRING},
    '""': {ParameterType.STRING},
    "1": {ParameterType.INTEGER, ParameterType.NUMBER},
    "-1": {ParameterType.INTEGER, ParameterType.NUMBER},
    "1.5": {ParameterType.NUMBER},
    "4.0": {ParameterType.INTEGER, ParameterType.NUMBER},
    "true": {ParameterType.BOOLEAN},
    "false": {ParameterType.BOOLEAN},
    "[]": {ParameterType.LIST},
    "[1]": {ParameterType.LIST},
    "{}": {ParameterType.MAP},
    '{"a": 1}': {ParameterType.MAP},
    "null": set(),
    '{"sealed": "00"}': set(ParameterType),
}


@pytest.mark.parametrize("written", OF_TYPE)
@pytest.mark.parametrize("expected", list(ParameterType))
def test_every_value_against_every_type(written: str, expected: ParameterType) -> None:
    wanted = OF_TYPE[written] | {ParameterType.ANY}
    assert matches_type(freeze(json.loads(written)), expected) == (expected in wanted)


# --- layers -----------------------------------------------------------------------------------------------------------


def received(service: str, declaration: Declaration, layers: list[Layer]) -> tuple[Any, list[Origin]] | None:
    """The value of one declaration of one service and the origins it passed through; None when there is none."""
    origins = [Origin("default", service, declaration.default)] if declaration.has_default else []
    name = declaration.name
    origins += [Origin(layer.level, layer.owner, layer.values[name]) for layer in layers if name in layer.values]
    if not origins:
        return None
    value = thaw(origins[0].value)
    for origin in origins[1:]:
        later = thaw(origin.value)
        value = naive_merge(value, later) if declaration.merge is Merge.DEEP else later
    return value, origins


def check_groups(layers: list[Layer], declared: dict[str, list[Declaration]], found: Resolved) -> None:
    missing: dict[str, set[str]] = {}
    wrong: set[tuple[str, str, str]] = set()
    for service, declarations in declared.items():
        wanted: dict[str, str] = {}
        for declaration in declarations:
            outcome = received(service, declaration, layers)
            if outcome is None:
                missing.setdefault(declaration.name, set()).add(service)
                continue
            value, origins = outcome
            wanted[declaration.name] = text(value)
            left_to_the_tool = value is None and [origin.level for origin in origins] == ["default"]
            if not left_to_the_tool and not matches_type(freeze(value), declaration.type):
                wrong.add((declaration.name, declaration.type, service))
            check_match(found, declaration.name, service, text(value), origins)
        assert {name: text(value) for name, value in found.by_service[service].items()} == wanted
    assert {each.name: set(each.needed_by) for each in found.missing} == missing
    assert {(each.name, each.expected, each.needed_by[0]) for each in found.wrong} == wrong
    needed = {declaration.name for declarations in declared.values() for declaration in declarations}
    last = {name: Origin(layer.level, layer.owner, value) for layer in layers for name, value in layer.values.items()}
    assert {each.name: each.whence for each in found.unknown} == {n: o for n, o in last.items() if n not in needed}
    assert all(text(each.value) == text(each.whence.value) for each in found.unknown)


def check_match(found: Resolved, name: str, service: str, value: str, origins: list[Origin]) -> None:
    (match,) = [each for each in found.matching if each.name == name and service in each.needed_by]
    assert text(match.value) == value
    assert match.whence == origins[-1]
    assert all(overridden in match.overrode for overridden in origins[:-1])
    others = [origin for origin in match.overrode if origin not in origins[:-1]]
    assert all(origin.level == "default" and origin.owner in match.needed_by for origin in others)


def make_case(random: Random) -> tuple[list[Layer], dict[str, list[Declaration]]]:
    levels = ("template", "template", "customer", "app", "instance")
    layers = [
        Layer(
            level,
            f"{level}{place}",
            {name: freeze(random.choice(VALUES)) for name in some(random, (*NAMES, "stray"), 0.35)},
        )
        for place, level in enumerate(levels)
    ]
    declared = {
        service: [
            Declaration(
                name,
                type=random.choice(list(ParameterType)),
                has_default=(has_default := random.random() < 0.4),
                default=freeze(random.choice(VALUES)) if has_default else None,
                merge=random.choice(list(Merge)),
            )
            for name in some(random, NAMES, 0.6)
        ]
        for service in random.sample(("web", "db", "log"), random.randrange(4))
    }
    return layers, declared


def test_groups_and_origins_are_those_of_a_naive_reading() -> None:
    for seed, random in dice(3000):
        layers, declared = make_case(random)
        try:
            check_groups(layers, declared, resolve(layers, declared))
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {layers} {declared}") from fault


def test_the_order_of_services_and_names_is_no_matter() -> None:
    for _, random in dice(300):
        layers, declared = make_case(random)
        shuffled = {
            service: random.sample(declared[service], len(declared[service])) for service in reversed(list(declared))
        }
        one, other = resolve(layers, declared), resolve(layers, shuffled)
        assert (one.matching, one.missing, one.wrong, one.unknown) == (
            other.matching,
            other.missing,
            other.wrong,
            other.unknown,
        )
        assert one.by_service == other.by_service
        for group in (one.matching, one.missing, one.unknown):
            assert [each.name for each in group] == sorted(each.name for each in group)


def test_the_whole_story_of_one_parameter() -> None:
    layers = [
        Layer("template", "t/t/t", {"size": 1}),
        Layer("customer", "acme", {"size": 2, "zone": "fra"}),
        Layer("app", "acme/shop", {}),
        Layer("instance", "acme/shop/production", {"size": 4, "extra": None}),
    ]
    declared = {
        "web": [Declaration("size", ParameterType.INTEGER, has_default=True, default=9), Declaration("zone")],
        "db": [Declaration("size", ParameterType.STRING), Declaration("password", sensitive=True)],
    }
    found = resolve(layers, declared)
    size = next(match for match in found.matching if match.name == "size" and "web" in match.needed_by)
    assert (size.value, size.whence.level, size.whence.owner) == (4, "instance", "acme/shop/production")
    assert [(origin.level, origin.value) for origin in size.overrode] == [
        ("default", 9),
        ("template", 1),
        ("customer", 2),
    ]
    assert [(each.name, each.needed_by) for each in found.missing] == [("password", ("db",))]
    assert [(each.name, each.expected, each.needed_by) for each in found.wrong] == [("size", "string", ("db",))]
    assert [(each.name, each.value) for each in found.unknown] == [("extra", None)]
    assert {service: dict(values) for service, values in found.by_service.items()} == {
        "web": {"size": 4, "zone": "fra"},
        "db": {"size": 4},
    }


def test_services_that_receive_the_same_share_a_line_and_others_do_not() -> None:
    layers = [Layer("customer", "acme", {"hosts": (1,)}), Layer("instance", "acme/a/i", {"hosts": (2,)})]
    plain, deep = Declaration("hosts"), Declaration("hosts", merge=Merge.DEEP)
    found = resolve(layers, {"a": [plain], "b": [plain], "c": [deep]}).matching
    assert [(match.value, match.needed_by) for match in found] == [((2,), ("a", "b")), ((1, 2), ("c",))]


def test_two_defaults_that_look_alike_to_python_are_told_apart() -> None:
    layers = [Layer("customer", "acme", {"x": freeze({"more": 1})})]
    one = Declaration("x", merge=Merge.DEEP, has_default=True, default=freeze({"on": 1}))
    other = Declaration("x", merge=Merge.DEEP, has_default=True, default=freeze({"on": True}))
    found = resolve(layers, {"a": [one], "b": [other]}).matching
    assert [text(match.value) for match in found] == ['{"more":1,"on":1}', '{"more":1,"on":true}']


def test_null_is_a_value() -> None:
    found = resolve(
        [Layer("customer", "acme", {"x": 1}), Layer("app", "acme/a", {"x": None})], {"web": [Declaration("x")]}
    )
    assert found.missing == ()
    assert found.matching == (
        Match("x", None, Origin("app", "acme/a", None), (Origin("customer", "acme", 1),), ("web",)),
    )
