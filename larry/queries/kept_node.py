"""Large nodes that this process has just read or written: what a deploy to their hosts starts from, again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock

from larry.core.large_node import LargeNode
from larry.queries.moment import Moment
from larry.queries.node_part import get_node_texts
from larry.queries.reader import Reader, restrict
from larry.records.node import NodeDocument

_MOST = 16_000_000
"""So many characters of text the nodes that are kept have between them; a node, and the one that it becomes, are kept
however long they are. What one has of the other is counted twice."""
_OF_AN_ENTRY = 1_000
"""As many characters more an entry counts: what is kept for each takes as much."""

_kept: dict[str, tuple[LargeNode, int]] = {}
"""By digest, the latest last: what a digest names never changes, so it never goes stale."""
_keeping = Lock()


def get_kept_nodes(digests: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, LargeNode]:
    """Nodes by digest, as recorded; no SQL for those that are kept, else 1 statement and those that putting large ones
    together takes. Those that the reader may not see are left out. In one view with what the digests were read from,
    or behind the gate."""
    wanted = set(digests)
    found = _find(wanted) if reader.sees_everything else {}
    if wanted - found.keys():
        rows = restrict(reader, NodeDocument.objects.filter(digest__in=wanted - found.keys()))
        bodies = dict(rows.values_list("digest", "body"))
        texts = get_node_texts(bodies.values(), reader, at)
        for digest, body in bodies.items():
            found[digest] = LargeNode.read(texts[body], digest)
            _keep(digest, found[digest])
    return found


def _find(digests: Iterable[str]) -> dict[str, LargeNode]:
    """Those of the nodes that are kept, and from now on as if they had just been read."""
    found: dict[str, LargeNode] = {}
    with _keeping:
        for digest in digests:
            if digest in _kept:
                _kept[digest] = _kept.pop(digest)
                found[digest] = _kept[digest][0]
    return found


def keep_node(node: LargeNode, reader: Reader, at: Moment) -> None:
    """Keep a node that was written: who deploys next starts from it. No SQL. Where it is not written after all, its
    digest names it nevertheless."""
    del reader, at  # what may be read of what is kept is asked when it is read
    node.settle()
    _keep(node.digest, node)


def _keep(digest: str, node: LargeNode) -> None:
    """Keep a node, in place of those that were asked for longest ago."""
    size = node.length + _OF_AN_ENTRY * len(node.entries)
    with _keeping:
        _kept.pop(digest, None)
        _kept[digest] = (node, size)
        while len(_kept) > 2 and sum(size for _, size in _kept.values()) > _MOST:
            del _kept[next(iter(_kept))]
