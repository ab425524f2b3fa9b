"""A lookup: who shows a token, what they may read, and what a host delivers at a moment, all in one statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from larry.core.node import Node
from larry.core.node_text import DatedNode, mask_node, read_node
from larry.core.rights import Narrowing, Permission, PersonRole, Right, Rights, Scope, ScopeKind, narrow, rights_of
from larry.queries.moment import Moment
from larry.queries.node_part import get_node_text, read_undisturbed
from larry.queries.reader import Reader, restrict
from larry.records.node import NodeDocument

_STATEMENT = """
SELECT t.revoked_at, t.expires_at, t.used_at, t.reveals, u.deactivated_at, u.name, u.is_administrator, t.role,
    t.customer_id, t.app_id, ta.customer_id, t.pool_id,
    (SELECT string_agg(g.role || ':' || coalesce(g.customer_id, 0) || ':' || coalesce(g.app_id, 0) || ':'
            || coalesce(a.customer_id, 0) || ':' || coalesce(g.pool_id, 0), ' ')
        FROM larry_grant g LEFT JOIN larry_app a ON a.id = g.app_id
        WHERE g.user_id = u.id OR g.group_id IN (SELECT m.group_id FROM larry_membership m WHERE m.user_id = u.id)),
    (SELECT string_agg(hp.pool_id || '', ' ') FROM larry_host_pools hp WHERE hp.host_id = h.id),
    s.start, s."end", s.document_id
FROM larry_token t JOIN larry_user u ON u.id = t.user_id LEFT JOIN larry_app ta ON ta.id = t.app_id
JOIN larry_host h ON h.name_folded = %s
JOIN larry_nodesegment s ON s.host_id = h.id
    AND s.start = (SELECT max(n.start) FROM larry_nodesegment n WHERE n.host_id = h.id AND n.start <= %s)
WHERE t.digest = %s AND NOT t.feeds_only
"""
_ON_SQLITE = re.sub(
    r"[tus]\.(?:\w+_at|start|\"end\")(?=[,\n])",
    r"CAST(\g<0> AS text)",  # moments are few, and are read once each
    _STATEMENT.replace("string_agg", "group_concat").replace("%s", "?"),
)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A token that counts with its user, how far it may read configurations, and a segment of a host in ``pools``."""

    user: str
    used_at: datetime | None
    reveals: bool
    reads: Scope
    pools: frozenset[int]
    start: datetime
    end: datetime | None
    digest: str

    @property
    def is_theirs(self) -> bool:
        """Whether the host is one that the token may read: what `restrict` says of segments."""
        return self.reads.everything or not self.reads.pools.isdisjoint(self.pools)


def look_up(host: str, token: str, now: datetime, reader: Reader, at: Moment) -> LookedUp | None:
    """What the token of this digest finds of a host, named in lower case; None where the token does not count as of
    ``now``, the host is unknown, or nothing is known of it at that moment. 1 SQL statement, by indexes alone.
    """
    del reader  # who reads is found out here
    row = _fetch(host, at.as_of, token)
    if row is None:
        return None
    revoked_at, expires_at, used_at, reveals, deactivated_at, user = row[:6]
    start, end = _moment(row[-3]), _moment(row[-2])
    expires = _moment(expires_at)
    if revoked_at is not None or deactivated_at is not None or expires is None or expires <= now or start is None:
        return None
    if end is not None and end <= at.as_of:
        return None
    reads = _reach(tuple(row[6:13]))
    return LookedUp(user, _moment(used_at), bool(reveals), reads, _numbers(row[13]), start, end, row[-1])


def get_masked_node(found: LookedUp, reader: Reader, at: Moment) -> DatedNode | None:
    """The node of what was looked up, secrets masked; None if its document has been redacted since. 1 SQL statement,
    and those that a large node takes."""

    def read() -> Node | None:
        body = restrict(reader, NodeDocument.objects.filter(digest=found.digest)).values_list("body", flat=True).first()
        return None if body is None else read_node(get_node_text(body, reader, at))

    node = read_undisturbed(read)
    return None if node is None else DatedNode(mask_node(node), found.start, found.end, found.digest)


def _fetch(host: str, moment: datetime, token: str) -> Sequence[Any] | None:
    """By the driver itself: what Django does around a statement costs more than the statement."""
    database = connections[DEFAULT_DB_ALIAS]  # found once: whose it is, is looked up at each mention otherwise
    if database.connection is None:
        database.ensure_connection()
    row: Sequence[Any] | None
    with database.wrap_database_errors:
        if database.vendor == "sqlite":
            said = str(moment.replace(tzinfo=None))  # as Django keeps it
            row = database.connection.execute(_ON_SQLITE, (host, said, token)).fetchone()
            return row
        from psycopg import Cursor  # noqa: PLC0415 — the driver is installed where PostgreSQL is used

        with Cursor(database.connection) as cursor:
            row = cursor.execute(_STATEMENT, (host, moment, token), prepare=True).fetchone()
            return row


@lru_cache(maxsize=4096)
def _moment(value: str | datetime | None) -> datetime | None:
    """A moment as the driver gives it."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value


@lru_cache(maxsize=4096)
def _numbers(text: str | None) -> frozenset[int]:
    return frozenset(int(each) for each in text.split()) if text else frozenset()


@lru_cache(maxsize=4096)
def _reach(told: tuple[Any, ...]) -> Scope:
    """How far configurations may be read, as `get_narrowed_rights` has it: whether the user is an administrator, how
    the token is narrowed (role, customer, app, the app's customer, pool), and what was granted as text."""
    is_administrator, role, customer, app, customer_of_app, pool, grants = told
    held, customers = [Right(PersonRole.ADMINISTRATOR)] if is_administrator else [], dict[int, int]()
    for grant in grants.split() if grants else ():
        granted, *ids = grant.split(":")
        of_customer, of_app, owner, of_pool = map(int, ids)
        if of_app:
            customers[of_app] = owner
        held.append(_right(PersonRole(granted), of_customer, of_app, of_pool))
    named = PersonRole(role) if role else None
    to = Narrowing(named)
    if customer is not None:
        to = Narrowing(named, ScopeKind.CUSTOMER, customer)
    elif app is not None:
        to = Narrowing(named, ScopeKind.APP, app, customer_of_app or 0)
    elif pool is not None:
        to = Narrowing(named, ScopeKind.POOL, pool)
    rights: Rights = narrow(rights_of(held), to, customers)
    return rights.scope(Permission.CONFIGURE)


def _right(role: PersonRole, customer: int, app: int, pool: int) -> Right:
    if customer:
        return Right(role, ScopeKind.CUSTOMER, customer)
    if app:
        return Right(role, ScopeKind.APP, app)
    return Right(role, ScopeKind.POOL, pool) if pool else Right(role)
