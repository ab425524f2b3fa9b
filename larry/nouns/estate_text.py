"""The estate as the text of an estate file that says exactly what the items say: read again, it changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from larry.core.document import Json
from larry.core.key import NoKeyFromName, derive_key, fold
from larry.core.service_graph import WhereKind
from larry.nouns.declaration import UNSTATED
from larry.nouns.deployment import DEPLOYMENT_FIELDS, DEPLOYMENT_SECTION, DeploymentLine
from larry.nouns.estate_file import HEADER, VERSION
from larry.nouns.field import Field, Kind, Noun
from larry.nouns.item import Item, find_parent_address, is_same
from larry.nouns.table import CHILDREN, SECTIONS

_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]*")
_YAML_WORDS = frozenset("y n yes no on off true false null".split())
_NEEDS_ESCAPE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONGEST_PLAIN_KEY = 900
"""YAML looks for the colon of a key at most 1,024 characters far; longer keys are marked with a question mark."""


def write_estate(items: Iterable[Item], deployments: Iterable[DeploymentLine] = ()) -> str:
    """The text that `larry.nouns.estate.read_estate` reads into the same items; they must include every parent.

    Values are JSON, so that no reader of YAML takes text for something else. What equals its default is left out, and
    so are keys that follow from names. Sorted without regard to case; linear but for the sorting.
    """
    members: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        members.setdefault((item.noun, find_parent_address(item.address)), []).append(item)
    lines = [f"{HEADER}: {VERSION}"]
    for noun in SECTIONS.values():
        lines.extend(_write_members(noun, "", "", members))
    stated = [_flow({field.name: getattr(line, field.name) for field in DEPLOYMENT_FIELDS}) for line in deployments]
    if stated:
        lines.extend([f"{DEPLOYMENT_SECTION}:", *(f"  - {line}" for line in stated)])
    return "\n".join(lines) + "\n"


def _write_members(
    noun: Noun, parent: str, indent: str, members: Mapping[tuple[str, str], list[Item]]
) -> Iterator[str]:
    found = members.get((noun.name, parent), [])
    if found:
        yield f"{indent}{noun.plural}:"
    for item in sorted(found, key=lambda one: (fold(str(one.values["name"])), one.address)):
        lines = [line for field in noun.fields for line in _write_field(field, item)]
        for child in CHILDREN[noun.name].values():
            lines.extend(_write_members(child, item.address, "", members))
        yield f"{indent}  - {lines[0]}"
        yield from (f"{indent}    {line}" for line in lines[1:])


def _write_field(field: Field, item: Item) -> Iterator[str]:
    value = item.values[field.name]
    if field.kind is Kind.KEY:
        if not _follows(str(value), str(item.values["name"])):
            yield f"{field.name}: {_flow(value)}"
    elif field.required or not is_same(value, field.default):
        if field.kind in {Kind.VALUES, Kind.JSON_MAP} and isinstance(value, Mapping):
            yield f"{field.name}:"
            yield from (f"  {_write_key(key)}: {_flow(member)}" for key, member in value.items())
        elif field.kind in {Kind.DECLARATIONS, Kind.AUDITS} and isinstance(value, Sequence):
            yield f"{field.name}:"
            yield from (f"  - {_flow(_shorten_member(member))}" for member in value)
        else:
            yield f"{field.name}: {_flow(value)}"


def _follows(key: str, name: str) -> bool:
    try:
        return derive_key(name) == key
    except NoKeyFromName:
        return False


def _shorten_member(member: Json) -> Json:
    """A declaration or audit without what follows from saying nothing."""
    if not isinstance(member, Mapping):
        return member
    unstated = {**UNSTATED, "where": WhereKind.SAME_HOST.value}
    return {key: value for key, value in member.items() if not (key in unstated and is_same(value, unstated[key]))}


def _flow(value: Json) -> str:
    """JSON on one line, with plain keys where nobody can misread them."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_write_key(key)}: {_flow(member)}" for key, member in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_flow, value)) + "]"
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NEEDS_ESCAPE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _write_key(key: str) -> str:
    if _PLAIN_KEY.fullmatch(key) and key not in _YAML_WORDS:
        return key if len(key) <= _LONGEST_PLAIN_KEY else f"? {key} "
    text = _flow(key)
    return text if len(text) <= _LONGEST_PLAIN_KEY else f"? {text} "
