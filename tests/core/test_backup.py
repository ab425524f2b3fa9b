"""A backup's lines: what was told is read, and whatever is missing, doubled or changed is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.backup import BackupHead, BackupIsDamaged, TableDigest, TableRows, read_head, read_tables, tell_tables
from larry.core.document import Json

ROWS: tuple[tuple[str, tuple[Sequence[Json], ...]], ...] = (
    ("a", ([1, "x", None], [2, "ü\u2028", [{"k": 1.5}]])),
    ("b", ()),
    ("c", ([True, "", [None]],)),
)
HEAD = BackupHead("2026-11-01T12:00:00Z", "0.1.0", "sqlite", ("0001_first_light",), ("abc",))


def tell() -> list[Json]:
    return list(tell_tables(TableRows(name, ("x", "y", "z"), iter(rows)) for name, rows in ROWS))


def read(lines: Iterator[Json]) -> list[tuple[str, list[Sequence[Json]]]]:
    return [(table.name, list(table.rows)) for table in read_tables(lines)]


def test_what_was_told_is_read() -> None:
    assert read(iter(json.loads(json.dumps(tell())))) == [(name, list(rows)) for name, rows in ROWS]
    assert read_head(json.loads(json.dumps(HEAD.document))) == HEAD


@pytest.mark.parametrize("place", range(len(tell())))
def test_a_line_that_is_missing_doubled_or_changed_is_noticed(place: int) -> None:
    lines = tell()
    changed: Json = {**line, "rows": 7} if isinstance(line := lines[place], dict) else [9, "x", None]
    if isinstance(line, dict):
        changed = dict.fromkeys(line, "other")
    for faulty in (
        [*lines[:place], *lines[place + 1 :]],
        [*lines[: place + 1], *lines[place:]],
        [*lines[:place], changed, *lines[place + 1 :]],
        lines[:place],
    ):
        with pytest.raises(BackupIsDamaged):
            read(iter(faulty))


@pytest.mark.parametrize("document", [None, [], {}, {**HEAD.document, "schema": "0001"}, {**HEAD.document, "larry": 1}])
def test_a_head_that_larry_never_wrote_is_refused(document: Json) -> None:
    with pytest.raises(BackupIsDamaged):
        read_head(document)


@pytest.mark.parametrize(
    "one,other",
    [([1.0], [1]), ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}]), ([1e300], [10**300]), ([[-0.0]], [[0]])],
)
def test_equal_values_have_equal_digests_whichever_database_wrote_them(one: Json, other: Json) -> None:
    assert digest([one]) == digest([other])


@pytest.mark.parametrize(
    "one,other", [(["1"], [1]), ([True], [1]), ([None], None), ([""], [None]), ([2**53], [2**53 - 1]), ("a", "b")]
)
def test_different_values_have_different_digests(one: Json, other: Json) -> None:
    assert digest([one]) != digest([other])


def digest(row: Sequence[Json]) -> str:
    made = TableDigest()
    made.add(row)
    return made.hex


NUMBERS = (
    st.integers()
    | st.integers(-5, 5).map(lambda n: 9007199254740991 + n)
    | st.floats()
    | st.integers(0, 400).map(lambda zeros: 10**zeros)
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def settle(value: object) -> object:
    """Whole numbers that a double holds exactly are told as such, larger ones as doubles, what is beyond as text."""
    match value:
        case dict():
            return {key: settle(member) for key, member in value.items()}
        case list():
            return [settle(member) for member in value]
        case bool():
            return value
        case int() | float() if abs(value) < 2**53 and int(value) == value:
            return int(value)
        case int() if len(str(abs(value))) > 309 or abs(value) > 1.7976931348623157e308:
            return str(value)
        case int():
            return float(value)
    return value


@given(st.lists(VALUES.map(lambda value: [value]) | st.text() | NUMBERS | st.none(), max_size=4))
def test_a_digest_is_that_of_the_sorted_text_of_what_is_settled(row: list[Json]) -> None:
    """Most rows hold nothing to settle, and are not looked through; backups of old are read all the same."""
    told = json.dumps(
        [settle(value) if isinstance(value, list) else value for value in row],
        sort_keys=True, separators=(",", ":"), ensure_ascii=False,
    )  # fmt: skip
    digest = TableDigest()
    digest.add(row)
    assert digest.hex == hashlib.sha256(told.encode("utf-8", "surrogatepass") + b"\n").hexdigest()
