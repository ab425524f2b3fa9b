"""Merging: the deployed services live on a host at one moment become its node, or a conflict that says who wants
what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from larry.core.deployable import FrozenService
from larry.core.document import Json, canonical_text, is_sealed
from larry.core.interval import Interval, cut
from larry.core.node import (
    Claim,
    Conflict,
    HostFacts,
    Node,
    NodeInstance,
    NodeService,
    Place,
    Presence,
    Subject,
    entry_key,
)
from larry.core.owner import own_parameters
from larry.core.service_graph import CircleInServices, Sharing, order_by

Hosts: TypeAlias = Mapping[str, HostFacts]
_Merged: TypeAlias = tuple[NodeService, tuple[Conflict, ...]]


@dataclass(frozen=True, slots=True)
class Segment:
    """A host's node during an interval between two boundaries."""

    interval: Interval
    node: Node


@dataclass(frozen=True, slots=True)
class HostTimeline:
    """All segments of a host during an interval, without gaps, no two neighbours alike; and the conflicts found."""

    segments: tuple[Segment, ...]
    conflicts: tuple[Conflict, ...]


def compile_timeline(facts: HostFacts, presences: Sequence[Presence], hosts: Hosts, during: Interval) -> HostTimeline:
    """Every node of a host during an interval; ``hosts`` holds the facts of every host its presences mention.

    Costs O(boundaries x live services); an entry is merged once for each set of deployed services it is made of.
    """
    boundaries = [moment for p in presences for moment in (p.interval.start, p.interval.end) if moment is not None]
    merger = _Merger(facts, hosts)
    segments: list[Segment] = []
    conflicts: dict[str, Conflict] = {}
    for piece in cut(during, boundaries):
        node, found = merger.merge([p for p in presences if piece.start in p.interval])
        conflicts.update({conflict.text: conflict for conflict in found})
        if segments and segments[-1].node.digest == node.digest:
            segments[-1] = Segment(replace(segments[-1].interval, end=piece.end), segments[-1].node)
        else:
            segments.append(Segment(piece, node))
    return HostTimeline(tuple(segments), tuple(conflicts.values()))


def build_node(facts: HostFacts, presences: Sequence[Presence], hosts: Hosts) -> tuple[Node, tuple[Conflict, ...]]:
    """One node of the presences that are live together; conflicts are told, and the first claim wins in the node."""
    return _Merger(facts, hosts).merge(presences)


class _Told(NamedTuple):
    """Whose (if not the host's) and which service a presence is, how shared, under which key, and its turn in it."""

    identity: tuple[str, str]
    sharing: Sharing
    key: str
    rank: tuple[str, str]


class _Merger:
    """Merges the presences of one host, remembering each entry by the presences it is made of."""

    def __init__(self, facts: HostFacts, hosts: Hosts) -> None:
        self.facts, self.hosts = facts, hosts
        self.known: dict[frozenset[Presence], _Merged] = {}
        self.told: dict[Presence, _Told] = {}
        self.texts: dict[tuple[str, int], str] = {}
        """By what it says and whose it is; the presences hold those services for as long as this is asked."""

    def merge(self, live: Sequence[Presence]) -> tuple[Node, tuple[Conflict, ...]]:
        conflicts: list[Conflict] = []
        if not self._agree(live):
            conflicts += [*_sharing_conflicts(self.facts.name, live), *_key_conflicts(self.facts.name, live)]
        groups: dict[str, list[Presence]] = {}
        for presence in sorted(live, key=lambda p: self._tell(p).rank):
            groups.setdefault(self._tell(presence).key, []).append(presence)
        entries: dict[str, NodeService] = {}
        for key, group in groups.items():
            made_of = frozenset(group)
            if made_of not in self.known:
                self.known[made_of] = self._merge_entry(key, group)
            entries[key], found = self.known[made_of]
            conflicts.extend(found)
        linked = _link(entries, groups, self.facts.name)
        try:
            order = order_by(linked, lambda key: linked[key].after)
        except CircleInServices as circle:
            paths = tuple(sorted({p.snapshot.path for p in live}))
            conflicts.append(
                Conflict(self.facts.name, str(circle), "the order would be a circle", (Claim(paths, str(circle)),))
            )
            order = tuple(sorted(linked))
        node = Node(self.facts, _instances(live), tuple(linked[key] for key in order), own_parameters(live))
        return node, tuple(conflicts)

    def _agree(self, live: Sequence[Presence]) -> bool:
        """Whether all agree on how each service is shared, and under which key an entry is: nearly always."""
        sharings: dict[str, Sharing] = {}
        keys: dict[tuple[str, str], str] = {}
        for told in map(self._tell, live):
            if sharings.setdefault(told.identity[1], told.sharing) is not told.sharing:
                return False
            if keys.setdefault(told.identity, told.key) != told.key:
                return False
        return True

    def _tell(self, presence: Presence) -> _Told:
        """What is asked of a presence at every boundary, worked out once."""
        known = self.told.get(presence)
        if known is None:
            path, service = presence.identity
            sharing, whose = presence.frozen.sharing, presence.snapshot.path
            known = self.told[presence] = _Told(
                (path if sharing is Sharing.INSTANCE else "", service),
                sharing,
                entry_key(presence.service, sharing, whose),
                (whose, presence.deployment),
            )
        return known

    def _merge_entry(self, key: str, group: Sequence[Presence]) -> _Merged:
        first = group[0].frozen
        conflicts = [
            *self._disagreements(group, "parameter", _entry_parameters),
            *self._disagreements(group, "tools", lambda frozen: {"": frozen.tools}),
            *(self._contested_subjects(group) if first.sharing is Sharing.HOST else ()),
        ]
        entry = NodeService(
            service=first.key,
            key=key,
            sharing=first.sharing,
            parameters=_entry_parameters(first),
            paths=tuple(sorted({p.snapshot.path for p in group})),
            needs_elsewhere=self._places(site for p in group for site in p.elsewhere),
            audits=self._subjects(group),
            tools=first.tools,
        )
        return entry, tuple(conflicts)

    def _contested_subjects(self, group: Sequence[Presence]) -> Iterable[Conflict]:
        """Settings differ from subject to subject; one subject of one instance has them once, whoever asks."""
        asked: dict[tuple[str, str, str], list[Presence]] = {}
        for presence in group:
            for service, host in presence.subjects:
                asked.setdefault((presence.snapshot.path, service, host), []).append(presence)
        for (_, service, host), askers in sorted(asked.items(), key=lambda pair: pair[0]):
            yield from self._disagreements(askers, "setting", lambda f: f.parameters, f" for {service} on {host}")

    def _disagreements(
        self,
        group: Sequence[Presence],
        what: str,
        values: Callable[[FrozenService], Mapping[str, Json]],
        whose: str = "",
    ) -> Iterable[Conflict]:
        if len(group) < 2 or len({self._text(what, p.frozen, values) for p in group}) == 1:
            return
        names = sorted({name for p in group for name in values(p.frozen)})
        for name in names:
            claims: dict[str, tuple[Json, list[Presence]]] = {}
            for p in group:
                wanted = values(p.frozen)
                said = canonical_text(wanted[name]) if name in wanted else ""
                claims.setdefault(said, (wanted.get(name), []))[1].append(p)
            if len(claims) > 1:
                sides = tuple(_claim(value, askers) for value, askers in claims.values())
                about = (
                    f"{what} {name}".strip()
                    + whose
                    + (", which not all of their snapshots have" if "" in claims else "")
                )
                yield Conflict(self.facts.name, group[0].service, about, sides)

    def _text(self, what: str, frozen: FrozenService, values: Callable[[FrozenService], Mapping[str, Json]]) -> str:
        """What a service says of one thing, as a text written once: the same services meet at every boundary."""
        known = self.texts.get((what, id(frozen)))
        if known is None:
            known = self.texts[what, id(frozen)] = canonical_text(values(frozen))
        return known

    def _places(self, sites: Iterable[tuple[str, str]]) -> tuple[Place, ...]:
        return tuple(Place(service, host, self.hosts[host].addresses) for service, host in sorted(set(sites)))

    def _subjects(self, group: Sequence[Presence]) -> tuple[Subject, ...]:
        """One subject per audited service and host, per instance where that is not shared, and per different
        settings.
        """
        subjects: dict[str, Subject] = {}
        for presence in group:
            auditor, path = presence.frozen, presence.snapshot.path
            for service, host in presence.subjects:
                audited = presence.snapshot.by_key[service]
                parameters = _visible(audited, auditor)
                alike = canonical_text((service, host, parameters, auditor.parameters, _apart(audited, path)))
                paths = subjects[alike].paths if alike in subjects else ()
                subjects[alike] = Subject(
                    service,
                    host,
                    self.hosts[host].addresses,
                    tuple(sorted({*paths, path})),
                    parameters,
                    auditor.parameters,
                )
        return tuple(sorted(subjects.values(), key=lambda s: (s.service, s.host, s.paths)))


def _claim(value: Json, askers: Iterable[Presence]) -> Claim:
    named = sorted({(p.snapshot.path, p.deployment, p.snapshot.digest) for p in askers})
    return Claim(tuple(sorted({path for path, *_ in named})), value, tuple(named))


def _entry_parameters(frozen: FrozenService) -> Mapping[str, Json]:
    """What an entry carries: a shared auditor only its declared defaults, anything else its resolved parameters."""
    return frozen.defaults if frozen.audits and frozen.sharing is Sharing.HOST else frozen.parameters


def _visible(audited: FrozenService, auditor: FrozenService) -> Mapping[str, Json]:
    """What the audited service's entry carries, without secrets whose names the auditor does not declare."""
    carried = _entry_parameters(audited)
    kept = {n: v for n, v in carried.items() if not is_sealed(v) or n in auditor.parameters}
    return MappingProxyType(kept)


def _apart(audited: FrozenService, path: str) -> str:
    return path if audited.sharing is Sharing.INSTANCE else ""


def _sharing_conflicts(host: str, live: Sequence[Presence]) -> list[Conflict]:
    sharings: dict[str, dict[Sharing, list[Presence]]] = {}
    for p in live:
        sharings.setdefault(p.identity[1], {}).setdefault(p.frozen.sharing, []).append(p)
    return [
        Conflict(host, service, "sharing", tuple(_claim(kind.value, askers) for kind, askers in sides.items()))
        for service, sides in sorted(sharings.items())
        if len(sides) > 1
    ]


def _key_conflicts(host: str, live: Sequence[Presence]) -> list[Conflict]:
    """One entry under two keys: frozen by one snapshot before a key was changed, by another after it."""
    spelled: dict[tuple[str, str], dict[str, list[Presence]]] = {}
    for p in live:
        path, service = p.identity
        whose = path if p.frozen.sharing is Sharing.INSTANCE else ""
        key = entry_key(p.service, p.frozen.sharing, p.snapshot.path)
        spelled.setdefault((whose, service), {}).setdefault(key, []).append(p)
    about = "its key, which has been changed (deploy together all that have it here)"
    return [
        Conflict(host, service, about, tuple(_claim(key, askers) for key, askers in keys.items()))
        for (_, service), keys in sorted(spelled.items())
        if len(keys) > 1
    ]


def _link(
    entries: Mapping[str, NodeService], groups: Mapping[str, Sequence[Presence]], host: str
) -> dict[str, NodeService]:
    """Say of every entry which entries of this host it needs, and which start before it."""
    linked: dict[str, NodeService] = {}
    for key, entry in entries.items():
        needs: set[str] = set()
        audited: set[str] = set()
        for p in groups[key]:
            away = {service for service, _ in p.elsewhere}
            for service in p.frozen.needs:
                if service not in away:  # else the one here is another instance's
                    needs |= _present(service, p, entries)
            for service, where in p.subjects:
                if where == host:
                    audited |= _present(service, p, entries)
        linked[key] = entry
        if needs or audited:
            linked[key] = replace(entry, needs=tuple(sorted(needs)), after=tuple(sorted((needs | audited) - {key})))
    return linked


def _present(service: str, of: Presence, entries: Mapping[str, NodeService]) -> set[str]:
    key = entry_key(service, of.snapshot.by_key[service].sharing, of.snapshot.path)
    return {key} if key in entries else set()


def _instances(live: Sequence[Presence]) -> tuple[NodeInstance, ...]:
    snapshots = {(p.deployment, p.snapshot.digest): p.snapshot for p in live}
    found = (NodeInstance(s.customer, s.app, s.instance, *those) for those, s in snapshots.items())
    return tuple(sorted(found, key=lambda each: (each.path, each.deployment)))
