"""The JSON Schema of the estate file says the same as the parsers, as far as a schema can."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from larry.core.document import Json
from larry.nouns.parser import PARSERS
from larry.nouns.schema import describe_field, estate_schema
from larry.nouns.table import NOUNS
from tests.nouns.bad_estate import BAD, MARK
from tests.nouns.strategies import estates
from tests.nouns.test_estate import EXAMPLE, REST
from tests.nouns.test_estate_property import generous
from tests.nouns.test_yaml_text import read

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
WORDS = frozenset(
    "$schema title description default format type const enum required properties additionalProperties propertyNames "
    "pattern minLength maxLength minimum maximum items anyOf not".split()
)


def is_of(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, float) and value.is_integer())


def allows(schema: Any, value: Any) -> bool:
    """JSON Schema 2020-12, as much of it as the schema uses."""
    assert set(schema) <= WORDS
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_of(value, kind) for kind in kinds):
        return False
    if "const" in schema and (value != schema["const"] or isinstance(value, bool)):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "not" in schema and allows(schema["not"], value):
        return False
    if "anyOf" in schema and not any(allows(one, value) for one in schema["anyOf"]):
        return False
    if isinstance(value, str):
        return (
            bool(re.search(schema.get("pattern", ""), value))
            and schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        )  # fmt: skip
    if isinstance(value, list):
        return all(allows(schema.get("items", {}), member) for member in value)
    if isinstance(value, dict):
        return allows_map(schema, value)
    least, most = schema.get("minimum", value), schema.get("maximum", value)
    return not is_of(value, "number") or bool(least <= value <= most)


def allows_map(schema: Any, value: dict[str, Any]) -> bool:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    if any(word not in value for word in schema.get("required", [])):
        return False
    for word, member in value.items():
        if not allows(schema.get("propertyNames", {}), word):
            return False
        rule = properties.get(word, others)
        if rule is False or not allows(rule, member):
            return False
    return True


def test_it_is_json_and_names_everything() -> None:
    schema = estate_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    sections: Any = schema["properties"]
    assert list(sections) == [
        "larry", "roles", "grades", "pools", "hosts", "services", "customers", "deployments",
    ]  # fmt: skip
    for noun in NOUNS.values():
        for field in noun.fields:
            assert describe_field(field)["description"] == field.description
    assert {field.kind for noun in NOUNS.values() for field in noun.fields} <= set(PARSERS)


@pytest.mark.parametrize("text", [EXAMPLE, REST, "larry: 1", "larry: 1\nroles:\n"])
def test_good_files(text: str) -> None:
    assert allows(estate_schema(), read(text))


@settings(generous, max_examples=15)
@given(estates())
def test_every_good_estate(document: Json) -> None:
    assert allows(estate_schema(), document)


SHAPES = (
    "no header", "header of tomorrow", "header as text", "unknown section", "section is a map", "member is text",
    "no name", "misspelt name", "name is a number", "empty name", "long name", "key of capitals", "long key",
    "reserved key", "unknown field", "description is null", "rank is text", "rank is a fraction", "rank is true",
    "floor is a list", "quantity is text", "quantity is negative", "quantity of capitals", "sharing", "copies",
    "parameters is a list", "parameter name", "reserved parameter name", "label is a number", "label of capitals",
    "data is a list", "addresses is text", "parameter without name", "parameter is a number", "type", "merge",
    "sensitive", "word of a parameter", "reserved declaration", "grade is a list", "roles is text", "need of nothing",
    "need is null", "audit without service", "audit where", "audit where both", "audit where pool",
    "deployment is text", "deployment of nothing", "deployment word",
)  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_bad_shapes(name: str) -> None:
    assert not allows(estate_schema(), read(BAD[name][0].replace(MARK, "")))


def test_an_editor_that_reads_yaml_1_1_sees_the_example_alike() -> None:
    document = yaml.safe_load(EXAMPLE)
    del document["deployments"]
    assert allows(estate_schema(), document)
