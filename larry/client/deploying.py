"""Deployments and rollouts at a remote Larry: shown first, then done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import quote

from larry.client.connection import Connection, Value, spell_moment
from larry.client.noun import API, walk_pages
from larry.client.shape import DeploymentDocument, PlanDocument, RolloutDetailDocument, RolloutDocument


@dataclass(frozen=True, slots=True)
class Put:
    """An instance to be put on hosts: as a snapshot, or as described now; single services elsewhere (``place``)."""

    instance: str
    hosts: Sequence[str]
    snapshot: str | None = None
    place: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Unchanged:
    """Stands for what is not to change, where None says something."""


UNCHANGED = Unchanged()


class DeploymentCollection:
    """What was, is and will be live."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self,
        *,
        states: Iterable[str] | None = None,
        customer: str | None = None,
        app: str | None = None,
        instance: str | None = None,
        host: str | None = None,
        rollout: int | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        q: str | None = None,
        sort: str | None = None,
    ) -> Iterator[DeploymentDocument]:
        """By start. ``states``: past, current, future, deactivated; all but the last unless given. ``q`` searches,
        ``sort`` by instance, host, start, end or rollout, downwards with a minus; not with ``known_at``."""
        query: dict[str, Value] = {
            "state": sorted(states) if states is not None else None, "customer": customer, "app": app,
            "instance": instance, "host": host, "rollout": rollout, "as_of": as_of, "known_at": known_at,
            "q": q, "sort": sort,
        }  # fmt: skip
        yield from walk_pages(self._connection, "/deployments", query)

    def get(self, deployment: str, *, as_of: datetime | None = None) -> DeploymentDocument:
        """One, deactivated or not. Raises `NotThere`."""
        return cast(DeploymentDocument, self._connection.get(_path(deployment), {"as_of": as_of}).document)

    def change(
        self,
        deployment: str,
        *,
        start: datetime | None = None,
        end: datetime | None | Unchanged = UNCHANGED,
        host: str | None = None,
        place: Mapping[str, str] | None = None,
        resume: bool = True,
        reason: str = "",
        expect: str | None = None,
        etag: str | None = None,
        dry_run: bool = False,
    ) -> PlanDocument:
        """Change its times, its host or its places; ``end=None``: it has no end any more. With an ``etag``: raises
        `ChangedMeanwhile` if somebody has since."""
        body: dict[str, Any] = {"reason": reason, "resume": resume, "expect": expect}
        if start is not None:
            body["start"] = spell_moment(start)
        if not isinstance(end, Unchanged):
            body["end"] = spell_moment(end) if end is not None else None
        body |= {name: value for name, value in (("host", host), ("place", place)) if value is not None}
        return self._plan("PATCH", _path(deployment), body, dry_run=dry_run, etag=etag)

    def delete(
        self, deployment: str, *, reason: str = "", expect: str | None = None, dry_run: bool = False
    ) -> PlanDocument:
        """Take one back that has not begun."""
        return self._plan("DELETE", _path(deployment), {"reason": reason, "expect": expect}, dry_run=dry_run)

    def undeploy(
        self, deployment: str, *, at: datetime | None = None, reason: str = "", expect: str | None = None,
        dry_run: bool = False,
    ) -> PlanDocument:  # fmt: skip
        """End one, now or at a moment."""
        body: dict[str, Any] = {"reason": reason, "expect": expect, "at": spell_moment(at) if at else None}
        return self._plan("POST", f"{_path(deployment)}/undeploy", body, dry_run=dry_run)

    def undeploy_many(
        self, deployments: Sequence[str], *, at: datetime | None = None, reason: str = "", expect: str | None = None,
        dry_run: bool = False,
    ) -> PlanDocument:  # fmt: skip
        """End many, all or none."""
        body: dict[str, Any] = {"deployments": list(deployments), "reason": reason, "expect": expect}
        body["at"] = spell_moment(at) if at else None
        return self._plan("POST", f"{API}/deployments/undeploy", body, dry_run=dry_run)

    def delete_many(
        self, deployments: Sequence[str], *, reason: str = "", expect: str | None = None, dry_run: bool = False
    ) -> PlanDocument:
        """Take many back that have not begun, all or none."""
        body: dict[str, Any] = {"deployments": list(deployments), "reason": reason, "expect": expect}
        return self._plan("POST", f"{API}/deployments/delete", body, dry_run=dry_run)

    def read(self, deployment: str) -> tuple[DeploymentDocument, str | None]:
        """One with its ETag, for a change of it. Raises `NotThere`."""
        answer = self._connection.get(_path(deployment))
        return cast(DeploymentDocument, answer.document), answer.etag

    def _plan(
        self, method: str, path: str, body: Mapping[str, Any], *, dry_run: bool, etag: str | None = None
    ) -> PlanDocument:
        answer = self._connection.send(method, path, body, {"dry_run": dry_run}, if_match=etag)
        return cast(PlanDocument, answer.document)


class RolloutCollection:
    """Acts that deploy."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def preview(
        self, deploy: Sequence[Put], *, start: datetime | None = None, end: datetime | None = None,
        resume: bool = True, reason: str = "",
    ) -> PlanDocument:  # fmt: skip
        """What `create` would do with the same arguments; its ``digest`` is what that may expect."""
        body = _body(deploy, start, end, resume=resume, reason=reason)
        return cast(PlanDocument, self._connection.send("POST", f"{API}/rollouts/preview", body).document)

    def create(
        self, deploy: Sequence[Put], *, start: datetime | None = None, end: datetime | None = None,
        resume: bool = True, reason: str, expect: str | None = None, key: str | None = None,
    ) -> PlanDocument:  # fmt: skip
        """Deploy, as one rollout: all or nothing. Raises `Moved` when ``expect`` no longer holds, `Conflict`."""
        body = _body(deploy, start, end, resume=resume, reason=reason) | {"expect": expect}
        answer = self._connection.send("POST", f"{API}/rollouts", body, once=True, key=key)
        return cast(PlanDocument, answer.document)

    def redeploy(
        self,
        instances: Sequence[str] = (),
        *,
        dirty: bool = False,
        customer: str | None = None,
        cause: int | None = None,
        start: datetime | None = None,
        also_clean: bool = False,
        reason: str = "",
        expect: str | None = None,
        dry_run: bool = False,
        key: str | None = None,
    ) -> PlanDocument:
        """Bring instances, or all ``dirty`` ones, up to what is described now, ends kept: one rollout. ``also_clean``:
        what has the same snapshot already is laid out anew."""
        body: dict[str, Any] = {
            "instances": list(instances), "dirty": dirty, "customer": customer, "cause": cause,
            "start": spell_moment(start) if start else None, "reason": reason, "expect": expect,
            "also_clean": also_clean,
        }  # fmt: skip
        path = f"{API}/rollouts/redeploy"
        answer = self._connection.send("POST", path, body, {"dry_run": dry_run}, once=True, key=key)
        return cast(PlanDocument, answer.document)

    def list(self, *, as_of: datetime | None = None) -> Iterator[RolloutDocument]:
        """The latest first."""
        yield from walk_pages(self._connection, "/rollouts", {"as_of": as_of})

    def get(self, rollout: int) -> RolloutDetailDocument:
        """One. Raises `NotThere`."""
        return cast(RolloutDetailDocument, self._connection.get(f"{API}/rollouts/{rollout:d}").document)

    def undo(self, rollout: int, *, reason: str = "", expect: str | None = None, dry_run: bool = False) -> PlanDocument:
        """Give its lanes their future back."""
        body = {"reason": reason, "expect": expect}
        path = f"{API}/rollouts/{rollout:d}/undo"
        return cast(PlanDocument, self._connection.send("POST", path, body, {"dry_run": dry_run}).document)


def _path(deployment: str) -> str:
    return f"{API}/deployments/{quote(deployment, safe='')}"


def _body(
    deploy: Sequence[Put], start: datetime | None, end: datetime | None, *, resume: bool, reason: str
) -> dict[str, Any]:
    lines: list[dict[str, Any]] = [
        {"instance": each.instance, "hosts": list(each.hosts), "snapshot": each.snapshot, "place": dict(each.place)}
        for each in deploy
    ]
    return {
        "deploy": lines,
        "start": spell_moment(start) if start else None,
        "end": spell_moment(end) if end else None,
        "resume": resume,
        "reason": reason,
    }
