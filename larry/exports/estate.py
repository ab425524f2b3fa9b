"""Prints the estate as estate files that say exactly what the items say: read again, they change nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from larry.core.document import Json, thaw
from larry.core.key import NoKeyFromName, derive_key, fold
from larry.core.service_graph import WhereKind
from larry.exports import CannotPrint, escape_unprintable, exact_scalar, is_long_key, yaml_block
from larry.nouns.completion import HANDED_DOWN
from larry.nouns.declaration import UNSTATED
from larry.nouns.deployment import DEPLOYMENT_SECTION
from larry.nouns.estate_file import HEADER, VERSION
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.item import Item, find_parent_address, is_same, list_members
from larry.nouns.table import CHILDREN, NOUNS, SECTIONS
from larry.nouns.yaml_text import LARGEST_FILE

_Members: TypeAlias = Mapping[tuple[str, str], list[Item]]
"""Items by noun and the address of their parent."""

SUFFIX = ".yaml"
_DIVIDED = next(noun for noun in SECTIONS.values() if CHILDREN[noun.name])
"""Customers hold the most, and who looks after one seldom looks after another: each has a file of its own."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./()-]+)*|[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
"""Words, names, paths and addresses of the fourth version."""

_YAML_WORDS = frozenset("y n yes no on off true false null".split())
_UNSAID: Mapping[str, Json] = {**UNSTATED, "where": WhereKind.SAME_HOST.value}
_FILE_STEMS = "|".join(
    (
        "estate",
        f"{_DIVIDED.name}-[a-z0-9_]+",
        *(f"{word}(-[0-9]+)?" for word in (*SECTIONS, DEPLOYMENT_SECTION) if word != _DIVIDED.plural),
    )
)


def write_estate(items: Iterable[Item], deployments: Iterable[Mapping[str, Json]] = ()) -> str:
    """YAML that `larry.nouns.estate.read_estate` reads into the same items; they must include every parent.

    What equals its default is left out, and so are keys that follow from names. Text is plain where no reader of YAML
    takes it for anything else. Sorted without regard to case; linear but for the sorting.
    """
    return _yaml_text(estate_document(items, deployments))


def write_estate_json(items: Iterable[Item], deployments: Iterable[Mapping[str, Json]] = ()) -> str:
    """The same as JSON that is YAML too. Raises `CannotPrint` for a key that is too long to be both."""
    document = estate_document(items, deployments)
    _refuse_long_keys(document)
    return escape_unprintable(json.dumps(thaw(document), ensure_ascii=False, indent=2, allow_nan=False)) + "\n"


def write_estate_folder(
    items: Iterable[Item], deployments: Iterable[Mapping[str, Json]] = (), *, largest: int = LARGEST_FILE
) -> dict[str, str]:
    """The same as several files, by their names: one for each section, one for each customer.

    A section of more than ``largest`` bytes, which nobody would read again, is divided. An empty estate is one file.
    """
    files: dict[str, str] = {}
    for word, section in estate_document(items, deployments).items():
        if word == HEADER:
            continue
        members = list_members(section)
        if word == _DIVIDED.plural:
            for member in members:
                files[f"{_DIVIDED.name}-{_key_of(member)}{SUFFIX}"] = _file_of(word, [member])
        else:
            for number, part in enumerate(_divide(word, members, largest), start=1):
                files[f"{word}{f'-{number}' if number > 1 else ''}{SUFFIX}"] = part
    return files or {f"estate{SUFFIX}": _yaml_text({HEADER: VERSION})}


def is_estate_file_name(name: str) -> bool:
    """Whether a file of that name may be one of those that `write_estate_folder` wrote."""
    stem = name.removesuffix(SUFFIX)
    return stem != name and re.fullmatch(_FILE_STEMS, stem) is not None


def estate_document(items: Iterable[Item], deployments: Iterable[Mapping[str, Json]] = ()) -> dict[str, Json]:
    """What the file says, as JSON."""
    members: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        parent = find_parent_address(item.address) if NOUNS[item.noun].parent else ""
        members.setdefault((item.noun, parent), []).append(item)
    document: dict[str, Json] = {HEADER: VERSION}
    for noun in SECTIONS.values():
        document.update(_section(noun, "", members))
    stated = list(deployments)
    return {**document, DEPLOYMENT_SECTION: stated} if stated else document


def _section(noun: Noun, parent: str, members: _Members) -> dict[str, Json]:
    """The section of one noun, or nothing when it has no members."""
    found = sorted(members.get((noun.name, parent), ()), key=lambda item: (fold(_name_of(item)), item.address))
    return {noun.plural: [_statement(noun, item, members) for item in found]} if found else {}


def _statement(noun: Noun, item: Item, members: _Members) -> dict[str, Json]:
    stated = {field.name: _shorten(field, item) for field in noun.fields if _is_told(field, item)}
    for child in CHILDREN[noun.name].values():
        stated.update(_section(child, item.address, members))
    return stated


def _is_told(field: Field, item: Item) -> bool:
    value = item.values[field.name]
    if field.kind is FieldKind.KEY:
        return _find_key(_name_of(item)) != value
    if field.name in HANDED_DOWN and item.values["template"] is not None:
        return True  # left out, a new instance would take it from its template
    return field.required or not is_same(value, field.default)


def _shorten(field: Field, item: Item) -> Json:
    """The value of a field; declarations and audits without what follows from saying nothing."""
    value = item.values[field.name]
    if field.kind in {FieldKind.DECLARATIONS, FieldKind.AUDITS}:
        return [_shorten_member(member) for member in list_members(value)]
    return value


def _shorten_member(member: Json) -> Json:
    if not isinstance(member, Mapping):
        return member
    said = {word: value for word, value in member.items() if not (word in _UNSAID and is_same(value, _UNSAID[word]))}
    return next(iter(said.values())) if len(said) == 1 else said


def _name_of(item: Item) -> str:
    return str(item.values["name"])


def _find_key(name: str) -> str | None:
    try:
        return derive_key(name)
    except NoKeyFromName:
        return None


def _key_of(stated: Json) -> str:
    """The key of a noun as stated."""
    values = stated if isinstance(stated, Mapping) else {}
    return str(values.get("key") or _find_key(str(values.get("name"))))


def _divide(word: str, members: Iterable[Json], largest: int) -> Iterator[str]:
    """Files of the members in order, each as full as it may be."""
    part: list[Json] = []
    size = 0
    for member in members:
        length = len(yaml_block([member], "  ", _plain_text).encode())
        if part and size + length > largest - len(_file_of(word, [])):
            yield _file_of(word, part)
            part, size = [], 0
        part.append(member)
        size += length
    yield _file_of(word, part)


def _file_of(word: str, members: list[Json]) -> str:
    return _yaml_text({HEADER: VERSION, word: members})


def _yaml_text(document: Mapping[str, Json]) -> str:
    return yaml_block(document, "", _plain_text).lstrip("\n") + "\n"


def _plain_text(text: str) -> str:
    """The text without quotes where every reader of YAML takes it for text, in block style."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS else exact_scalar(text)


def _refuse_long_keys(value: Json) -> None:
    if isinstance(value, Mapping):
        for key, member in value.items():
            if is_long_key(key):
                raise CannotPrint(f"the key {key[:40]!r}... is too long to be read again from JSON: take --format yaml")
            _refuse_long_keys(member)
    for member in list_members(value):
        _refuse_long_keys(member)
