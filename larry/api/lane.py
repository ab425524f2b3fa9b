"""The lookup lane: a bare WSGI callable in front of Django that answers what tools ask most, in a few microseconds.

It knows one thing, a host's configuration for a token that counts and is shown no secrets, and leaves everything else
to Django behind it: refusals, sessions, secrets, odd requests, and whatever must be written. So it can be wrong in one
way only, by another answer than Django's; tests/api/test_lane.py holds the two equal.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from time import perf_counter
from typing import Any, TypeAlias
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.db import Error
from django.utils.http import http_date

from larry.actions.token import SELDOM
from larry.api.configuration import answer_configuration
from larry.api.dated_reply import make_dated_reply, tell_freshness
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, is_moving, read_moment
from larry.core.token import hash_token
from larry.exports.dialect import DIALECTS
from larry.outside import clock
from larry.queries.lookup import LookedUp, get_masked_node, look_up
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE

LOG = logging.getLogger(__name__)

Environ: TypeAlias = dict[str, Any]
Start: TypeAlias = Callable[..., Any]
Application: TypeAlias = Callable[[Environ, Start], Iterable[bytes]]
Headers: TypeAlias = list[tuple[str, str]]

Told: TypeAlias = Callable[[Environ, int, str, float], str]
"""Told of every answer: its request, status, user and seconds; what it answers is the request's id."""

PREFIX = "/configuration/"
LARGEST_KEPT = 1 << 20
"""Bytes of one answer; larger ones are few, and are printed anew."""

_BEARER = re.compile(r"Bearer (larry_[0-9a-f]{12}_[0-9A-Za-z]{43})")
_ASKED = re.compile(r"([A-Za-z0-9._-]{1,253})\.([a-z-]+)")
_AS_OF = re.compile(r"as_of=([0-9A-Za-z:.%+-]{1,60})")
_ONE_TAG = re.compile(r'"[^"]*"')
_DATED = frozenset({"Cache-Control", "Last-Modified", "Larry-As-Of"})
_SELDOM_ASKED = ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE")
_HOSTS_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Printed:
    """An answer as Django would give it, but for what changes with the moment of asking."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    unchanged: tuple[tuple[str, str], ...]
    etag: str
    freshness: str


class LookupLane:
    """``behind`` is Django; ``headers`` are on every answer of the site; ``kept`` bounds the bytes that are kept."""

    def __init__(self, behind: Application, headers: Mapping[str, str], told: Told, *, kept: int = 64 << 20) -> None:
        self.behind, self.told = behind, told
        self.site_headers = tuple(headers.items())
        self.most, self.size = kept, 0
        self.printed: OrderedDict[tuple[str, str, datetime, datetime | None], _Printed] = OrderedDict()
        self.hosts: set[str] = set()
        self.vary: str | None = None
        self.dialects = {dialect.suffix: dialect for dialect in DIALECTS}

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].startswith(PREFIX):
            try:
                answer = self._answer(environ)
            except Error:
                answer = None  # Django says it, and takes up the connection again
            if answer is not None:
                status, headers, body = answer
                start_response(status, headers)
                return (body,)
        return self.behind(environ, start_response)

    def _answer(self, environ: Environ) -> tuple[str, Headers, bytes] | None:
        begun = perf_counter()
        shown = _BEARER.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
        asked = _ASKED.fullmatch(environ["PATH_INFO"], len(PREFIX))
        if shown is None or asked is None or any(name in environ for name in _SELDOM_ASKED):
            return None
        now, text = clock.now(), _read_query(environ.get("QUERY_STRING", ""))
        if text is None or asked[2] not in self.dialects or not self._is_ours(environ):
            return None
        try:
            as_of = now if text == "now" else read_moment(text, now=now, zone=ZoneInfo(settings.TIME_ZONE))
        except NotAMoment:
            return None
        found = look_up(asked[1].lower(), hash_token(shown[1]), now, WHOLE, Moment(as_of))
        if found is None or not found.is_theirs or found.reveals:
            return None
        if found.used_at is None or now - found.used_at >= SELDOM:
            return None  # that is to be written down
        printed = self._find_printed(asked[2], found, environ)
        return None if printed is None else self._reply(environ, printed, found, (text, as_of, now), begun)

    def _reply(
        self, environ: Environ, printed: _Printed, found: LookedUp, when: tuple[str, datetime, datetime], begun: float
    ) -> tuple[str, Headers, bytes] | None:
        text, as_of, now = when
        tag = environ.get("HTTP_IF_NONE_MATCH")
        if tag is not None and not _ONE_TAG.fullmatch(tag):
            return None
        is_known = tag == printed.etag
        fresh, stale = tell_freshness(found.end, as_of, now, is_settled=not is_moving(text))
        headers = [
            *(printed.unchanged if is_known else printed.headers),
            ("Last-Modified", _write_date(int(min(found.start, now).timestamp()))),
            ("Cache-Control", f"{printed.freshness}max-age={fresh}, stale-if-error={stale}"),
            ("Larry-As-Of", iso(as_of)),
            ("X-Request-ID", self.told(environ, 304 if is_known else 200, found.user, perf_counter() - begun)),
        ]
        return ("304 Not Modified", headers, b"") if is_known else ("200 OK", headers, printed.body)

    def _find_printed(self, suffix: str, found: LookedUp, environ: Environ) -> _Printed | None:
        key = (suffix, found.digest, found.start, found.end)
        printed = self.printed.get(key)
        if printed is not None:
            self.printed.move_to_end(key)
            return printed
        printed = self._print(suffix, found, environ)
        if printed is not None and len(printed.body) <= LARGEST_KEPT:
            self.printed[key] = printed
            self.size += len(printed.body)
            while self.size > self.most:
                _, oldest = self.printed.popitem(last=False)
                self.size -= len(oldest.body)
        return printed

    def _print(self, suffix: str, found: LookedUp, environ: Environ) -> _Printed | None:
        """The answer as the view makes it, and the one for who has it already; None for what is none (422)."""
        dialect = self.dialects[suffix]
        dated = get_masked_node(found, WHOLE, Moment(found.start))
        if dated is None:
            return None
        if self.vary is None:  # the view knows on what its answers hang
            view = answer_configuration(WSGIRequest(dict(environ)), asked=environ["PATH_INFO"][len(PREFIX) :])
            self.vary = view.headers.get("Vary", "")
        vary = self.vary

        def reply(**more: str) -> Any:
            plain = {name: value for name, value in environ.items() if name != "HTTP_IF_NONE_MATCH"}
            request = WSGIRequest({**plain, **more})
            response = make_dated_reply(request, dialect, lambda _: dated, dialect.render, past_is_settled=True)
            if vary:
                response.headers["Vary"] = vary
            for name, value in self.site_headers:
                response.headers[name] = value
            response.headers.setdefault("Content-Length", str(len(response.content)))
            return response

        whole = reply()
        if whole.status_code != 200:
            return None
        unchanged = reply(HTTP_IF_NONE_MATCH=whole.headers["ETag"])
        freshness, *_ = whole.headers["Cache-Control"].partition("max-age=")
        return _Printed(whole.content, _lasting(whole), _lasting(unchanged), whole.headers["ETag"], freshness)

    def _is_ours(self, environ: Environ) -> bool:
        """Whether the request names a host that the settings allow; other requests are refused by Django."""
        host = environ.get("HTTP_HOST", "")
        if host in self.hosts:
            return True
        try:
            WSGIRequest(environ).get_host()
        except DisallowedHost:
            return False
        if len(self.hosts) < _HOSTS_KEPT:
            self.hosts.add(host)
        return True


def _read_query(query: str) -> str | None:
    """The moment that is asked for; None for what is not that alone."""
    if not query:
        return "now"
    said = _AS_OF.fullmatch(query)
    return None if said is None else unquote_plus(said[1]).strip() or "now"


def _lasting(response: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in response.headers.items() if name not in _DATED)


@lru_cache(maxsize=4096)
def _write_date(seconds: int) -> str:
    return http_date(seconds)
