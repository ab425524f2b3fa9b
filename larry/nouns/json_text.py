"""JSON text is read strictly: what readers disagree about is refused."""

from __future__ import annotations

import json
from typing import NoReturn

from larry.core.document import Json


class NotJson(ValueError):
    """The text is no JSON; says why."""


def read_json(text: str) -> Json:
    """The value. Raises `NotJson`, also for a key that is there twice, NaN and Infinity, and for what nests too deep."""
    try:
        value: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except NotJson:
        raise
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except ValueError as error:
        raise NotJson(f"this is not JSON: {error}") from None
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJson(f"the key {twice[:60]!r} stands twice in one map")
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise NotJson(f"{text} is no JSON number")
