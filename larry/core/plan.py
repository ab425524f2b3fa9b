"""A Plan is what an action would change: shown as the preview, then applied unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from larry.core.document import Json, digest_of
from larry.core.footprint import Footing, Site, Uncovered
from larry.core.interval import Interval, iso
from larry.core.merge import Segment
from larry.core.node import Node
from larry.core.timeline import Kind


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one deployment: ``before`` None for a new one, ``after`` None for one that will not be."""

    kind: Kind
    deployment: str
    instance: str
    host: str
    deployable: str
    before: Interval | None
    after: Interval | None
    why: str
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedService:
    """A service that the Plan puts on a host, and what it audits there."""

    deployment: str
    instance: str
    service: str
    host: str
    during: Interval
    audits: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning or a refusal: a code for programs, a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class NodeChange:
    """From ``start`` on, until the next one, a host's node is another; where both digests are equal it is again what
    it was to be."""

    host: str
    start: datetime
    before: str | None
    after: str | None

    @property
    def agrees(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a host's timeline holds during an interval: the digest of a node."""

    interval: Interval
    digest: str


@dataclass(frozen=True)
class Plan:
    """Everything an action would change, judged as a whole; a Plan with refusals is never applied.

    ``foreseen`` has the nodes that would come, by digest, for whoever wants to see how hosts change.
    """

    now: datetime
    changes: tuple[Change, ...] = ()
    deployed_services: tuple[PlannedService, ...] = ()
    warnings: tuple[Notice, ...] = ()
    refusals: tuple[Notice, ...] = ()
    nodes: tuple[NodeChange, ...] = ()
    foreseen: Mapping[str, Node] = field(default_factory=lambda: MappingProxyType({}), compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """Known by its content; a moment equal to now counts as "now", so that a preview a minute old still holds."""
        return digest_of(
            {
                "changes": [
                    (
                        c.kind,
                        c.deployment,
                        c.instance,
                        c.host,
                        c.deployable,
                        *_span(c.before, self.now),
                        *_span(c.after, self.now),
                    )
                    for c in self.changes
                ],
                "services": [
                    (s.deployment, s.service, s.host, *_span(s.during, self.now), s.audits)
                    for s in self.deployed_services
                ],
                "refusals": [(notice.code, notice.text) for notice in self.refusals],
                "nodes": [(n.host, _moment(n.start, self.now), n.before, n.after) for n in self.nodes],
            }
        )

    @property
    def changes_nothing(self) -> bool:
        return not self.changes and not self.nodes


@dataclass(frozen=True, slots=True)
class NewDeployment:
    """A deployment to be written: where its services stand, and what stays uncovered."""

    id: str
    instance: str
    host: str
    deployable: str
    interval: Interval
    continues: str | None
    place: Mapping[str, str]
    footings: tuple[Footing, ...]
    uncovered: tuple[Uncovered, ...]


@dataclass(frozen=True, slots=True)
class Writes:
    """What applying a Plan writes: nothing in it is decided any more."""

    changes: tuple[Change, ...]
    additions: tuple[NewDeployment, ...]
    timelines: Mapping[str, tuple[Segment, ...]]


EMPTY_WRITES = Writes((), (), MappingProxyType({}))


def compare_timelines(host: str, before: Sequence[Delivered], after: Sequence[Delivered]) -> tuple[NodeChange, ...]:
    """Where two timelines of a host (each without gaps) begin to differ, differ otherwise, and agree again, in order of
    time; None where a timeline holds nothing.
    """
    changes: list[NodeChange] = []
    for start in sorted({delivered.interval.start for delivered in (*before, *after)}):
        change = NodeChange(host, start, _digest_at(before, start), _digest_at(after, start))
        last = changes[-1] if changes else None
        if change.agrees:
            is_told = last is None or last.agrees
        else:
            is_told = last is not None and (last.before, last.after) == (change.before, change.after)
        if not is_told:
            changes.append(change)
    return tuple(changes)


def _digest_at(segments: Sequence[Delivered], moment: datetime) -> str | None:
    return next((segment.digest for segment in segments if moment in segment.interval), None)


def _span(interval: Interval | None, now: datetime) -> tuple[Json, Json]:
    if interval is None:
        return None, None
    return _moment(interval.start, now), _moment(interval.end, now) if interval.end else None


def _moment(moment: datetime, now: datetime) -> str:
    return "now" if moment == now else iso(moment)
