"""Prints a node as YAML that Ruby and Python read alike: no plain text, nothing that could be taken for a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from larry.core.document import Json
from larry.core.node_text import DatedNode, dated_document
from larry.exports import exact_scalar, is_long_key


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The same document as in JSON; with ``stop`` its services in reverse order."""
    document: dict[str, Any] = dated_document(dated)
    if stop:
        document["services"].reverse()
    return _block(document, "").lstrip("\n") + "\n"


def _block(value: Json, indent: str) -> str:
    """The value as it stands after a colon or a dash: scalars after a space, what is not empty on lines of its own."""
    if isinstance(value, Mapping):
        return "".join(_member(key, member, indent) for key, member in value.items()) or " {}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(f"\n{indent}-{_element(member, indent)}" for member in value) or " []"
    return f" {exact_scalar(value)}"


def _member(key: str, member: Json, indent: str) -> str:
    deeper = _block(member, indent + "  ")
    if is_long_key(key):
        return f"\n{indent}? {exact_scalar(key)}\n{indent}:{deeper}"
    return f"\n{indent}{exact_scalar(key)}:{deeper}"


def _element(member: Json, indent: str) -> str:
    """Members of a list of maps begin on the line of their dash."""
    deeper = _block(member, indent + "  ")
    return f" {deeper.lstrip()}" if deeper.startswith("\n") else deeper
