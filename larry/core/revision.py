"""Revising: a large node becomes the next one by what a few instances change on it, without the services of all others.

What others have on the host is taken from the node as it is delivered, since it was compiled from just that. Where the
node alone cannot tell what will be (somebody contradicts, or something may have gone that others want too), the host is
compiled from everything on it: `NeedsAll` says so. The result is the same either way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from larry.core.document import canonical_text
from larry.core.interval import Interval, cut
from larry.core.merge import Hosts, HostTimeline, Segment, build_node
from larry.core.node import HostFacts, Node, NodeService, Place, Presence, Subject
from larry.core.owner import revise_own
from larry.core.service_graph import CircleInServices, Sharing, order_by


class NeedsAll(Exception):
    """What a host will be cannot be told without everything that is on it."""


@dataclass(frozen=True, slots=True)
class Revisable:
    """What a host delivers, segment by segment without gaps, and by a key that a service had the one that it has."""

    segments: tuple[Segment, ...]
    keys: Mapping[str, str]


def revise_timeline(
    standing: Revisable, facts: HostFacts, before: Sequence[Presence], after: Sequence[Presence], hosts: Hosts
) -> HostTimeline:
    """The host's timeline when the presences of some instances, which are all that they have on it, become others.

    ``before`` and ``after`` are those of the same instances. Costs O(node) for each segment that changes. Raises
    `NeedsAll`.
    """
    moments = [m for p in (*before, *after) for m in (p.interval.start, p.interval.end) if m is not None]
    segments: list[Segment] = []
    for segment in standing.segments:
        for piece in cut(segment.interval, moments):
            gone = [p for p in before if piece.start in p.interval]
            come = [p for p in after if piece.start in p.interval]
            node = _Revision(segment.node, facts, gone, come, hosts, standing.keys).revise()
            if segments and segments[-1].node.digest == node.digest:
                segments[-1] = Segment(replace(segments[-1].interval, end=piece.end), segments[-1].node)
            else:
                segments.append(Segment(piece, node))
    return HostTimeline(tuple(segments), ())


def covers(segments: Iterable[Segment], during: Interval) -> bool:
    """Whether the segments hold something at every moment of the interval, and nothing else."""
    reached = during.start
    for segment in segments:
        if segment.interval.start != reached:
            return False
        if segment.interval.end is None:
            return during.end is None
        reached = segment.interval.end
    return reached == during.end


class _Revision:
    """One node, and what of some instances goes and comes."""

    def __init__(
        self,
        node: Node,
        facts: HostFacts,
        gone: Sequence[Presence],
        come: Sequence[Presence],
        hosts: Hosts,
        keys: Mapping[str, str],
    ) -> None:
        self.node, self.facts, self.hosts, self.keys = node, facts, hosts, keys
        self.gone, self.come = gone, come
        self.paths = {p.snapshot.path for p in (*gone, *come)}

    def revise(self) -> Node:
        if {(p.deployment, p.service) for p in self.gone} == {(p.deployment, p.service) for p in self.come}:
            return self.node
        if any(map(_is_renamed, (*self.gone, *self.come))):
            raise NeedsAll("keys were changed")
        own = revise_own(self.node.own, self.gone, self.come, self.paths)
        if own is None:
            raise NeedsAll("what the owners of others carry is to be compared")
        if self.node.facts != self.facts:
            raise NeedsAll("the host itself has changed")
        left, _ = build_node(self.facts, self.gone, self.hosts)
        arrived, conflicts = build_node(self.facts, self.come, self.hosts)
        if conflicts:
            raise NeedsAll(conflicts[0].text)
        entries = {entry.key: entry for entry in self.node.services}
        self._refuse_contradictions(entries, arrived.services)
        going = {entry.key: entry for entry in left.services}
        coming = {entry.key: entry for entry in arrived.services}
        for key in {**going, **coming}:
            entry = self._revise_entry(entries.get(key), going.get(key), coming.get(key))
            if entry is None:
                entries.pop(key, None)
            else:
                entries[key] = entry
        order = self._order(entries)
        instances = [each for each in self.node.instances if each.path not in self.paths]
        instances = sorted((*instances, *arrived.instances), key=lambda each: (each.path, each.deployment))
        return Node(self.facts, tuple(instances), tuple(entries[key] for key in order), own)

    def _order(self, entries: Mapping[str, NodeService]) -> tuple[str, ...]:
        """The keys in start order: as it was where no entry comes or goes, or is to start after others."""
        standing = {entry.key: entry.after for entry in self.node.services}
        if standing == {key: entry.after for key, entry in entries.items()}:
            return tuple(standing)
        try:
            return order_by(entries, lambda key: entries[key].after)
        except CircleInServices as circle:
            raise NeedsAll(str(circle)) from circle

    def _refuse_contradictions(self, entries: Mapping[str, NodeService], arrived: Iterable[NodeService]) -> None:
        """One service in two sharings, or under two keys, is a conflict that is told from all of the host."""
        known: dict[str, set[tuple[str, Sharing]]] = {}
        for entry in entries.values():
            now = self.keys.get(entry.service, entry.service)
            known.setdefault(now, set()).add((entry.service, entry.sharing))
        for entry in arrived:
            now = self.keys.get(entry.service, entry.service)
            if known.get(now, set()) - {(entry.service, entry.sharing)}:
                raise NeedsAll(f"{entry.service} is here otherwise")

    def _revise_entry(
        self, there: NodeService | None, gone: NodeService | None, come: NodeService | None
    ) -> NodeService | None:
        """The entry without what goes and with what comes; None for one that nobody has any more."""
        others = () if there is None else tuple(path for path in there.paths if path not in self.paths)
        if there is None or not others:
            return come
        if gone is not None and not _contributes_less(gone, come):
            raise NeedsAll(f"others may need what {there.key} needed for one that goes")
        subjects = _without(there.audits, self.paths)
        if come is None:
            return replace(there, paths=others, audits=subjects)
        if _told(come) != _told(there):
            raise NeedsAll(f"{there.key} is wanted otherwise")
        return replace(
            there,
            paths=tuple(sorted({*others, *come.paths})),
            needs=tuple(sorted({*there.needs, *come.needs})),
            after=tuple(sorted({*there.after, *come.after})),
            needs_elsewhere=_join_places(there.needs_elsewhere, come.needs_elsewhere),
            audits=_join_subjects(subjects, come.audits, self._list_apart()),
        )

    def _list_apart(self) -> frozenset[str]:
        """What is audited and is each instance's own, so that no two of them are one subject."""
        return frozenset(
            service
            for p in self.come
            for service, _ in p.subjects
            if p.snapshot.by_key[service].sharing is Sharing.INSTANCE
        )


def _is_renamed(presence: Presence) -> bool:
    return presence.identity != (presence.snapshot.path, presence.service)


def _told(entry: NodeService) -> str:
    """What all who have the entry must agree on."""
    return canonical_text((entry.service, entry.sharing.value, entry.parameters, entry.tools))


def _contributes_less(gone: NodeService, come: NodeService | None) -> bool:
    """Whether all that an entry was linked to is still there for those that come; else others may want it, or not."""
    if come is None:
        return not (gone.needs or gone.after or gone.needs_elsewhere)
    return (
        set(gone.needs) <= set(come.needs)
        and set(gone.after) <= set(come.after)
        and set(gone.needs_elsewhere) <= set(come.needs_elsewhere)
    )


def _without(subjects: Iterable[Subject], paths: set[str]) -> tuple[Subject, ...]:
    kept: list[Subject] = []
    for subject in subjects:
        if paths.isdisjoint(subject.paths):
            kept.append(subject)
        elif left := tuple(path for path in subject.paths if path not in paths):
            kept.append(replace(subject, paths=left))
    return _sort_subjects(kept)  # for one that has lost a path may stand elsewhere


def _join_places(one: Iterable[Place], other: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(sorted({*one, *other}, key=lambda place: (place.service, place.host)))


def _join_subjects(kept: Sequence[Subject], come: Sequence[Subject], apart: Collection[str]) -> tuple[Subject, ...]:
    """Subjects that are the same for several instances are one, but of services that each instance has for itself."""
    places = {(subject.service, subject.host) for subject in come}
    rivals = {
        _spell(subject): number for number, subject in enumerate(kept) if (subject.service, subject.host) in places
    }
    joined = list(kept)
    for subject in come:
        number = None if subject.service in apart else rivals.get(_spell(subject))
        if number is None:
            joined.append(subject)
        else:
            paths = tuple(sorted({*joined[number].paths, *subject.paths}))
            joined[number] = replace(joined[number], paths=paths)
    return _sort_subjects(joined)


def _sort_subjects(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    return tuple(sorted(subjects, key=lambda subject: (subject.service, subject.host, subject.paths)))


def _spell(subject: Subject) -> str:
    return canonical_text((subject.service, subject.host, subject.parameters, subject.settings))
