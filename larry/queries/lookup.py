"""A lookup: who shows a token, what they may read, and what a host delivers at a moment, all in one statement."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from larry.core.interval import iso
from larry.core.node import Node
from larry.core.node_text import DatedNode, mask_node, read_node
from larry.core.rights import Narrowing, Permission, PersonRole, Right, Rights, Scope, ScopeKind, narrow, rights_of
from larry.queries.moment import Moment
from larry.queries.node_part import get_node_text, read_undisturbed
from larry.queries.reader import Reader, restrict
from larry.records.node import NodeDocument

_GRANT = """g.role || ':' || coalesce(g.customer_id, 0) || ':' || coalesce(g.app_id, 0) || ':'
        || coalesce(a.customer_id, 0) || ':' || coalesce(g.pool_id, 0)"""
_STATEMENT = """
SELECT t.revoked_at, t.expires_at, t.used_at, t.reveals, u.deactivated_at, u.name, u.is_administrator, t.role,
    t.customer_id, t.app_id, ta.customer_id, t.pool_id,
    CASE WHEN NOT u.is_administrator THEN (SELECT string_agg({grant}, ' ')
        FROM larry_grant g LEFT JOIN larry_app a ON a.id = g.app_id WHERE g.user_id = u.id) END,
    CASE WHEN NOT u.is_administrator THEN (SELECT string_agg({grant}, ' ')
        FROM larry_membership m JOIN larry_grant g ON g.group_id = m.group_id LEFT JOIN larry_app a ON a.id = g.app_id
        WHERE m.user_id = u.id) END,
    (SELECT string_agg(hp.pool_id || '', ' ') FROM larry_host_pools hp WHERE hp.host_id = h.id),
    s.start, s."end", s.document_id
FROM larry_token t JOIN larry_user u ON u.id = t.user_id LEFT JOIN larry_app ta ON ta.id = t.app_id
JOIN larry_host h ON h.name_folded = %s
JOIN larry_nodesegment s ON s.host_id = h.id
    AND s.start = (SELECT max(n.start) FROM larry_nodesegment n WHERE n.host_id = h.id AND n.start <= %s)
    AND (s."end" IS NULL OR s."end" > %s)
WHERE t.digest = %s AND NOT t.feeds_only
""".replace("{grant}", _GRANT)
_ON_SQLITE = re.sub(
    r"[tus]\.(?:\w+_at|start|\"end\")(?=[,\n])",
    r"CAST(\g<0> AS text)",  # moments are few, and are read once each
    _STATEMENT.replace("string_agg", "group_concat").replace("%s", "?"),
)


_OF_ASKER = 14
"""So many columns tell of the token, of its user, and of what both were granted."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A token that was not taken back, of a user who is not gone, and how far it may read configurations."""

    user: str
    expires_at: datetime
    used_at: datetime | None
    reveals: bool
    reads: Scope


class _Own(threading.local):
    """The database as this thread has it: to ask Django for it takes as long as a third of the statement."""

    database: BaseDatabaseWrapper | None = None


_OWN = _Own()


class LookedUp(NamedTuple):
    """Who asks, and a segment of the host: ``since`` and ``until`` as the driver tells them, for whoever knows the
    segment already; and whether the host is one that the token may read, which is what `restrict` says of segments.
    """

    asker: Asker
    is_theirs: bool
    since: str | datetime
    until: str | datetime | None
    digest: str

    @property
    def start(self) -> datetime:
        return _read_moment(self.since)

    @property
    def end(self) -> datetime | None:
        return None if self.until is None else _read_moment(self.until)


def look_up(host: str, token: str, now: datetime, reader: Reader, at: Moment) -> LookedUp | None:
    """What the token of this digest finds of a host, named in lower case; None where the token does not count as of
    ``now``, the host is unknown, or nothing is known of it at that moment. 1 SQL statement, by indexes alone.
    """
    del reader  # who reads is found out here
    row = _fetch(host, at.as_of, token)
    if row is None:
        return None
    asker = _know(row[:_OF_ASKER])
    if asker is None or asker.expires_at <= now:
        return None
    pools, since, until, digest = row[_OF_ASKER:]
    is_theirs = asker.reads.everything or not asker.reads.pools.isdisjoint(_numbers(pools))
    return LookedUp(asker, is_theirs, since, until, digest)


def get_masked_node(found: LookedUp, reader: Reader, at: Moment) -> DatedNode | None:
    """The node of what was looked up, secrets masked; None if its document has been redacted since. 1 SQL statement,
    and those that a large node takes."""

    def read() -> Node | None:
        body = restrict(reader, NodeDocument.objects.filter(digest=found.digest)).values_list("body", flat=True).first()
        return None if body is None else read_node(get_node_text(body, reader, at))

    node = read_undisturbed(read)
    return None if node is None else DatedNode(mask_node(node), found.start, found.end, found.digest)


def _fetch(host: str, moment: datetime, token: str) -> tuple[Any, ...] | None:
    """By the driver itself: what Django does around a statement costs more than the statement."""
    database = _OWN.database
    if database is None or database.connection is None:
        database = _OWN.database = connections[DEFAULT_DB_ALIAS]
        database.ensure_connection()
    try:
        return _ask(database, host, moment, token)
    except Exception:
        with database.wrap_database_errors:  # which takes as long as the rest where nothing went wrong
            raise


def _ask(database: Any, host: str, moment: datetime, token: str) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None
    if database.vendor == "sqlite":
        said = iso(moment)[:-1].replace("T", " ")  # as Django keeps it
        cursor = database.Database.Cursor(database.connection)  # a plain one: this begins no transaction
        row = cursor.execute(_ON_SQLITE, (host, said, said, token)).fetchone()
        return row
    from psycopg import Cursor  # noqa: PLC0415 — the driver is installed where PostgreSQL is used

    with Cursor(database.connection) as cursor:
        row = cursor.execute(_STATEMENT, (host, moment, moment, token), prepare=True).fetchone()
        return row


def _read_moment(value: str | datetime) -> datetime:
    """A moment as the driver gives it."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _know(told: tuple[Any, ...]) -> Asker | None:
    """Who asks, by what this very statement has read of them; None for a token or a user of the past."""
    revoked_at, expires_at, used_at, reveals, deactivated_at, user = told[:6]
    if revoked_at is not None or deactivated_at is not None:
        return None
    used = None if used_at is None else _read_moment(used_at)
    return Asker(user, _read_moment(expires_at), used, bool(reveals), _reach(told[6:]))


@lru_cache(maxsize=4096)
def _numbers(text: str | None) -> frozenset[int]:
    return frozenset(int(each) for each in text.split()) if text else frozenset()


def _reach(told: tuple[Any, ...]) -> Scope:
    """How far configurations may be read, as `get_narrowed_rights` has it: whether the user is an administrator, how
    the token is narrowed (role, customer, app, the app's customer, pool), and what was granted to them and to their
    groups, as text."""
    is_administrator, role, customer, app, customer_of_app, pool, *granted_to = told
    held, customers = [Right(PersonRole.ADMINISTRATOR)] if is_administrator else [], dict[int, int]()
    for grant in " ".join(filter(None, granted_to)).split():
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
