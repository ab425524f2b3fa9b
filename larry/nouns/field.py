"""A field is what a noun says about one thing, and a noun is its fields: frozen specs that faces derive from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from larry.core.document import Json, freeze


class FieldKind(StrEnum):
    """What sort of value a field takes; `larry.nouns.parser` reads each, `larry.nouns.schema` describes each."""

    NAME = "name"
    HOST_NAME = "host-name"
    KEY = "key"
    TEXT = "text"
    LINE = "line"
    INTEGER = "integer"
    CHOICE = "choice"
    MOMENT = "moment"
    NUMBER_MAP = "number-map"
    STRING_MAP = "string-map"
    JSON_MAP = "json-map"
    IP_LIST = "ip-list"
    REFERENCE = "reference"
    REFERENCES = "references"
    VALUES = "values"
    DECLARATIONS = "declarations"
    AUDITS = "audits"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field. ``default`` is in normal form, ``target`` the noun that references name, ``least`` bounds integers."""

    name: str
    kind: FieldKind
    description: str
    default: Json = None
    required: bool = False
    target: str | None = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    sensitive: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "default", freeze(self.default))

    @property
    def label(self) -> str:
        """How pages head it."""
        return self.name.replace("_", " ")


@dataclass(frozen=True, slots=True, eq=False)
class Noun:
    """One simple noun.

    ``plural`` is its key in estate files and its endpoint; ``parent`` the noun whose items hold it; ``scope`` the nouns
    a grant on which reaches it; ``sorts``, ``filters`` and ``search`` are names of fields.
    """

    name: str
    plural: str
    description: str
    fields: tuple[Field, ...]
    parent: str | None = None
    scope: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ("name", "key")
    filters: tuple[str, ...] = ()
    search: tuple[str, ...] = ("name", "key", "description")
    by_name: Mapping[str, Field] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", MappingProxyType({one.name: one for one in self.fields}))


def name_fields(noun: str, kind: FieldKind = FieldKind.NAME) -> tuple[Field, Field, Field]:
    """The three fields that every noun has."""
    article = "an" if noun[0] in "aeiou" else "a"
    return (
        Field("name", kind, f"What people call the {noun}; unique without regard to case.", required=True),
        Field("key", FieldKind.KEY, f"What tools call the {noun}; derived once from its name unless given, then kept."),
        Field("description", FieldKind.TEXT, f"What {article} {noun} of this name is for, for people.", default=""),
    )
