"""Nodes: what a host was, is or will be, as compiled when it last changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from larry.core.document import Json
from larry.core.interval import iso
from larry.core.node import Node
from larry.core.node_text import DatedNode, mask_node, open_node, read_node
from larry.queries.moment import Moment
from larry.queries.node_part import get_node_texts, read_undisturbed
from larry.queries.reader import NotFound, Reader, restrict
from larry.records.host import Host
from larry.records.node import NodeSegment
from larry.records.secret import unseal


def get_node(host: str, reader: Reader, at: Moment) -> DatedNode:
    """The node of a host as of a moment, secrets masked; 1 SQL statement (2 when there is none), and those
    that a large node takes (`get_node_texts`), here and below. Raises `NotFound`."""
    return _at_moment(host, reader, at, mask=True)


def get_stored_node(host: str, reader: Reader, at: Moment) -> DatedNode:
    """The node as recorded, every secret known by its HMAC only; 1 SQL statement. Raises `NotFound`."""
    return _at_moment(host, reader, at, mask=False)


def get_open_node(host: str, reader: Reader, at: Moment) -> DatedNode:
    """The node with its secrets in clear: only for the act of revealing; 1 statement and 1 for each secret."""
    dated = _at_moment(host, reader, at, mask=False)
    opened: dict[str, Json] = {}

    def open_one(hmac: str) -> Json:
        if hmac not in opened:
            opened[hmac] = unseal(hmac)
        return opened[hmac]

    return _replace(dated, open_node(dated.node, open_one))


def list_timeline(host: str, reader: Reader, at: Moment, until: datetime | None = None) -> tuple[DatedNode, ...]:
    """The nodes of a host from ``at.as_of`` until a moment (or for ever), masked, in order; 1 SQL statement."""
    rows = _rows(reader).filter(host__name=host.lower()).filter(Q(end=None) | Q(end__gt=at.as_of)).order_by("start")
    if until is not None:
        rows = rows.filter(start__lt=until)
    found = read_undisturbed(lambda: _dated(rows.all(), reader, at, mask=True))
    if not found:
        raise NotFound(_why_none(host, reader, at))
    return found


def get_nodes(digests: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, Node]:
    """Nodes by their digest, masked, of hosts that the reader may see; 1 SQL statement. Others are left out."""
    rows = restrict(reader, NodeSegment.objects.filter(document__in=set(digests)))
    pairs = rows.values_list("document_id", "document__body").distinct()

    def read() -> Mapping[str, Node]:
        found = dict(pairs.all())
        texts = get_node_texts(found.values(), reader, at)
        return {digest: mask_node(read_node(texts[body])) for digest, body in found.items()}

    return read_undisturbed(read)


def list_next_changes(reader: Reader, at: Moment, limit: int = 20) -> tuple[tuple[datetime, str], ...]:
    """(moment, host name) of the next boundaries of all hosts after a moment, soonest first; 1 SQL statement."""
    rows = restrict(reader, NodeSegment.objects.filter(start__gt=at.as_of)).order_by("start", "host__name")
    return tuple(rows.values_list("start", "host__name")[:limit])


def _rows(reader: Reader) -> QuerySet[NodeSegment]:
    return restrict(reader, NodeSegment.objects.select_related("document"))


def _segment(host: str, reader: Reader, at: Moment) -> NodeSegment:
    at_moment = Q(start__lte=at.as_of) & (Q(end=None) | Q(end__gt=at.as_of))
    row = _rows(reader).filter(host__name=host.lower()).filter(at_moment).first()
    if row is None:
        raise NotFound(_why_none(host, reader, at))
    return row


def _why_none(host: str, reader: Reader, at: Moment) -> str:
    first = restrict(reader, NodeSegment.objects.filter(host__name=host.lower())).order_by("start").first()
    if first is None or not restrict(reader, Host.objects.filter(name=host.lower())).exists():
        return f"there is no host {host}"
    return f"{host} is known from {iso(first.start)} on, not at {iso(at.as_of)}"


def _at_moment(host: str, reader: Reader, at: Moment, *, mask: bool) -> DatedNode:
    return read_undisturbed(lambda: _dated([_segment(host, reader, at)], reader, at, mask=mask)[0])


def _dated(rows: Iterable[NodeSegment], reader: Reader, at: Moment, *, mask: bool) -> tuple[DatedNode, ...]:
    found = list(rows)
    texts = get_node_texts((row.document.body for row in found), reader, at)
    nodes = [read_node(texts[row.document.body]) for row in found]
    return tuple(
        DatedNode(mask_node(node) if mask else node, row.start, row.end, row.document_id)
        for node, row in zip(nodes, found, strict=True)
    )


def _replace(dated: DatedNode, node: Node) -> DatedNode:
    return DatedNode(node, dated.start, dated.end, dated.digest)
