"""Each kind of field: what it takes, in which normal form, and what it refuses with which path."""

from __future__ import annotations

import pytest
from hypothesis import given

from larry.core.document import Json, thaw
from larry.nouns.fault import spell_path
from larry.nouns.field import Field, FieldKind
from larry.nouns.item import is_same
from larry.nouns.parser import PARSERS, parse_field, parse_moment_text
from larry.nouns.statement import parse_statement
from larry.nouns.table import NOUNS
from tests.nouns.test_yaml_text import json_values

FIELDS = [(noun.name, field.name) for noun in NOUNS.values() for field in noun.fields]


@pytest.mark.parametrize(
    "noun, field, value, normal",
    [
        ("role", "name", "Web Ünïcode ✓", "Web Ünïcode ✓"),
        ("role", "description", "two\nlines \u202e", "two\nlines \u202e"),
        ("role", "floor", {"cpu": 2.0, "memory_mib": 1.5}, {"cpu": 2, "memory_mib": 1.5}),
        ("grade", "rank", 4.0, 4),
        ("grade", "rank", -3, -3),
        ("host", "name", "Web1.Example.COM", "web1.example.com"),
        ("host", "name", "a-1", "a-1"),
        ("host", "addresses", ["2001:DB8::0:1", "10.0.0.1"], ["2001:db8::1", "10.0.0.1"]),
        ("host", "labels", {"site": "fra", "a.b-c_d": ""}, {"site": "fra", "a.b-c_d": ""}),
        ("host", "grade", None, None),
        ("host", "roles", ["Web", "app"], ["Web", "app"]),
        ("host", "data", {"a": [1.0, {"b": None}]}, {"a": [1, {"b": None}]}),
        ("service", "sharing", "instance", "instance"),
        (
            "service",
            "parameters",
            ["a", {"name": "b", "type": "list", "merge": "deep", "default": [1.0]}, {"name": "c", "default": None}],
            [
                {"name": "a", "type": "any", "merge": "replace", "sensitive": False, "description": ""},
                {
                    "name": "b",
                    "type": "list",
                    "merge": "deep",
                    "sensitive": False,
                    "description": "",
                    "default": [1],
                },
                {
                    "name": "c",
                    "type": "any",
                    "merge": "replace",
                    "sensitive": False,
                    "description": "",
                    "default": None,
                },
            ],
        ),
        (
            "service",
            "audits",
            ["b", {"service": "a", "where": {"role": "r"}}, {"service": "c", "where": "manual"}],
            [
                {"service": "b", "where": "same-host"},
                {"service": "a", "where": {"role": "r"}},
                {"service": "c", "where": "manual"},
            ],
        ),
        ("customer", "parameters", {"a": {"b": [1, None, True]}}, {"a": {"b": [1, None, True]}}),
        ("instance", "template", "acme/shop/staging", "acme/shop/staging"),
    ],
)
def test_normal_form(noun: str, field: str, value: Json, normal: Json) -> None:
    parsed, faults = parse_field(NOUNS[noun].by_name[field], value)
    assert not faults
    assert is_same(thaw(parsed), normal), parsed


@pytest.mark.parametrize(
    "noun, field, value, path, fragment",
    [
        ("role", "floor", {"cpu": True}, "cpu", "must be a number, not true"),
        ("role", "floor", {"cpu": float("nan")}, "cpu", "from 0 up"),
        ("role", "floor", {"cpu": 2**60}, "cpu", "from 0 up"),
        ("role", "description", "a\ud800b", "", "surrogate"),
        ("role", "description", "a\0b", "", "NUL"),
        ("customer", "parameters", {"p": {"q": ["\0"]}}, "p", "at q[0]: it contains a NUL"),
        ("customer", "parameters", {"p": 2**53}, "p", "beyond 2^53 - 1"),
        ("service", "parameters", [{"name": "p", "default": float("inf")}], "[0].default", "no JSON number"),
        ("host", "data", {"a": {"b": "\udfff"}}, "", "at a.b"),
        ("host", "roles", [["web"]], "[0]", "key or name of one role"),
        ("host", "addresses", ["fe80::1%eth0"], "[0]", "must be an IP address"),
        ("service", "audits", [{"service": "a", "where": {"host": 5}}], "[0].where.host", "put it in quotes"),
        ("service", "audits", [{"service": "a", "where": {"role": ""}}], "[0].where.role", "not nothing"),
        ("service", "audits", [{"service": "", "where": "manual"}], "[0].service", "not nothing"),
        ("service", "audits", [7], "[0]", "not the number 7"),
        ("service", "audits", [{"service": "a", "where": 7}], "[0].where", "not the number 7"),
        ("instance", "copies", 2**53, "", "at most 2147483647"),
        ("instance", "copies", 2**31, "", "at most 2147483647"),
        ("grade", "rank", -(2**31), "", "at least -2147483647"),
        ("app", "importance", 1e300, "", "at most 2147483647"),
        ("role", "name", "\ufdfa" * 200, "", "at most 400 characters where it is compared"),
        ("customer", "name", "a" * 201, "", "at most 200 characters"),
        ("customer", "key", "a" * 64, "", "at most 63"),
        ("customer", "description", "a" * 10_001, "", "10001 characters, at most 10000"),
        ("app", "service_level", "a" * 201, "", "201 characters, at most 200"),
        ("service", "category", "a" * 201, "", "201 characters, at most 200"),
        ("host", "labels", {"site": "a" * 201}, "site", "201 characters, at most 200"),
        ("host", "labels", {"s" * 64: "a"}, "s" * 64, "at most 63"),
        ("host", "name", ".".join(["a" * 49] * 5) + ".abcd", "", "1 to 253"),
        ("role", "name", "a\ud800", "", "U+D800"),
        ("host", "name", "a" * 64, "", "1 to 63"),
        ("host", "name", ".".join(["a" * 60] * 5), "", "no DNS name"),
        ("host", "name", "-a", "", "begin nor end with a hyphen"),
    ],
)
def test_refusals(noun: str, field: str, value: Json, path: str, fragment: str) -> None:
    parsed, faults = parse_field(NOUNS[noun].by_name[field], value)
    assert parsed is None
    assert [spell_path(fault.path) for fault in faults] == [path]
    assert fragment in faults[0].text


def test_every_kind_has_a_parser() -> None:
    assert set(PARSERS) == set(FieldKind)


@pytest.mark.parametrize("noun, field", FIELDS)
@given(value=json_values)
def test_no_value_breaks_a_parser_and_normal_form_stays(noun: str, field: str, value: Json) -> None:
    spec = NOUNS[noun].by_name[field]
    parsed, faults = parse_field(spec, value)
    if faults:
        assert parsed is None
        assert all(fault.text for fault in faults)
    else:
        again, more = parse_field(spec, parsed)
        assert not more
        assert is_same(again, parsed)


@pytest.mark.parametrize("noun, field", FIELDS)
def test_defaults_are_in_normal_form(noun: str, field: str) -> None:
    spec = NOUNS[noun].by_name[field]
    if not spec.required and spec.kind is not FieldKind.KEY:
        parsed, faults = parse_field(spec, spec.default)
        assert not faults
        assert is_same(parsed, spec.default)


def test_moments() -> None:
    for text in ("2026-12-01", "2026-12-01T09:00Z", "2026-12-01t09:00:01.5z", "2026-12-01 09:00+01:00"):
        assert parse_moment_text(text) is not None, text
    for text in (
        "now",
        "+2h",
        "2026-13-01",
        "20261201",
        "2026-W01-1",
        "2026-12-01T9:00",
        "2026-12-01T24:30Z",
        "٢٠٢٦-12-01",
    ):
        assert parse_moment_text(text) is None, text


def test_a_statement_keeps_what_is_good_and_says_what_is_not() -> None:
    values, faults = parse_statement(
        NOUNS["host"], {"name": "A", "grade": 5, "labels": {"A": "b"}, "rolls": [], "was": "b"}
    )
    assert values == {"name": "a", "was": "b"}
    assert [(spell_path(fault.path), fault.at_key) for fault in faults] == [
        ("grade", False),
        ("labels.A", True),
        ("rolls", True),
    ]


def test_children_are_no_fields() -> None:
    assert parse_statement(NOUNS["customer"], {"name": "A", "apps": "whatever"}) == ({"name": "A"}, ())


def test_specs_name_only_fields() -> None:
    for noun in NOUNS.values():
        parents = {"customer", "app"}
        for word in (*noun.sorts, *noun.search, *noun.filters):
            assert word in noun.by_name or word in parents, (noun.name, word)
        for field in noun.fields:
            assert field.description.endswith(".") or field.description.endswith("}.")
            assert field.target is None or field.target in NOUNS
    assert Field("service_level", FieldKind.LINE, "x").label == "service level"


def test_nouns_stand_after_those_they_refer_to() -> None:
    order = list(NOUNS)
    for noun in NOUNS.values():
        needed = {field.target for field in noun.fields if field.target not in {None, noun.name}} | {noun.parent}
        assert all(order.index(other) < order.index(noun.name) for other in needed if other)
