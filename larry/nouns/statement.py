"""A statement is what somebody says about one noun: some fields as plain JSON, from a file, a command or the API."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.core.document import Json
from larry.nouns.fault import Fault, did_you_mean, shorten
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.parser import parse_field
from larry.nouns.table import CHILDREN, NOUNS, SECTIONS

WAS = Field("was", FieldKind.REFERENCE, "The key (or name) that is renamed by this.", required=True)
LIKE = Field(
    "like",
    FieldKind.REFERENCE,
    "Of a new app: the app, customer/app, whose instances its own are to follow. Taken once, when the app is created.",
    required=True,
    target="app",
)


def passing(noun: Noun) -> tuple[Field, ...]:
    """What may be said of a noun that is no field of it: it says how the rest is meant, and is not kept."""
    return (WAS, LIKE) if noun.name == LIKE.target else (WAS,)


_ALLOWED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        noun.name: MappingProxyType(
            {word: word for word in (*noun.by_name, *CHILDREN[noun.name], *(field.name for field in passing(noun)))}
        )
        for noun in NOUNS.values()
    }
)


def parse_statement(noun: Noun, stated: Mapping[str, Json]) -> tuple[dict[str, Json], tuple[Fault, ...]]:
    """The stated fields in normal form (references as written), without those at fault; and the faults.

    Nothing need be stated: `larry.nouns.completion` fills in the rest, and knows what a new noun must have. The keys of
    children (``apps`` of a customer) are passed over, ``was`` and ``like`` are kept. Linear in its size.
    """
    values: dict[str, Json] = {}
    faults: list[Fault] = []
    children = CHILDREN[noun.name]
    for word, value in stated.items():
        field = noun.by_name.get(word) or next((known for known in passing(noun) if known.name == word), None)
        if field is not None:
            normal, field_faults = parse_field(field, value)
            if field_faults:
                faults.extend(fault.under(word) for fault in field_faults)
            else:
                values[word] = normal
        elif word not in children:
            faults.append(Fault(_explain_unknown(noun, word), (word,), at_key=True))
    return values, tuple(faults)


def _explain_unknown(noun: Noun, word: str) -> str:
    guess = did_you_mean(word, _ALLOWED[noun.name])
    if not guess:
        owners = [other.name for other in NOUNS.values() if word in _ALLOWED[other.name]]
        if owners:
            guess = f"; {word} belongs to {' and '.join(owners)}"
        elif word in SECTIONS:
            guess = f"; {word} stands at the top of the file"
    return f"{'an' if noun.name[0] in 'aeiou' else 'a'} {noun.name} has no {shorten(word)}{guess}"
