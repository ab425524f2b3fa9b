"""An index of Debian packages, as `apt` keeps them: stanzas of fields, one package each. Read here into packages.

The form is that of deb822: `Field: value`, lines that go on begin with a space, an empty line ends a stanza.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from larry.nouns.fault import shorten

LARGEST_INDEX = 512 * 2**20
"""Bytes, unpacked: ten times Debian's own of today."""

LARGEST_STANZA = 2**20
LONGEST_VERSION = 200

_WANTED = frozenset("package version section description depends pre-depends provides".split())
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*(.*)", re.DOTALL)
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{0,199}")
_RELATION = re.compile(
    rf"({_NAME.pattern})(?::[a-z0-9-]+)?\s*(?:\([^()]*\))?\s*(?:\[[^\[\]]*\])?\s*(?:<[^<>]*>\s*)*", re.IGNORECASE
)
_VERSION_PARTS = re.compile(r"([^0-9]*)([0-9]*)")


class NotAnIndex(ValueError):
    """The text is no index of packages; the message says where and why."""


@dataclass(frozen=True, slots=True)
class IndexedPackage:
    """``needs`` are alternatives, any of which will do: those that must be there first, then the others."""

    name: str
    version: str
    section: str
    summary: str
    needs: tuple[tuple[str, ...], ...]
    provides: tuple[str, ...]


def read_index(text: bytes, file: str) -> Mapping[str, IndexedPackage]:
    """The packages by their names; of several versions of one the latest. Raises `NotAnIndex`."""
    found: dict[str, IndexedPackage] = {}
    try:
        for line, stanza in _list_stanzas(text):
            package = _read_package(line, stanza)
            known = found.get(package.name)
            if known is None or rank_version(known.version) < rank_version(package.version):
                found[package.name] = package
    except NotAnIndex as fault:
        raise NotAnIndex(f"{file} is no index of packages: {fault}") from None
    if not found:
        raise NotAnIndex(f"{file} is no index of packages: there is none in it")
    return found


def rank_version(version: str) -> tuple[object, ...]:
    """Versions are in the order of these, which is dpkg's: `~` before nothing, letters before other signs."""
    epoch, _, rest = version.partition(":") if ":" in version else ("0", "", version)
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return int(epoch) if re.fullmatch("[0-9]+", epoch) else 0, _rank(upstream), _rank(revision)


def _rank(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    parts = [part for part in _VERSION_PARTS.findall(text) if part != ("", "")]
    return tuple(((*map(_weigh, signs), 0), int(digits or 0)) for signs, digits in [*parts, ("", "")])


def _weigh(sign: str) -> int:
    return -1 if sign == "~" else ord(sign) if sign.isalpha() else ord(sign) + 0x110000


def _list_stanzas(text: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """(the line it begins at, its wanted fields by their names in lower case) of each stanza."""
    fields: dict[str, str] = {}
    seen: set[str] = set()
    last, begun, size = "", 0, 0
    for number, raw in enumerate(text.split(b"\n"), start=1):
        if not raw.strip():
            if seen:
                yield begun, fields
            fields, seen, last, size = {}, set(), "", 0
            continue
        begun = begun if seen else number
        size += len(raw)
        if size > LARGEST_STANZA:
            raise NotAnIndex(f"line {number}: the stanza from line {begun} on is larger than {LARGEST_STANZA} bytes")
        line = _decode(number, raw)
        if line[0] in " \t":
            if not last:
                raise NotAnIndex(f"line {number} goes on with a field, and there is none before it")
            if last in _WANTED and last != "description":
                fields[last] += line
            continue
        field = _FIELD.fullmatch(line)
        if field is None:
            raise NotAnIndex(f"line {number} is no `Field: value`: {shorten(line)}")
        last = field[1].lower()
        if last in seen:
            raise NotAnIndex(f"line {number}: {shorten(field[1])} is there twice in the stanza from line {begun} on")
        seen.add(last)
        if last in _WANTED:
            fields[last] = field[2].strip()
    if seen:
        yield begun, fields


def _decode(number: int, raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise NotAnIndex(f"line {number} is not UTF-8: is the file packed, or none of apt's?") from None
    if "\0" in text:
        raise NotAnIndex(f"line {number} has a NUL in it: is the file packed, or none of apt's?")
    return text.rstrip("\r")


def _read_package(line: int, fields: Mapping[str, str]) -> IndexedPackage:
    where = f"the stanza from line {line} on"
    name, version = fields.get("package", ""), fields.get("version", "")
    if not name:
        raise NotAnIndex(f"{where} has no Package")
    if not _NAME.fullmatch(name):
        raise NotAnIndex(f"{where}: {shorten(name)} is not the name of a package")
    if len(version) > LONGEST_VERSION:
        raise NotAnIndex(f"{where}: a version has at most {LONGEST_VERSION} characters, that of {name} has more")
    return IndexedPackage(
        name,
        version,
        fields.get("section", ""),
        fields.get("description", ""),
        tuple(dict.fromkeys((*_read_needs(where, fields, "pre-depends"), *_read_needs(where, fields, "depends")))),
        tuple(dict.fromkeys(each for (each, *_) in _read_needs(where, fields, "provides"))),
    )


def _read_needs(where: str, fields: Mapping[str, str], field: str) -> Iterator[tuple[str, ...]]:
    """`a (>= 1) | b, c:any` as (a, b) and (c); versions and architectures are read over."""
    for text in fields.get(field, "").split(","):
        if not text.strip():
            continue
        relations = [_RELATION.fullmatch(each.strip()) for each in text.split("|")]
        names = [found[1].lower() for found in relations if found]
        if len(names) < len(relations):
            raise NotAnIndex(f"{where}: {shorten(text.strip())} in {field.title()} is no name of a package")
        yield tuple(dict.fromkeys(names))
