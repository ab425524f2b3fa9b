"""A small site for the model of lanes, its rows read without Larry's queries, and what its hosts ought to deliver."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

from larry.actions.snapshot import snapshot
from larry.queries.moment import Moment
from larry.queries.node_part import get_node_text
from larry.queries.reader import WHOLE
from larry.records.deployment import DeployedService, Deployment
from larry.records.host import Host
from larry.records.node import NodeDocument, NodeSegment
from tests.actions.estate import BIRTH, NOW, author, change, lay
from tests.actions.lane_oracle import State, Stay, moments

HOSTS = ("h0", "h1", "h2", "h3")
MONITOR = "mon"
PATHS = tuple(f"c/a/i{number}" for number in range(4))
LOUD = PATHS[0]
"""The one instance that has a snapshot whose tone is not that of all others."""

ESTATE = f"""
larry: 1
services:
  - {{name: system, parameters: [{{name: tone, type: integer, default: 1}}]}}
  - {{name: store, sharing: instance, needs: [system]}}
  - {{name: app, sharing: instance, needs: [store, system], parameters: [{{name: size, type: integer, default: 1}}]}}
  - {{name: watch, audits: [{{service: app, where: {{host: {MONITOR}}}}}]}}
customers:
  - name: C
    apps: [{{name: A, instances: [{", ".join(f"{{name: {path[-2:]}, requires: [app]}}" for path in PATHS)}]}}]
hosts: [{", ".join(f"{{name: {name}}}" for name in (*HOSTS, MONITOR))}]
"""
"""A system that all instances on a host share, a store that may stand elsewhere, an auditor on a host of its own."""

Entry: TypeAlias = tuple[str, tuple[str, ...], tuple[tuple[str, str, tuple[str, ...]], ...]]
"""A service with the instances that it is for and the subjects that it audits."""


@dataclass(frozen=True, slots=True)
class Site:
    """The digests of each instance's snapshots, the tone that each of them asks for, and the names of hosts by id."""

    contents: Mapping[str, tuple[str, ...]]
    tones: Mapping[str, int]
    hosts: Mapping[int, str]


def lay_site() -> Site:
    """The estate, and of each instance two snapshots; of one a third that conflicts with all others."""
    lay(ESTATE)
    contents: dict[str, tuple[str, ...]] = {path: (snapshot(path, author(BIRTH)).digest,) for path in PATHS}
    for path in PATHS:
        change("instance", path, BIRTH, parameters={"size": 2})
        contents[path] += (snapshot(path, author(BIRTH)).digest,)
    change("instance", LOUD, BIRTH, parameters={"tone": 2})
    contents[LOUD] += (snapshot(LOUD, author(BIRTH)).digest,)
    tones = {digest: 1 for digests in contents.values() for digest in digests}
    return Site(contents, {**tones, contents[LOUD][-1]: 2}, dict(Host.objects.values_list("id", "name")))


def moment(second: int) -> datetime:
    return NOW + timedelta(seconds=second)


def second(of: datetime) -> int:
    whole, rest = divmod(of - NOW, timedelta(seconds=1))
    assert not rest, f"{of} is not on a second"
    return whole


def read_stays(site: Site) -> dict[str, Stay]:
    """Every deployment that was ever made; 1 SQL statement."""
    columns = ("id", "instance__path", "host__name", "deployable_id", "start", "end")
    rows = Deployment.objects.values_list(*columns, "place", "continues_id", "deactivated_at", "is_deleted")
    return {
        id_: Stay(
            (path, host), digest, second(start), second(end) if end else None,
            {service: site.hosts[there] for service, there in place.items()},
            continues, second(off) if off else None, deleted,
        )
        for id_, path, host, digest, start, end, place, continues, off, deleted in rows
    }  # fmt: skip


# --- what hosts ought to deliver, from the deployments alone ----------------------------------------------------------


def stand(stay: Stay) -> Iterator[tuple[str, str]]:
    """(service, host) of everything that a deployment puts somewhere."""
    here = stay.lane[1]
    there = stay.place.get("store", here)
    yield from {("app", here), ("system", here), ("store", there), ("system", there)}
    yield "watch", MONITOR


def ought_to_deliver(state: State, at: int) -> dict[str, set[Entry]]:
    """What each host is at a moment: what is shared once, for all that it is for; what is not, for each instance."""
    shared: dict[tuple[str, str], set[str]] = {}
    found: dict[str, set[Entry]] = {host: set() for host in (*HOSTS, MONITOR)}
    subjects: set[tuple[str, str, tuple[str, ...]]] = set()
    for stay in state.values():
        if not stay.holds(at):
            continue
        path, here = stay.lane
        for service, host in stand(stay):
            if service in {"system", "watch"}:
                shared.setdefault((service, host), set()).add(path)
            else:
                found[host].add((service, (path,), ()))
        subjects.add(("app", here, (path,)))
    for (service, host), paths in shared.items():
        found[host].add((service, tuple(sorted(paths)), tuple(sorted(subjects)) if service == "watch" else ()))
    return found


def has_conflict(state: State, tones: Mapping[str, int], since: int) -> bool:
    """Whether instances that want different tones of the system ever share a host from a moment on."""
    loud = [stay for stay in state.values() if stay.is_live and tones[stay.content] == 2]
    others = [stay for stay in state.values() if stay.is_live and tones[stay.content] == 1]
    return any(
        {host for service, host in stand(one) if service == "system"}
        & {host for service, host in stand(other) if service == "system"}
        for one in loud
        for other in others
        if _overlap(one, other, since)
    )


def _overlap(one: Stay, other: Stay, since: int) -> bool:
    start = max(one.start, other.start, since)
    return all(end is None or start < end for end in (one.end, other.end))


@lru_cache(maxsize=20_000)
def _read_document(digest: str) -> frozenset[Entry]:
    """What a stored document says, read as the pinned JSON, not as a node; the same digest, the same text."""
    body = NodeDocument.objects.values_list("body", flat=True).get(digest=digest)
    document = json.loads(get_node_text(body, WHOLE, Moment(NOW)))
    return frozenset(
        (
            entry["service"],
            tuple(entry["for"]),
            tuple(sorted((each["service"], each["host"], tuple(each["for"])) for each in entry["audits"])),
        )
        for entry in document["services"]
    )


def find_wrong_nodes(known: Callable[[int], State], sampled: Iterable[int]) -> Iterator[str]:
    """Stored segments that at one of these moments do not deliver what the deployments say that were known when it
    came; 1 SQL statement, and 1 for each document never seen before."""
    segments: dict[str, list[tuple[int, int | None, str]]] = {}
    rows = NodeSegment.objects.values_list("host__name", "start", "end", "document_id")
    for host, start, end, digest in rows:
        segments.setdefault(host, []).append((second(start), second(end) if end else None, digest))
    for at in sampled:
        for host, wanted in ought_to_deliver(known(at), at).items():
            found = [digest for start, end, digest in segments[host] if start <= at and (end is None or at < end)]
            if len(found) != 1:
                yield f"{host} has {len(found)} segments at {at}"
            elif _read_document(found[0]) != wanted:
                yield f"{host} at {at} delivers {sorted(_read_document(found[0]))} instead of {sorted(wanted)}"


def find_stray_services(state: State) -> Iterator[str]:
    """Deployed services that are not just as long live as their deployment; 1 SQL statement."""
    for id_, start, end, off in DeployedService.objects.values_list("deployment_id", "start", "end", "deactivated"):
        stay = state[id_]
        if off is stay.is_live:
            yield f"a service of {id_} does not know whether it is deactivated"
        elif stay.is_live and (second(start), second(end) if end else None) != (stay.start, stay.end):
            yield f"a service of {id_} has another interval than it"


def all_moments(state: State, now: int) -> list[int]:
    return sorted({now, now - 1, *moments(state)})
