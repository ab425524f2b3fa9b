"""The fleet: every host as of a moment, for the dialects that tell all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.db.models import Max, Min, Q, QuerySet

from larry.core.fleet import Fleet, FleetHost, FleetOutline, HostOutline, KnownHost
from larry.core.node_text import DatedNode, mask_node, mask_text, read_node
from larry.queries.moment import Moment
from larry.queries.node_part import RedactedMeanwhile, get_node_texts
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.view import read_view
from larry.records.host import Host
from larry.records.node import NodeDocument, NodeSegment
from larry.records.route import reading_connection, reading_from

AT_ONCE = 200
"""So many nodes are read by one statement, and are in memory at a time where a fleet is passed on unread."""


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
    return map(mask_text, list_stored_texts(fleet, reader, at))


def get_fleet_outline(reader: Reader, at: Moment) -> FleetOutline:
    """Every host that was known and not retired as of a moment, without its node; 4 SQL statements.

    Roles and pools are as they are now.
    """
    during = Q(start__lte=at.as_of) & (Q(end=None) | Q(end__gt=at.as_of))
    in_use = Q(host__retired_at=None) | Q(host__retired_at__gt=at.as_of)
    with read_view():
        segments = restrict(reader, NodeSegment.objects.filter(during, in_use)).order_by("host__name")
        rows = list(segments.values_list("host_id", "start", "end", "document_id"))
        roles = _keys_by_host(restrict(reader, Host.objects.all()), "roles__key")
        pools = _keys_by_host(restrict(reader, Host.objects.all()), "pools__key")
        boundaries = restrict(reader, NodeSegment.objects.all()).aggregate(
            began=Max("start", filter=Q(start__lte=at.as_of)),
            ended=Max("end", filter=Q(end__lte=at.as_of)),
            retired=Max("host__retired_at", filter=Q(host__retired_at__lte=at.as_of)),
            begins=Min("start", filter=Q(start__gt=at.as_of)),
            ends=Min("end", filter=Q(end__gt=at.as_of)),
            retires=Min("host__retired_at", filter=Q(host__retired_at__gt=at.as_of)),
        )
    hosts = tuple(
        HostOutline(start, end, digest, roles.get(id_, ()), pools.get(id_, ())) for id_, start, end, digest in rows
    )
    before = [boundaries[name] for name in ("began", "ended", "retired") if boundaries[name]]
    after = [boundaries[name] for name in ("begins", "ends", "retires") if boundaries[name]]
    return FleetOutline(hosts, max(before, default=None), min(after, default=None))


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
        roles = _keys_by_host(restrict(reader, Host.objects.all()), "roles__key")
        pools = _keys_by_host(restrict(reader, Host.objects.all()), "pools__key")
        texts = get_node_texts((row[4] for row in rows), reader, at)
    nodes = {digest: read_node(texts[body]) for digest, body in {row[3]: row[4] for row in rows}.items()}
    found: dict[int, list[DatedNode]] = {}
    for id_, start, end, digest, _ in rows:
        found.setdefault(id_, []).append(DatedNode(nodes[digest], start, end, digest))
    return {
        of[0].node.facts.name: KnownHost(tuple(of), roles.get(id_, ()), pools.get(id_, ())) for id_, of in found.items()
    }


def _keys_by_host(rows: QuerySet[Host], of: str) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for id_, key in rows.exclude(**{of: None}).order_by(of).values_list("id", of):
        found.setdefault(id_, []).append(key)
    return {id_: tuple(keys) for id_, keys in found.items()}
