"""Items are equal when they mean the same, wherever they were read."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from larry.core.document import Json
from larry.nouns.fault import describe_value, did_you_mean, name_some, spell_path
from larry.nouns.item import (
    Item,
    Position,
    find_parent_address,
    is_same,
    join_address,
    list_members,
    quote_segment,
    unquote_segment,
)


@pytest.mark.parametrize(
    "one, other, same",
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        (None, 0, False),
        ("1", 1, False),
        ("", None, False),
        ((1, 2), [1, 2], True),
        ([1], [1, 2], False),
        ([], {}, False),
        ([True], [1], False),
        ({"a": [1]}, MappingProxyType({"a": (1,)}), True),
        ({"a": True}, {"a": 1}, False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, 1, False),
        ("ab", ["a", "b"], False),
    ],
)
def test_equal_as_json(one: Json, other: Json, same: bool) -> None:
    assert is_same(one, other) is same
    assert is_same(other, one) is same


def test_items_are_equal_by_meaning() -> None:
    one = Item("role", "web", {"name": "web", "floor": {"cpu": 1}}, Position("a", 1, 1))
    assert one == Item("role", "web", {"floor": {"cpu": 1.0}, "name": "web"})
    assert hash(one) == hash(Item("role", "web", {}))
    assert one != Item("role", "web", {"name": "web", "floor": {"cpu": True}})
    assert one != Item("pool", "web", one.values)
    assert one != Item("role", "wep", one.values)
    assert one != "web"
    assert str(one.position) == "a:1:1"
    assert one.position_of(("floor", "cpu")) == one.position, "an item without its places is its own place"


def test_addresses() -> None:
    assert join_address("", "acme") == "acme"
    assert join_address("acme/shop", "production") == "acme/shop/production"
    assert find_parent_address("acme/shop/production") == "acme/shop"
    assert find_parent_address("acme") == ""
    for name in ("Shop", "a/b", "100%", "%2F", "ä / ö", "a b"):
        assert "/" not in quote_segment(name)
        assert unquote_segment(quote_segment(name)) == name
    assert quote_segment("Pg Backup") == "Pg Backup"


def test_words_for_people() -> None:
    assert Item("service", "a", {"name": "A"}).label == "service 'A'"
    assert Item("service", "a", {}).label == "service a"
    assert Item("app", "a/s", {"name": "S"}).label == "app a/s"
    assert spell_path(("parameters", 1, "default")) == "parameters[1].default"
    assert list_members("ab") == ()
    values: list[Json] = [None, True, 5, "x", [], {}]
    assert [describe_value(value) for value in values] == [
        "nothing",
        "true",
        "the number 5",
        "the text 'x'",
        "a list",
        "a map",
    ]
    assert name_some({}) == ""
    assert name_some({"b": "B", "a": "a"}) == "there are 'a' and 'B'"
    assert name_some({str(number): str(number) for number in range(7)}) == ""


def test_guesses() -> None:
    few = {"postgres": "Postgres", "linux": "linux"}
    many = {f"service{number}": f"Service{number}" for number in range(10_000)} | few
    for candidates in (few, many):
        for word in ("postgre", "postgress", "psotgres", "POSTGRES", "pastgres"):
            assert did_you_mean(word, candidates) == "; did you mean 'Postgres'?"
        for word in ("", "quite another", "x" * 10_000):
            assert did_you_mean(word, candidates) == ""
    assert did_you_mean("pg_backup", many | {"pg-backup": "pg-backup"}) == "; did you mean 'pg-backup'?"
