"""A page is part of a list; its cursor says where the next one begins, and fits no other list."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime

from larry.api.problem import FieldFault, Problem
from larry.core.document import Json, canonical_text, digest_of
from larry.nouns.json_text import NotJson, read_json

_NAMED = 16
"""So many digits of its digest name a list in a cursor."""


def make_cursor(listing: Json, mark: Json) -> str:
    """Where the next page begins: after ``mark`` in the list that is known by what was asked for."""
    text = canonical_text([digest_of(listing)[:_NAMED], mark])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str | None, listing: Json) -> Json:
    """The mark in a cursor; None when there is no cursor. Raises `Problem` for one of another list, or none."""
    if text is None:
        return None
    try:
        read = read_json(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode())
    except (binascii.Error, UnicodeDecodeError, NotJson, ValueError):
        raise refuse_cursor("it is none that Larry gave") from None
    if not isinstance(read, list) or len(read) != 2:
        raise refuse_cursor("it is none that Larry gave")
    if read[0] != digest_of(listing)[:_NAMED]:
        raise refuse_cursor("it belongs to another list: change nothing but the cursor from page to page")
    mark: Json = read[1]
    return mark


def read_id_mark(mark: Json) -> int | None:
    """A mark that is an id. Raises `Problem`."""
    if mark is None or (isinstance(mark, int) and not isinstance(mark, bool) and 0 < mark < 2**63):
        return mark
    raise refuse_cursor("it is none that Larry gave")


def read_moment_mark(text: Json) -> datetime:
    """The moment in a mark. Raises `Problem`."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise refuse_cursor("it is none that Larry gave") from None
    if moment.tzinfo is None:
        raise refuse_cursor("it is none that Larry gave")
    return moment


def refuse_cursor(why: str) -> Problem:
    """The problem of a cursor that will not do."""
    return Problem("invalid", f"cursor: {why}", faults=[FieldFault("query", "cursor", why)])


def page_document(items: Iterable[Mapping[str, Json]], following: str | None, total: int | None = None) -> Json:
    """The pinned shape of every list: ``next`` is the cursor of the page after this one, null on the last."""
    counted: dict[str, Json] = {} if total is None else {"total": total}
    return {"items": list(items), "next": following, **counted}
