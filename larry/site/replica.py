"""Lookups are read from a replica that has replayed far enough; everything else is read from the primary.

A mark is a place in the primary's log (an LSN). Who writes is told one, in the header `Larry-Mark` and a cookie; who
sends it reads nothing older. Who sends none reads what the primary had a second ago, or later. While the primary is
away, they read what a replica has, and who sent a mark that no replica has reached is told to come again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.http import HttpRequest, HttpResponse

from larry.records.route import reading_from

MARK = "Larry-Mark"
COOKIE = "larry_mark"
REPLICAS = tuple(alias for alias in settings.DATABASES if alias != DEFAULT_DB_ALIAS)
LOOKUPS = ("/configuration/", "/inventory")
FRESH = 1.0
"""Seconds: how old the mark may be that lookups without one are held to."""

AWAY = 5.0
"""Seconds for which a server that did not answer is not asked again."""

_LSN = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Servers:
    """What one process knows of its servers: who is away until when, and the primary's mark of late."""

    def __init__(self) -> None:
        self.away_until: dict[str, float] = {}
        self.mark: str | None = None
        self.asked_at = float("-inf")
        self.turn = 0

    def ask(self, alias: str, statement: str, *values: str) -> object | None:
        """The one value of a statement; None from a server that is away, which is then left alone for a while."""
        if monotonic() < self.away_until.get(alias, 0):
            return None
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(statement, values)
                row = cursor.fetchone()
                return None if row is None else row[0]
        except (DatabaseError, InterfaceError):
            self.away_until[alias] = monotonic() + AWAY
            with suppress(DatabaseError, InterfaceError):
                connections[alias].close()
            return None

    def find_mark(self) -> str | None:
        """The primary's mark, no older than a second; None while the primary is away."""
        if monotonic() - self.asked_at > FRESH:
            found = self.ask(DEFAULT_DB_ALIAS, "SELECT pg_current_wal_flush_lsn()::text")
            self.mark = None if found is None else str(found)
            self.asked_at = monotonic()
        return self.mark

    def tell_mark(self) -> str | None:
        """The mark of what was just written."""
        self.asked_at = float("-inf")
        return self.find_mark()

    def find_replica(self, mark: str | None) -> str | None:
        """A replica that has replayed up to the mark (None: any that answers); they take turns. 1 SQL each."""
        self.turn += 1
        for number in range(len(REPLICAS)):
            alias = REPLICAS[(self.turn + number) % len(REPLICAS)]
            reached = "SELECT pg_last_wal_replay_lsn() >= coalesce(nullif(%s, ''), '0/0')::pg_lsn"
            if self.ask(alias, reached, mark or "") is True:
                return alias
        return None


SERVERS = Servers()


def read_elsewhere(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: lookups are read from replicas, and who wrote is told the mark."""

    def answer_from_somewhere(request: HttpRequest) -> HttpResponse:
        if request.method not in _SAFE:
            return _tell_mark(answer(request))
        if not request.path.startswith(LOOKUPS):
            return answer(request)
        theirs = _read_mark(request)
        ours = SERVERS.find_mark()
        alias = SERVERS.find_replica(theirs or ours)
        if alias is None and ours is None and theirs is not None:
            text = "the server that has what you wrote is away: try again\n"
            return HttpResponse(text, status=503, content_type="text/plain", headers={"Retry-After": "5"})
        with reading_from(alias or DEFAULT_DB_ALIAS):
            return answer(request)

    return answer_from_somewhere


def _read_mark(request: HttpRequest) -> str | None:
    said = request.headers.get(MARK) or request.COOKIES.get(COOKIE) or ""
    return said if _LSN.fullmatch(said) else None


def _tell_mark(response: HttpResponse) -> HttpResponse:
    mark = SERVERS.tell_mark()
    if mark is not None:
        response.headers[MARK] = mark
        response.set_cookie(COOKIE, mark, max_age=600, httponly=True, samesite="Lax")
    return response
