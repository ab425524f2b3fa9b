"""The JSON Schema of the estate file, derived from the specs of the nouns, so that editors complete and check it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from larry.core.document import Json, thaw
from larry.core.key import KEY_PATTERN, RESERVED_KEYS, RESERVED_PARAMETER_NAMES
from larry.nouns.audit import NAMED_WHERES, PLAIN_WHERES
from larry.nouns.declaration import MERGES, TYPES, UNSTATED
from larry.nouns.deployment import DEPLOYMENT_FIELDS, DEPLOYMENT_SECTION
from larry.nouns.estate_file import HEADER, VERSION
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.parser import LABEL_PATTERN, LARGEST_WHOLE, LONGEST_HOST_NAME, LONGEST_NAME
from larry.nouns.statement import passing
from larry.nouns.table import CHILDREN, SECTIONS
from larry.nouns.text import LONGEST_LINE, LONGEST_TEXT

Schema: TypeAlias = dict[str, Json]

_KEY_TEXT = f"^{KEY_PATTERN.pattern}$"
_LABEL_TEXT = f"^{LABEL_PATTERN.pattern}$"
_MOMENT_TEXT = r"^\d{4}-\d\d-\d\d"


def estate_schema() -> dict[str, Json]:
    """JSON Schema 2020-12 of one estate file, made of plain dicts and lists.

    It allows at least all that Larry accepts: what needs the whole estate (dangling names, circles) only Larry can say.
    """
    properties: Schema = {HEADER: {"const": VERSION, "description": "The version of the form of this file."}}
    for noun in SECTIONS.values():
        properties[noun.plural] = _describe_section(noun)
    properties[DEPLOYMENT_SECTION] = {
        "type": ["array", "null"],
        "description": "What is live where; read only by `larry apply --with-deployments`.",
        "items": _describe_map(DEPLOYMENT_FIELDS, {}),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An estate file of Larry",
        "type": "object",
        "required": [HEADER],
        "properties": properties,
        "additionalProperties": False,
    }


def describe_field(field: Field) -> dict[str, Json]:
    """JSON Schema of one field as people and programs may write it."""
    described = dict(_KINDS[field.kind](field), description=field.description)
    if field.default is not None:
        described["default"] = thaw(field.default)
    return described


def _describe_section(noun: Noun) -> Schema:
    children = {plural: _describe_section(child) for plural, child in CHILDREN[noun.name].items()}
    return {
        "type": ["array", "null"],
        "description": noun.description,
        "items": _describe_map((*noun.fields, *passing(noun)), children, required=("name",)),
    }


def _describe_map(
    fields: tuple[Field, ...], more: Mapping[str, Json], required: tuple[str, ...] | None = None
) -> Schema:
    needed = tuple(field.name for field in fields if field.required) if required is None else required
    return {
        "type": "object",
        "required": list(needed),
        "properties": {**{field.name: describe_field(field) for field in fields}, **more},
        "additionalProperties": False,
    }


def _describe_integer(field: Field) -> Schema:
    least = field.least if field.least is not None else -LARGEST_WHOLE
    return {"type": "integer", "minimum": least, "maximum": LARGEST_WHOLE}


def _describe_reference(field: Field) -> Schema:
    return {"type": "string", "minLength": 1} if field.required else {"type": ["string", "null"], "minLength": 1}


def _describe_parameter_name(_field: Field | None = None) -> Schema:
    return {"type": "string", "pattern": _KEY_TEXT, "not": {"enum": sorted(RESERVED_PARAMETER_NAMES)}}


def _describe_declarations(_field: Field) -> Schema:
    whole: Schema = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": _describe_parameter_name(),
            "type": {"enum": list(TYPES), "default": UNSTATED["type"]},
            "merge": {"enum": list(MERGES), "default": UNSTATED["merge"]},
            "sensitive": {"type": "boolean", "default": UNSTATED["sensitive"]},
            "description": {"type": "string", "maxLength": LONGEST_TEXT},
            "default": {},
        },
        "additionalProperties": False,
    }
    return {"type": "array", "items": {"anyOf": [_describe_parameter_name(), whole]}}


def _describe_audits(_field: Field) -> Schema:
    name: Schema = {"type": "string", "minLength": 1}
    places: list[Json] = [
        {"type": "object", "required": [kind], "properties": {kind: name}, "additionalProperties": False}
        for kind in NAMED_WHERES
    ]
    where: Schema = {"anyOf": [{"enum": list(PLAIN_WHERES)}, *places], "default": PLAIN_WHERES[0]}
    whole: Schema = {
        "type": "object",
        "required": ["service"],
        "properties": {"service": name, "where": where},
        "additionalProperties": False,
    }
    return {"type": "array", "items": {"anyOf": [name, whole]}}


_KINDS: Mapping[FieldKind, Callable[[Field], Schema]] = MappingProxyType(
    {
        FieldKind.NAME: lambda _: {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
        FieldKind.HOST_NAME: lambda _: {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_HOST_NAME,
            "pattern": r"^[A-Za-z0-9.-]+$",
        },
        FieldKind.KEY: lambda _: {"type": "string", "pattern": _KEY_TEXT, "not": {"enum": sorted(RESERVED_KEYS)}},
        FieldKind.TEXT: lambda _: {"type": "string", "maxLength": LONGEST_TEXT},
        FieldKind.LINE: lambda _: {"type": "string", "maxLength": LONGEST_LINE},
        FieldKind.INTEGER: _describe_integer,
        FieldKind.CHOICE: lambda field: {"enum": list(field.choices)},
        FieldKind.MOMENT: lambda field: {
            "type": "string" if field.required else ["string", "null"],
            "pattern": _MOMENT_TEXT,
        },
        FieldKind.NUMBER_MAP: lambda _: {
            "type": "object",
            "propertyNames": {"pattern": _KEY_TEXT},
            "additionalProperties": {"type": "number", "minimum": 0},
        },
        FieldKind.STRING_MAP: lambda _: {
            "type": "object",
            "propertyNames": {"pattern": _LABEL_TEXT},
            "additionalProperties": {"type": "string", "maxLength": LONGEST_LINE},
        },
        FieldKind.JSON_MAP: lambda _: {"type": "object"},
        FieldKind.IP_LIST: lambda _: {
            "type": "array",
            "items": {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}], "type": "string"},
        },
        FieldKind.REFERENCE: _describe_reference,
        FieldKind.REFERENCES: lambda _: {"type": "array", "items": {"type": "string", "minLength": 1}},
        FieldKind.VALUES: lambda _: {"type": "object", "propertyNames": _describe_parameter_name()},
        FieldKind.DECLARATIONS: _describe_declarations,
        FieldKind.AUDITS: _describe_audits,
    }
)
