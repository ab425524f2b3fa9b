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

from larry.core.node import Node
from larry.core.node_text import DatedNode, mask_node, read_node
from larry.core.rights import Narrowing, Permission, PersonRole, Right, Rights, Scope, ScopeKind, narrow, rights_of
from larry.queries.driver import Driver, OnPostgresql, OnSqlite
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
    s.start, s."end", s.document_id, %(written)s
FROM larry_token t JOIN larry_user u ON u.id = t.user_id LEFT JOIN larry_app ta ON ta.id = t.app_id
JOIN larry_host h ON h.name_folded = %(host)s
JOIN larry_nodesegment s ON s.host_id = h.id
    AND s.start = (SELECT max(n.start) FROM larry_nodesegment n WHERE n.host_id = h.id AND n.start <= %(moment)s)
    AND (s."end" IS NULL OR s."end" > %(moment)s)
WHERE t.digest = %(token)s AND NOT t.feeds_only
""".replace("{grant}", _GRANT)
_ON_SQLITE = re.sub(
    r"[tus]\.(?:\w+_at|start|\"end\")(?=[,\n])",
    r"CAST(\g<0> AS text)",  # moments are few, and are read once each
    _STATEMENT.replace("string_agg", "group_concat"),
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


class LookedUp(NamedTuple):
    """Who asks, and a segment of the host: ``since`` and ``until`` as the driver tells them, for whoever knows the
    segment already; and whether the host is one that the token may read, which is what `restrict` says of segments.
    """

    asker: Asker
    is_theirs: bool
    since: str | datetime
    until: str | datetime | None
    digest: str
    start: datetime
    end: datetime | None

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


class _Own(threading.local):
    """The database as this thread has it: to ask Django for it takes as long as a third of the statement.

    And what was found, by host and token, for as long as nothing is written.
    """

    database: BaseDatabaseWrapper | None = None
    connection: Any = None
    driver: Driver
    written: object | None = None

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], tuple[LookedUp, ...]] = {}

    def connect(self) -> BaseDatabaseWrapper:
        """The database, by a connection that may be another than before."""
        database = self.database
        if database is None or database.connection is None:
            database = self.database = connections[DEFAULT_DB_ALIAS]
            database.ensure_connection()
        if self.connection is not database.connection:
            self.found.clear()
            self.connection, self.written = database.connection, None
            on_sqlite = database.vendor == "sqlite"
            self.driver = OnSqlite(database, _ON_SQLITE) if on_sqlite else OnPostgresql(database, _STATEMENT)
        return database


_OWN = _Own()

MOST_FOUND = 20_000
"""For so many hosts and tokens a thread keeps what it found, about a kilobyte each. For more it does not, until
something is written: to give up the oldest would leave nothing for whoever asks for all in turn."""

MOST_MOMENTS = 3
"""So many segments of each: past, now and future."""


def look_up(host: str, token: str, now: datetime, reader: Reader, at: Moment) -> LookedUp | None:
    """What the token of this digest finds of a host, named in lower case; None where the token does not count as of
    ``now``, the host is unknown, or nothing is known of it at that moment. 1 SQL statement, by indexes alone; where the
    same was found before, one that reads no table tells whether anything was written since.
    """
    del reader  # who reads is found out here
    database = _OWN.connect()
    try:
        found = _find(host, token, at.as_of)
    except Exception:
        with database.wrap_database_errors:  # which takes as long as the rest where nothing went wrong
            raise
    return None if found is None or found.asker.expires_at <= now else found


def _find(host: str, token: str, moment: datetime) -> LookedUp | None:
    """What was found before, if nothing was written since; amid a transaction nothing is kept or used."""
    own, key = _OWN, (host, token)
    for found in own.found.get(key, ()):
        if found.holds(moment):
            written = own.driver.tell_written()
            if written is not None and written == own.written:
                return found
            break
    row, written = own.driver.ask(host, moment, token)
    new = _read_row(row)
    if new is None or written is None:
        return new
    if written != own.written:
        own.found.clear()
        own.written = written
    known = own.found.get(key, ())
    if known or len(own.found) < MOST_FOUND:
        own.found[key] = (new, *known[: MOST_MOMENTS - 1])
    return new


def _read_row(row: tuple[Any, ...] | None) -> LookedUp | None:
    asker = None if row is None else _know(row[:_OF_ASKER])
    if row is None or asker is None:
        return None
    pools, since, until, digest = row[_OF_ASKER:]
    is_theirs = asker.reads.everything or not asker.reads.pools.isdisjoint(_numbers(pools))
    end = None if until is None else _read_moment(until)
    return LookedUp(asker, is_theirs, since, until, digest, _read_moment(since), end)


def get_masked_node(found: LookedUp, reader: Reader, at: Moment) -> DatedNode | None:
    """The node of what was looked up, secrets masked; None if its document has been redacted since. 1 SQL statement,
    and those that a large node takes."""

    def read() -> Node | None:
        body = restrict(reader, NodeDocument.objects.filter(digest=found.digest)).values_list("body", flat=True).first()
        return None if body is None else read_node(get_node_text(body, reader, at))

    node = read_undisturbed(read)
    return None if node is None else DatedNode(mask_node(node), found.start, found.end, found.digest)


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
