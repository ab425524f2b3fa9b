"""People at a remote Larry: users, groups of them, and who may do what where."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from larry.client.connection import Connection
from larry.client.noun import API, spell_path
from larry.client.shape import GrantDocument, GroupDocument, UserDocument


class People:
    """Every writing method takes ``reason`` and, where a dry run means something, ``dry_run``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def users(self, *, as_of: datetime | None = None) -> list[UserDocument]:
        """Everybody who may sign in, or could once, as far as the token's owner may see them."""
        return cast(list[UserDocument], self._connection.get(f"{API}/users", {"as_of": as_of}).document)

    def user(self, name: str) -> UserDocument:
        """One of them. Raises `NotThere`."""
        return cast(UserDocument, self._connection.get(f"{API}/users/{spell_path(name)}").document)

    def add_user(
        self,
        name: str,
        *,
        password: str | None = None,
        full_name: str = "",
        email: str = "",
        time_zone: str = "",
        is_administrator: bool = False,
        reason: str = "",
        dry_run: bool = False,
    ) -> UserDocument:
        """Add somebody who may sign in."""
        body: dict[str, Any] = {
            "name": name, "password": password, "full_name": full_name, "email": email, "time_zone": time_zone,
            "is_administrator": is_administrator, "reason": reason,
        }  # fmt: skip
        return self._user("/users", body, dry_run=dry_run)

    def change_user(
        self,
        name: str,
        *,
        full_name: str | None = None,
        email: str | None = None,
        time_zone: str | None = None,
        is_administrator: bool | None = None,
        etag: str | None = None,
        reason: str = "",
        dry_run: bool = False,
    ) -> UserDocument:
        """Change what is told of somebody; what is None stays. With ``etag`` only as long as they are what it was read
        with, else `ChangedMeanwhile`."""
        body: dict[str, Any] = {
            "full_name": full_name, "email": email, "time_zone": time_zone, "is_administrator": is_administrator,
            "reason": reason,
        }  # fmt: skip
        query, path = {"dry_run": dry_run}, f"{API}/users/{spell_path(name)}"
        answer = self._connection.send("PATCH", path, body, query, if_match=etag)
        return cast(UserDocument, answer.document["user"])

    def set_password(self, name: str, password: str, *, reason: str = "") -> UserDocument:
        """Give somebody another password; all their sessions end."""
        body = {"password": password, "reason": reason}
        return self._user(f"/users/{spell_path(name)}/password", body, dry_run=False)

    def deactivate(self, name: str, *, reason: str = "", dry_run: bool = False) -> UserDocument:
        """Let somebody in no longer."""
        return self._user(f"/users/{spell_path(name)}/deactivate", {"reason": reason}, dry_run=dry_run)

    def activate(self, name: str, *, reason: str = "", dry_run: bool = False) -> UserDocument:
        """Let somebody in again."""
        return self._user(f"/users/{spell_path(name)}/activate", {"reason": reason}, dry_run=dry_run)

    def grants(self, user: str | None = None, *, as_of: datetime | None = None) -> list[GrantDocument]:
        """Who may do what where: all, or a user with their groups."""
        return cast(list[GrantDocument], self._connection.get(f"{API}/grants", {"user": user, "as_of": as_of}).document)

    def grant(
        self, to: str, name: str, role: str, scope: str = "everything", address: str = "", *, reason: str = "",
        dry_run: bool = False,
    ) -> str:  # fmt: skip
        """Give a ``user`` or a ``group`` a role; what was done, as a sentence."""
        body = {"to": to, "name": name, "role": role, "scope": scope, "address": address, "reason": reason}
        return self._done("POST", "/grants", body, dry_run=dry_run)

    def revoke(
        self, to: str, name: str, role: str, scope: str = "everything", address: str = "", *, reason: str = "",
        dry_run: bool = False,
    ) -> str:  # fmt: skip
        """Take a role, named as it was granted."""
        body = {"to": to, "name": name, "role": role, "scope": scope, "address": address, "reason": reason}
        return self._done("POST", "/grants/revoke", body, dry_run=dry_run)

    def groups(self, *, as_of: datetime | None = None) -> list[GroupDocument]:
        """All groups and who is in them."""
        return cast(list[GroupDocument], self._connection.get(f"{API}/groups", {"as_of": as_of}).document)

    def add_group(self, name: str, description: str = "", *, reason: str = "", dry_run: bool = False) -> str:
        """Make a group with nobody in it."""
        body = {"name": name, "description": description, "reason": reason}
        return self._done("POST", "/groups", body, dry_run=dry_run)

    def remove_group(self, name: str, *, reason: str = "", dry_run: bool = False) -> str:
        """Remove a group with all that it was granted."""
        return self._done("DELETE", f"/groups/{spell_path(name)}", {"reason": reason}, dry_run=dry_run)

    def join(self, group: str, user: str, *, reason: str = "", dry_run: bool = False) -> str:
        """Put a user into a group."""
        return self._done(
            "POST", f"/groups/{spell_path(group)}/join", {"user": user, "reason": reason}, dry_run=dry_run
        )

    def leave(self, group: str, user: str, *, reason: str = "", dry_run: bool = False) -> str:
        """Take a user out of a group."""
        body = {"user": user, "reason": reason}
        return self._done("POST", f"/groups/{spell_path(group)}/leave", body, dry_run=dry_run)

    def _user(self, path: str, body: dict[str, Any], *, dry_run: bool) -> UserDocument:
        once = path == "/users" and not dry_run
        answer = self._connection.send("POST", f"{API}{path}", body, {"dry_run": dry_run}, once=once)
        return cast(UserDocument, answer.document["user"])

    def _done(self, method: str, path: str, body: dict[str, Any], *, dry_run: bool) -> str:
        answer = self._connection.send(method, f"{API}{path}", body, {"dry_run": dry_run})
        return str(answer.document["done"])
