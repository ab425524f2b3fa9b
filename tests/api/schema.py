"""A strict reader of the JSON Schema that the description of the API uses; what it does not know it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
_TOLD = frozenset({"title", "description", "default", "examples", "format", "$ref"})
_KNOWN = frozenset(
    "type enum const anyOf not required properties additionalProperties propertyNames items pattern minLength "
    "maxLength minimum maximum minItems maxItems maxProperties".split()
)


def find_faults(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "") -> Iterator[str]:
    """What about a value is not as its schema says."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        yield from find_faults(value, document["components"]["schemas"][name], document, at)
    strange = schema.keys() - _KNOWN - _TOLD
    assert not strange, f"the reader of schemas does not know {strange}"
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{at}: {value!r} is not of type {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "anyOf" in schema and all(any(find_faults(value, each, document, at)) for each in schema["anyOf"]):
        yield f"{at}: {str(value)[:200]!r} is none of the alternatives"
    if "not" in schema and not any(find_faults(value, schema["not"], document, at)):
        yield f"{at}: {value!r} is what it must not be"
    yield from _find_inside(value, schema, document, at)


def _find_inside(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _find_in_map(value, schema, document, at)
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from find_faults(member, schema.get("items", {}), document, f"{at}/{place}")
    elif isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: {value!r} does not match {schema['pattern']}"
        if schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
            yield f"{at}: {value!r} has no offset"


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _find_in_map(value: dict[str, Any], schema: dict[str, Any], document: dict[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, member in value.items():
        if name in properties:
            yield from find_faults(member, properties[name], document, f"{at}/{name}")
        elif schema.get("additionalProperties", True) is False:
            yield f"{at}: {name} is not described"
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from find_faults(member, schema["additionalProperties"], document, f"{at}/{name}")
        if "propertyNames" in schema:
            yield from find_faults(name, schema["propertyNames"], document, f"{at}/{name}")
