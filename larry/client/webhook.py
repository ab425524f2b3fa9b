"""Webhooks at a remote Larry: added, looked at, paused, tried and removed. A secret is told once, when one is added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from larry.client.connection import Connection, Value
from larry.client.noun import API
from larry.client.shape import DeliveryDocument, NewWebhookDocument, WebhookDocument


class WebhookCollection:
    """Where Larry tells what happens. What is done is answered as a sentence."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, *, as_of: datetime | None = None) -> Sequence[WebhookDocument]:
        """All that may be seen, by number."""
        return cast(Sequence[WebhookDocument], self._connection.get(f"{API}/webhooks", {"as_of": as_of}).document)

    def get(self, number: int) -> WebhookDocument:
        """One. Raises `NotThere`."""
        return cast(WebhookDocument, self._connection.get(_path(number)).document)

    def check(
        self, url: str, events: Sequence[str], scope: str = "everything", address: str = "", *,
        owner: str | None = None, reason: str = "",
    ) -> str:  # fmt: skip
        """What `add` would do with the same arguments; nothing is done. Raises as that does."""
        body = _body(url, events, scope, address, owner, reason)
        return str(self._connection.send("POST", f"{API}/webhooks", body, {"dry_run": True}).document["done"])

    def add(
        self, url: str, events: Sequence[str], scope: str = "everything", address: str = "", *,
        owner: str | None = None, reason: str = "", key: str | None = None,
    ) -> NewWebhookDocument:  # fmt: skip
        """Have a URL told of events, as its owner may see them. It is sent again when no answer comes, and added once;
        the ``secret`` of an answer that was lost is None. Raises `Invalid`, `NotPermitted`."""
        body = _body(url, events, scope, address, owner, reason)
        return cast(
            NewWebhookDocument, self._connection.send("POST", f"{API}/webhooks", body, once=True, key=key).document
        )

    def remove(self, number: int, *, reason: str = "", dry_run: bool = False) -> str:
        """Tell it nothing any more, not even what is waiting."""
        return self._done("DELETE", _path(number), reason, dry_run=dry_run)

    def pause(self, number: int, *, reason: str = "", dry_run: bool = False) -> str:
        """Tell it nothing for a while; what happens meanwhile waits."""
        return self._done("POST", f"{_path(number)}/pause", reason, dry_run=dry_run)

    def resume(self, number: int, *, reason: str = "", dry_run: bool = False) -> str:
        """Go on telling it, with what has happened meanwhile."""
        return self._done("POST", f"{_path(number)}/resume", reason, dry_run=dry_run)

    def ping(self, number: int, *, reason: str = "") -> str:
        """Have the worker send a ping."""
        return self._done("POST", f"{_path(number)}/ping", reason)

    def deliveries(
        self, number: int, *, state: str | None = None, limit: int | None = None
    ) -> Sequence[DeliveryDocument]:
        """What was told to it, the newest first."""
        query: dict[str, Value] = {"state": state, "limit": limit}
        return cast(Sequence[DeliveryDocument], self._connection.get(f"{_path(number)}/deliveries", query).document)

    def retry(self, key: str, *, reason: str = "") -> str:
        """Try a delivery again now, under the key that it has."""
        return self._done("POST", f"{API}/deliveries/{quote(key, safe='')}/retry", reason)

    def _done(self, method: str, path: str, reason: str, *, dry_run: bool = False) -> str:
        return str(self._connection.send(method, path, {"reason": reason}, {"dry_run": dry_run}).document["done"])


def _path(number: int) -> str:
    return f"{API}/webhooks/{number:d}"


def _body(url: str, events: Sequence[str], scope: str, address: str, owner: str | None, reason: str) -> dict[str, Any]:
    return {"url": url, "events": list(events), "scope": scope, "address": address, "owner": owner, "reason": reason}
