"""Any estate that can be generated is read, written and read again as the same; no text or bytes break the reader."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from larry.core.document import Json, thaw
from larry.exports.estate import write_estate
from larry.nouns.check import check_items
from larry.nouns.completion import overlay
from larry.nouns.estate import EstateFaults, complete, parse_estate, read_estate
from larry.nouns.fault import Fault
from larry.nouns.item import Item
from larry.nouns.parser import parse_field
from larry.nouns.table import NOUNS
from tests.nouns.strategies import estates, spell
from tests.nouns.test_estate import EXAMPLE, REST, index

CASES = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 1
generous = settings(
    max_examples=40 * CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def find_faults(*files: tuple[str, bytes | str]) -> tuple[Fault, ...] | None:
    """What the files are refused for, or None when they are taken."""
    try:
        read_estate(files, {})
    except EstateFaults as refusal:
        return refusal.faults
    return None


@generous
@given(estates())
def test_written_and_read_again_it_is_the_same(document: Json) -> None:
    text = spell(document)
    items = read_estate([("a", text)], {}).items
    estate = index(items)
    assert check_items(items) == ()
    for item in items:
        for field in NOUNS[item.noun].fields:
            normal, faults = parse_field(field, item.values[field.name])
            assert not faults
            assert Item("x", "x", {"v": normal}) == Item("x", "x", {"v": item.values[field.name]}), field.name
    written = write_estate(items)
    assert index(read_estate([("b", written)], {}).items) == estate
    assert write_estate(reversed(items)) == written
    assert index(read_estate([("a", text)], estate).items) == estate, "the same file again changes nothing"
    assert index(read_estate([("b", written)], estate).items) == estate
    assert index(overlay(estate, complete(parse_estate([("b", written)]).items, estate))) == estate


@generous
@given(estates(), st.data())
def test_a_partial_statement_keeps_the_rest(document: Json, data: st.DataObject) -> None:
    before = index(read_estate([("a", spell(document))], {}).items)
    if not before:
        return
    item = before[data.draw(st.sampled_from(sorted(before)))]
    field = data.draw(st.sampled_from(NOUNS[item.noun].fields))
    stated = {"key": item.values["key"], "name": item.values["name"], field.name: thaw(item.values[field.name])}
    (after,) = complete([Item(item.noun, item.address, stated)], before)
    assert after == item
    (after,) = complete([Item(item.noun, item.address, {"key": item.values["key"], "description": "other"})], before)
    assert after == Item(item.noun, item.address, {**item.values, "description": "other"})


@generous
@given(st.lists(st.tuples(st.text(max_size=5), st.text() | st.binary()), max_size=2))
def test_no_bytes_raise_anything_else(files: list[tuple[str, bytes | str]]) -> None:
    refused = find_faults(*files)
    assert refused is None or all(map(str, refused))


@settings(generous, max_examples=150 * CASES)
@given(st.data())
def test_no_damage_raises_anything_else(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([EXAMPLE + REST.removeprefix("larry: 1\n"), REST]))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        patch = data.draw(
            st.text("[]{}:,-?&*!|>'\"%@` \n#a0.~<=\t/", max_size=6)
            | st.sampled_from(["null", "true", "[]", "{}", "\0"])
        )
        text = text[:place] + patch + text[place + cut :]
    for fault in find_faults(("a", text)) or ():
        assert fault.position
        assert "\n" not in str(fault)


def _damage(value: Json, patch: Json, steps: list[int]) -> Json:
    """The value with something else at a place within it."""
    if not steps or not isinstance(value, (dict, list)) or not value:
        return patch
    if isinstance(value, list):
        place = steps[0] % len(value)
        return [_damage(member, patch, steps[1:]) if at == place else member for at, member in enumerate(value)]
    key = sorted(value)[steps[0] % len(value)]
    return {**value, key: _damage(value[key], patch, steps[1:])}


_WRONG: list[Json] = [None, True, 5, -1, 1.5, "x", "", [], {}, ["x", "x"], {"x": 1}, [[]], [None], {"name": "x"}]


@settings(generous, max_examples=80 * CASES)
@given(estates(), st.sampled_from(_WRONG), st.lists(st.integers(0, 30), min_size=1, max_size=9))
def test_no_wrong_value_raises_anything_else(document: Json, patch: Json, steps: list[int]) -> None:
    text = spell(_damage(document, patch, steps))
    faults = find_faults(("a", text))
    assert all(fault.position for fault in faults or ())
    if faults is None:
        items = read_estate([("a", text)], {}).items
        assert index(read_estate([("b", write_estate(items))], {}).items) == index(items)
