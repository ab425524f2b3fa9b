"""Entrances: which statements bring a service into the closure of one snapshot that another lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from larry.core.deployable import Snapshot


@dataclass(frozen=True, slots=True)
class Entrance:
    """A statement: the instance ``requires`` the target (there is no holder), the holder ``needs`` or ``audits`` it."""

    kind: str
    holder: str
    target: str


def find_entrances(without: Snapshot, having: Snapshot) -> Mapping[str, frozenset[Entrance]]:
    """For each service that only the second snapshot has: the statements that bring it, directly or by way of others
    that only it has. Each leads from what both have, so it is what was stated anew; linear in services and edges.

    With the snapshots the other way round it says of what has left which statements were taken back.
    """
    came = having.by_key.keys() - without.by_key.keys()
    links: dict[str, set[Entrance]] = {key: set() for key in came}
    brings: dict[str, set[str]] = {key: set() for key in came}
    for key in came & set(having.requires):
        links[key].add(Entrance("requires", "", key))
    for service in having.services:
        for need in service.needs:
            if need in came and service.key in came:
                brings[service.key].add(need)
            elif need in came:
                links[need].add(Entrance("needs", service.key, need))
        for audit in service.audits if service.key in came else ():
            if audit.service in came:
                brings[audit.service].add(service.key)
            else:
                links[service.key].add(Entrance("audits", service.key, audit.service))
    waiting = sorted(came)
    while waiting:
        key = waiting.pop()
        for other in brings[key]:
            if not links[key] <= links[other]:
                links[other] |= links[key]
                waiting.append(other)
    return MappingProxyType({key: frozenset(found) for key, found in links.items()})
