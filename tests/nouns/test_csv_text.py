"""CSV becomes items as stated; what a cell means follows from its column, and every fault has its line and cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.document import Json, thaw
from larry.nouns.csv_text import parse_csv
from larry.nouns.estate import EstateFaults, complete, find_faults, read_estate
from larry.nouns.fault import Fault, FaultList
from larry.nouns.field import Noun
from larry.nouns.formula import guard_formula, unguard_formula
from larry.nouns.table import NOUNS
from tests.cli.terminal import ESTATE
from tests.nouns.bad_csv import BAD_CSV

EXISTING = {(item.noun, item.address): item for item in read_estate([("estate", ESTATE)], {}).items}


def read(noun: str, text: str) -> list[dict[str, Json]]:
    """What each line states, as plain JSON."""
    found = []
    for item in parse_csv(NOUNS[noun], "x.csv", text.encode()):
        values = thaw(item.values)
        assert isinstance(values, dict)
        found.append(values)
    return found


def only(noun: str, text: str) -> Json:
    (values,) = read(noun, text)
    return values


def find_all(noun: Noun, content: bytes) -> tuple[Fault, ...]:
    """Every fault of reading, completing and checking."""
    faults = FaultList()
    try:
        find_faults(parse_csv(noun, "x.csv", content, existing=lambda: EXISTING), EXISTING, faults)
    except EstateFaults as refusal:
        return refusal.faults
    return faults.settle()


@pytest.mark.parametrize("name", BAD_CSV)
def test_bad_csv(name: str) -> None:
    bad = BAD_CSV[name]
    told = [str(fault) for fault in find_all(NOUNS[bad.noun], bad.content)]
    assert len(told) == len(bad.told), told
    for line, wanted in zip(told, bad.told, strict=True):
        place, _, fragment = wanted.partition(" ")
        assert line.startswith(f"x.csv:{place}: "), line
        assert fragment in line
        assert "\n" not in line


def test_there_are_many() -> None:
    assert len(BAD_CSV) >= 90


def test_each_kind_of_cell_is_read_as_its_column_asks() -> None:
    text = (
        "name,description,roles,grade,pools,addresses,labels,capacity,data\n"
        'web7.example.com,"the seventh, of many",web;db,medium,production,10.0.0.7 2001:db8::7,site=fra;rack=r7,'
        'cpu=4;memory_mib=8192.5,"{""disks"": [1, ""a""]}"\n'
    )
    assert only("host", text) == {
        "name": "web7.example.com", "description": "the seventh, of many", "roles": ["web", "db"], "grade": "medium",
        "pools": ["production"], "addresses": ["10.0.0.7", "2001:db8::7"], "labels": {"site": "fra", "rack": "r7"},
        "capacity": {"cpu": 4, "memory_mib": 8192.5}, "data": {"disks": [1, "a"]},
    }  # fmt: skip


def test_an_empty_cell_states_nothing_and_an_empty_list_states_that() -> None:
    assert only("host", "name,roles,grade,description\nweb7, ,,  \n") == {"name": "web7"}
    assert only("host", "name,roles,labels\nweb7,[],{}\n") == {"name": "web7", "roles": [], "labels": {}}


@pytest.mark.parametrize(
    "cell, wanted",
    [
        ("web;db", ["web", "db"]),
        ("web db", ["web", "db"]),
        ("web, db ,", ["web", "db"]),
        (" big web ; db", ["big web", "db"]),
        ('["big web", "db"]', ["big web", "db"]),
        (";", []),
    ],
)
def test_a_list_is_separated_by_what_it_holds(cell: str, wanted: list[str]) -> None:
    quoted = cell.replace('"', '""')
    assert only("host", f'name,roles\nweb7,"{quoted}"\n') == {"name": "web7", "roles": wanted}


@pytest.mark.parametrize(
    "text",
    [
        "name,grade\nweb7,medium\n",
        "name;grade\nweb7;medium\n",
        "name\tgrade\nweb7\tmedium\n",
        "\ufeffname,grade\r\nweb7,medium\r\n",
        "name,grade\rweb7,medium\r",
        "\n\nname,grade\n\n,\nweb7,medium",
        ' Name , GRADE ,,\n"web7", medium ,,\n',
        "name,grade\nweb7,medium,,\n",
    ],
)
def test_spreadsheets_differ_in_how_they_write_it(text: str) -> None:
    assert only("host", text) == {"name": "web7", "grade": "medium"}


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-", "@here", "=cmd|' /C calc'!A0", "＝1"])
def test_what_looks_like_a_formula_is_text(text: str) -> None:
    assert only("role", f'name,description\nx,"{text}"\n') == {"name": "x", "description": text}
    assert only("role", f'name,description\nx,"\'{text}"\n') == {"name": "x", "description": text}


@given(st.text())
def test_a_guard_can_be_taken_off_and_leaves_nothing_to_run(text: str) -> None:
    guarded = guard_formula(text)
    assert unguard_formula(guarded) == text
    assert not guarded.startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_text_keeps_its_blanks_and_lines() -> None:
    assert only("role", 'name,description\n x ," a\r\nb "\n') == {"name": "x", "description": " a\r\nb "}


def test_whose_a_noun_is_stands_in_a_column_of_its_own() -> None:
    (item,) = parse_csv(NOUNS["instance"], "x", b"app,name,copies\nacme / shop,Live,3\n")
    assert (item.address, thaw(item.values)) == ("acme/shop/Live", {"name": "Live", "copies": 3})
    (done,) = complete([item], EXISTING)
    assert (done.address, done.values["copies"], done.values["requires"]) == ("acme/shop/live", 3, ("rails",))


def test_a_line_may_name_what_it_changes_by_key_or_address_alone() -> None:
    items = parse_csv(NOUNS["app"], "x", b"address,service_level\nacme/shop,silver\n")
    items += parse_csv(NOUNS["role"], "x", b"key,description\nweb,pages\n")
    items += parse_csv(NOUNS["host"], "x", b"address,description\nweb1.example.com,first\n")
    done = {item.label: item.values for item in complete(items, EXISTING)}
    assert done["app acme/shop"]["service_level"] == "silver"
    assert done["role 'web'"]["description"] == "pages"
    assert done["host 'web1.example.com'"]["addresses"] == ("10.0.0.1",)


def test_a_column_may_rename() -> None:
    items = parse_csv(NOUNS["host"], "x", b"name,was\nweb7.example.com,web1.example.com\n")
    (done,) = complete(items, EXISTING)
    assert (done.address, done.values["key"]) == ("web7.example.com", "web1_example_com")


def test_lines_are_counted_where_they_begin() -> None:
    with pytest.raises(EstateFaults) as caught:
        parse_csv(NOUNS["role"], "x", b'name,description\na,"1\n2\n3"\nb,"4\n5"\n"c\nd",\n')
    assert str(caught.value).startswith("x:7:1: ")


def test_what_is_right_of_a_file_that_breaks_off_is_checked_too() -> None:
    faults = find_all(NOUNS["host"], b'name,grade\nweb7,huge\nweb8,"so\n')
    assert [str(fault.position) for fault in faults] == ["x.csv:2:2", "x.csv:3:1"]


def test_a_file_has_a_largest_size() -> None:
    with pytest.raises(EstateFaults, match="at most 10 are read"):
        parse_csv(NOUNS["host"], "x", b"name\nweb1\nweb2\n", largest=10)


def test_many_faults_are_counted_after_the_first_thousand() -> None:
    with pytest.raises(EstateFaults) as caught:
        parse_csv(NOUNS["host"], "x", b"name\n" + b"a b\n" * 3000)
    assert len(caught.value.faults) == 1001
    assert str(caught.value.faults[-1]) == "and maybe more: these are the first 1000 faults"


def test_the_reading_can_be_watched() -> None:
    seen: list[int] = []

    def watch(rows: Sequence[Any], about: str) -> Iterator[Any]:
        assert about == "reading roles"
        for row in rows:
            seen.append(row[0])
            yield row

    parse_csv(NOUNS["role"], "x", b"name\na\nb\n", track=watch)
    assert seen == [2, 3]


@given(st.text() | st.binary())
def test_no_bytes_raise_anything_else(text: str | bytes) -> None:
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    for noun in NOUNS.values():
        assert all(fault.position for fault in find_all(noun, b"name,description\n" + content))
        assert all(fault.position for fault in find_all(noun, content))
