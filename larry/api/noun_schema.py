"""The JSON Schemas of the simple nouns for the description of the API, derived from their specs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.core.document import Json
from larry.nouns.field import Field, Noun
from larry.nouns.schema import describe_field
from larry.nouns.statement import LIKE
from larry.nouns.table import NOUNS

_REASON: Mapping[str, Json] = MappingProxyType(
    {"type": "string", "maxLength": 10_000, "description": "Why; activity keeps it."}
)
_ADDRESS: Mapping[str, Json] = MappingProxyType({"type": "string", "minLength": 1, "description": "Where it is found."})
_EXAMPLES: Mapping[str, Mapping[str, Json]] = MappingProxyType(
    {
        "role": {"name": "web", "description": "Serves pages."},
        "grade": {"name": "medium", "rank": 2, "floor": {"cpu": 2}},
        "pool": {"name": "production"},
        "host": {"name": "web9.example.com", "addresses": ["10.0.0.19"], "labels": {"site": "fra"}},
        "service": {"name": "rails", "sharing": "instance", "parameters": [{"name": "workers", "type": "integer"}]},
        "customer": {"name": "Acme", "parameters": {"timezone": "Europe/Berlin"}},
        "app": {"customer": "acme", "name": "Shop", "service_level": "gold"},
        "instance": {"app": "acme/shop", "name": "Staging", "copies": 1},
    }
)


def example_new(noun: Noun) -> dict[str, Json]:
    """A body that creates one."""
    return {**_EXAMPLES[noun.name], "reason": "we have one more"}


def example_change(noun: Noun) -> dict[str, Json]:
    """A body that changes one."""
    del noun
    return {"description": "told better"}


def noun_schemas() -> dict[str, Json]:
    """By name: what is read of each noun, and what is said of new and standing ones."""
    found: dict[str, Json] = {}
    for noun in NOUNS.values():
        name = noun.name.capitalize()
        found[name] = _describe_item(noun)
        found[f"{name}Page"] = describe_page(name)
        found[f"{name}New"] = _describe_new(noun)
        found[f"{name}Fields"] = _describe_said(noun.fields, {"reason": dict(_REASON)}, noun.description)
        tag: Json = {"type": "string", "description": "The ETag that it was read with."}
        changes = _describe_said(noun.fields, {"address": dict(_ADDRESS), "etag": tag}, noun.description, ("address",))
        found[f"{name}Changes"] = {"type": "array", "minItems": 1, "maxItems": 1000, "items": changes}
    return found


def describe_page(name: str, *, is_counted: bool | None = True) -> dict[str, Json]:
    """One page of a list of what has a schema. ``is_counted``: whether it says how many there are; None: at times."""
    properties: dict[str, Json] = {
        "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
        "next": {"type": ["string", "null"], "description": "The cursor of the next page; null on the last."},
    }
    required = tuple(properties)
    if is_counted is not False:
        properties["total"] = {"type": "integer", "minimum": 0, "description": "How many there are on all pages."}
    return _map(properties, tuple(properties) if is_counted else required)


def _map(properties: dict[str, Json], required: tuple[str, ...], text: str = "") -> dict[str, Json]:
    told: dict[str, Json] = {"description": text} if text else {}
    return {
        "type": "object",
        **told,
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def _describe_item(noun: Noun) -> dict[str, Json]:
    """What is read: nothing is required, because ``fields`` may ask for less."""
    properties: dict[str, Json] = {
        "noun": {"const": noun.name},
        "address": dict(_ADDRESS),
        **{field.name: describe_field(field) for field in noun.fields},
    }
    return _map(properties, (), noun.description)


def _describe_said(
    fields: tuple[Field, ...], more: dict[str, Json], text: str, required: tuple[str, ...] = ()
) -> dict[str, Json]:
    return _map({**{field.name: describe_field(field) for field in fields}, **more}, required, text)


def _describe_new(noun: Noun) -> dict[str, Json]:
    more: dict[str, Json] = {"reason": dict(_REASON)}
    required: tuple[str, ...] = ("name",)
    if noun.parent:
        parent: Json = {"type": "string", "minLength": 1, "description": f"The address of the {noun.parent}."}
        more[noun.parent] = parent
        required = (noun.parent, "name")
    if noun.name == LIKE.target:
        more[LIKE.name] = describe_field(LIKE)
    return _describe_said(noun.fields, more, noun.description, required)
