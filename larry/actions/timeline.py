"""The compiled timeline: what a host delivers from now on is written when it changes, not when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from larry.actions.author import Author
from larry.core.interval import Interval
from larry.core.merge import Segment
from larry.core.node_text import write_node
from larry.core.plan import Plan, Writes
from larry.core.rollout import Stage, judge
from larry.queries.former_key import get_former_keys
from larry.queries.presence import Scene, get_scene
from larry.records.node import NodeDocument, NodeSegment


def get_stage(hosts: Iterable[str], author: Author, mentioned: Iterable[str] = ()) -> tuple[Stage, Scene]:
    """The hosts from now on, ready to be judged; 6 SQL statements."""
    scene = get_scene(hosts, author.reader, author.moment, mentioned)
    keys = get_former_keys(author.reader, author.moment).all_of("service")
    return Stage(Interval(author.now), scene.presences, scene.delivered, scene.facts, keys), scene


def recompile(hosts: Iterable[str], author: Author) -> tuple[Plan, Writes, Mapping[str, int]]:
    """What becomes of hosts whose own facts have changed: nothing is deployed or ended, but nodes may differ."""
    stage, scene = get_stage(hosts, author)
    plan, writes = judge((), (), {}, stage)
    return plan, writes, scene.ids


def write_timelines(
    timelines: Mapping[str, tuple[Segment, ...]], ids: Mapping[str, int], author: Author, since: datetime
) -> None:
    """Replace what hosts deliver from ``since`` (now, but for an estate that is adopted with its past) on; what they
    delivered until then stays as it was. 5 SQL statements at most, and 1 for each moment at which running segments are
    to end from now on."""
    documents = {s.node.digest: s.node for segments in timelines.values() for s in segments}
    known = set(NodeDocument.objects.filter(digest__in=documents).values_list("digest", flat=True))
    NodeDocument.objects.bulk_create(
        [
            NodeDocument(digest=digest, body=write_node(node))
            for digest, node in sorted(documents.items())
            if digest not in known
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    hosts = {ids[name]: segments for name, segments in timelines.items()}
    NodeSegment.objects.filter(host__in=hosts, start__gte=since).delete()
    # One that ended just now goes on if nothing has changed after all: where nothing changes there is no boundary.
    running = {row.host_id: row for row in NodeSegment.objects.filter(host__in=hosts).exclude(end__lt=since)}
    added: list[NodeSegment] = []
    ends: dict[datetime | None, list[int]] = {}
    for host, segments in hosts.items():
        rest = _carry_on(running[host], segments, since, ends) if host in running else segments
        added.extend(
            NodeSegment(
                host_id=host,
                start=segment.interval.start,
                end=segment.interval.end,
                document_id=segment.node.digest,
                recorded_at=author.now,
            )
            for segment in rest
        )
    for end, rows in ends.items():
        NodeSegment.objects.filter(pk__in=rows).update(end=end)
    NodeSegment.objects.bulk_create(added, batch_size=500)


def _carry_on(
    row: NodeSegment, segments: tuple[Segment, ...], since: datetime, ends: dict[datetime | None, list[int]]
) -> tuple[Segment, ...]:
    """Let the running segment go on if the host's node stays the same, else end it now; the segments still to be
    added.
    """
    first, *rest = segments
    goes_on = first.node.digest == row.document_id
    end = first.interval.end if goes_on else since
    if row.end != end:
        ends.setdefault(end, []).append(row.pk)
    return tuple(rest) if goes_on else segments
