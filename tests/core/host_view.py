"""A node by the book: what is live on a host at one moment, merged sentence by sentence into the pinned document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from larry.core.deployable import Snapshot
from larry.core.document import canonical_text, is_sealed, thaw
from larry.core.footprint import Cause
from larry.core.node import Conflict, HostFacts, Node, Presence
from larry.core.node_text import write_node
from larry.core.service_graph import Sharing
from tests.core.specimen import Graph

ABSENT = "(absent)"
"""Stands for a parameter that a snapshot does not have, which is not the same as one that is null."""

Disagreement = tuple[str, str, frozenset[tuple[frozenset[str], str]]]
"""Service, what about, and the sides: who asks for which value, as text."""


def text(value: Any) -> str:
    """One text for one value; not the canonical one, but fast."""
    return json.dumps(value, sort_keys=True, default=thaw)


@dataclass(frozen=True, slots=True)
class View:
    """What the book says of one moment. With disagreements only ``keys`` and ``values`` are promised."""

    document: dict[str, Any]
    disagreements: frozenset[Disagreement]
    in_circle: bool


def view(
    facts: HostFacts, live: Sequence[Presence], hosts: Mapping[str, HostFacts], graphs: Mapping[str, Graph]
) -> View:
    """``graphs`` gives for each deployment the service graph that its snapshot was taken of."""
    return _View(facts, live, hosts, graphs).look()


class _View:
    def __init__(
        self, facts: HostFacts, live: Sequence[Presence], hosts: Mapping[str, HostFacts], graphs: Mapping[str, Graph]
    ) -> None:
        self.facts, self.live, self.hosts, self.graphs = facts, live, hosts, graphs
        of_digest = {p.snapshot.digest: _services_of(p) for p in live}
        self.frozen = {id(p): of_digest[p.snapshot.digest] for p in live}
        self.groups: dict[str, list[Presence]] = {}
        for presence in sorted(live, key=lambda p: (p.snapshot.path, p.deployment)):
            self.groups.setdefault(self.key(presence, presence.service), []).append(presence)

    def key(self, presence: Presence, service: str) -> str:
        if self.frozen[id(presence)][service]["sharing"] == "host":
            return service
        return presence.snapshot.path.replace("/", "-") + "-" + service

    def carried(self, presence: Presence, service: str = "") -> dict[str, Any]:
        """What an entry carries: an auditor shared on a host its declared defaults, all else what it resolved to."""
        service = service or presence.service
        spec = self.graphs[presence.deployment][service]
        if spec.audits and spec.sharing is Sharing.HOST:
            return {d.name: thaw(d.default) for d in spec.declarations if d.has_default}
        return dict(self.frozen[id(presence)][service]["parameters"])

    def shared(self, presence: Presence) -> bool:
        return bool(self.frozen[id(presence)][presence.service]["sharing"] == "host")

    def settings(self, presence: Presence) -> dict[str, Any]:
        return dict(self.frozen[id(presence)][presence.service]["parameters"])

    def setting(self, name: str, presence: Presence) -> Any:
        return self.settings(presence).get(name, ABSENT)

    def parameter(self, name: str, presence: Presence) -> Any:
        return self.carried(presence).get(name, ABSENT)

    def subjects(self, group: Sequence[Presence]) -> list[dict[str, Any]]:
        """One per audited service, host, and instance where not shared; apart where parameters or settings differ."""
        found: dict[str, dict[str, Any]] = {}
        for presence in group:
            services, path = self.frozen[id(presence)], presence.snapshot.path
            settings = services[presence.service]["parameters"]
            for service, host in presence.subjects:
                parameters = {
                    name: value
                    for name, value in self.carried(presence, service).items()
                    if not (isinstance(value, dict) and list(value) == ["sealed"]) or name in self.declared(presence)
                }
                apart = path if services[service]["sharing"] == "instance" else ""
                one = found.setdefault(
                    text([service, host, apart, parameters, settings]),
                    {
                        "service": service,
                        "host": host,
                        "addresses": list(self.hosts[host].addresses),
                        "for": [],
                        "parameters": parameters,
                        "settings": settings,
                    },
                )
                one["for"] = sorted({*one["for"], path})
        return sorted(found.values(), key=lambda s: (s["service"], s["host"], s["for"], text(s)))

    def declared(self, presence: Presence) -> set[str]:
        return {declaration.name for declaration in self.graphs[presence.deployment][presence.service].declarations}

    def entry(self, key: str) -> dict[str, Any]:
        group = self.groups[key]
        needs: set[str] = set()
        after: set[str] = set()
        elsewhere: set[tuple[str, str]] = set()
        for presence in group:
            away = {service for service, _ in presence.elsewhere}
            elsewhere |= set(presence.elsewhere)
            for need in self.frozen[id(presence)][presence.service]["needs"]:
                if need not in away:
                    needs |= {self.key(presence, need)} & self.groups.keys()
            here = {self.key(presence, service) for service, host in presence.subjects if host == self.facts.name}
            after |= here & self.groups.keys()
        return {
            "service": group[0].service,
            "key": key,
            "sharing": self.frozen[id(group[0])][group[0].service]["sharing"],
            "parameters": self.carried(group[0]),
            "for": sorted({presence.snapshot.path for presence in group}),
            "needs": sorted(needs),
            "after": sorted(needs | after),
            "needs_elsewhere": [
                {"service": service, "host": host, "addresses": list(self.hosts[host].addresses)}
                for service, host in sorted(elsewhere)
            ],
            "audits": self.subjects(group),
            "tools": self.frozen[id(group[0])][group[0].service]["tools"],
        }

    def disagreements(self) -> set[Disagreement]:
        found: set[Disagreement] = set()
        for group in self.groups.values():
            names = {name for presence in group for name in self.carried(presence)}
            for name in names:
                self._add(found, group, f"parameter {name}", partial(self.parameter, name))
            self._add(found, group, "tools", lambda p: self.frozen[id(p)][p.service]["tools"])
            asked = {(p.snapshot.path, *site) for p in group for site in p.subjects}
            for path, service, host in asked if self.shared(group[0]) else ():
                askers = [p for p in group if p.snapshot.path == path and (service, host) in p.subjects]
                for name in {name for p in askers for name in self.settings(p)}:
                    self._add(found, askers, f"setting {name} for {service} on {host}", partial(self.setting, name))
        for service in {presence.service for presence in self.live}:
            group = [presence for presence in self.live if presence.service == service]
            self._add(found, group, "sharing", lambda p: self.frozen[id(p)][p.service]["sharing"])
        return found

    def _add(
        self, found: set[Disagreement], group: Sequence[Presence], about: str, value: Callable[[Presence], Any]
    ) -> None:
        sides: dict[str, set[str]] = {}
        for presence in group:
            sides.setdefault(text(value(presence)), set()).add(presence.snapshot.path)
        if len(sides) > 1:
            shown = {side: "null" if side == text(ABSENT) else side for side in sides}
            found.add((group[0].service, about, frozenset((frozenset(paths), shown[s]) for s, paths in sides.items())))

    def look(self) -> View:
        entries = {key: self.entry(key) for key in self.groups}
        ordered: list[str] = []
        while ready := [
            k for k in entries if k not in ordered and set(entries[k]["after"]) & set(entries) <= set(ordered)
        ]:
            ordered.append(min(ready))
        in_circle = len(ordered) < len(entries)
        instances = {(p.snapshot.path, p.deployment, p.snapshot.digest) for p in self.live}
        document = {
            "host": self.facts.name,
            "addresses": list(self.facts.addresses),
            "labels": thaw(self.facts.labels),
            "data": thaw(self.facts.data),
            "instances": [
                dict(zip(("customer", "app", "instance"), path.split("/"), strict=True))
                | {"path": path, "deployment": deployment, "snapshot": digest}
                for path, deployment, digest in sorted(instances)
            ],
            "services": [entries[key] for key in (sorted(entries) if in_circle else ordered)],
        }
        return View(document, frozenset(self.disagreements()), in_circle)


def as_disagreement(conflict: Conflict) -> Disagreement:
    """A conflict that was told, in the words of the oracle."""
    sides = frozenset((frozenset(claim.paths), text(claim.value)) for claim in conflict.claims)
    return conflict.service, conflict.about.split(", ")[0], sides


def _services_of(presence: Presence) -> dict[str, dict[str, Any]]:
    document: Any = json.loads(presence.snapshot.text)
    return {service["key"]: service for service in document["services"]}


def check_texts(conflicts: Sequence[Conflict], host: str) -> None:
    """Conflicts tell the host, all owners and all values, but no secret."""
    for conflict in conflicts:
        assert conflict.host == host
        assert host in conflict.text
        assert len(conflict.claims) > 1 or "circle" in conflict.about
        assert all(path in conflict.text for claim in conflict.claims for path in claim.paths)
        assert "sealed" not in conflict.text
        for claim in conflict.claims:
            assert is_sealed(claim.value) or canonical_text(claim.value) in conflict.text


def check_document(node: Node, wanted: View) -> None:
    """Without disagreements the node is the view's to the letter; with some, all entries are there all the same."""
    found: Any = json.loads(write_node(node))
    if wanted.disagreements:
        assert {each["key"] for each in found["services"]} == {each["key"] for each in wanted.document["services"]}
        assert found["instances"] == wanted.document["instances"]
        return
    del found["own_parameters"]
    for service in found["services"]:
        service["audits"].sort(key=lambda s: (s["service"], s["host"], s["for"], text(s)))
    wanted_document = json.loads(text(wanted.document))
    for name, value in wanted_document.items():
        assert found[name] == value, f"{name}: {found[name]} is not {value}"
    assert found == wanted_document


def prefixes(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in (1, 2, 3)]


# --- own parameters ---------------------------------------------------------------------------------------------------


def declared(snapshot: Snapshot, live: Sequence[Presence]) -> set[str]:
    """What the services that a snapshot has on the host, other than as auditors, declare."""
    here = [p for p in live if p.snapshot.digest == snapshot.digest and p.cause is not Cause.AUDITS]
    return {name for p in here for name in p.frozen.parameters}


def check_own(own: Mapping[str, Mapping[str, Any]], live: Sequence[Presence]) -> None:
    """Laid over one another the levels give each instance what its snapshot says, as far up as all agree."""
    snapshots = {p.snapshot.digest: p.snapshot for p in live if p.cause is not Cause.AUDITS}.values()
    carried: dict[str, list[dict[str, str]]] = {}
    for snapshot in snapshots:
        values: dict[str, str] = {}
        for level, path in zip(("customer", "app", "instance"), prefixes(snapshot.path), strict=True):
            kept = {n: v for n, v in snapshot.own[level].items() if not is_sealed(v) or n in declared(snapshot, live)}
            values = values | {name: text(value) for name, value in kept.items()}
            carried.setdefault(path, []).append(values)
    assert set(own) == set(carried)
    for path, all_values in carried.items():
        agreed = {n: v for n, v in all_values[0].items() if all(values.get(n) == v for values in all_values)}
        laid: dict[str, str] = {}
        for level in prefixes(path)[: path.count("/")]:
            laid |= {name: text(value) for name, value in own[level].items()}
        below = {name: text(value) for name, value in own[path].items()}
        assert all(laid.get(name) != value for name, value in below.items()), "said again though nothing changed"
        assert {n: v for n, v in (laid | below).items() if n in agreed} == agreed
        assert set(below) <= set(agreed)
