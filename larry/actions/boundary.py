"""Boundaries: when the clock has passed one, that is told, once, however many watch the clock and however late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, F, OuterRef

from larry.actions.announce import announce, find_wanted
from larry.actions.author import Author
from larry.actions.transaction import begin_recording, transact
from larry.core.event import OF_BOUNDARIES, EventKind
from larry.core.interval import iso
from larry.records.deployment import Deployment, DeploymentVersion
from larry.records.node import NodeSegment
from larry.records.webhook import BOUNDARIES, Event, Watermark


def begin_watching(author: Author) -> None:
    """Boundaries from the author's moment on are told from now on, if they were not before; 1 or 2 SQL statements."""
    Watermark.objects.get_or_create(name=BOUNDARIES, defaults={"at": author.now})


def pass_boundaries(author: Author) -> int:
    """Put into the outbox what has happened by itself since the last time: deployments that started or ended, nodes
    that changed. How many events. 1 SQL statement where nobody wants to know, about 4 where nothing has passed.

    Only who records may move the mark, and acts never happen before it: so no boundary is put in place behind it.
    """
    wanted = find_wanted() & OF_BOUNDARIES
    if not wanted:
        return 0
    begin_watching(author)
    mark = Watermark.objects.values_list("at", flat=True).get(name=BOUNDARIES)
    if next(_passed(mark, author.now, wanted), None) is None:
        return 0
    return transact(lambda: _tell(author, wanted))


def _tell(author: Author, wanted: frozenset[str]) -> int:
    row = Watermark.objects.select_for_update().get(name=BOUNDARIES)
    author = begin_recording(author)
    events = list(_passed(row.at, author.now, wanted))
    announce(sorted(events, key=lambda event: event.at))
    row.at = max(row.at, author.now)
    row.save(update_fields=["at"])
    return len(events)


def _passed(since: datetime, until: datetime, wanted: frozenset[str]) -> Iterator[Event]:
    """The events of [since, until); 1 SQL statement for each kind. What was put in place when its moment was past
    already, as in an estate that was adopted, did not happen before anybody's eyes."""
    live = Deployment.objects.filter(deactivated_at__isnull=True).select_related("instance", "host")
    if EventKind.STARTED in wanted:
        for row in live.filter(_was_known_before("start"), start__gte=since, start__lt=until).iterator():
            yield _of_deployment(row, EventKind.STARTED, row.start)
    if EventKind.ENDED in wanted:
        for row in live.filter(_was_known_before("end"), end__gte=since, end__lt=until).iterator():
            yield _of_deployment(row, EventKind.ENDED, row.end or until)
    if EventKind.NODE in wanted:
        # What begins when it is recorded was told by the act that recorded it.
        segments = NodeSegment.objects.filter(start__gte=since, start__lt=until, start__gt=F("recorded_at"))
        for segment in segments.select_related("host").iterator():
            body = {"digest": segment.document_id, "next_change": iso(segment.end) if segment.end else None}
            yield Event(kind=EventKind.NODE.value, noun="host", address=segment.host.name, at=segment.start, body=body)


def _was_known_before(boundary: str) -> Exists:
    first = DeploymentVersion.objects.filter(deployment=OuterRef("pk"), version=1)
    return Exists(first.filter(recorded_at__lte=OuterRef(boundary)))


def _of_deployment(row: Deployment, kind: EventKind, at: datetime) -> Event:
    body = {
        "instance": row.instance.path,
        "host": row.host.name,
        "snapshot": row.deployable_id,
        "start": iso(row.start),
        "end": iso(row.end) if row.end else None,
        "reason": row.reason,
        "rollout": row.rollout_id,
    }
    return Event(kind=kind.value, noun="deployment", address=row.id, at=at, body=body)
