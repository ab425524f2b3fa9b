"""JSON text is read strictly: what readers disagree about is refused."""

from __future__ import annotations

import json
from typing import NoReturn

from larry.core.document import Json


class NotJson(ValueError):
    """The text cannot be taken as JSON; says why."""


class NotJsonAtAll(NotJson):
    """The text is not written as JSON: it may be meant as something else."""


def read_json(text: str) -> Json:
    """The value. Raises `NotJson`, also for a key that is there twice, for NaN, and for what nests too deep."""
    try:
        value: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except NotJson:
        raise
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotJsonAtAll(f"this is not JSON: {error}") from None
    except ValueError as error:  # a number of more than 4300 digits
        raise NotJson(str(error)) from None
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members: dict[str, Json] = {}
    for name, value in pairs:
        if name in members:
            raise NotJson(f"the key {name[:60]!r} stands twice in one map")
        members[name] = value
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise NotJson(f"{text} is no JSON number")
