"""Announce: what others are to be told of goes to the outbox with the act itself; who may know it is decided later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db.models import Q

from larry.actions.author import Author
from larry.core.event import EventKind
from larry.core.interval import iso
from larry.core.merge import Segment
from larry.core.timeline import Kind
from larry.queries.reader import WHOLE
from larry.queries.statement import KeptStatement
from larry.records.activity import Activity
from larry.records.node import NodeSegment
from larry.records.webhook import Event, Webhook

_BATCH = 500
_PLANNED = (Kind.ADD.value, Kind.RESUME.value)


@dataclass(frozen=True, slots=True)
class NodeState:
    """What a host delivers at a moment: the digest of its node, and when that changes by what is known (as text)."""

    digest: str
    next_change: str | None


_WANTED = KeptStatement(lambda reader: Webhook.objects.filter(removed_at__isnull=True).values_list("events"))


def find_wanted() -> frozenset[str]:
    """The kinds of event that any webhook asks for; 1 SQL statement. Nothing else is written."""
    return frozenset(kind for (kinds,) in _WANTED.ask(WHOLE) for kind in kinds)


def announce(events: Iterable[Event]) -> None:
    """Put events into the outbox; 1 SQL statement for each 500."""
    Event.objects.bulk_create(events, batch_size=_BATCH)


def announce_lines(lines: Iterable[Activity], known: Collection[str] | None = None) -> None:
    """Tell of deployments that were planned or changed, by the lines of activity about them. No SQL without such
    lines, 1 statement where nobody wants to know, else 2; 1 less where the kinds that are wanted are ``known``."""
    about = [line for line in lines if line.noun == "deployment"]
    if not about:
        return
    wanted = find_wanted() if known is None else known
    kinds = [(line, EventKind.PLANNED if line.verb in _PLANNED else EventKind.CHANGED) for line in about]
    events = [_of_line(line, kind) for line, kind in kinds if kind in wanted]
    if events:
        announce(events)


def _of_line(line: Activity, kind: EventKind) -> Event:
    body = {
        "change": line.verb,
        "before": line.before,
        "after": line.after,
        "reason": line.reason,
        "rollout": line.rollout_id,
    }
    return Event(kind=kind.value, noun=line.noun, address=line.address, at=line.at, body=body)


def look_at_nodes(
    hosts: Collection[int], author: Author, known: Collection[str] | None = None
) -> Mapping[int, NodeState] | None:
    """What hosts deliver at the author's moment, before an act changes that; None where nobody wants to know. 1 or 2
    SQL statements, 1 less where the kinds of event that are wanted are ``known``."""
    if not hosts or EventKind.NODE not in (find_wanted() if known is None else known):
        return None
    at_moment = Q(start__lte=author.now) & (Q(end=None) | Q(end__gt=author.now))
    rows = NodeSegment.objects.filter(at_moment, host__in=hosts).values_list("host_id", "document_id", "end")
    return MappingProxyType({host: NodeState(digest, iso(end) if end else None) for host, digest, end in rows})


def announce_nodes(
    before: Mapping[int, NodeState] | None,
    timelines: Mapping[str, tuple[Segment, ...]],
    ids: Mapping[str, int],
    author: Author,
) -> None:
    """Tell of hosts that an act has made to deliver something else, or the same until another moment; 1 SQL statement
    for each 500."""
    if before is None:
        return
    events = []
    for name, segments in sorted(timelines.items()):
        segment = next((each for each in segments if author.now in each.interval), None)
        if segment is not None:
            end = segment.interval.end
            now = NodeState(segment.node.digest, iso(end) if end else None)
            was = before.get(ids[name])
            if now != was:
                body = {"digest": now.digest, "digest_before": was and was.digest, "next_change": now.next_change}
                kind = EventKind.NODE.value
                events.append(Event(kind=kind, noun="host", address=name, at=author.now, body=body))
    announce(events)
