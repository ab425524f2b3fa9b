"""Texts in parts: put together they are the same to the byte, and versions of a text share all but what changed."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larry.core import node_part
from larry.core.document import Json, canonical_text
from larry.core.node_part import (
    cut_text,
    divide,
    divide_pieces,
    is_divided,
    list_names,
    put_together,
    read_depth,
    recut_text,
)


def make_subject(number: int) -> Json:
    return {
        "addresses": [f"10.{number >> 8}.{number & 255}.7", f"2001:db8::{number:x}"],
        "for": [f"customer_{number % 97}/app/instance_{number}"],
        "host": f"web{number}.example.net",
        "parameters": {"port": 5432, "workers": number % 8},
        "service": "postgres",
        "settings": {"every": 5, "mode": "deep"},
    }


def make_text(numbers: list[int]) -> str:
    """The text of a monitoring host: three long lists."""
    subjects = [make_subject(number) for number in sorted(numbers)]
    instances: list[Json] = [{"deployment": f"d{number}", "instance": f"i{number}"} for number in sorted(numbers)]
    service: Json = {"audits": subjects, "for": [f"customer_{number % 97}/app/instance_{number}" for number in numbers]}
    return canonical_text({"host": "mon", "instances": instances, "services": [service]})


def stored(text: str) -> int:
    divided = divide(text)
    return len(divided.body) + sum(map(len, divided.parts.values()))


@pytest.mark.parametrize("subjects", [0, 1, 30, 200, 3_000])
def test_put_together_it_is_the_text(subjects: int) -> None:
    text = make_text(list(range(subjects)))
    divided = divide(text)
    assert put_together(divided.body, divided.parts) == text
    assert is_divided(divided.body) == (len(text) > node_part.UNDIVIDED)
    assert max(map(len, divided.parts.values()), default=0) <= node_part._MOST
    assert len(divided.body) <= node_part.UNDIVIDED


@settings(max_examples=60)
@given(st.lists(st.text(max_size=30), max_size=40), st.integers(0, 60), st.integers(1, 12), st.integers(1, 4))
def test_any_text_of_an_object_comes_back(words: list[str], largest: int, least: int, widest: int) -> None:
    """Whatever stands in it: what looks like a seam, or like the names of parts, is text like any other."""
    text = json.dumps({"0": words, "seams": ['"},{"', '","', "3 " + "a" * 64]}, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("UNDIVIDED", largest), ("_LEAST", least), ("_MOST", 40), ("_WIDEST", widest)):
            patch.setattr(node_part, name, value)
        divided = divide(text)
        assert put_together(divided.body, divided.parts) == text


def test_a_tree_of_many_levels_names_every_part_once() -> None:
    text = make_text(list(range(4_000)))
    divided = divide(text)
    assert read_depth(divided.body) >= 2
    level, seen = set(list_names(divided.body)), set[str]()
    for depth in reversed(range(read_depth(divided.body))):
        seen |= level
        level = {below for name in level for below in list_names(divided.parts[name])} if depth else set()
    assert seen == set(divided.parts)


def test_a_part_that_is_missing_is_told_and_not_left_out() -> None:
    divided = divide(make_text(list(range(500))))
    for name in list(divided.parts)[::7]:
        with pytest.raises(KeyError):
            put_together(divided.body, {key: text for key, text in divided.parts.items() if key != name})


@pytest.mark.parametrize("seed", range(3))
def test_what_comes_before_and_after_a_change_is_shared(seed: int) -> None:
    """One subject of 3,000 comes, goes or changes: a few parts of each of three lists are new, and those above them."""
    chance = random.Random(seed)
    numbers = sorted(chance.sample(range(30_000), 3_000))
    known = set(divide(make_text(numbers)).parts)
    for _ in range(5):
        other = sorted({*numbers, chance.randrange(30_000)} - {chance.choice(numbers)})
        changed = divide(make_text(other))
        new = [len(text) for name, text in changed.parts.items() if name not in known]
        assert 0 < sum(new) < 80_000
        assert len(new) < 40
    assert stored(make_text(numbers)) > 900_000


def test_subjects_that_come_one_after_another_take_as_much_each_however_many_there_are() -> None:
    """The bytes that are kept grow with the number of subjects (and the height of the tree), not with its square."""
    order = random.Random(1).sample(range(20_000), 2_010)
    each: dict[int, float] = {}
    for there in (250, 2_000):
        known, new = set(divide(make_text(order[:there])).parts), 0
        for number in range(there + 1, there + 6):
            divided = divide(make_text(order[:number]))
            new += len(divided.body) + sum(len(text) for name, text in divided.parts.items() if name not in known)
            known |= divided.parts.keys()
        each[there] = new / 5
    assert each[2_000] < 2.5 * each[250]
    assert each[2_000] < len(make_text(order[:2_000])) / 12


# --- incrementally ----------------------------------------------------------------------------------------------------


def apply_edits(text: str, edits: list[tuple[int, int, str]]) -> str:
    """From the last one to the first, so that their places hold."""
    for start, end, become in reversed(edits):
        text = text[:start] + become + text[end:]
    return text


WORDS = st.sampled_from(("a", '"', "},{", '","', "}", ",", "{", '"a","b"', "x" * 9, "},{},{", "seam"))


@settings(max_examples=300)
@given(st.lists(WORDS, min_size=1, max_size=120), st.data(), st.integers(1, 12), st.integers(1, 4))
def test_what_is_cut_anew_about_edits_is_cut_as_the_whole_is(
    words: list[str], data: st.DataObject, least: int, one_in: int
) -> None:
    """Whatever stands in the text, and where pieces are ended by their length: the oracle cuts all of it."""
    text = "".join(words)
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(places[::2], places[1::2], strict=False))
    edits = [(*pair, "".join(data.draw(st.lists(WORDS, max_size=4)))) for pair in pairs]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("UNDIVIDED", 5), ("_LEAST", least), ("_MOST", 20), ("_ONE_IN", one_in), ("_WIDEST", 2)):
            patch.setattr(node_part, name, value)
        patch.setattr(node_part, "_BRANCHES", 2)
        known = cut_text(text)
        pieces = recut_text(known, edits)
        after = apply_edits(text, edits)
        assert pieces == cut_text(after)
        divided = divide_pieces(pieces, divide_pieces(known).groups)
        assert (divided.body, divided.parts) == (divide(after).body, divide(after).parts)


def test_of_a_long_text_what_is_about_the_edits_is_cut_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    text = make_text(list(range(3_000)))
    pieces = cut_text(text)
    scanned = 0
    cut = node_part._cut

    def count(part: str) -> object:
        nonlocal scanned
        scanned += len(part)
        return cut(part)

    monkeypatch.setattr(node_part, "_cut", count)
    edits = [(at, at + 3, "abc") for at in (5_000, 400_000, 800_000)]
    after = recut_text(pieces, edits)
    assert "".join(piece.text for piece in after) == apply_edits(text, edits)
    assert scanned < 100_000 < len(text) / 8
