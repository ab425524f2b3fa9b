"""The compiled timeline: what a host delivers from now on is written when it changes, not when it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from larry.actions.announce import announce_nodes, look_at_nodes
from larry.actions.author import Author
from larry.core.interval import Interval
from larry.core.large_node import LargeNode
from larry.core.merge import Segment
from larry.core.node import Node
from larry.core.node_part import Divided, divide, list_names, read_depth
from larry.core.node_text import write_node
from larry.core.plan import Plan, Writes
from larry.core.revision import NeedsAll, covers
from larry.core.rollout import Stage, judge
from larry.queries.former_key import FormerKeys, get_former_keys
from larry.queries.kept_node import get_kept_nodes, keep_node
from larry.queries.presence import Scene, get_scene, list_first_delivered
from larry.queries.reader import WHOLE
from larry.queries.statement import KeptStatement
from larry.records.node import NodeDocument, NodePart, NodeSegment

NOTHING_KEPT: Mapping[str, Interval] = MappingProxyType({})


def get_stage(
    hosts: Iterable[str],
    author: Author,
    mentioned: Iterable[str] = (),
    present: datetime | None = None,
    about: Collection[str] | None = None,
    known: FormerKeys | None = None,
) -> tuple[Stage, Scene]:
    """The hosts from the author's moment on, ready to be judged; 3 to 5 SQL statements, a few more for large ones, and
    what the former keys take where they are not ``known``.

    ``present`` is now, where that moment is an earlier one: what was delivered in between stays; 1 statement more.
    ``about`` are the paths of the instances that change: large hosts are revised by them. None to look at everything.
    """
    former = get_former_keys(author.reader, author.moment) if known is None else known
    keys = former.all_of("service")
    plain = about is not None and present is None and all(_is_plain(path, former) for path in about)
    scene = get_scene(hosts, author.reader, author.moment, mentioned, about if plain else None)
    standing = _get_standing(scene, author)
    kept: dict[str, Interval] = {}
    if present is not None:
        first = list_first_delivered(scene.presences, author.reader, author.moment)
        since = {host: max(moment, author.now) for host, moment in first.items()}
        kept = {host: Interval(moment, present) for host, moment in since.items() if moment < present}
    stage = Stage(
        Interval(author.now), scene.presences, scene.delivered, scene.facts, keys, MappingProxyType(kept), standing
    )
    return stage, scene


def _is_plain(path: str, former: FormerKeys) -> bool:
    """Whether an instance has had this path always, and no other one had it: then nodes name nobody else by it."""
    return former.find("instance", path) == path and former.spell("instance", path) == (path,)


def _get_standing(scene: Scene, author: Author) -> Mapping[str, tuple[Segment, ...]]:
    """What large hosts deliver, whole. Raises `NeedsAll` where there are gaps in it."""
    digests = {each.digest for host in scene.large for each in scene.delivered[host]}
    nodes = get_kept_nodes(digests, author.reader, author.moment)
    standing = {
        host: tuple(Segment(each.interval, nodes[each.digest]) for each in scene.delivered[host])
        for host in scene.large
    }
    if not all(covers(segments, Interval(author.now)) for segments in standing.values()):
        raise NeedsAll("there are gaps in what a host delivers")
    return MappingProxyType(standing)


def recompile(hosts: Iterable[str], author: Author) -> tuple[Plan, Writes, Mapping[str, int]]:
    """What becomes of hosts whose own facts have changed: nothing is deployed or ended, but nodes may differ."""
    stage, scene = get_stage(hosts, author)
    plan, writes = judge((), (), {}, stage)
    return plan, writes, scene.ids


def write_timelines(
    timelines: Mapping[str, tuple[Segment, ...]],
    ids: Mapping[str, int],
    author: Author,
    since: datetime,
    kept: Mapping[str, Interval] = NOTHING_KEPT,
    wanted: Collection[str] | None = None,
) -> None:
    """Replace what hosts deliver from ``since`` (now, but for an estate that is adopted with its past) on; what they
    delivered until then stays as it was, and so does what ``kept`` holds. 5 SQL statements at most, and 1 for each
    moment at which running segments are to end from now on; where something is kept twice as many, and 3 for each host
    whose past is filled in before it. 1 more to ask whether anybody wants to know where the kinds of event that are
    ``wanted`` are not given, and 2 where somebody does.
    """
    before = look_at_nodes({ids[name] for name in timelines}, author, wanted)
    _write_documents(timelines, author)
    early: dict[datetime, dict[int, tuple[Segment, ...]]] = {}
    for name, segments in timelines.items():
        stays = kept.get(name)
        begin = since if stays is None or stays.end is None else stays.end
        early.setdefault(begin, {})[ids[name]] = tuple(s for s in segments if s.interval.start >= begin)
        if stays is not None and since < stays.start:
            filled = tuple(s for s in segments if s.interval.start < stays.start)
            _fill_past(ids[name], Interval(since, stays.start), filled, author)
    for begin, hosts in early.items():
        _replace_from(begin, hosts, author)
    announce_nodes(before, timelines, ids, author)


_KNOWN = KeptStatement(lambda reader, digests: NodeDocument.objects.filter(digest__in=digests).values_list("digest"))


def _write_documents(timelines: Mapping[str, tuple[Segment, ...]], author: Author) -> None:
    documents = {s.node.digest: s.node for segments in timelines.values() for s in segments}
    known = {digest for (digest,) in _KNOWN.ask(WHOLE, digests=list(documents))}
    _store({digest: _divide(node) for digest, node in sorted(documents.items()) if digest not in known})
    for digest, node in documents.items():
        if isinstance(node, LargeNode) and digest not in known:
            keep_node(node, author.reader, author.moment)


def _divide(node: Node) -> Divided:
    return node.divided if isinstance(node, LargeNode) else divide(write_node(node))


def store_documents(texts: Mapping[str, str]) -> None:
    """Keep the texts of nodes by their digests, the large ones in parts; 1 SQL statement for each 500, and where any is
    large as many as its tree has steps, and 1 for each 500 parts that are new.

    Inside a transaction that keeps the gate shut, since a redaction removes what no document names.
    """
    _store({digest: divide(text) for digest, text in texts.items()})


def _store(divided: Mapping[str, Divided]) -> None:
    new = {name: body for each in divided.values() if each.parts for name, body in _list_new_parts(each)}
    NodePart.objects.bulk_create(
        [NodePart(digest=name, body=body) for name, body in sorted(new.items())], ignore_conflicts=True, batch_size=500
    )
    NodeDocument.objects.bulk_create(
        [NodeDocument(digest=digest, body=each.body) for digest, each in divided.items()],
        ignore_conflicts=True,
        batch_size=500,
    )


def _list_new_parts(divided: Divided) -> Iterable[tuple[str, str]]:
    """The parts that are not kept yet: below one that is kept, all are."""
    level = set(list_names(divided.body))
    for depth in reversed(range(read_depth(divided.body))):
        level -= set(NodePart.objects.filter(digest__in=level).values_list("digest", flat=True))
        yield from ((name, divided.parts[name]) for name in level)
        level = {below for name in level for below in list_names(divided.parts[name])} if depth else set()


class _Standing(NamedTuple):
    """A segment that is there."""

    id: int
    host_id: int
    start: datetime
    end: datetime | None
    document_id: str


_STANDING = KeptStatement(
    lambda reader, hosts, since: (
        NodeSegment.objects.filter(host__in=hosts).exclude(end__lt=since).values_list(*_Standing._fields)
    )
)


def _replace_from(since: datetime, hosts: Mapping[int, tuple[Segment, ...]], author: Author) -> None:
    """What hosts deliver from a moment on is these segments and nothing else."""
    # One that ended just now goes on if nothing has changed after all: where nothing changes there is no boundary.
    standing = [*map(_Standing._make, _STANDING.ask(WHOLE, hosts=list(hosts), since=since))]
    running = {row.host_id: row for row in standing if row.start < since}
    if any(row.start >= since for row in standing):
        NodeSegment.objects.filter(host__in=hosts, start__gte=since).delete()
    added: list[NodeSegment] = []
    ends: dict[datetime | None, list[int]] = {}
    for host, segments in hosts.items():
        rest = _carry_on(running[host], segments, since, ends) if host in running else segments
        added.extend(_row(host, segment, author) for segment in rest)
    for end, rows in ends.items():
        NodeSegment.objects.filter(pk__in=rows).update(end=end)
    NodeSegment.objects.bulk_create(added, batch_size=500)


def _row(host: int, segment: Segment, author: Author) -> NodeSegment:
    during, digest = segment.interval, segment.node.digest
    return NodeSegment(host_id=host, start=during.start, end=during.end, document_id=digest, recorded_at=author.now)


def _fill_past(host: int, during: Interval, segments: Iterable[Segment], author: Author) -> None:
    """Put segments into a time during which nothing was delivered; what was filled in there before gives way. Where
    nothing changes there is no boundary; 3 SQL statements."""
    at_hand = NodeSegment.objects.filter(host=host, start__lte=during.end).exclude(end__lt=during.start)
    rows = [
        NodeSegment(
            host_id=host, start=piece.start, end=piece.end, document_id=row.document_id, recorded_at=row.recorded_at
        )
        for row in at_hand
        for piece in Interval(row.start, row.end).without(during)
    ]
    joined: list[NodeSegment] = []
    for row in sorted((*rows, *(_row(host, segment, author) for segment in segments)), key=lambda row: row.start):
        last = joined[-1] if joined else None
        if last is not None and last.document_id == row.document_id:
            last.end, last.recorded_at = row.end, row.recorded_at  # the later one says since when it is delivered
        else:
            joined.append(row)
    at_hand.delete()
    NodeSegment.objects.bulk_create(joined, batch_size=500)


def _carry_on(
    row: _Standing, segments: tuple[Segment, ...], since: datetime, ends: dict[datetime | None, list[int]]
) -> tuple[Segment, ...]:
    """Let the running segment go on if the host's node stays the same, else end it now; the segments still to be
    added.
    """
    first, *rest = segments
    goes_on = first.node.digest == row.document_id
    end = first.interval.end if goes_on else since
    if row.end != end:
        ends.setdefault(end, []).append(row.id)
    return tuple(rest) if goes_on else segments
