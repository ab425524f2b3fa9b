"""Tokens at a remote Larry: made, listed, revoked. A token is told once, when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from larry.client.connection import Connection, spell_moment
from larry.client.noun import API, spell_path
from larry.client.shape import MadeTokenDocument, TokenDocument


class TokenCollection:
    """What programs show: those of one's own, and those of others for whoever may see them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, user: str | None = None) -> Sequence[TokenDocument]:
        """All that may be seen, or those of a user; revoked ones too. Raises `NotThere`."""
        return cast(Sequence[TokenDocument], self._connection.get(f"{API}/tokens", {"user": user}).document)

    def get(self, prefix: str) -> TokenDocument:
        """One, by the part after ``larry_``. Raises `NotThere`."""
        return cast(TokenDocument, self._connection.get(_path(prefix)).document)

    def check(
        self, name: str, *, user: str | None = None, expires: datetime | None = None, role: str | None = None,
        customer: str | None = None, app: str | None = None, pool: str | None = None, secrets: bool = False,
        feeds: bool = False, reason: str = "",
    ) -> TokenDocument:  # fmt: skip
        """What `make` would make with the same arguments; nothing is made. Raises as that does."""
        body = _body(name, user, expires, role, (customer, app, pool), secrets=secrets, feeds=feeds, reason=reason)
        return cast(TokenDocument, self._connection.send("POST", f"{API}/tokens", body, {"dry_run": True}).document)

    def make(
        self, name: str, *, user: str | None = None, expires: datetime | None = None, role: str | None = None,
        customer: str | None = None, app: str | None = None, pool: str | None = None, secrets: bool = False,
        feeds: bool = False, reason: str = "", key: str | None = None,
    ) -> MadeTokenDocument:  # fmt: skip
        """Make one: of one's own unless ``user`` says whose, for a year unless ``expires`` says until when, narrowed to
        a role, and to a customer, an app or a pool; ``secrets``: entitled to them as far as its user is; ``feeds``: for
        the ``addresses`` of feeds, and nothing else.

        It is sent again when no answer comes, and made once; the ``token`` of an answer that was lost is None: revoke
        that one by its prefix, and make another. Raises `NotPermitted`, `Conflict`.
        """
        body = _body(name, user, expires, role, (customer, app, pool), secrets=secrets, feeds=feeds, reason=reason)
        return cast(
            MadeTokenDocument, self._connection.send("POST", f"{API}/tokens", body, once=True, key=key).document
        )

    def revoke(self, prefix: str, *, reason: str = "", dry_run: bool = False) -> TokenDocument:
        """Let one count no more. Raises `NotThere`, `Conflict` for one that is revoked already."""
        answer = self._connection.send("DELETE", _path(prefix), {"reason": reason}, {"dry_run": dry_run})
        return cast(TokenDocument, answer.document)


def _path(prefix: str) -> str:
    return f"{API}/tokens/{spell_path(prefix)}"


def _body(
    name: str,
    user: str | None,
    expires: datetime | None,
    role: str | None,
    scope: tuple[str | None, str | None, str | None],
    *,
    secrets: bool,
    feeds: bool,
    reason: str,
) -> dict[str, Any]:
    customer, app, pool = scope
    return {
        "name": name, "user": user, "expires": spell_moment(expires) if expires else None, "role": role,
        "customer": customer, "app": app, "pool": pool, "secrets": secrets, "feeds": feeds,
        "reason": reason,
    }  # fmt: skip
