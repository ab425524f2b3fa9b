"""The exports print configuration for one tool each, and know nothing but what they are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from json import JSONEncoder

from larry.core.document import Json

_UNPRINTABLE_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_encode = JSONEncoder(ensure_ascii=False).encode
_NO_POINT = re.compile(r"^(-?\d+)e")


class CannotPrint(ValueError):
    """The node holds something that a dialect has no way to say; the text says what, and what would be enough."""


def refuse_stop(dialect: str, *, stop: bool, instead: str = "it says what is to be, not what is to end") -> None:
    """Raises `CannotPrint` when the order of stopping is asked for, of a dialect that has none."""
    if stop:
        raise CannotPrint(f"{dialect} has no order of stopping: {instead}")


def exact_scalar(value: None | bool | float | str) -> str:
    """A scalar that JSON, YAML 1.1 (Psych, PyYAML) and YAML 1.2 readers all read as the same value.

    Text is always double-quoted. Characters that YAML calls unprintable, or takes for the end of a line, are escaped;
    all others stand as they are, since a YAML reader does not know surrogate pairs. Numbers with an exponent get a
    point, without which YAML 1.1 takes them for text.
    """
    if isinstance(value, float):
        return _NO_POINT.sub(r"\1.0e", repr(value))
    return escape_unprintable(_encode(value))


def escape_unprintable(text: str) -> str:
    """JSON text with escapes for what YAML readers refuse to see, or take for the end of a line, in quotes."""
    return _UNPRINTABLE_IN_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def is_long_key(key: str) -> bool:
    """Whether YAML readers refuse the key in front of a plain colon, where they look back 1,024 characters at most."""
    return len(exact_scalar(key)) > 1000


def yaml_block(value: Json, indent: str = "", write_text: Callable[[str], str] = exact_scalar) -> str:
    """The value as it stands after a colon or a dash: scalars after a space, what is not empty on lines of its own."""
    if isinstance(value, Mapping):
        return "".join(_member(key, member, indent, write_text) for key, member in value.items()) or " {}"
    if isinstance(value, str):
        return f" {write_text(value)}"
    if isinstance(value, Sequence):
        return "".join(f"\n{indent}-{_element(member, indent, write_text)}" for member in value) or " []"
    return f" {exact_scalar(value)}"


def _member(key: str, member: Json, indent: str, write_text: Callable[[str], str]) -> str:
    deeper = yaml_block(member, indent + "  ", write_text)
    if is_long_key(key):
        return f"\n{indent}? {write_text(key)}\n{indent}:{deeper}"
    return f"\n{indent}{write_text(key)}:{deeper}"


def _element(member: Json, indent: str, write_text: Callable[[str], str]) -> str:
    """Members of a list of maps begin on the line of their dash."""
    deeper = yaml_block(member, indent + "  ", write_text)
    return f" {deeper.lstrip()}" if deeper.startswith("\n") else deeper
