"""Documents: the canonical text is RFC 8785's, freezing and thawing lose nothing, and faults are all found."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from larry.core.document import (
    DEEPEST,
    LARGEST_INTEGER,
    Json,
    canonical_text,
    digest_of,
    find_json_faults,
    freeze,
    is_alike,
    is_sealed,
    thaw,
)
from tests.core.budget import cases

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
WHOLE = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
FRACTION = st.floats(allow_nan=False, allow_infinity=False).filter(lambda n: abs(n) <= LARGEST_INTEGER)
LEAF = st.none() | st.booleans() | WHOLE | FRACTION | TEXT
VALUE: st.SearchStrategy[Any] = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
WITHOUT_FRACTIONS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)

APPENDIX_B = """
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2
""".split("\n")[1:-1]


@pytest.mark.parametrize("row", APPENDIX_B)
def test_numbers_are_those_of_rfc_8785_appendix_b(row: str) -> None:
    bits, text = row.split()
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_text(number) == text


def test_the_example_of_rfc_8785_section_3_2() -> None:
    given_text = r"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    wanted = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical_text(json.loads(given_text)) == wanted


def test_keys_sort_by_utf_16_as_in_rfc_8785_section_3_2_3() -> None:
    given_text = r"""{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"}"""
    wanted = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]
    assert list(json.loads(canonical_text(json.loads(given_text))).values()) == wanted


@cases(300)
@given(WITHOUT_FRACTIONS)
def test_canonical_text_is_sorted_json_without_white_space(value: Any) -> None:
    def ordered(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: ordered(part[key]) for key in sorted(part, key=lambda key: key.encode("utf-16-be"))}
        return [ordered(member) for member in part] if isinstance(part, list) else part

    # JSON of RFC 8785 writes control characters in lower case and DEL as it is, which is what Python does too.
    assert canonical_text(value) == json.dumps(ordered(value), ensure_ascii=False, separators=(",", ":"))


ODD_TEXT = st.text(st.sampled_from('a0.:,[-e"\\\x00\x1f\x7fé\u2028\uffff\U0001f600'), max_size=6)
ODD: st.SearchStrategy[Any] = st.recursive(
    ODD_TEXT | FRACTION | st.integers(10**14, LARGEST_INTEGER) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXT, inner, max_size=4),
    max_leaves=12,
)


@cases(300)
@given(ODD)
def test_the_fast_text_is_the_one_of_the_reference_implementation(value: Any) -> None:
    assert canonical_text(value) == canonical_text(freeze(value)) == rfc8785.dumps(value).decode()


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53, -(2**53), [2**64], "\ud800", {"\udfff": 1}, {1, 2}]
)
def test_what_has_no_canonical_text_is_refused(value: Any) -> None:
    with pytest.raises((rfc8785.CanonicalizationError, UnicodeError)):
        canonical_text(value)


@cases(300)
@given(VALUE)
def test_the_text_says_the_value(value: Any) -> None:
    text = canonical_text(freeze(value))
    assert canonical_text(json.loads(text)) == text
    assert canonical_text(freeze(json.loads(text))) == text
    assert digest_of(value) == hashlib.sha256(text.encode()).hexdigest()


@cases(200)
@given(st.dictionaries(TEXT, VALUE, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_digest_does_not_know_the_order_of_keys(value: dict[str, Any], random: Any) -> None:
    names = list(value)
    random.shuffle(names)
    assert digest_of({name: value[name] for name in names}) == digest_of(value)


@cases(300)
@given(VALUE)
def test_freeze_then_thaw_gives_the_value_back(value: Any) -> None:
    assert thaw(freeze(value)) == value
    assert freeze(freeze(value)) == freeze(value)
    assert all(
        type(part) in {MappingProxyType, tuple, str, int, float, bool, type(None)} for part in parts(freeze(value))
    )
    assert all(type(part) in {dict, list, str, int, float, bool, type(None)} for part in parts(thaw(freeze(value))))


@cases(100)
@given(VALUE)
def test_whole_floats_become_integers(value: Any) -> None:
    assert not any(isinstance(part, float) and part.is_integer() for part in parts(freeze(value)))


def test_frozen_values_cannot_be_changed() -> None:
    frozen: Any = freeze({"a": {"b": [1]}})
    with pytest.raises(TypeError):
        frozen["a"]["c"] = 1
    assert frozen == {"a": {"b": (1,)}}


def test_freeze_copies() -> None:
    source: dict[str, Any] = {"a": [1]}
    frozen = freeze(source)
    source["a"].append(2)
    assert thaw(frozen) == {"a": [1]}


@cases(300)
@given(VALUE)
def test_what_json_keeps_exactly_has_no_faults(value: Any) -> None:
    assert find_json_faults(value) == ()


BAD: tuple[Any, ...] = (
    "a\0b",
    "\ud800",
    "x\udfff",
    LARGEST_INTEGER + 1,
    -LARGEST_INTEGER - 1,
    float("nan"),
    float("inf"),
    float("-inf"),
    1e300,
    float(2**53),
    {1},
    range,
    b"bytes",
)


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_each_fault_is_found_wherever_it_is(bad: Any) -> None:
    assert len(find_json_faults(bad)) == 1
    (fault,) = find_json_faults({"good": 1, "list": [0, {"inner": bad}]})
    assert fault.startswith("at list[1].inner: ")
    assert len(find_json_faults([bad, bad, {"a": bad}])) == 3


@pytest.mark.parametrize("key", ["a\0b", "\ud834"])
def test_keys_are_text_too(key: str) -> None:
    assert len(find_json_faults({key: 1})) == 1


@pytest.mark.parametrize("key", [1, None, True, 2.5])
def test_a_key_that_is_not_text_is_a_fault(key: Any) -> None:
    (fault,) = find_json_faults({"a": {key: 1}})
    assert "is not text" in fault


@pytest.mark.parametrize("levels", [1, DEEPEST - 1, DEEPEST, DEEPEST + 1, DEEPEST + 500])
@pytest.mark.parametrize("kind", ["list", "map"])
def test_depth_has_a_limit(levels: int, kind: str) -> None:
    value: Json = 1
    for _ in range(levels):
        value = [value] if kind == "list" else {"a": value}
    faults = find_json_faults(value)
    assert bool(faults) == (levels > DEEPEST)
    assert len(faults) <= 1


@pytest.mark.parametrize(
    "value, sealed",
    [
        ({"sealed": "00ff"}, True),
        (MappingProxyType({"sealed": "00ff"}), True),
        ({"sealed": "00ff", "more": 1}, False),
        ({}, False),
        ("sealed", False),
        (["sealed"], False),
        (None, False),
    ],
)
def test_a_sealed_value_is_a_map_of_one(value: Any, sealed: bool) -> None:
    assert is_sealed(value) is sealed
    assert is_sealed(freeze(value)) is sealed


@given(VALUE, VALUE)
def test_values_are_alike_where_their_texts_are(one: Any, other: Any) -> None:
    assert is_alike(freeze(one), freeze(other)) is (canonical_text(one) == canonical_text(other))
    assert is_alike(freeze(one), one)


@pytest.mark.parametrize("one, other", [(1, True), (0, False), ("1", 1), (None, False), ([1], [True]), ("", None)])
def test_what_python_takes_for_equal_is_not_alike(one: Json, other: Json) -> None:
    assert not is_alike(one, other)
    assert is_alike(one, one)


def parts(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, Mapping):
        for member in value.values():
            yield from parts(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from parts(member)


@cases(300)
@given(st.dictionaries(TEXT, LEAF, max_size=5))
def test_small_maps_are_written_as_any_other(value: dict[str, Any]) -> None:
    """Whichever way they are written: most have a way of their own."""
    assert canonical_text(freeze(value)) == canonical_text(value) == rfc8785.dumps(thaw(freeze(value))).decode()


@pytest.mark.parametrize("number", [10**15 - 1, 10**15, -(10**15), LARGEST_INTEGER, True, 1.5, 1e-7, 4.0])
def test_small_maps_of_any_number(number: Json) -> None:
    assert canonical_text(freeze({"n": number})) == rfc8785.dumps({"n": number}).decode()
