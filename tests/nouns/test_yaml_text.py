"""YAML means what JSON would mean, or is refused; and everything has a place."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from larry.core.document import Json
from larry.nouns.item import is_same
from larry.nouns.yaml_text import read_yaml


def read(text: str) -> Json:
    found, faults = read_yaml(text, "f")
    assert found is not None, faults
    assert not faults
    return found.value


@pytest.mark.parametrize(
    "text, value",
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("tRUE", "tRUE"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("null", None),
        ("~", None),
        ("7", 7),
        ("-7", -7),
        ("0", 0),
        ("-0", 0),
        ("1.50", 1.5),
        ("2e3", 2000.0),
        ("1E-2", 0.01),
        ("0777", "0777"),
        ("0o17", "0o17"),
        ("0x1f", "0x1f"),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("+5", "+5"),
        (".5", ".5"),
        ("5.", "5."),
        ("1,000", "1,000"),
        ("1.2.3", "1.2.3"),
        ("2026-12-01", "2026-12-01"),
        ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("=", "="),
        ("'7'", "7"),
        ('"true"', "true"),
        ("''", ""),
        ("|\n  7\n", "7\n"),
        (">-\n  true\n", "true"),
        ('"\\U0001f600 \\u00e9 \\x41"', "😀 é A"),
        ("9007199254740991", 2**53 - 1),
        ("123456789012345.5", 123456789012345.5),
    ],
)
def test_scalars(text: str, value: Json) -> None:
    found = read(f"a: {text}")
    assert isinstance(found, dict)
    assert is_same(found["a"], value), found
    assert type(found["a"]) is type(value)


@pytest.mark.parametrize("word", ["yes", "on", "0777", "1:30", "2026-12-01", "no"])
def test_keys_are_text_where_values_would_be(word: str) -> None:
    assert read(f"{{{word}: 1}}") == {word: 1}


def test_places() -> None:
    found, _ = read_yaml("a: 1\nb:\n  - x\n  - {c: [7,  8]}\n", "f")
    assert found is not None
    places = found.places
    assert [str(places.at(path)) for path in ((), ("a",), ("b",), ("b", 1, "c"), ("b", 1, "c", 1))] == [
        "f:1:1", "f:1:4", "f:3:3", "f:4:9", "f:4:14",
    ]  # fmt: skip
    assert str(places.at(("b",), at_key=True)) == "f:2:1"
    assert str(places.at(("b", 1, "c"), at_key=True)) == "f:4:6"
    assert str(places.at(("b", 1, "nothing", 7), at_key=True)) == "f:4:5", "the nearest thing around"
    assert str(places.at(("b", 99))) == "f:3:3"
    assert str(places.inside("b", 1).at(("c",))) == "f:4:9"
    with pytest.raises(KeyError):
        places.inside("a", "b")


def test_columns_count_characters_and_lines_every_sort_of_line_end() -> None:
    found, _ = read_yaml('"äöü😀": {x: 1}\r\ny: 2\n', "f")
    assert found is not None
    assert str(found.places.at(("äöü😀", "x"))) == "f:1:13"
    assert str(found.places.at(("y",))) == "f:2:4"
    _, faults = read_yaml("a: 1\r\n\rb: \x1b\r", "f")
    assert str(faults[0].position) == "f:3:4"


def test_what_is_at_fault_is_left_out_and_the_rest_is_read() -> None:
    found, faults = read_yaml(
        "a: &x 1\nb: *x\n*x : 2\nc: [.inf, 7]\n5: 6\nc: 3\n<<: {d: 1}\n? {e: 1}\n: 2\nf: !t 9\n", "f"
    )
    assert found is not None
    assert found.value == {"a": 1, "b": None, "c": [None, 7], "f": "9"}
    assert [str(fault.position) for fault in faults] == [
        "f:1:4", "f:2:4", "f:3:1", "f:4:5", "f:5:1", "f:6:1", "f:7:1", "f:8:3", "f:10:4",
    ]  # fmt: skip


def test_limits_are_parameters() -> None:
    assert read_yaml("[[1]]", "f", deepest=2)[0] is not None
    assert "deeper than 1" in str(read_yaml("[[1]]", "f", deepest=1)[1][0])
    assert "has 5 bytes; at most 4" in str(read_yaml("[[1]]", "f", largest=4)[1][0])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda children: st.lists(children, max_size=4)
    | st.dictionaries(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=10), children, max_size=4),
    max_leaves=12,
)  # fmt: skip


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(texts, st.sampled_from(['"', "'"]))
def test_quoted_text_of_another_writer_reads_the_same(text: str, style: str) -> None:
    dumped = yaml.safe_dump({"v": text}, allow_unicode=True, default_style=style)
    if any(character in dumped for character in "\x85\u2028\u2029"):
        assert read_yaml(dumped, "f")[0] is None, "a line end to some readers and not to others"
    else:
        assert read(dumped) == {"v": text}


@given(json_values)
def test_json_is_read_as_json(value: Json) -> None:
    text = json.dumps({"v": value}, ensure_ascii=False).replace("\x7f", "\\u007f")
    found, faults = read_yaml(
        "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 65536 else c for c in text), "f"
    )
    if not faults:
        assert found is not None
        assert is_same(found.value, {"v": value})


@given(st.text() | st.text("[]{}:,-?&*!|>'\"%@` \n#a0.~<=", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    found, faults = read_yaml(text, "f")
    assert (found is not None) or faults


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(text: bytes) -> None:
    found, faults = read_yaml(text, "f")
    assert (found is not None) or faults
