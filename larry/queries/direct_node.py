"""A node looked up directly, by a statement that needs no framework around it: for a process that asks once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from larry.core.node_text import DatedNode, mask_node, read_node

if TYPE_CHECKING:
    from larry.queries.moment import Moment
    from larry.queries.reader import Reader

_STATEMENT = """
SELECT d.body, s.start, s."end", s.document_id
FROM larry_host h JOIN larry_nodesegment s ON s.host_id = h.id JOIN larry_nodedocument d ON d.digest = s.document_id
WHERE h.name = %s AND s.start <= %s AND (s."end" IS NULL OR s."end" > %s)
ORDER BY s.id LIMIT 1
"""


def find_direct_node(
    host: str,
    reader: Reader,
    at: Moment,
    ask: Callable[[str, Sequence[object]], Sequence[Any] | None],
    *,
    keeps_text: bool,
) -> DatedNode | None:
    """What `get_node` tells, secrets masked; 1 SQL statement, which ``ask`` puts to the database. None where there is
    more to it, and `get_node` is to say what: a reader from whom something is hidden, no such host or moment, a
    document that is not kept whole. ``keeps_text``: the database keeps moments as text, in UTC.
    """
    if not reader.sees_everything:
        return None
    moment: object = str(at.as_of.astimezone(UTC).replace(tzinfo=None)) if keeps_text else at.as_of
    row = ask(_STATEMENT, (host.lower(), moment, moment))
    if row is None or not row[0].startswith("{"):
        return None
    body, start, end, digest = row
    return DatedNode(mask_node(read_node(body)), _moment(start), None if end is None else _moment(end), digest)


def _moment(value: str | datetime) -> datetime:
    """A moment as the driver gives it."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC)
