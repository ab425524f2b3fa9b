"""Fields of nouns as inputs of a form, by their kind: a value becomes named inputs, named inputs become a value.

An input is named FIELD, or FIELD.NUMBER.PART where a field has rows; the form's text is kept as it was typed, so that
nothing is lost when it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from larry.core.document import Json, is_sealed
from larry.nouns.field import Field, FieldKind
from larry.web.typed_value import NotTyped, read_number, read_typed, type_value

Inputs: TypeAlias = Mapping[str, str]
"""What a form sends, by name."""

MOST_ROWS = 2000
EMPTY_ROWS = 2


class NotSo(ValueError):
    """What is typed cannot be read as the field's kind asks; the parser would not see it."""


@dataclass(frozen=True, slots=True)
class InputKind:
    """``look`` is the template that shows it; ``parts`` name the inputs of each of its rows (none: one input)."""

    look: str
    write: Callable[[Json], list[dict[str, str]]]
    read: Callable[[Sequence[Mapping[str, str]]], Json]
    parts: tuple[str, ...] = ()


def write_inputs(field: Field, value: Json) -> dict[str, str]:
    """The inputs that show a value in normal form."""
    kind = INPUT_KINDS[field.kind]
    rows = kind.write(value)
    if not kind.parts:
        return {field.name: rows[0]["value"]}
    return {f"{field.name}.{number}.{part}": text for number, row in enumerate(rows) for part, text in row.items()}


def read_inputs(field: Field, inputs: Inputs) -> Json:
    """The value that the inputs state. Raises `NotSo`; most of what is wrong is left to the parser of the field."""
    kind = INPUT_KINDS[field.kind]
    if not kind.parts:
        return kind.read([{"value": inputs.get(field.name, "").replace("\r\n", "\n")}])
    return kind.read([row for row in list_rows(field, inputs) if _says_anything(row)])


def _says_anything(row: Mapping[str, str]) -> bool:
    return any(text.strip() for part, text in row.items() if part != "sealed")


def list_rows(field: Field, inputs: Inputs) -> list[dict[str, str]]:
    """The rows of a field as they were typed, by number, those without anything in them too."""
    parts = INPUT_KINDS[field.kind].parts
    rows: dict[int, dict[str, str]] = {}
    for name, text in inputs.items():
        owner, _, rest = name.partition(".")
        number, _, part = rest.partition(".")
        if owner == field.name and part in (*parts, "sealed") and number.isdigit() and len(number) <= 4:
            rows.setdefault(int(number), {})[part] = text.replace("\r\n", "\n")
    found = [{**dict.fromkeys(parts, ""), **rows[number]} for number in sorted(rows)[:MOST_ROWS]]
    for row in found:
        if "sealed" in row and not row.get("name", "").strip():
            row["sealed"] = ""  # the name was taken away, and so the secret
    return found


def _write_line(value: Json) -> list[dict[str, str]]:
    return [{"value": "" if value is None else str(value)}]


def _read_line(rows: Sequence[Mapping[str, str]]) -> Json:
    return rows[0]["value"].strip()


def _read_optional(rows: Sequence[Mapping[str, str]]) -> Json:
    return rows[0]["value"].strip() or None


def _read_integer(rows: Sequence[Mapping[str, str]]) -> Json:
    return read_number(rows[0]["value"]) if rows[0]["value"].strip() else None


def _write_list(value: Json) -> list[dict[str, str]]:
    return [{"value": str(member)} for member in cast(Sequence[Json], value)]


def _read_list(rows: Sequence[Mapping[str, str]]) -> Json:
    return [row["value"].strip() for row in rows]


def _write_pairs(value: Json) -> list[dict[str, str]]:
    pairs: list[dict[str, str]] = []
    for name, member in cast(Mapping[str, Any], value).items():
        seal = {"sealed": str(member["sealed"])} if is_sealed(member) else {}
        pairs.append({"name": name, "value": "" if seal else type_value(member), **seal})
    return pairs


def _read_pairs(read: Callable[[str], Json]) -> Callable[[Sequence[Mapping[str, str]]], Json]:
    def read_all(rows: Sequence[Mapping[str, str]]) -> Json:
        pairs: dict[str, Json] = {}
        for row in rows:
            name = row["name"].strip()
            if not name:
                raise NotSo(f"{row['value'][:60]!r} has no name: write one beside it, or take it away too")
            if name in pairs:
                raise NotSo(f"{name!r} is there twice")
            is_kept = row.get("sealed") and not row["value"]
            pairs[name] = {"sealed": row["sealed"]} if is_kept else _read_member(name, row["value"], read)
        return pairs

    return read_all


def _read_member(name: str, text: str, read: Callable[[str], Json]) -> Json:
    try:
        return read(text)
    except NotTyped as fault:
        raise NotSo(f"{name}: {fault}") from None


def _write_texts(value: Json) -> list[dict[str, str]]:
    return [{"name": name, "value": text} for name, text in cast(Mapping[str, str], value).items()]


def _write_declarations(value: Json) -> list[dict[str, str]]:
    return [
        {
            "name": member["name"],
            "type": member["type"],
            "default": type_value(member["default"]) if "default" in member else "",
            "merge": member["merge"],
            "sensitive": "yes" if member["sensitive"] else "no",
            "description": member["description"],
        }
        for member in cast(Sequence[Mapping[str, Any]], value)
    ]


def _read_declarations(rows: Sequence[Mapping[str, str]]) -> Json:
    stated: list[Json] = []
    for row in rows:
        if not row["name"].strip():
            if row["default"].strip() or row["description"].strip():
                raise NotSo("a parameter needs a name")
            continue  # only choices, which a row has without anybody's doing
        member: dict[str, Json] = {
            "name": row["name"].strip(),
            "type": row["type"],
            "merge": row["merge"],
            "sensitive": row["sensitive"] == "yes",
            "description": row["description"],
        }
        if row["default"]:
            member["default"] = _read_member(f"the default of {member['name']}", row["default"], read_typed)
        stated.append(member)
    return stated


def _write_audits(value: Json) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for member in cast(Sequence[Mapping[str, Any]], value):
        where = member["where"]
        kind, place = next(iter(where.items())) if isinstance(where, Mapping) else (where, "")
        rows.append({"service": member["service"], "where": str(kind), "place": str(place)})
    return rows


def _read_audits(rows: Sequence[Mapping[str, str]]) -> Json:
    stated: list[Json] = []
    for row in rows:
        service, place = row["service"].strip(), row["place"].strip()
        if not service:
            if place:
                raise NotSo(f"which service is audited on {place!r}?")
            continue
        if place and row["where"] not in {"host", "role"}:
            raise NotSo(f"{service}: {place!r} is said beside {row['where']}: choose host or role, or take it away")
        is_named = row["where"] in {"host", "role"}
        stated.append({"service": service, "where": {row["where"]: place} if is_named else row["where"]})
    return stated


_LINE = InputKind("line", _write_line, _read_line)

INPUT_KINDS: Mapping[FieldKind, InputKind] = MappingProxyType(
    {
        FieldKind.NAME: _LINE,
        FieldKind.HOST_NAME: _LINE,
        FieldKind.LINE: _LINE,
        FieldKind.KEY: InputKind("line", _write_line, _read_optional),
        FieldKind.TEXT: InputKind("text", _write_line, lambda rows: rows[0]["value"]),
        FieldKind.INTEGER: InputKind("number", _write_line, _read_integer),
        FieldKind.CHOICE: InputKind("choice", _write_line, _read_line),
        FieldKind.REFERENCE: InputKind("reference", _write_line, _read_optional),
        FieldKind.REFERENCES: InputKind("references", _write_list, _read_list, ("value",)),
        FieldKind.IP_LIST: InputKind("list", _write_list, _read_list, ("value",)),
        FieldKind.NUMBER_MAP: InputKind("pairs", _write_pairs, _read_pairs(read_number), ("name", "value")),
        FieldKind.STRING_MAP: InputKind("pairs", _write_texts, _read_pairs(lambda text: text), ("name", "value")),
        FieldKind.JSON_MAP: InputKind("values", _write_pairs, _read_pairs(read_typed), ("name", "value")),
        FieldKind.VALUES: InputKind("values", _write_pairs, _read_pairs(read_typed), ("name", "value")),
        FieldKind.DECLARATIONS: InputKind(
            "declarations",
            _write_declarations,
            _read_declarations,
            ("name", "type", "default", "merge", "sensitive", "description"),
        ),
        FieldKind.AUDITS: InputKind("audits", _write_audits, _read_audits, ("service", "where", "place")),
    }
)
"""How each kind of field is shown, written and read; the moment has none, because no simple noun has one."""
