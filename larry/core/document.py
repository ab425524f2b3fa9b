"""Documents are JSON values: frozen in memory, canonical as text, known by the digest of that text."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import rfc8785

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"

LARGEST_INTEGER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly (RFC 8259 section 6, RFC 7493)."""

DEEPEST = 32
SEALED = "sealed"
MARKED = "seal"

_FEW = 4
_LARGE = 10**15
_quote: Callable[[str], str] = json.encoder.encode_basestring
_PLAIN = frozenset({str, int, bool, type(None)})
_MAPS, _LISTS = frozenset({dict, MappingProxyType}), frozenset({list, tuple})
_SURROGATES = range(0xD800, 0xE000)


def freeze(value: Json) -> Json:
    """The same value, immutable: mappings read-only, sequences tuples, 4.0 written as 4 so that equal numbers are
    equal texts.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value  # at once: to ask what is a mapping takes far longer
    if kind in _MAPS or isinstance(value, Mapping):
        return MappingProxyType({key: freeze(member) for key, member in value.items()})  # type: ignore[union-attr]  # by the line above
    if kind in _LISTS or (isinstance(value, Sequence) and not isinstance(value, str)):
        return tuple([freeze(member) for member in value])  # type: ignore[union-attr]  # likewise
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def freeze_map(values: Mapping[str, Json]) -> Mapping[str, Json]:
    """`freeze` for a JSON object, which stays one."""
    return MappingProxyType(
        {key: member if type(member) in _PLAIN else freeze(member) for key, member in values.items()}
    )


def thaw(value: Json) -> Json:
    """The same value made of plain dicts and lists, for printers and databases."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {key: thaw(member) for key, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [thaw(member) for member in value]
    return value


def canonical_text(value: Json) -> str:
    """The one text of a value (RFC 8785: sorted keys, shortest numbers, no white space)."""
    try:
        flat = _write_flat(value) if type(value) is MappingProxyType and len(value) <= _FEW else None
        if flat is not None:
            return flat
        text = "".join(_encode(value.copy() if type(value) is MappingProxyType else value, 0))
    except (TypeError, ValueError):
        return _write_exactly(value)  # which says what is wrong
    is_doubtful = _NUMBER.search(text) or (not text.isascii() and _CHARACTER.search(text))
    return _write_exactly(value) if is_doubtful else text


def _write_flat(values: Mapping[str, Json]) -> str | None:
    """A map of texts and whole numbers about which there is no doubt; None of another. An instance mostly sets no more
    than that, and to call the encoder takes longer."""
    members = []
    for name in sorted(values):
        value = values[name]
        if type(value) is str:
            members.append(f"{_quote(name)}:{_quote(value)}")
        elif type(value) is int and -_LARGE < value < _LARGE:
            members.append(f"{_quote(name)}:{value}")
        else:
            return None
    text = f"{{{','.join(members)}}}"
    return text if text.isascii() else None


def _write_exactly(value: Json) -> str:
    return rfc8785.dumps(thaw(value)).decode()


def _open(value: object) -> object:
    """What the encoder does not know itself: frozen mappings, and sequences that are no tuples."""
    if type(value) is MappingProxyType:
        return value.copy()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


# The standard library's encoder, which is written in C, writes what RFC 8785 wants but for what is doubtful, and eight
# times as fast: most of what a deploy or a search for what is dirty costs is to write such texts.
# It is made once: `JSONEncoder` makes one for every text, and most texts are short. In the order of its arguments: no
# look for circles; for what it does not know; for texts, which stay as they are; no indent; between key and value, and
# between members; keys sorted, all of them texts; no number that is none.
_encode: Callable[[Json, int], tuple[str, ...]] = json.encoder.c_make_encoder(  # type: ignore[attr-defined]  # in C
    None, _open, _quote, None, ":", ",", True, False, False
)
_NUMBER = re.compile(r"(?:\A|[:,\[])-?[0-9]+(?:[.e]|[0-9]{15})")
"""A fraction, or a number of 16 digits: Python writes some of them otherwise. Text that holds what looks like one only
costs time."""
_CHARACTER = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
"""Python sorts such characters otherwise, or lets them pass."""


def digest_of(value: Json) -> str:
    """SHA-256 of the canonical text, 64 hexadecimal digits."""
    return digest_of_text(canonical_text(value))


def digest_of_text(text: str) -> str:
    """The same of what is a canonical text already."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_alike(one: Json, other: Json) -> bool:
    """Whether two values have the same canonical text: 1 and true have not."""
    if type(one) is type(other) and type(one) in _PLAIN:
        return one == other  # at once, as most are
    return canonical_text(one) == canonical_text(other)


def is_sealed(value: Json) -> bool:
    """Whether the value stands for a secret that only the database can open: ``{"sealed": HMAC}``."""
    return type(value) not in _PLAIN and isinstance(value, Mapping) and len(value) == 1 and SEALED in value


def is_marked(value: Json) -> bool:
    """Whether whoever wrote the value wants it sealed, whatever its name: ``{"seal": VALUE}``."""
    return isinstance(value, Mapping) and len(value) == 1 and MARKED in value


def read_marked(value: Json) -> Json:
    """The value without such a mark."""
    return value[MARKED] if isinstance(value, Mapping) and is_marked(value) else value


def find_json_faults(value: Json) -> tuple[str, ...]:
    """Why the value cannot be kept and delivered exactly by every consumer; empty when it can."""
    return tuple(_faults(value, "", 0))


def _faults(value: Json, path: str, depth: int) -> Iterator[str]:
    at = f"at {path}: " if path else ""
    if depth > DEEPEST:
        yield f"{at}nested deeper than {DEEPEST} levels"
    elif isinstance(value, str):
        yield from (f"{at}{fault}" for fault in _text_faults(value))
    elif isinstance(value, Mapping):
        for key, member in value.items():
            if not isinstance(key, str):
                yield f"{at}the key {key!r} is not text"
                continue
            yield from (f"{at}in a key: {fault}" for fault in _text_faults(key))
            yield from _faults(member, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        for index, member in enumerate(value):
            yield from _faults(member, f"{path}[{index}]", depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield from (f"{at}{fault}" for fault in _number_faults(value))


def _text_faults(text: str) -> Iterator[str]:
    if "\0" in text:
        yield "it contains a NUL character, which no database and no shell can keep"
    if any(ord(character) in _SURROGATES for character in text):
        yield "it contains half of a surrogate pair, which is no character"


def _number_faults(number: object) -> Iterator[str]:
    if isinstance(number, int):
        if abs(number) > LARGEST_INTEGER:
            yield f"{number} is beyond 2^53 - 1, where JSON readers start to round; write it as text"
    elif isinstance(number, float):
        if not math.isfinite(number):
            yield f"{number} is no JSON number"
        elif number.is_integer() and abs(number) > LARGEST_INTEGER:
            yield f"{number} is beyond 2^53 - 1, where JSON readers start to round; write it as text"
    else:
        yield f"{type(number).__name__} is no JSON value"
