"""The lookup lane: a bare WSGI callable in front of Django that answers what tools ask most, in a few microseconds.

It knows one thing, a host's configuration for a token that counts and is shown no secrets, and leaves everything else
to Django behind it: refusals, sessions, secrets, odd requests, and whatever must be written. So it can be wrong in one
way only, by another answer than Django's; tests/site/test_lane.py holds the two equal.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from larry.api.dated_reply import DAY, SHORT, Dated, make_dated_etag, make_dated_reply, tell_freshness
from larry.api.kept_body import KeptBodies
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, is_moving, read_moment
from larry.core.node_text import DatedNode
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
"""Bytes of one body; larger ones are few, and are printed anew."""

MOST_HEADS = 16_384
"""So many heads of answers are kept: about a kilobyte each. By them alone is told who has the body already."""

_BEARER = re.compile(r"Bearer (larry_[0-9a-f]{12}_[0-9A-Za-z]{43})")
_ASKED = re.compile(r"([A-Za-z0-9._-]{1,253})\.([a-z-]+)")
_AS_OF = re.compile(r"as_of=([0-9A-Za-z:.%+-]{1,60})")
_ONE_TAG = re.compile(r'"[^"]*"')
_DATED = frozenset({"Cache-Control", "Last-Modified", "Larry-As-Of"})
_FAR = timedelta(seconds=DAY + SHORT + 1)
_HOSTS_KEPT = 256
_SKIP = len(PREFIX)

Key: TypeAlias = tuple[str, str, "str | datetime", "str | datetime | None"]
"""The suffix of a dialect, the digest of a node, and its start and end as the driver tells them."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands above an answer, as Django would give it, but for what changes with the moment of asking."""

    headers: Headers
    etag: str
    start: datetime
    end: datetime | None
    changed: str
    """When it last changed, as a header says it, for who does not ask before that."""
    keepers: str
    """Who may keep it."""
    kept: str
    """The same, and for how long where it has no end."""
    far: datetime
    """Before that its end is as good as none for who may keep it."""


class LookupLane:
    """``behind`` is Django; ``headers`` are on every answer of the site; ``kept`` bounds the bytes that bodies take,
    and ``packed`` those of more of them that are packed."""

    def __init__(
        self,
        behind: Application,
        headers: Mapping[str, str],
        told: Told,
        *,
        kept: int = 16 << 20,
        packed: int = 24 << 20,
    ) -> None:
        self.behind, self.told = behind, told
        self.site_headers = tuple(headers.items())
        self.bodies = KeptBodies(kept, packed)
        self.heads: OrderedDict[Key, _Head] = OrderedDict()
        self.unchanged: OrderedDict[Key, _Head] = OrderedDict()
        self.hosts: set[str] = set()
        self.vary: str | None = None
        self.dialects = {dialect.suffix: dialect for dialect in DIALECTS}

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path.startswith(PREFIX) and environ["REQUEST_METHOD"] == "GET":
            try:
                answer = self._answer(environ, path)
            except Error:
                answer = None  # Django says it, and takes up the connection again
            if answer is not None:
                status, headers, body = answer
                start_response(status, headers)
                return [body]  # a list: the server takes it at once, and anything else piece by piece
        return self.behind(environ, start_response)

    def _answer(self, environ: Environ, path: str) -> tuple[str, Headers, bytes] | None:
        begun = perf_counter()
        shown = _BEARER.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
        asked = _read_path(path)
        if shown is None or asked is None or not self._is_ours(environ):
            return None
        host, suffix = asked
        if suffix not in self.dialects or "HTTP_IF_MATCH" in environ or "HTTP_RANGE" in environ:
            return None
        now, query, is_moving = clock.now(), environ.get("QUERY_STRING"), True
        as_of: datetime | None = now
        if query:
            as_of, is_moving = _read_query(query, now)
        if as_of is None or "HTTP_IF_UNMODIFIED_SINCE" in environ:
            return None
        found = look_up(host, hash_token(shown[1]), now, WHOLE, Moment(as_of))
        if found is None or not found.is_theirs or found.asker.reveals:
            return None
        used_at = found.asker.used_at
        if used_at is None or now - used_at >= SELDOM:
            return None  # that is to be written down
        printed = self._find(suffix, found, environ)
        if printed is None:
            return None
        head, body = printed
        status = 304 if body is None else 200
        headers = [*head.headers, *_tell_times(head, as_of, now, is_moving=is_moving)]
        known = self.told(environ, status, found.asker.user, perf_counter() - begun)
        headers.append(("X-Request-ID", known))
        return ("304 Not Modified", headers, b"") if body is None else ("200 OK", headers, body)

    def _find(self, suffix: str, found: LookedUp, environ: Environ) -> tuple[_Head, bytes | None] | None:
        """The head of the answer and its body, if the asker has it not already; None for what Django is to say."""
        key = (suffix, found.digest, found.since, found.until)
        tag = environ.get("HTTP_IF_NONE_MATCH")
        if tag is not None:
            unchanged = self.unchanged.get(key)
            if unchanged is None and _ONE_TAG.fullmatch(tag) and tag == make_dated_etag(found, self.dialects[suffix]):
                unchanged = self._keep_head(self.unchanged, key, self._reply(suffix, found, environ, None), found)
            if unchanged is not None and unchanged.etag == tag:
                return unchanged, None
            if not _ONE_TAG.fullmatch(tag):
                return None
        head, body = self.heads.get(key), self.bodies.find(key)
        if head is not None and body is not None:
            return head, body
        return self._print(key, found, environ)

    def _print(self, key: Key, found: LookedUp, environ: Environ) -> tuple[_Head, bytes] | None:
        """The answer as the view makes it; None for what is none (422). Its head is made once: it takes longer than
        many bodies."""
        dated, dialect = get_masked_node(found, WHOLE, Moment(found.start)), self.dialects[key[0]]
        if dated is None:
            return None
        head = self.heads.get(key)
        if head is None:
            response = self._reply(key[0], found, environ, dated)
            if response.status_code != 200:
                return None
            head, body = self._keep_head(self.heads, key, response, found), response.content
        else:
            body = dialect.render(dated).encode()
        if len(body) <= LARGEST_KEPT:
            self.bodies.keep(key, body)
        return head, body

    def _keep_head(self, heads: OrderedDict[Key, _Head], key: Key, response: Any, found: LookedUp) -> _Head:
        keepers, *_ = response.headers["Cache-Control"].partition("max-age=")
        start = found.start
        end = found.end
        heads[key] = head = _Head(
            headers=[_share(*pair) for pair in response.headers.items() if pair[0] not in _DATED],
            etag=response.headers["ETag"],
            start=start,
            end=end,
            changed=_write_date(int(start.timestamp())),
            keepers=keepers,
            kept=_write_kept(keepers, tell_freshness(None, start, start, is_settled=False)),
            far=start if end is None else end - _FAR,
        )
        if len(heads) > MOST_HEADS:
            heads.popitem(last=False)
        return head

    def _reply(self, suffix: str, found: LookedUp, environ: Environ, dated: DatedNode | None) -> Any:
        """What the view answers to who asks for the first time; without a node, to who has it already."""
        if self.vary is None:  # the view knows on what its answers hang
            view = answer_configuration(WSGIRequest(dict(environ)), asked=environ["PATH_INFO"][_SKIP:])
            self.vary = view.headers.get("Vary", "")
        plain = {name: value for name, value in environ.items() if name != "HTTP_IF_NONE_MATCH"}
        dialect = self.dialects[suffix]
        if dated is None:
            plain["HTTP_IF_NONE_MATCH"] = make_dated_etag(found, dialect)
        request = WSGIRequest(plain)

        def render(_: Dated) -> str:
            return "" if dated is None else dialect.render(dated)

        response = make_dated_reply(request, dialect, lambda _: found, render, past_is_settled=True)
        if self.vary:
            response.headers["Vary"] = self.vary
        for name, value in self.site_headers:
            response.headers[name] = value
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

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


@lru_cache(maxsize=256)
def _share(name: str, value: str) -> tuple[str, str]:
    """The same pair for all heads: most of what stands above one stands above all."""
    return name, value


@lru_cache(maxsize=16_384)
def _read_path(path: str) -> tuple[str, str] | None:
    """The host that is asked for, in lower case, and the suffix of a dialect."""
    asked = _ASKED.fullmatch(path, _SKIP)
    return None if asked is None else (asked[1].lower(), asked[2])


def _read_query(query: str, now: datetime) -> tuple[datetime | None, bool]:
    """The moment that is asked for, and whether the same words will mean another one; None for what is not that
    alone."""
    found = _find_moment(query, settings.TIME_ZONE)
    if isinstance(found, str):
        return _read_moment(found, now, settings.TIME_ZONE), True
    return found, False


@lru_cache(maxsize=4096)
def _find_moment(query: str, zone: str) -> datetime | str | None:
    """The moment itself, or the words where they mean another one each time."""
    said = _AS_OF.fullmatch(query)
    if said is None:
        return None
    text = unquote_plus(said[1]).strip() or "now"
    return text if is_moving(text) else _read_moment(text, clock.now(), zone)


def _read_moment(text: str, now: datetime, zone: str) -> datetime | None:
    try:
        return read_moment(text, now=now, zone=ZoneInfo(zone))
    except NotAMoment:
        return None


def _tell_times(head: _Head, as_of: datetime, now: datetime, *, is_moving: bool) -> tuple[tuple[str, str], ...]:
    """What changes with the moment of asking."""
    changed, kept = head.changed, head.kept
    if head.start > now:
        changed = _write_date(int(now.timestamp()))
    if head.end is not None and (as_of >= head.far or (head.end <= now and not is_moving)):
        kept = _write_kept(head.keepers, tell_freshness(head.end, as_of, now, is_settled=not is_moving))
    return ("Last-Modified", changed), ("Cache-Control", kept), ("Larry-As-Of", iso(as_of))


def _write_kept(keepers: str, seconds: tuple[int, int]) -> str:
    return f"{keepers}max-age={seconds[0]}, stale-if-error={seconds[1]}"


@lru_cache(maxsize=4096)
def _write_date(seconds: int) -> str:
    return http_date(seconds)
