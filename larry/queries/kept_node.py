"""Large nodes that this process has just read: what a deploy to their hosts starts from, again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock

from larry.core.node import Node
from larry.core.node_text import read_node
from larry.queries.moment import Moment
from larry.queries.node_part import get_node_texts
from larry.queries.reader import Reader, restrict
from larry.records.node import NodeDocument

_MOST = 4_000_000
"""So many characters of text the nodes that are kept have between them, or it is one that has more."""

_kept: dict[str, tuple[Node, int]] = {}
"""By digest, the latest last: what a digest names never changes, so it never goes stale."""
_keeping = Lock()


def get_kept_nodes(digests: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, Node]:
    """Nodes by digest, as recorded; no SQL for those that are kept, else 1 statement and those that putting large ones
    together takes. Those that the reader may not see are left out. In one view with what the digests were read from,
    or behind the gate."""
    wanted = set(digests)
    found = {digest: kept[0] for digest in wanted if reader.sees_everything and (kept := _kept.get(digest)) is not None}
    if wanted - found.keys():
        rows = restrict(reader, NodeDocument.objects.filter(digest__in=wanted - found.keys()))
        bodies = dict(rows.values_list("digest", "body"))
        texts = get_node_texts(bodies.values(), reader, at)
        for digest, body in bodies.items():
            found[digest] = read_node(texts[body])
            _keep(digest, found[digest], len(texts[body]))
    return found


def _keep(digest: str, node: Node, size: int) -> None:
    """Keep a node of which the text has that many characters, in place of those that were read longest ago."""
    with _keeping:
        _kept[digest] = (node, size)
        while len(_kept) > 1 and sum(size for _, size in _kept.values()) > _MOST:
            del _kept[next(iter(_kept))]
