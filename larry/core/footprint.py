"""A footprint says which service of a snapshot lands on which host: a fixpoint over (service, host)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from larry.core.deployable import Snapshot
from larry.core.service_graph import Audit, WhereKind

Site: TypeAlias = tuple[str, str]
"""A service key and the name of the host it is on."""

RoleChooser: TypeAlias = Callable[[str, str, str], str | None]
"""(auditor, audited, role) -> host name, or None when no host has the role."""


class Cause(StrEnum):
    REQUIRED = "required"
    NEEDED = "needed"
    AUDITS = "audits"


@dataclass(frozen=True, slots=True)
class Footing:
    """One service on one host; ``subjects`` is what it audits there, ``elsewhere`` what it needs on other hosts."""

    service: str
    host: str
    cause: Cause
    subjects: tuple[Site, ...] = ()
    elsewhere: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A deployed service that lacks an auditor which its snapshot asks for, and why."""

    auditor: str
    service: str
    host: str
    why: str


@dataclass(frozen=True, slots=True)
class Footprint:
    footings: tuple[Footing, ...]
    uncovered: tuple[Uncovered, ...]


def lay_out(snapshot: Snapshot, host: str, place: Mapping[str, str], choose: RoleChooser) -> Footprint:
    """Lay a snapshot out from its deployment's ``host``; O(sites + edges between them).

    ``place`` sends single services (or manual auditors) to other hosts. ``choose`` is asked once per audit edge that
    goes
    to a role. The result does not depend on the order in which sites are visited.
    """
    return _Layout(snapshot, host, place, choose).settle()


class _Layout:
    def __init__(self, snapshot: Snapshot, host: str, place: Mapping[str, str], choose: RoleChooser) -> None:
        self.services = snapshot.by_key
        self.requires = snapshot.requires
        self.host, self.place, self.choose = host, place, choose
        self.auditors: dict[str, list[tuple[str, Audit]]] = {}
        for service in snapshot.services:
            for audit in service.audits:
                self.auditors.setdefault(audit.service, []).append((service.key, audit))
        self.cause: dict[Site, Cause] = {}
        self.subjects: dict[Site, set[Site]] = {}
        self.elsewhere: dict[Site, set[Site]] = {}
        self.uncovered: set[Uncovered] = set()
        self.chosen: dict[tuple[str, str], str | None] = {}
        self.waiting: list[Site] = []

    def settle(self) -> Footprint:
        for key in self.requires:
            self._stand((key, self.place.get(key, self.host)), Cause.REQUIRED)
        while self.waiting:
            site = self.waiting.pop()
            self._pull_needs(site)
            self._pull_auditors(site)
        footings = tuple(
            Footing(*site, self.cause[site], _sorted(self.subjects, site), _sorted(self.elsewhere, site))
            for site in sorted(self.cause)
        )
        uncovered = sorted(self.uncovered, key=lambda lack: (lack.auditor, lack.service, lack.host))
        return Footprint(footings, tuple(uncovered))

    def _stand(self, site: Site, cause: Cause) -> None:
        if site not in self.cause:
            self.waiting.append(site)
            self.cause[site] = cause
        self.cause[site] = min(self.cause[site], cause, key=tuple(Cause).index)

    def _pull_needs(self, site: Site) -> None:
        service, host = site
        for need in self.services[service].needs:
            there = (need, self.place.get(need, host))
            self._stand(there, Cause.NEEDED)
            if there[1] != host:
                self.elsewhere.setdefault(site, set()).add(there)

    def _pull_auditors(self, site: Site) -> None:
        for auditor, audit in self.auditors.get(site[0], ()):
            host, why = self._auditor_host(auditor, audit, site[1])
            if host is None:
                self.uncovered.add(Uncovered(auditor, *site, why))
                continue
            self._stand((auditor, host), Cause.AUDITS)
            self.subjects.setdefault((auditor, host), set()).add(site)

    def _auditor_host(self, auditor: str, audit: Audit, audited_host: str) -> tuple[str | None, str]:
        if auditor in self.place:
            return self.place[auditor], ""
        kind, name = audit.where.kind, audit.where.name
        if kind is WhereKind.SAME_HOST:
            return audited_host, ""
        if kind is WhereKind.HOST:
            return name, ""
        if kind is WhereKind.MANUAL:
            return None, f"nobody has named a host for {auditor}: place it on one"
        edge = (auditor, audit.service)
        if edge not in self.chosen:
            self.chosen[edge] = self.choose(auditor, audit.service, str(name))
        return self.chosen[edge], f"no host has the role {name}"


def _sorted(sites: Mapping[Site, set[Site]], site: Site) -> tuple[Site, ...]:
    return tuple(sorted(sites.get(site, ())))
