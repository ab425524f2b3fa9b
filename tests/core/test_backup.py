"""A backup's lines: what was told is read, and whatever is missing, doubled or changed is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest

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
