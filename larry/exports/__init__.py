"""The exports print configuration for one tool each, and know nothing but what they are given."""

from __future__ import annotations

import re
from json import JSONEncoder

_UNPRINTABLE_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_encode = JSONEncoder(ensure_ascii=False).encode
_NO_POINT = re.compile(r"^(-?\d+)e")


class CannotPrint(ValueError):
    """The node holds something that a dialect has no way to say; the text says what, and what would be enough."""


def exact_scalar(value: None | bool | float | str) -> str:
    """A scalar that JSON, YAML 1.1 (Psych, PyYAML) and YAML 1.2 readers all read as the same value.

    Text is always double-quoted. Characters that YAML calls unprintable, or takes for the end of a line, are escaped;
    all others stand as they are, since a YAML reader does not know surrogate pairs. Numbers with an exponent get a
    point, without which YAML 1.1 takes them for text.
    """
    if isinstance(value, float):
        return _NO_POINT.sub(r"\1.0e", repr(value))
    text = _encode(value)
    return _UNPRINTABLE_IN_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def is_long_key(key: str) -> bool:
    """Whether YAML readers refuse the key in front of a plain colon, where they look back 1,024 characters at most."""
    return len(exact_scalar(key)) > 1000
