"""The fleet: every host as of a moment, for the dialects that tell all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from django.db.models import Max, Min, OuterRef, Q, QuerySet, Subquery

from larry.core.fleet import Fleet, FleetHost, FleetOutline, HostOutline, KnownHost, PackedHosts
from larry.core.node_text import (
    SEAL,
    DatedNode,
    holds_secrets_alone,
    mask_node,
    mask_seals,
    mask_text,
    read_node,
)
from larry.queries.moment import Moment
from larry.queries.node_part import RedactedMeanwhile, get_node_texts
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.view import read_view
from larry.records.host import Host
from larry.records.node import NodeDocument, NodeSegment
from larry.records.route import reading_connection, reading_from

AT_ONCE = 200
"""So many nodes are read by one statement, and are in memory at a time where a fleet is passed on unread."""

MOST_SEALED = 10_000
"""Of so many texts it is kept that all that looks like a secret in them is one; 200 bytes each."""

_ROWS = 2_000
"""So many rows of hosts are fetched at a time."""

_Groups: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Keys of roles and of pools."""

_NO_GROUPS: _Groups = (), ()

_SEALED_ALONE: dict[str, None] = {}


def get_fleet(reader: Reader, at: Moment) -> Fleet:
    """Every host that was known and not retired as of a moment, secrets masked; 4 SQL statements and 1 for each 200
    hosts.

    Roles and pools are as they are now.
    """
    return mask_fleet(get_stored_fleet(reader, at))


def get_stored_fleet(reader: Reader, at: Moment) -> Fleet:
    """The same as recorded, every secret known by its HMAC only; 4 SQL statements and 1 for each 200 hosts.

    Roles and pools are as they are now.
    """
    with read_view():
        fleet = get_fleet_outline(reader, at)
        texts = tuple(list_stored_texts(fleet, reader, at))
    hosts = (
        FleetHost(DatedNode(read_node(text), h.start, h.end, h.digest), h.roles, h.pools)
        for h, text in zip(fleet.hosts, texts, strict=True)
    )
    return Fleet(tuple(hosts), fleet.start, fleet.end)


def list_stored_texts(fleet: FleetOutline, reader: Reader, at: Moment) -> Iterator[str]:
    """The texts of all nodes of an outline as recorded, in its order, read as they are asked for: 1 SQL statement for
    each 200, and those that large nodes take. Whoever was shown the outline may read them. Raises `RedactedMeanwhile`.
    """
    alias = reading_connection().alias
    for first in range(0, len(fleet.hosts), AT_ONCE):
        digests = [host.digest for host in fleet.hosts[first : first + AT_ONCE]]
        with reading_from(alias):  # also where an answer is read on when its request is over
            rows = restrict(WHOLE, NodeDocument.objects.filter(digest__in=set(digests)))
            bodies = dict(rows.values_list("digest", "body"))
            if len(bodies) < len(set(digests)):
                raise RedactedMeanwhile("a node was redacted while the hosts were read: ask again")
            texts = get_node_texts(bodies.values(), reader, at)
        yield from (texts[bodies[digest]] for digest in digests)


def list_masked_texts(fleet: FleetOutline, reader: Reader, at: Moment) -> Iterator[str]:
    """The same with all secrets masked. What holds none is not read: it is passed on as it is stored."""
    for host, text in zip(fleet.hosts, list_stored_texts(fleet, reader, at), strict=True):
        yield text if SEAL not in text else _mask(host.digest, text)


def _mask(digest: str, text: str) -> str:
    """A text with what looks like a secret. That all of it is one takes long to find out, and is so for ever: the
    digest stands for the text."""
    if digest in _SEALED_ALONE:
        return mask_seals(text)
    if not holds_secrets_alone(text):
        return mask_text(text)
    if len(_SEALED_ALONE) >= MOST_SEALED:
        _SEALED_ALONE.clear()
    _SEALED_ALONE[digest] = None
    return mask_seals(text)


def get_fleet_outline(reader: Reader, at: Moment) -> FleetOutline:
    """Every host that was known and not retired as of a moment, without its node; 4 SQL statements, none of which reads
    what has passed.

    Roles and pools are as they are now.
    """
    with read_view():
        groups = _group_hosts(restrict(reader, Host.objects.all()))
        latest = restrict(reader, NodeSegment.objects.filter(host=OuterRef("pk"), start__lte=at.as_of))
        # Whose segment may be read is said within; by its start it is found in an index, of its host.
        hosts = restrict(
            WHOLE, Host.objects.filter(segments__start=Subquery(latest.order_by("-start").values("start")[:1]))
        )
        rows = hosts.order_by("name").values_list(
            "id", "segments__start", "segments__end", "segments__document_id", "retired_at"
        )
        seen = _Boundaries(at.as_of)
        found = PackedHosts(
            HostOutline(start, end, digest, *groups.pop(id_, _NO_GROUPS))
            for id_, start, end, digest, retired_at in rows.iterator(_ROWS)
            if seen.is_in(start, end, retired_at)
        )
        coming = restrict(reader, NodeSegment.objects.filter(start__gt=at.as_of)).aggregate(
            begins=Min("start"),
            retired=Max("host__retired_at", filter=Q(host__retired_at__lte=at.as_of)),
            retires=Min("host__retired_at", filter=Q(host__retired_at__gt=at.as_of)),
        )
    for moment in coming.values():
        seen.note(moment)
    return FleetOutline(found, seen.before, seen.after)


class _Boundaries:
    """The last change of anything until a moment, and the first one after it, gathered from each host's latest segment.

    Of one host segments do not overlap, which the database keeps: whatever ended before the latest began is no boundary
    later than that.
    """

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        self.before: datetime | None = None
        self.after: datetime | None = None

    def is_in(self, start: datetime, end: datetime | None, retired_at: datetime | None) -> bool:
        """Whether a host whose latest segment this is was known, and in use."""
        for each in (start, end, retired_at):
            self.note(each)
        return (end is None or end > self.moment) and (retired_at is None or retired_at > self.moment)

    def note(self, boundary: datetime | None) -> None:
        """A boundary, where it is one."""
        if boundary is None:
            return
        if boundary <= self.moment:
            if self.before is None or boundary > self.before:
                self.before = boundary
        elif self.after is None or boundary < self.after:
            self.after = boundary


def mask_fleet(fleet: Fleet) -> Fleet:
    """The fleet with every secret masked, under the digests of what is recorded."""
    masked = (replace(host, dated=replace(host.dated, node=mask_node(host.dated.node))) for host in fleet.hosts)
    return replace(fleet, hosts=tuple(masked))


def get_timelines(reader: Reader, at: Moment) -> Mapping[str, KnownHost]:
    """What is known of every host in use from a moment on, as recorded (each secret by its HMAC only), by name;
    3 SQL statements. Roles and pools are as they are now."""
    in_use = Q(host__retired_at=None) | Q(host__retired_at__gt=at.as_of)
    coming = Q(end=None) | Q(end__gt=at.as_of)
    with read_view():
        segments = restrict(reader, NodeSegment.objects.filter(coming, in_use)).order_by("host__name", "start")
        rows = list(segments.values_list("host_id", "start", "end", "document_id", "document__body"))
        groups = _group_hosts(restrict(reader, Host.objects.all()))
        texts = get_node_texts((row[4] for row in rows), reader, at)
    nodes = {digest: read_node(texts[body]) for digest, body in {row[3]: row[4] for row in rows}.items()}
    found: dict[int, list[DatedNode]] = {}
    for id_, start, end, digest, _ in rows:
        found.setdefault(id_, []).append(DatedNode(nodes[digest], start, end, digest))
    return {of[0].node.facts.name: KnownHost(tuple(of), *groups.get(id_, _NO_GROUPS)) for id_, of in found.items()}


def _group_hosts(rows: QuerySet[Host]) -> dict[int, _Groups]:
    """The keys of the roles and of the pools of each host that has any, in order; 2 SQL statements. Of very many hosts:
    those that have the same have one tuple of them, and both are in one map."""
    found: dict[int, _Groups] = {}
    known: dict[_Groups, _Groups] = {}
    for place, of in enumerate(("roles__key", "pools__key")):
        for id_, key in rows.filter(**{f"{of}__isnull": False}).order_by(of).values_list("id", of).iterator(_ROWS):
            roles, pools = found.get(id_, _NO_GROUPS)
            both = (roles, (*pools, key)) if place else ((*roles, key), pools)
            found[id_] = known.setdefault(both, both)
    return found
