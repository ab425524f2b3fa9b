"""Each part of a merged value is traced to the layer that gave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.document import Json, canonical_text, freeze
from larry.core.parameters import Merge, Origin, merge_deep, trace

VALUES = st.recursive(
    st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2),
    max_leaves=6,
)


def chain(*values: Json) -> list[Origin]:
    return [Origin(f"level{number}", "owner", freeze(value)) for number, value in enumerate(values)]


def show(*values: Json) -> list[tuple[str, Json, str]]:
    return [(part.path, part.value, part.origin.level) for part in trace(chain(*values), Merge.DEEP)]


def leaves(path: str, value: Json) -> list[tuple[str, str]]:
    """Every part of a settled value, by its path: what a trace must tell once."""
    if isinstance(value, Mapping) and value:
        return [leaf for key in value for leaf in leaves(f"{path}.{key}" if path else key, value[key])]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return [(f"{path}[]", canonical_text(member)) for member in value]
    return [(path, canonical_text(value))]


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_the_parts_are_those_of_the_merged_value(values: list[Json]) -> None:
    told = chain(*values)
    merged = reduce(merge_deep, [origin.value for origin in told])
    parts = trace(told, Merge.DEEP)
    if isinstance(merged, tuple) and merged and len(values) == 1:
        merged = tuple({canonical_text(member): member for member in merged}.values())
    expected = leaves("", merged)
    assert sorted(set(expected)) == sorted({(part.path, canonical_text(part.value)) for part in parts})


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_what_replaces_is_the_last_layer_alone(values: list[Json]) -> None:
    (part,) = trace(chain(*values), Merge.REPLACE)
    assert (part.path, part.value, part.origin.level) == ("", freeze(values[-1]), f"level{len(values) - 1}")


@pytest.mark.parametrize(
    "values, told",
    [
        (({"a": 1, "b": 1}, {"b": 2, "c": 2}), [("a", 1, "level0"), ("b", 2, "level1"), ("c", 2, "level1")]),
        (([1, 2], [2, 3]), [("[]", 1, "level0"), ("[]", 2, "level0"), ("[]", 3, "level1")]),
        (({"a": [1]}, {"a": [2]}), [("a[]", 1, "level0"), ("a[]", 2, "level1")]),
        (({"a": 1}, 5, {"b": 2}), [("b", 2, "level2")]),
        (({"a": {"p": 1}}, {"a": 5}, {"a": {"q": 2}}), [("a.q", 2, "level2")]),
        (({"a": 1}, {"sealed": "f00"}), [("", {"sealed": "f00"}, "level1")]),
        (({}, {}), [("", {}, "level1")]),
        (({"a": 1}, {}), [("a", 1, "level0")]),
        (([1], "x"), [("", "x", "level1")]),
    ],
)
def test_who_gave_what(values: tuple[Json, ...], told: list[tuple[str, Json, str]]) -> None:
    assert show(*values) == told
