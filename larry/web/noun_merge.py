"""Two people edit one noun: what the second typed is kept beside what the first saved, nothing is overwritten unseen.

A form carries a mark of every field as it was opened. By these it is known which fields were touched in it: what was
not touched becomes what it is now, what both changed is shown side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from larry.core.document import Json, digest_of, is_sealed
from larry.nouns.field import Field, FieldKind
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityRow
from larry.web.change_view import Difference, list_differences
from larry.web.field_input import Inputs, NotSo, read_inputs, write_inputs

OPENED = "opened"
_LETTERS = 16
_NEW_SECRET = "(another secret)"  # noqa: S105  # what is shown instead of one


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else changed in a field: ``by`` is their line of activity, as far as the visitor may read it.
    ``is_kept``: something else was typed here, and stands in the form still; else the form has what is now."""

    field: str
    now: str
    typed: str
    is_kept: bool
    by: ActivityRow | None


@dataclass(frozen=True, slots=True)
class Merged:
    """The inputs to go on with, and what they were not yet told of."""

    inputs: Inputs
    lines: tuple[Meanwhile, ...]


def mark_fields(item: Item) -> str:
    """What the form of a noun carries of each field as it is now."""
    return " ".join(f"{field.name}={_mark(field, _written(field, item))}" for field in _list_fields(item))


def merge(item: Item, inputs: Inputs, activity: Iterable[ActivityRow]) -> Merged:
    """What was typed into a form that was opened before the noun became what it is now. No SQL."""
    opened = dict(each.split("=", 1) for each in inputs.get(OPENED, "").split() if "=" in each)
    merged, lines = dict(inputs), list[Meanwhile]()
    by = {name: row for row in reversed(list(activity)) for name in row.after or ()}
    for field in _list_fields(item):
        written = _written(field, item)
        now, was, typed = _mark(field, written), opened.get(field.name), _mark(field, inputs)
        if now in {typed, was}:
            continue
        told = by.get(field.name)
        if typed == was:
            for name in [name for name in merged if name.partition(".")[0] == field.name]:
                del merged[name]
            merged.update(written)
            told_now = _read(field, written)
            lines += (Meanwhile(each.label, each.after, "", False, told) for each in _differ(field, None, told_now))
        else:
            sides = (_read(field, each) for each in (written, inputs))
            lines += (Meanwhile(each.label, each.before, each.after, True, told) for each in _differ(field, *sides))
    return Merged(merged, tuple(lines))


def _list_fields(item: Item) -> Iterator[Field]:
    return (field for field in NOUNS[item.noun].fields if field.name != "key")


def _written(field: Field, item: Item) -> Mapping[str, str]:
    return write_inputs(field, item.values[field.name])


def _mark(field: Field, inputs: Inputs) -> str:
    """Of what inputs state, however they are numbered; of what cannot be read the text itself."""
    value = _read(field, inputs)
    if field.kind is FieldKind.REFERENCES and isinstance(value, list):
        value = sorted(value, key=str)
    return digest_of(value)[:_LETTERS]


def _read(field: Field, inputs: Inputs) -> Json:
    try:
        return read_inputs(field, inputs)
    except NotSo:
        return {name: text for name, text in inputs.items() if name.partition(".")[0] == field.name}


def _differ(field: Field, before: Json, after: Json) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        after = {name: _NEW_SECRET if is_sealed(before.get(name)) and not is_sealed(value) else value
                 for name, value in after.items()}  # fmt: skip
    found = list(list_differences(field.label, before, after))
    return iter(found or [Difference(field.label, "", "")])
