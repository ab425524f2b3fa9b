"""Every fault of every file in one answer, each with its file, line and column and a sentence that helps."""

from __future__ import annotations

import re

import pytest

from larry.nouns.estate import EstateFaults, parse_estate, read_estate
from tests.nouns.bad_estate import BAD, MARK


def find_marks(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks, and where they stood: line and column from 1."""
    places, text = [], ""
    for index, piece in enumerate(marked.split(MARK)):
        if index:
            places.append((text.count("\n") + 1, len(text) - text.rfind("\n")))
        text += piece
    return text, places


def read_faults(*files: tuple[str, bytes | str]) -> EstateFaults:
    with pytest.raises(EstateFaults) as caught:
        read_estate(files, {})
    return caught.value


@pytest.mark.parametrize("name", BAD)
def test_bad_file(name: str) -> None:
    marked, fragments = BAD[name]
    text, places = find_marks(marked)
    faults = read_faults(("bad.yaml", text.encode())).faults
    found = [(fault.position.line, fault.position.column) for fault in faults if fault.position]
    assert (name, found) == (name, places), [str(fault) for fault in faults]
    for fault, fragment in zip(faults, fragments, strict=True):
        assert fragment in str(fault)
        assert fault.position is not None
        assert fault.position.file == "bad.yaml"
        assert "\n" not in str(fault)
        assert re.match(r"bad\.yaml:\d+:\d+: \S", str(fault))


def test_there_are_many() -> None:
    assert len(BAD) >= 100


def test_faults_of_all_files_in_the_order_given() -> None:
    files = [
        ("z.yaml", b"larry: 1\nroles: [{name: web}]\nservices: [{name: a, needs: [b]}]\n"),
        ("b.yaml", b"larry: 1\nroles: 5\nservices: [{name: b, needs: [a]}]\n"),
        ("a.yaml", b"larry: 1\nhosts: [{name: h, roles: [web, ftp]}]\npools: [{name: 5}]\nroles: [{name: WEB}]\n"),
    ]
    assert [str(fault).split(": ")[0] for fault in read_faults(*files).faults] == [
        "z.yaml:3:29",
        "b.yaml:2:8",
        "a.yaml:2:32",
        "a.yaml:3:16",
        "a.yaml:4:16",
    ]


def test_what_a_broken_file_would_state_is_not_missed() -> None:
    faults = read_faults(
        ("a.yaml", "larry: 1\nroles: [\n"), ("b.yaml", "larry: 1\nhosts: [{name: h, roles: [web], copies: 1}]\n")
    )
    assert [str(fault).split(": ")[0] for fault in faults.faults] == ["a.yaml:3:1", "b.yaml:2:33"]


def test_an_empty_folder_is_no_empty_estate() -> None:
    assert "no estate file" in str(read_faults())


@pytest.mark.parametrize(
    "text, place, fragment",
    [
        (b"larry: 1\nroles: \xff", "a:2:8", "not UTF-8"),
        ("larry: 1\n".encode("utf-16"), "a:1:1", "not UTF-8"),
        ("larry: 1\nroles: [{name: ä".encode("latin-1"), "a:2:16", "not UTF-8"),
        (b"larry: 1\n" + b"#" * 100, "a:1:1", "at most 100 are read"),
    ],
)
def test_bytes_that_are_no_text(text: bytes, place: str, fragment: str) -> None:
    with pytest.raises(EstateFaults) as caught:
        parse_estate([("a", text)], largest=100)
    assert str(caught.value).startswith(place)
    assert fragment in str(caught.value)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_estate([("a", b"\xef\xbb\xbflarry: 1\nroles: [{name: web}]\n")]).items[0].address == "web"


def test_parsing_alone_says_what_needs_no_looking_up() -> None:
    with pytest.raises(EstateFaults) as caught:
        parse_estate([("a", "larry: 1\nhosts: [{name: h, grade: none, rolls: []}]\n")])
    assert [str(fault.position) for fault in caught.value.faults] == ["a:2:32"]


def test_many_faults_are_counted_after_the_first_thousand() -> None:
    faults = read_faults(("a", "larry: 1\nroles: [" + "5," * 3000 + "]")).faults
    assert len(faults) == 1001
    assert str(faults[-1]) == "and maybe more: these are the first 1000 faults"
