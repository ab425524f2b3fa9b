"""Values as Puppet code: single-quoted text only, in which nothing is ever interpolated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from larry.core.document import Json


def quote(text: str) -> str:
    """The text in single quotes; only the quote and the backslash mean anything inside, so only they are escaped."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def literal(value: Json, indent: str = "") -> str:
    """Any JSON value as a Puppet literal, on as many lines as it needs."""
    deeper = indent + "  "
    if isinstance(value, Mapping):
        members = "".join(f"\n{deeper}{quote(key)} => {literal(member, deeper)}," for key, member in value.items())
        return f"{{{members}\n{indent}}}" if members else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        members = "".join(f"\n{deeper}{literal(member, deeper)}," for member in value)
        return f"[{members}\n{indent}]" if members else "[]"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "undef" if value is None else repr(value)


def data_type(value: Json) -> str:
    """The Puppet type of a JSON value."""
    rows: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (str, "String"),
        (bool, "Boolean"),
        (int, "Integer"),
        (float, "Float"),
        (Mapping, "Hash"),
        (Sequence, "Array"),
    )
    return next((name for kind, name in rows if isinstance(value, kind)), "Any")
