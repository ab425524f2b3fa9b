"""The form of a noun: its inputs as they were typed, what they state, and what is wrong beside each field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from django.urls import reverse

from larry.core.document import Json
from larry.nouns.declaration import MERGES, TYPES
from larry.nouns.fault import Fault, spell_path
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.item import Item, is_same
from larry.nouns.table import NOUNS
from larry.queries.listing import ListingRequest, get_listing
from larry.queries.moment import Moment
from larry.queries.reader import Reader
from larry.web.field_input import EMPTY_ROWS, INPUT_KINDS, Inputs, NotSo, list_rows, read_inputs, write_inputs

MOST_BOXES = 24
WHERES = ("same-host", "role", "host", "manual")


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class InputRow:
    """One row of inputs: ``name`` begins the names of them, ``parts`` are their texts."""

    name: str
    number: int
    parts: Mapping[str, str]
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class FormField:
    """What `field.html` shows. ``look`` names the template of its inputs, ``names`` where texts are completed."""

    name: str
    label: str
    about: str
    look: str
    value: str = ""
    rows: tuple[InputRow, ...] = ()
    options: tuple[Option, ...] = ()
    names: str = ""
    faults: tuple[str, ...] = ()
    is_required: bool = False
    is_fixed: bool = False
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """What a form states: values by field, and what cannot even be read."""

    values: Mapping[str, Json]
    faults: tuple[Fault, ...] = ()


def fill_inputs(item: Item) -> dict[str, str]:
    """The inputs of a noun as it is."""
    inputs: dict[str, str] = {}
    for field in NOUNS[item.noun].fields:
        inputs.update(write_inputs(field, item.values[field.name]))
    return inputs


def default_inputs(noun: Noun) -> dict[str, str]:
    """The inputs of a noun that is still to be."""
    inputs: dict[str, str] = {}
    for field in noun.fields:
        inputs.update(write_inputs(field, field.default))
    return inputs


def read_stated(noun: Noun, inputs: Inputs, item: Item | None) -> Stated:
    """What differs from the noun as it is; of a new one what differs from what it would have anyway."""
    values: dict[str, Json] = {}
    faults: list[Fault] = []
    for field in noun.fields:
        if field.name == "key" and item is not None:
            continue
        try:
            value = read_inputs(field, inputs)
        except NotSo as fault:
            faults.append(Fault(str(fault), (field.name,)))
            continue
        known = item.values[field.name] if item is not None else field.default
        if field.required or not _means_the_same(field, value, known):
            values[field.name] = value
    if item is not None and is_same(values.get("name"), item.values["name"]):
        values.pop("name", None)
    return Stated(values, tuple(faults))


def _means_the_same(field: Field, value: Json, known: Json) -> bool:
    if field.kind is FieldKind.REFERENCES:
        return sorted(cast("list[str]", value)) == sorted(cast("Sequence[str]", known))
    return is_same(value, known) or (field.kind is FieldKind.INTEGER and value is None)


def lay_out(
    noun: Noun, inputs: Inputs, faults: Iterable[Fault], reader: Reader, at: Moment, *, is_new: bool
) -> tuple[FormField, ...]:
    """The fields with what was typed and what is wrong; at most 4 SQL statements for each field that refers."""
    told = _by_field(faults)
    return tuple(
        _lay_out_one(field, inputs, told.get(field.name, ()), reader, at, is_new=is_new) for field in noun.fields
    )


def list_general(noun: Noun, faults: Iterable[Fault]) -> tuple[str, ...]:
    """What is wrong beyond the fields of the form: of other nouns, or of all of it."""
    return tuple(str(fault) for fault in faults if not fault.path or str(fault.path[0]) not in noun.by_name)


def _by_field(faults: Iterable[Fault]) -> Mapping[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = {}
    for fault in faults:
        if fault.path:
            inside = spell_path(fault.path[1:])
            name = str(fault.path[0])
            told[name] = (*told.get(name, ()), f"{inside}: {fault.text}" if inside else fault.text)
    return told


def _lay_out_one(
    field: Field, inputs: Inputs, faults: tuple[str, ...], reader: Reader, at: Moment, *, is_new: bool
) -> FormField:
    kind = INPUT_KINDS[field.kind]
    look, names = kind.look, ""
    options: tuple[Option, ...] = ()
    value = inputs.get(field.name, "")
    rows = list_rows(field, inputs)
    if field.kind is FieldKind.CHOICE:
        options = tuple(Option(choice, choice, choice == value) for choice in field.choices)
    elif field.target is not None:
        names = f"{reverse(NOUNS[field.target].plural)}-/names"
        if field.kind is not FieldKind.AUDITS:
            chosen = {row["value"] for row in rows} if kind.parts else {value}
            options = _list_options(field, chosen, reader, at)
            look = {"references": "boxes", "reference": "select"}[look] if options else look
    return FormField(
        name=field.name,
        label=field.label,
        about=field.description,
        look=look,
        value=value,
        rows=_number_rows(field, rows) if kind.parts and look != "boxes" else (),
        options=options,
        names=names,
        faults=faults,
        is_required=field.required,
        is_fixed=field.name == "key" and not is_new,
        least=field.least,
    )


_CHOSEN = frozenset({"type", "merge", "sensitive", "where"})
"""Parts that a row has without anybody's doing."""


def _number_rows(field: Field, rows: list[dict[str, str]]) -> tuple[InputRow, ...]:
    empty = [dict.fromkeys(INPUT_KINDS[field.kind].parts, "") for _ in range(EMPTY_ROWS)]
    if field.kind is FieldKind.DECLARATIONS:
        empty = [{**row, "type": TYPES[0], "merge": MERGES[0], "sensitive": "no"} for row in empty]
    filled = [row for row in rows if any(text for part, text in row.items() if part not in _CHOSEN)]
    return tuple(
        InputRow(f"{field.name}.{number}", number, row, bool(row.get("sealed")))
        for number, row in enumerate([*filled, *empty])
    )


def _list_options(field: Field, chosen: set[str], reader: Reader, at: Moment) -> tuple[Option, ...]:
    """All there is to choose from when that is little, else nothing: then what is typed is completed."""
    listing = get_listing(ListingRequest(field.target or "", most=MOST_BOXES), reader, at)
    known = {item.address for item in listing.items}
    if listing.total > MOST_BOXES or not chosen - {""} <= known:
        return ()
    return tuple(Option(i.address, str(i.values["name"]), i.address in chosen) for i in listing.items)
