"""What is printed is read back as it was, by programs; and is harmless to terminals and spreadsheets."""

from __future__ import annotations

import csv
import io
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from larry.cli.address import Address, read_address
from larry.cli.printing import Column, json_text, print_table, show_plain, yaml_text
from larry.core.document import thaw
from larry.exports.noun_csv import csv_text
from larry.nouns.formula import unguard_formula

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e300, 1e300) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠x", "'=1", '"=1"', "a,b", "a\nb", "")


@given(VALUES)
def test_json_and_yaml_are_read_back_as_they_were(value: object) -> None:
    assert json.loads(json_text(value)) == value  # type: ignore[arg-type]  # any JSON value


@given(st.dictionaries(TEXT.filter(lambda text: text.isprintable()), TEXT, max_size=4))
def test_yaml_is_read_back_as_it_was(value: dict[str, str]) -> None:
    assert yaml.safe_load(yaml_text(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "1e3",
        "1_000",
        "2026-12-01",
        ":sym",
        "null",
        "~",
        "0x10",
        "é",
        "a: b",
        "- a",
        "&a",
        "*a",
        "!x",
        " ",
        "12:30:45",
    ],
)
def test_yaml_keeps_text_that_looks_like_something_else(text: str) -> None:
    assert yaml.safe_load(yaml_text({text: [text]})) == {text: [text]}
    assert f'"{text}"' in yaml_text([text])


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_starts_no_formula_and_is_read_back(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_text([{"name": text, "number": -5, "none": None, "list": [text]}])))
    start = text.lstrip("'")[:1]  # a guard before it counts, so that the reader of CSV can take one guard off
    assert row["name"] == (f"'{text}" if start and start in "=+-@\t\r\n＝＋－＠" else text)
    assert unguard_formula(row["name"]) == text
    assert (row["number"], row["none"]) == ("-5", "")
    assert json.loads(row["list"]) == [text]


@given(st.text())
def test_nothing_that_is_shown_moves_the_cursor(text: str) -> None:
    shown = show_plain(text)
    assert all(ord(char) >= 32 and not 0x7F <= ord(char) < 0xA0 for char in shown)
    assert "\u202e" not in shown


def test_columns_stand_under_one_another_whatever_their_width(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("田中", 7), ("Zoë", 1234), ("e\u0301", 5)]
    columns: tuple[Column[tuple[str, int]], ...] = (
        Column("name", lambda row: row[0]),
        Column("count", lambda row: row[1], is_number=True),
    )
    print_table(columns, rows)
    assert capsys.readouterr().out == "name  count\n田中      7\nZoë    1234\ne\u0301         5\n"


def test_a_frozen_value_is_printed_as_a_plain_one() -> None:
    assert json.loads(json_text({"a": (1, 2)})) == thaw({"a": [1, 2]})


@pytest.mark.parametrize(
    "said, host, port, url",
    [
        ("8080", "127.0.0.1", 8080, "http://127.0.0.1:8080/"),
        (":8080", "127.0.0.1", 8080, "http://127.0.0.1:8080/"),
        ("0.0.0.0:80", "0.0.0.0", 80, "http://127.0.0.1:80/"),  # noqa: S104 — nothing is bound
        ("[::1]:8000", "::1", 8000, "http://[::1]:8000/"),
        ("localhost:8000", "localhost", 8000, "http://localhost:8000/"),
    ],
)
def test_an_address_is_read(said: str, host: str, port: int, url: str) -> None:
    assert read_address(said) == Address(host, port)
    assert read_address(said).url == url


def test_the_port_comes_from_the_environment_unless_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9001")
    assert read_address(None).port == 9001
    assert read_address("9002").port == 9002
    monkeypatch.delenv("PORT")
    assert read_address(None) == Address()
