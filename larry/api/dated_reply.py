"""Replies that hold as of a moment: which moment is asked for, and how long whoever has the answer may keep it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from larry import __version__
from larry.api.reply import make_refusal, make_reply, make_stream
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, is_moving, read_moment
from larry.exports import CannotPrint
from larry.exports.dialect import Dialect
from larry.outside import clock
from larry.queries.moment import Moment
from larry.queries.reader import NotFound

WHO_ASKS = "Authorization, Cookie"
"""On what an answer hangs, for caches."""

SHORT = 60
"""Seconds for which an answer may be kept that an act could change."""

DAY = 24 * 60 * 60

LONG = 60 * 60
"""Seconds for what has passed, asked for by a fixed moment: adopting an estate fills it in, and masking may come to
cover more."""


class Dated(Protocol):
    """What holds from ``start`` until ``end``; ``digest`` is that of its content."""

    @property
    def start(self) -> datetime | None: ...
    @property
    def end(self) -> datetime | None: ...
    @property
    def digest(self) -> str: ...


_Found = TypeVar("_Found", bound=Dated)


def make_dated_reply(
    request: HttpRequest,
    dialect: Dialect,
    find: Callable[[Moment], _Found],
    render: Callable[[_Found], str | Iterator[str]],
    *,
    past_is_settled: bool,
    opened: str = "",
) -> HttpResponse:
    """What is found as of the moment that the request asks for; 304 when the asker has it, 404 for what is not there,
    400 for what is no moment, 422 for what the dialect cannot say.

    What ``render`` gives piece by piece is sent so. ``opened`` says whose secrets are in it in clear, if any are: then
    no cache keeps it. ``past_is_settled``: nothing that can be edited today is in what has passed.
    """
    now = clock.now()
    texts = request.GET.getlist("as_of")
    try:
        as_of = read_moment(_only(texts), now=now, zone=ZoneInfo(settings.TIME_ZONE))
        found = find(Moment(as_of))
    except NotAMoment as fault:
        return make_refusal(f"as_of: {fault}", 400)
    except NotFound as fault:
        return make_refusal(str(fault), 404)
    etag = make_dated_etag(found, dialect, opened)
    try:
        response = get_conditional_response(request, etag=etag) or _print(render(found), dialect.media_type)
    except CannotPrint as fault:
        return make_refusal(str(fault), 422)
    is_settled = past_is_settled and not is_moving(_only(texts))
    response.headers["ETag"] = etag
    if found.start is not None:
        # Not later than the moment of answering, by RFC 9110 section 8.8.2.1, even for a node of the future.
        response.headers["Last-Modified"] = http_date(min(found.start, now).timestamp())
    fresh = _max_age(found.end, as_of, now, is_settled=is_settled)
    stale = _stale(found.end, as_of, fresh)
    response.headers["Cache-Control"] = (
        "private, no-store" if opened else f"private, max-age={fresh}, stale-if-error={stale}"
    )
    response.headers["Vary"] = WHO_ASKS
    response.headers["Larry-As-Of"] = iso(as_of)
    if found.end is not None:
        response.headers["Larry-Next-Change"] = iso(found.end)
    return response


def _print(text: str | Iterator[str], media_type: str) -> HttpResponse:
    if isinstance(text, str):
        return make_reply(text, media_type=media_type)
    return make_stream(text, media_type=media_type)


def _only(texts: list[str]) -> str:
    """The one moment asked for; now when there is none (or an empty one, as a form sends it)."""
    if len(texts) > 1:
        raise NotAMoment("is given more than once")
    return texts[0] if texts and texts[0].strip() else "now"


def make_dated_etag(found: Dated, dialect: Dialect, opened: str = "") -> str:
    """Strong: it stands for the very bytes, which content, validity, dialect, version and masking decide."""
    start, end = (iso(moment) if moment else "open" for moment in (found.start, found.end))
    parts = (found.digest, start, end, dialect.name, __version__, opened or "masked")
    return f'"{hashlib.sha256(" ".join(parts).encode()).hexdigest()[:40]}"'


def _max_age(end: datetime | None, as_of: datetime, now: datetime, *, is_settled: bool) -> int:
    """Whole seconds, rounded down, so that no answer outlives the next change."""
    if is_settled and end is not None and end <= now:
        return LONG
    if end is None:
        return SHORT
    return min(SHORT, (end - as_of) // timedelta(seconds=1))


def _stale(end: datetime | None, as_of: datetime, fresh: int) -> int:
    """For how many more seconds a cache may go on with the answer while Larry is away (RFC 5861 section 4): a day, but
    not beyond the next change either."""
    return DAY if end is None else max(0, min(DAY, (end - as_of) // timedelta(seconds=1) - fresh))


def tell_freshness(end: datetime | None, as_of: datetime, now: datetime, *, is_settled: bool) -> tuple[int, int]:
    """For how many seconds an answer of what holds until ``end`` may be kept, and for how many more while Larry is
    away."""
    fresh = _max_age(end, as_of, now, is_settled=is_settled)
    return fresh, _stale(end, as_of, fresh)
