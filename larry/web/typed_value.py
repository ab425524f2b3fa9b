"""A JSON value as it is typed into a field, and read back: what is written as JSON is JSON, anything else is text."""

from __future__ import annotations

import json

from larry.core.document import Json, thaw
from larry.nouns.json_text import NotJson, NotJsonAtAll, read_json

_OPENS = ("[", "{", '"')


class NotTyped(ValueError):
    """The text begins like JSON and is none."""


def type_value(value: Json) -> str:
    """The text that `read_typed` reads back as the same value: texts are bare where nothing else could be meant."""
    if not isinstance(value, str):
        return json.dumps(thaw(value), ensure_ascii=False)
    try:
        is_text = read_typed(value) == value and not value.startswith(_OPENS) and value == value.strip() != ""
    except NotTyped:
        is_text = False
    return value if is_text and "\r" not in value else json.dumps(value, ensure_ascii=False)


def read_typed(text: str) -> Json:
    """``4`` is a number, ``"4"`` a text, ``fra`` too. Raises `NotTyped`."""
    try:
        return read_json(text)
    except NotJsonAtAll as fault:
        if text.lstrip().startswith(_OPENS):
            raise NotTyped(f"{fault}; text that begins so is written in quotes") from None
        return text
    except NotJson as fault:
        raise NotTyped(str(fault)) from None


def read_number(text: str) -> Json:
    """A number where one is written; anything else stays text, which the field's parser then refuses."""
    try:
        value = read_json(text.strip())
    except NotJson:
        return text
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text
