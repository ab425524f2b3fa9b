"""The estate as a whole at a remote Larry: dumped, held against files, made what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from larry.client.connection import Connection
from larry.client.noun import API
from larry.client.shape import ChangeDocument, FleetDocument, StatedChangeDocument


class EstateDoor:
    """``files`` are (name, content) of estate files; or ``estate`` is the same as JSON."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def dump(self, *, with_deployments: bool = False, as_of: datetime | None = None) -> dict[str, Any]:
        """The whole estate as a file that changes nothing when it is applied."""
        query = {"with_deployments": with_deployments, "as_of": as_of}
        return cast(dict[str, Any], self._connection.get(f"{API}/estate", query).document)

    def plan(
        self,
        files: Sequence[tuple[str, str]] = (),
        *,
        estate: Mapping[str, Any] | None = None,
        prune: bool = False,
        with_deployments: bool = False,
    ) -> StatedChangeDocument:
        """What files would change. Raises `Invalid` with every fault of all files, each ``line`` its place."""
        body = _body(files, estate) | {"prune": prune, "with_deployments": with_deployments}
        return cast(StatedChangeDocument, self._connection.send("POST", f"{API}/estate/plan", body).document)

    def apply(
        self,
        files: Sequence[tuple[str, str]] = (),
        *,
        estate: Mapping[str, Any] | None = None,
        prune: bool = False,
        with_deployments: bool = False,
        reason: str = "",
        dry_run: bool = False,
        expect: str | None = None,
        key: str | None = None,
    ) -> StatedChangeDocument:
        """Change the estate to what files say, in one transaction. Raises as `plan`, and `Moved`."""
        body = _body(files, estate) | {"prune": prune, "with_deployments": with_deployments}
        body |= {"reason": reason, "expect": expect}
        path = f"{API}/estate/apply"
        answer = self._connection.send("POST", path, body, {"dry_run": dry_run}, once=True, key=key)
        return cast(StatedChangeDocument, answer.document)

    def edit(
        self,
        noun: str,
        address: str,
        fields: Mapping[str, Any],
        *,
        reason: str = "",
        dry_run: bool = False,
        expect: str | None = None,
    ) -> ChangeDocument:
        """Create the noun at an address, or change the fields that are given."""
        body = {"noun": noun, "address": address, "fields": dict(fields), "reason": reason, "expect": expect}
        answer = self._connection.send("POST", f"{API}/estate/edit", body, {"dry_run": dry_run}, once=True)
        return cast(ChangeDocument, answer.document)

    def import_table(
        self,
        noun: str,
        content: str,
        *,
        name: str = "table.csv",
        reason: str = "",
        dry_run: bool = False,
        expect: str | None = None,
        key: str | None = None,
    ) -> ChangeDocument:
        """Create and change many nouns of one sort from CSV, all or none."""
        body = {"noun": noun, "name": name, "content": content, "reason": reason, "expect": expect}
        path = f"{API}/estate/import"
        answer = self._connection.send("POST", path, body, {"dry_run": dry_run}, once=True, key=key)
        return cast(ChangeDocument, answer.document)

    def fleet(self, *, as_of: datetime | None = None) -> FleetDocument:
        """What every host is to be, with the roles and pools that group them now."""
        return cast(FleetDocument, self._connection.get(f"{API}/fleet", {"as_of": as_of}).document)


def _body(files: Sequence[tuple[str, str]], estate: Mapping[str, Any] | None) -> dict[str, Any]:
    listed = [{"name": name, "content": content} for name, content in files]
    return {"files": listed} if estate is None else {"files": listed, "estate": dict(estate)}
