"""A rollout is judged as a whole: many lanes change at once, and every host they touch must still make one node."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

from larry.core.deployable import FrozenService, Snapshot
from larry.core.footprint import Footprint, RoleChooser, lay_out
from larry.core.interval import Interval, earlier_end, iso
from larry.core.merge import Segment, compile_timeline
from larry.core.node import HostFacts, Presence
from larry.core.plan import (
    Change,
    Delivered,
    NewDeployment,
    NodeChange,
    Notice,
    Plan,
    PlannedService,
    Writes,
    compare_timelines,
)
from larry.core.service_graph import WhereKind

AuditEdge: TypeAlias = tuple[str, str, str]
"""An instance's path, an auditor and what it audits."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host of a role, and what is deployed on it: ``mine`` are (instance's path, service) of the instances that are
    being deployed, ``others`` the number of them of all other instances; each counts once however many deployments ask.
    """

    host: str
    others: int = 0
    mine: frozenset[tuple[str, str]] = frozenset()


Candidates: TypeAlias = Mapping[tuple[str, Interval], tuple[Candidate, ...]]
"""(role, interval) -> the hosts of the role, as busy as they are then."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a rollout is decided on: the snapshots by digest, places by deployment, who serves which audit edge already,
    the hosts of roles, and the names of hosts by key."""

    snapshots: Mapping[str, Snapshot]
    places: Mapping[str, Mapping[str, str]]
    serving: Mapping[AuditEdge, str]
    candidates: Candidates
    host_names: Mapping[str, str]


def roles_asked(snapshot: Snapshot, path: str = "", serving: Container[AuditEdge] = ()) -> frozenset[str]:
    """The roles to which the snapshot of an instance sends auditors, and of which no host serves the edge already."""
    return frozenset(
        str(audit.where.name)
        for service in snapshot.services
        for audit in service.audits
        if audit.where.kind is WhereKind.ROLE and (path, service.key, audit.service) not in serving
    )


def hosts_asked(snapshot: Snapshot) -> frozenset[str]:
    """The keys of the hosts to which the snapshot sends auditors by name."""
    wheres = (audit.where for service in snapshot.services for audit in service.audits)
    return frozenset(str(where.name) for where in wheres if where.kind is WhereKind.HOST)


def lay_out_additions(changes: Iterable[Change], grounds: Grounds) -> tuple[NewDeployment, ...]:
    """Where the services of every new deployment stand. One instance has one host for one audit edge to a role, also
    across the lanes of one rollout; hosts that this rollout already burdens count as busier."""
    chooser = _Chooser(grounds)
    additions: list[NewDeployment] = []
    for change in sorted(changes, key=lambda c: (c.instance, c.host, c.kind)):
        if change.before is not None or change.after is None:
            continue
        snapshot = grounds.snapshots[change.deployable]
        place = grounds.places.get(change.deployment, {})
        footprint = lay_out(
            _with_host_names(snapshot, grounds.host_names),
            change.host,
            place,
            chooser.at(change.instance, change.after),
        )
        chooser.burden(change.instance, footprint, change.after)
        additions.append(
            NewDeployment(
                change.deployment, change.instance, change.host, change.deployable, change.after, change.continues,
                MappingProxyType(dict(sorted(place.items()))), footprint.footings, footprint.uncovered,
            )
        )  # fmt: skip
    return tuple(additions)


class _Chooser:
    """Names the host of a role for an audit edge, and remembers what it named."""

    def __init__(self, grounds: Grounds) -> None:
        self.serving = dict(grounds.serving)
        self.candidates = grounds.candidates
        self.burdens: dict[str, list[tuple[tuple[str, str], Interval]]] = {}

    def at(self, path: str, during: Interval) -> RoleChooser:
        def choose(auditor: str, audited: str, role: str) -> str | None:
            edge = (path, auditor, audited)
            candidates = self.candidates.get((role, during), ())
            if edge in self.serving:
                return self.serving[edge]
            if not candidates:
                return None
            self.serving[edge] = min((self._busy(each, during), each.host) for each in candidates)[1]
            return self.serving[edge]

        return choose

    def burden(self, path: str, footprint: Footprint, during: Interval) -> None:
        for footing in footprint.footings:
            self.burdens.setdefault(footing.host, []).append(((path, footing.service), during))

    def _busy(self, candidate: Candidate, during: Interval) -> int:
        """How many services the host has then: one of one instance is there once, whoever asks for it."""
        added = {what for what, interval in self.burdens.get(candidate.host, ()) if interval.overlaps(during)}
        return candidate.others + len(candidate.mine | added)


def touched_hosts(
    changes: Iterable[Change], additions: Iterable[NewDeployment], present: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """The hosts whose nodes the changes may alter; ``present`` maps each existing deployment to the hosts it stands
    on.
    """
    hosts = {footing.host for addition in additions for footing in addition.footings}
    for change in changes:
        hosts |= present.get(change.deployment, frozenset())
    return frozenset(hosts)


@dataclass(frozen=True, slots=True)
class Stage:
    """The touched hosts as they are from now on: who is present, what they deliver, and the facts of all hosts
    mentioned.

    Where an estate is adopted with its past they are as from then on, and ``kept`` says by host during what of it
    something was delivered already, which stays.
    """

    during: Interval
    presences: Mapping[str, tuple[Presence, ...]]
    delivered: Mapping[str, tuple[Delivered, ...]]
    facts: Mapping[str, HostFacts]
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """By a key that a service had before, the one that it has now."""
    kept: Mapping[str, Interval] = field(default_factory=lambda: MappingProxyType({}))
    standing: Mapping[str, tuple[Segment, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Of large hosts what they deliver; their presences are then only those of the instances that change."""


def judge(
    changes: Sequence[Change],
    additions: Sequence[NewDeployment],
    snapshots: Mapping[str, Snapshot],
    stage: Stage,
    notices: tuple[Sequence[Notice], Sequence[Notice]] = ((), ()),
) -> tuple[Plan, Writes]:
    """The Plan of all changes together, and what applying it writes; pure.

    ``notices`` are the warnings and refusals known before. Conflicts are looked for on every touched host, in every
    segment from now on. Costs what compiling the touched hosts costs. Raises `NeedsAll` where a large host cannot be
    revised.
    """
    changed = {change.deployment: change for change in changes if change.before is not None}
    arriving = [
        presence for addition in additions for presence in arrive(addition, snapshots[addition.deployable], stage.keys)
    ]
    warnings, refusals = list(notices[0]), list(notices[1])
    timelines: dict[str, tuple[Segment, ...]] = {}
    nodes: list[NodeChange] = []
    arriving_on: dict[str, list[Presence]] = {}
    for presence in arriving:
        arriving_on.setdefault(presence.host, []).append(presence)
    for host in sorted(stage.presences):
        presences = (*fit_presences(stage.presences[host], changed), *arriving_on.get(host, ()))
        timeline = compile_timeline(stage.facts[host], presences, stage.facts, stage.during)
        refusals.extend(Notice("conflict", conflict.text) for conflict in timeline.conflicts)
        timelines[host] = _leave_kept(timeline.segments, stage.kept.get(host))
        warnings.extend(_kept_otherwise(host, timeline.segments, stage))
        nodes.extend(_compare(host, timelines[host], stage))
    warnings.extend(_uncovered(additions))
    services = tuple(
        PlannedService(
            addition.id, addition.instance, footing.service, footing.host, addition.interval, footing.subjects
        )
        for addition in additions
        for footing in addition.footings
    )
    coming = {change.after for change in nodes if not change.agrees}
    foreseen = {s.node.digest: s.node for segments in timelines.values() for s in segments if s.node.digest in coming}
    plan = Plan(
        stage.during.start, tuple(changes), services, tuple(warnings), tuple(refusals), tuple(nodes),
        MappingProxyType(foreseen),
    )  # fmt: skip
    return plan, Writes(tuple(changes), tuple(additions), MappingProxyType(timelines))


def _leave_kept(segments: tuple[Segment, ...], kept: Interval | None) -> tuple[Segment, ...]:
    """What is to be written: all but what was delivered and stays."""
    if kept is None:
        return segments
    return tuple(Segment(piece, segment.node) for segment in segments for piece in segment.interval.without(kept))


def _compare(host: str, written: Iterable[Segment], stage: Stage) -> Iterable[NodeChange]:
    """Where the host's timeline becomes another, given what is written and what stays."""
    before, kept = stage.delivered.get(host, ()), stage.kept.get(host)
    stays = _clip(before, kept) if kept is not None else []
    after = [Delivered(segment.interval, segment.node.digest) for segment in written]
    return compare_timelines(host, before, sorted((*after, *stays), key=lambda each: each.interval.start))


def _kept_otherwise(host: str, wanted: Iterable[Segment], stage: Stage) -> Iterable[Notice]:
    """That a host was told something else in the past than what is now said to have been there."""
    kept = stage.kept.get(host)
    if kept is None or kept.end is None:
        return
    told = _clip(stage.delivered.get(host, ()), kept)
    said = _clip([Delivered(segment.interval, segment.node.digest) for segment in wanted], kept)
    for first in compare_timelines(host, told, said)[:1]:
        text = f"{host} was delivered something else from {iso(first.start)} on: until {iso(kept.end)} that stays"
        yield Notice("past_is_kept", text)


def _clip(delivered: Iterable[Delivered], during: Interval) -> list[Delivered]:
    met = ((each.interval.meet(during), each.digest) for each in delivered)
    return [Delivered(piece, digest) for piece, digest in met if piece is not None]


def fit_presences(presences: Iterable[Presence], changed: Mapping[str, Change]) -> tuple[Presence, ...]:
    """Presences as their changed deployments have them; gone where a deployment will not be, or not then."""
    kept: list[Presence] = []
    for presence in presences:
        change = changed.get(presence.deployment)
        during = presence.interval if change is None else fit_interval(presence.interval, change.before, change.after)
        if during is not None:
            kept.append(presence if change is None else replace(presence, interval=during))
    return tuple(kept)


def fit_interval(service: Interval, before: Interval | None, after: Interval | None) -> Interval | None:
    """What becomes of a deployed service when its deployment's interval does: where both began or ended together they
    still do, else the service stays within the deployment; None when nothing of it is left."""
    if before is None or after is None:
        return None
    start = after.start if service.start == before.start else max(service.start, after.start)
    end = after.end if service.end == before.end else earlier_end(service.end, after.end)
    return Interval(start, end) if end is None or start < end else None


def arrive(addition: NewDeployment, snapshot: Snapshot, keys: Mapping[str, str]) -> Iterable[Presence]:
    """The presences of a new deployment; ``keys`` as of a `Stage`."""
    for footing in addition.footings:
        yield Presence(
            addition.id,
            snapshot,
            footing.service,
            footing.host,
            addition.interval,
            footing.cause,
            footing.subjects,
            footing.elsewhere,
            (addition.instance, keys.get(footing.service, footing.service)),
        )


def carry_over(
    place: Mapping[str, str], replaced: Sequence[Mapping[str, str]], snapshot: Snapshot, keys: Mapping[str, str]
) -> Mapping[str, str]:
    """The places of a newcomer: as asked, else as in the deployment it replaces (the latest of them that says so), for
    its services by the keys of its snapshot; ``keys`` as of a `Stage`.
    """
    spelled = {keys.get(key, key): key for key in snapshot.by_key}
    carried: dict[str, str] = {}
    for earlier in replaced:
        known = {spelled.get(keys.get(service, service)): host for service, host in earlier.items()}
        carried.update({service: host for service, host in known.items() if service is not None})
    return MappingProxyType({**carried, **place})


def _uncovered(additions: Iterable[NewDeployment]) -> Iterable[Notice]:
    for addition in additions:
        for lack in addition.uncovered:
            text = f"{lack.service} of {addition.instance} on {lack.host} is not covered by {lack.auditor}: {lack.why}"
            yield Notice("uncovered", text)


def _with_host_names(snapshot: Snapshot, names: Mapping[str, str]) -> Snapshot:
    """Snapshots know hosts by key, so that a host's rename makes nothing dirty; footprints know them by name."""
    if not hosts_asked(snapshot):
        return snapshot

    def named(service: FrozenService) -> FrozenService:
        audits = tuple(
            replace(a, where=replace(a.where, name=names.get(str(a.where.name), a.where.name)))
            if a.where.kind is WhereKind.HOST
            else a
            for a in service.audits
        )
        return replace(service, audits=audits)

    return replace(snapshot, services=tuple(named(service) for service in snapshot.services))
