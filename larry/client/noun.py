"""One sort of simple nouns at a remote Larry: listed, read, created, changed, retired, given another key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from larry.client.connection import Connection, Value
from larry.client.shape import ChangeDocument, KeyChangeDocument, NounDocument

API = "/api/v1"
PAGE = 500


def spell_path(address: str) -> str:
    """An address as part of a path: its slashes stay. Raises ValueError for one that would lead elsewhere."""
    steps = address.strip("/").split("/")
    if not all(steps) or any(step in {".", ".."} for step in steps):
        raise ValueError(f"{address!r} is no address")
    return "/".join(quote(step, safe="") for step in steps)


def walk_pages(
    connection: Connection, path: str, query: Mapping[str, Value], size: int = PAGE, most: int | None = None
) -> Iterator[Any]:
    """The items of every page, one after another, each page asked for when it is needed; at most so many."""
    cursor: str | None = None
    left = most
    while left is None or left > 0:
        limit = size if left is None else min(size, left)
        page = connection.get(f"{API}{path}", {**query, "limit": limit, "cursor": cursor}).document
        yield from page["items"]
        left = None if left is None else left - len(page["items"])
        cursor = page["next"]
        if cursor is None:
            return


@dataclass(frozen=True, slots=True)
class ReadNoun:
    """A noun with the ETag that it was read with: changed with it, nothing of anybody else's is lost."""

    document: NounDocument
    etag: str


class NounCollection:
    """``plural`` is the name of the nouns in addresses."""

    def __init__(self, connection: Connection, plural: str) -> None:
        self._connection, self._plural = connection, plural

    def list(
        self,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: Sequence[str] | None = None,
        as_of: datetime | None = None,
        **filters: str,
    ) -> Iterator[NounDocument]:
        """All of them, page by page; ``q`` searches, ``sort`` (downwards with a minus), ``filters`` are the noun's."""
        query: dict[str, Value] = {**filters, "q": q, "sort": sort, "fields": fields, "as_of": as_of}
        yield from walk_pages(self._connection, f"/{self._plural}", query)

    def get(self, address: str, *, fields: Sequence[str] | None = None, as_of: datetime | None = None) -> NounDocument:
        """One of them. Raises `NotThere`."""
        found = self._connection.get(self._path(address), {"fields": fields, "as_of": as_of})
        return cast(NounDocument, found.document)

    def read(self, address: str) -> ReadNoun:
        """One of them with its ETag. Raises `NotThere`."""
        found = self._connection.get(self._path(address))
        return ReadNoun(found.document, found.etag or "")

    def create(
        self,
        fields: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        reason: str = "",
        dry_run: bool = False,
        expect: str | None = None,
        key: str | None = None,
    ) -> ChangeDocument:
        """Create one, or many: all or none. ``key``: the Idempotency-Key, one of its own unless given."""
        body = dict(fields) if isinstance(fields, Mapping) else [dict(each) for each in fields]
        query: dict[str, Value] = {"dry_run": dry_run, "expect": expect}
        path = f"{API}/{self._plural}"
        answer = self._connection.send("POST", path, body, query, once=True, key=key, reason=reason)
        return cast(ChangeDocument, answer.document)

    def change(
        self,
        address: str,
        fields: Mapping[str, Any],
        *,
        reason: str = "",
        etag: str | None = None,
        dry_run: bool = False,
        expect: str | None = None,
    ) -> ChangeDocument:
        """Change the fields that are given. With an ``etag``: raises `ChangedMeanwhile` if somebody has since."""
        query: dict[str, Value] = {"dry_run": dry_run, "expect": expect}
        answer = self._connection.send("PATCH", self._path(address), dict(fields), query, if_match=etag, reason=reason)
        return cast(ChangeDocument, answer.document)

    def change_many(
        self, changes: Sequence[Mapping[str, Any]], *, reason: str = "", dry_run: bool = False
    ) -> ChangeDocument:
        """Change many, all or none: each says its ``address``, its fields, and maybe its ``etag``."""
        body = [dict(each) for each in changes]
        path = f"{API}/{self._plural}"
        answer = self._connection.send("PATCH", path, body, {"dry_run": dry_run}, reason=reason)
        return cast(ChangeDocument, answer.document)

    def retire(
        self, address: str, *, reason: str = "", etag: str | None = None, dry_run: bool = False,
        expect: str | None = None,
    ) -> ChangeDocument:  # fmt: skip
        """Take one out of use; its history stays."""
        query: dict[str, Value] = {"dry_run": dry_run, "expect": expect}
        answer = self._connection.send("DELETE", self._path(address), None, query, if_match=etag, reason=reason)
        return cast(ChangeDocument, answer.document)

    def rename_key(
        self, address: str, key: str, *, reason: str = "", etag: str | None = None, dry_run: bool = False,
        expect: str | None = None,
    ) -> KeyChangeDocument:  # fmt: skip
        """Give one another key, with all that follows from it. Raises `ChangedMeanwhile` as `change` does."""
        body = {"key": key, "reason": reason, "expect": expect}
        path = f"{self._path(address)}/rename-key"
        answer = self._connection.send("POST", path, body, {"dry_run": dry_run}, if_match=etag)
        return cast(KeyChangeDocument, answer.document)

    def _path(self, address: str) -> str:
        return f"{API}/{self._plural}/{spell_path(address)}"
