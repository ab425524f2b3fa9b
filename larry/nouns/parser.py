"""Parsers read plain JSON into the normal form of a field, or say what is wrong with it, for file, command and API.

A parser takes the value and the field, and gives the normal form with no faults, or None with faults whose paths are
relative to the value. References stay as written: `larry.nouns.completion` resolves them.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from larry.core.document import LARGEST_INTEGER, Json, find_json_faults, freeze
from larry.core.key import KEY_PATTERN, RESERVED_KEYS, fold
from larry.nouns.audit import parse_audits
from larry.nouns.declaration import parse_declarations, parse_parameter_values
from larry.nouns.fault import Fault, describe_value, shorten
from larry.nouns.field import Field, FieldKind
from larry.nouns.text import find_line_fault, find_text_fault, read_list

Parsed: TypeAlias = tuple[Json, tuple[Fault, ...]]
Parser: TypeAlias = Callable[[Json, Field], Parsed]

LONGEST_NAME = 200
LONGEST_HOST_NAME = 253
LONGEST_FOLDED = 400
"""Folding spells some characters out, up to 18 for one: a name fits its column and its index as it is compared."""

LARGEST_WHOLE = 2**31 - 1
"""Of ranks, copies and the like: what a column of whole numbers holds."""

LABEL_PATTERN = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:?\d\d)?)?")


def parse_field(field: Field, value: Json) -> Parsed:
    """Read one value of one field."""
    return PARSERS[field.kind](value, field)


def parse_moment_text(text: str) -> datetime | None:
    """The moment that an ISO 8601 text means, without a zone if it names none; None if it is no such text."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def _fault(text: str, *path: str | int, at_key: bool = False) -> Parsed:
    return None, (Fault(text, path, at_key),)


def _parse_name(value: Json, _field: Field) -> Parsed:
    if not isinstance(value, str):
        return _fault(f"a name must be text, not {describe_value(value)}{_quote_hint(value)}")
    if not value or value.isspace():
        return _fault("a name must not be empty")
    if len(value) > LONGEST_NAME:
        return _fault(f"a name has at most {LONGEST_NAME} characters; this has {len(value)}")
    strange = next((character for character in value if not character.isprintable()), None)
    if strange is not None:
        return _fault(f"a name is one line of printable characters; this holds U+{ord(strange):04X}: leave that out")
    folded = len(fold(value))
    if folded > LONGEST_FOLDED:
        return _fault(
            f"a name has at most {LONGEST_FOLDED} characters where it is compared without regard to case; "
            f"this has {folded} (some of its {len(value)} stand for several)"
        )
    if value != value.strip():
        return _fault("a name must not begin or end with a space")
    return value, ()


def _parse_host_name(value: Json, _field: Field) -> Parsed:
    if not isinstance(value, str):
        return _fault(f"a host's name must be text, not {describe_value(value)}{_quote_hint(value)}")
    name = value.lower()
    if not name or len(name) > LONGEST_HOST_NAME or not name.isascii():
        return _fault(f"{shorten(value)} is no DNS name: 1 to 253 ASCII characters (other alphabets as xn--...)")
    for label in name.split("."):
        if not _DNS_LABEL.fullmatch(label):
            return _fault(
                f"{shorten(value)} is no DNS name: {shorten(label)} must be 1 to 63 of a-z, 0-9 and hyphens, "
                "and neither begin nor end with a hyphen"
            )
    if label.isdigit():
        return _fault(f"{shorten(value)} is no DNS name: its last part is a number, as in an IP address")
    return name, ()


def _parse_key(value: Json, _field: Field) -> Parsed:
    if not isinstance(value, str):
        return _fault(f"a key must be text, not {describe_value(value)}{_quote_hint(value)}")
    if not KEY_PATTERN.fullmatch(value):
        return _fault(f"{shorten(value)} is no key: a to z first, then a-z, 0-9 and _, at most 63 in all")
    if value in RESERVED_KEYS:
        return _fault(f"the key {value!r} is a reserved word of the tools; take another, such as '{value}_1'")
    return value, ()


def _parse_text(value: Json, _field: Field) -> Parsed:
    text_fault = find_text_fault(value)
    return _fault(text_fault) if text_fault else (value, ())


def _parse_line(value: Json, _field: Field) -> Parsed:
    line_fault = find_line_fault(value)
    return _fault(line_fault) if line_fault else (value, ())


def _parse_integer(value: Json, field: Field) -> Parsed:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return _fault(f"must be a whole number, not {describe_value(value)}")
    least = -LARGEST_WHOLE if field.least is None else field.least
    if not least <= value <= LARGEST_WHOLE:
        bound = f"at least {least}" if value < least else f"at most {LARGEST_WHOLE}"
        return _fault(f"must be {bound}, not {value}")
    return value, ()


def _parse_choice(value: Json, field: Field) -> Parsed:
    if isinstance(value, str) and value in field.choices:
        return value, ()
    return _fault(f"must be {' or '.join(field.choices)}, not {describe_value(value)}")


def _parse_moment(value: Json, field: Field) -> Parsed:
    if value is None and not field.required:
        return None, ()
    if not isinstance(value, str):
        return _fault(f"must be a moment such as 2026-12-01T09:00Z, not {describe_value(value)}")
    if parse_moment_text(value) is None:
        return _fault(f"{shorten(value)} is no moment: write 2026-12-01, 2026-12-01T09:00Z or 2026-12-01T09:00+01:00")
    return value, ()


def _parse_number_map(value: Json, _field: Field) -> Parsed:
    if not isinstance(value, Mapping):
        return _fault(f"must be a map of quantities, such as {{cpu: 2, memory_mib: 4096}}, not {describe_value(value)}")
    normal: dict[str, Json] = {}
    faults: list[Fault] = []
    for name, amount in value.items():
        if not KEY_PATTERN.fullmatch(name):
            text = f"{shorten(name)} is no quantity: write cpu, memory_mib, disk_gib ..."
            faults.append(Fault(text, (name,), at_key=True))
        elif not isinstance(amount, int | float) or isinstance(amount, bool):
            faults.append(Fault(f"must be a number, not {describe_value(amount)}", (name,)))
        elif not math.isfinite(amount) or not 0 <= amount <= LARGEST_INTEGER:
            faults.append(Fault(f"must be a number from 0 up, not {amount}", (name,)))
        else:
            normal[name] = freeze(amount)
    return (None, tuple(faults)) if faults else (MappingProxyType(normal), ())


def _parse_string_map(value: Json, _field: Field) -> Parsed:
    if not isinstance(value, Mapping):
        return _fault(f"must be a map of labels, such as {{site: fra, rack: r7}}, not {describe_value(value)}")
    normal: dict[str, Json] = {}
    faults: list[Fault] = []
    for name, label in value.items():
        if not LABEL_PATTERN.fullmatch(name):
            text = f"{shorten(name)} is no label: a to z first, then a-z, 0-9, _ . and -, at most 63 in all"
            faults.append(Fault(text, (name,), at_key=True))
        elif line_fault := find_line_fault(label):
            faults.append(Fault(line_fault, (name,)))
        else:
            normal[name] = label
    return (None, tuple(faults)) if faults else (MappingProxyType(normal), ())


def _parse_json_map(value: Json, _field: Field) -> Parsed:
    if not isinstance(value, Mapping):
        return _fault(f"must be a map, not {describe_value(value)}")
    json_faults = find_json_faults(value)
    return (None, tuple(Fault(text) for text in json_faults)) if json_faults else (freeze(value), ())


def _parse_ip_list(value: Json, _field: Field) -> Parsed:
    members, faults = read_list(value, "IP addresses, such as [10.0.0.11]")
    normal: dict[str, None] = {}
    for index, member in members:
        address = _read_address(member)
        if address is None:
            hint = "; leave the prefix length out" if isinstance(member, str) and "/" in member else ""
            faults.append(Fault(f"must be an IP address, not {describe_value(member)}{hint}", (index,)))
        elif address in normal:
            faults.append(Fault(f"the address {address} is here twice", (index,)))
        else:
            normal[address] = None
    return (None, tuple(faults)) if faults else (tuple(normal), ())


def _read_address(value: Json) -> str | None:
    if not isinstance(value, str) or "%" in value:
        return None
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return None


def _parse_reference(value: Json, field: Field) -> Parsed:
    if value is None and not field.required:
        return None, ()
    if not isinstance(value, str) or not value:
        what = f"the key or name of one {field.target or 'noun'}"
        return _fault(f"must be {what}, not {describe_value(value)}{_quote_hint(value)}")
    line_fault = find_line_fault(value, longest=3 * LONGEST_NAME + 2)
    return _fault(line_fault) if line_fault else (value, ())


def _parse_references(value: Json, field: Field) -> Parsed:
    members, faults = read_list(value, f"keys or names of {field.target}s")
    normal: list[str] = []
    seen: set[str] = set()
    for index, member in members:
        reference, member_faults = _parse_reference(member, field)
        if not isinstance(reference, str):
            found = member_faults or (Fault(f"must be the key or name of one {field.target}, not nothing"),)
            faults.extend(fault.under(index) for fault in found)
        elif fold(reference) in seen:
            faults.append(Fault(f"{field.target} {shorten(reference)} is here twice", (index,)))
        else:
            seen.add(fold(reference))
            normal.append(reference)
    return (None, tuple(faults)) if faults else (tuple(normal), ())


def _parse_values(value: Json, _field: Field) -> Parsed:
    return parse_parameter_values(value)


def _parse_declarations(value: Json, _field: Field) -> Parsed:
    return parse_declarations(value)


def _parse_audits(value: Json, _field: Field) -> Parsed:
    return parse_audits(value)


def _quote_hint(value: Json) -> str:
    return ": put it in quotes" if isinstance(value, int | float) else ""


PARSERS: Mapping[FieldKind, Parser] = MappingProxyType(
    {
        FieldKind.NAME: _parse_name,
        FieldKind.HOST_NAME: _parse_host_name,
        FieldKind.KEY: _parse_key,
        FieldKind.TEXT: _parse_text,
        FieldKind.LINE: _parse_line,
        FieldKind.INTEGER: _parse_integer,
        FieldKind.CHOICE: _parse_choice,
        FieldKind.MOMENT: _parse_moment,
        FieldKind.NUMBER_MAP: _parse_number_map,
        FieldKind.STRING_MAP: _parse_string_map,
        FieldKind.JSON_MAP: _parse_json_map,
        FieldKind.IP_LIST: _parse_ip_list,
        FieldKind.REFERENCE: _parse_reference,
        FieldKind.REFERENCES: _parse_references,
        FieldKind.VALUES: _parse_values,
        FieldKind.DECLARATIONS: _parse_declarations,
        FieldKind.AUDITS: _parse_audits,
    }
)
