"""A remote Larry: its nouns, deployments, rollouts and reports, and the configuration of every host."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

from larry.client.answer import Answer
from larry.client.connection import USUAL, Connection, Patience, Value
from larry.client.deploying import DeploymentCollection, RolloutCollection
from larry.client.failure import BadServer
from larry.client.made_token import TokenCollection
from larry.client.noun import API, NounCollection, spell_path, walk_pages
from larry.client.people import People
from larry.client.shape import (
    ActivityDocument,
    CoverageDocument,
    DirtyDocument,
    EdgeDocument,
    HostStepDocument,
    KeptSnapshotDocument,
    NodeDocument,
    ParameterLineDocument,
    SituationDocument,
    SnapshotDocument,
)
from larry.client.token import find_token
from larry.client.webhook import WebhookCollection
from larry.client.whole import EstateDoor

SERVER = "LARRY_SERVER"
"""The variable that names the server where nothing else does."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a tool is told: ``is_stale`` when Larry is away, and this is what it said before."""

    text: str
    as_of: datetime | None
    next_change: datetime | None
    is_stale: bool


class RemoteLarry:
    """Talks to the Larry at an address with a token; to be used in a ``with`` block, or closed.

    ``url`` unless given is that of the variable LARRY_SERVER; the token is found by `find_token`. Its connections are
    shared among threads. Raises `BadServer`, `NoToken`.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        token_file: str | Path | None = None,
        ca_file: str | Path | None = None,
        patience: Patience = USUAL,
        in_clear: bool = False,
    ) -> None:
        address = url if url is not None else os.environ.get(SERVER, "")
        if not address:
            raise BadServer(f"say which Larry: an address, or the variable {SERVER}")
        self.connection = Connection(
            address, find_token(token, token_file), ca_file=ca_file, patience=patience, in_clear=in_clear
        )
        self.roles = NounCollection(self.connection, "roles")
        self.grades = NounCollection(self.connection, "grades")
        self.pools = NounCollection(self.connection, "pools")
        self.services = NounCollection(self.connection, "services")
        self.customers = NounCollection(self.connection, "customers")
        self.apps = NounCollection(self.connection, "apps")
        self.instances = NounCollection(self.connection, "instances")
        self.hosts = NounCollection(self.connection, "hosts")
        self.deployments = DeploymentCollection(self.connection)
        self.rollouts = RolloutCollection(self.connection)
        self.estate = EstateDoor(self.connection)
        self.people = People(self.connection)
        self.tokens = TokenCollection(self.connection)
        self.webhooks = WebhookCollection(self.connection)

    def __repr__(self) -> str:
        return f"RemoteLarry({self.connection.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    # --- configuration

    def configuration(self, host: str, form: str, *, as_of: datetime | None = None) -> Configuration:
        """What a host is to be, in a dialect by its ending (json, yaml, enc, sh …). Kept as long as Larry says: while
        Larry is away, the last answer stands in until its next change. Raises `NotThere`."""
        path = f"/configuration/{quote(host, safe='')}.{quote(form, safe='')}"
        return _configuration(self.connection.get(path, {"as_of": as_of}, keeps=True))

    def inventory(self, form: str, *, as_of: datetime | None = None) -> Configuration:
        """Every host, in a dialect that tells all."""
        path = f"/inventory.{quote(form, safe='')}"
        return _configuration(self.connection.get(path, {"as_of": as_of}, keeps=True))

    def node(self, host: str, *, as_of: datetime | None = None) -> NodeDocument:
        """What a host is to be, as a document."""
        return cast(NodeDocument, self._get(f"/hosts/{spell_path(host)}/node", {"as_of": as_of}))

    def host_history(
        self, host: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[HostStepDocument]:
        """Every change of what a host was, is and will be."""
        query: dict[str, Value] = {"since": since, "until": until}
        return cast(list[HostStepDocument], self._get(f"/hosts/{spell_path(host)}/history", query))

    # --- instances

    def snapshot(self, instance: str, *, reason: str = "", dry_run: bool = False) -> SnapshotDocument:
        """Freeze an instance as it is described now."""
        path = f"{API}/instances/{spell_path(instance)}/snapshot"
        answer = self.connection.send("POST", path, {"reason": reason}, {"dry_run": dry_run})
        return cast(SnapshotDocument, answer.document)

    def parameters(self, instance: str, *, as_of: datetime | None = None) -> list[ParameterLineDocument]:
        """The parameters of an instance, and whence each comes."""
        return cast(list[ParameterLineDocument], self._of(instance, "parameters", {"as_of": as_of}))

    def order(self, instance: str, *, reverse: bool = False, as_of: datetime | None = None) -> list[str]:
        """The order in which its services start, or stop."""
        return cast(list[str], self._of(instance, "order", {"reverse": reverse, "as_of": as_of}))

    def waves(self, instance: str, *, reverse: bool = False, as_of: datetime | None = None) -> list[list[str]]:
        """The same, with what may go in parallel together."""
        query: dict[str, Value] = {"reverse": reverse, "waves": True, "as_of": as_of}
        return cast(list[list[str]], self._of(instance, "order", query))

    def diff(
        self, instance: str, old: str | None = None, new: str | None = None, *, as_of: datetime | None = None
    ) -> dict[str, Any]:
        """What differs between what is live, snapshots (by their first characters), and what is described now."""
        return cast(dict[str, Any], self._of(instance, "diff", {"old": old, "new": new, "as_of": as_of}))

    def instance_dirty(self, instance: str, *, as_of: datetime | None = None) -> DirtyDocument:
        """Whether an instance is dirty, where, and why."""
        return cast(DirtyDocument, self._of(instance, "dirty", {"as_of": as_of}))

    def instance_history(self, instance: str, *, as_of: datetime | None = None) -> list[ActivityDocument]:
        """What was done to an instance and its deployments."""
        return cast(list[ActivityDocument], self._of(instance, "history", {"as_of": as_of}))

    # --- the estate as a whole

    def dirty(
        self, *, customer: str | None = None, cause: int | None = None, as_of: datetime | None = None
    ) -> list[DirtyDocument]:
        """All dirty instances, with the causes."""
        query: dict[str, Value] = {"customer": customer, "cause": cause, "as_of": as_of}
        return cast(list[DirtyDocument], self._get("/dirty", query))

    def coverage(
        self,
        *,
        customer: str | None = None,
        app: str | None = None,
        instance: str | None = None,
        host: str | None = None,
        service: str | None = None,
        uncovered: bool = False,
        as_of: datetime | None = None,
    ) -> list[CoverageDocument]:
        """Every deployed service with each auditor that its snapshot asks for."""
        query: dict[str, Value] = {
            "customer": customer, "app": app, "instance": instance, "host": host, "service": service,
            "uncovered": uncovered, "as_of": as_of,
        }  # fmt: skip
        return cast(list[CoverageDocument], self._get("/coverage", query))

    def situations(self, *, as_of: datetime | None = None) -> list[SituationDocument]:
        """What is strange."""
        return cast(list[SituationDocument], self._get("/situations", {"as_of": as_of}))

    def edges(self, service: str | None = None, *, known_at: datetime | None = None) -> list[EdgeDocument]:
        """Which service needs or audits which."""
        return cast(list[EdgeDocument], self._get("/edges", {"service": service, "known_at": known_at}))

    def activity(
        self, *, as_of: datetime | None = None, most: int | None = None, **which: str | int | datetime | None
    ) -> Iterator[ActivityDocument]:
        """Who did what, the latest first; ``which``: noun, address, actor, verb, text, customer, app, instance,
        rollout, since, until."""
        yield from walk_pages(self.connection, "/activity", {**which, "as_of": as_of}, most=most)

    def snapshots(
        self, *, instance: str | None = None, as_of: datetime | None = None
    ) -> Iterator[KeptSnapshotDocument]:
        """The snapshots that are kept."""
        yield from walk_pages(self.connection, "/deployables", {"instance": instance, "as_of": as_of})

    def kept_snapshot(self, digest: str) -> KeptSnapshotDocument:
        """One of them, with its content."""
        return cast(KeptSnapshotDocument, self._get(f"/deployables/{spell_path(digest)}", {}))

    def explain(self, host: str, service: str, parameter: str, *, as_of: datetime | None = None) -> dict[str, Any]:
        """Where the value of a parameter of a service on a host came from."""
        query: dict[str, Value] = {"service": service, "parameter": parameter, "as_of": as_of}
        return cast(dict[str, Any], self._get(f"/hosts/{spell_path(host)}/explain", query))

    def reveal(self, host: str, *, as_of: datetime | None = None, reason: str = "") -> NodeDocument:
        """What a host is to be, with secrets in clear, for whoever may; activity tells it."""
        path = f"{API}/hosts/{spell_path(host)}/reveal"
        answer = self.connection.send("POST", path, {"reason": reason}, {"as_of": as_of})
        return cast(NodeDocument, answer.document)

    def service_history(self, service: str, *, as_of: datetime | None = None) -> list[ActivityDocument]:
        """What was done to a service."""
        path = f"/services/{spell_path(service)}/history"
        return cast(list[ActivityDocument], self._get(path, {"as_of": as_of}))

    def graph(
        self,
        subject: str,
        form: str = "json",
        *,
        kind: str | None = None,
        link_prefix: str | None = None,
        as_of: datetime | None = None,
    ) -> str:
        """The picture of what depends on what, as json, svg or dot."""
        query: dict[str, Value] = {
            "subject": subject, "format": form, "kind": kind, "link_prefix": link_prefix, "as_of": as_of,
        }  # fmt: skip
        return self.connection.get(f"{API}/graph", query).text

    def timeline(
        self,
        subject: str,
        form: str = "json",
        *,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        width: int | None = None,
        link_prefix: str | None = None,
        as_of: datetime | None = None,
    ) -> str:
        """The picture of what was, is and will be live, as json or svg."""
        query: dict[str, Value] = {
            "subject": subject, "format": form, "kind": kind, "since": since, "until": until, "width": width,
            "link_prefix": link_prefix, "as_of": as_of,
        }  # fmt: skip
        return self.connection.get(f"{API}/timeline", query).text

    def _get(self, path: str, query: Mapping[str, Value]) -> Any:
        return self.connection.get(f"{API}{path}", query).document

    def _of(self, instance: str, what: str, query: Mapping[str, Value]) -> Any:
        return self._get(f"/instances/{spell_path(instance)}/{what}", query)


def _configuration(answer: Answer) -> Configuration:
    return Configuration(answer.text, answer.as_of, answer.next_change, answer.is_stale)
