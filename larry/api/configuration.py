"""`GET /configuration/HOST.FORMAT`: the node of a host, as of a moment, in the language of a tool, secrets masked."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from larry import __version__
from larry.api.reply import make_refusal, make_reply, read_only
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, is_moving, read_moment
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint
from larry.exports.dialect import DIALECTS, Dialect
from larry.outside import clock
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import NotFound, Reader

ANYBODY = Reader("anybody")
"""Who asks without saying who: masked, like everything until there are grants."""

SHORT = 60
"""Seconds for which an answer may be kept that an act could change."""

LONG = 60 * 60
"""Seconds for what has passed, asked for by a fixed moment: adopting an estate fills it in, and masking may come to
cover more."""

LONGEST_HOST = 253
"""Of a DNS name (RFC 1035 section 3.1, without the root)."""

_BY_SUFFIX = {dialect.suffix: dialect for dialect in DIALECTS}


@read_only
def answer_configuration(request: HttpRequest, asked: str) -> HttpResponse:
    """The node; 304 when the asker has it, 404 for an unknown host or format, 400 for what is no moment, 422 for what
    the dialect cannot say. 1 SQL statement."""
    host, _, suffix = asked.rpartition(".")
    dialect = _BY_SUFFIX.get(suffix)
    if dialect is None or not host:
        formats = ", ".join(f".{each}" for each in _BY_SUFFIX)
        return make_refusal(f"ask for HOST.FORMAT, which ends in one of {formats}", 404)
    if len(host) > LONGEST_HOST or not host.isascii() or not host.isprintable():
        return make_refusal("there is no host of such a name", 404)
    now = clock.now()
    texts = request.GET.getlist("as_of")
    try:
        as_of = read_moment(_only(texts), now=now, zone=ZoneInfo(settings.TIME_ZONE))
        dated = get_node(host, ANYBODY, Moment(as_of))
    except NotAMoment as fault:
        return make_refusal(f"as_of: {fault}", 400)
    except NotFound as fault:
        return make_refusal(str(fault), 404)
    etag = _etag(dated, dialect)
    try:
        response = get_conditional_response(request, etag=etag) or make_reply(
            dialect.render(dated), media_type=dialect.media_type
        )
    except CannotPrint as fault:
        return make_refusal(str(fault), 422)
    response.headers["ETag"] = etag
    # Not later than the moment of answering, by RFC 9110 section 8.8.2.1, even for a node of the future.
    response.headers["Last-Modified"] = http_date(min(dated.start, now).timestamp())
    response.headers["Cache-Control"] = f"max-age={_max_age(dated, as_of, now, is_fixed=not is_moving(_only(texts)))}"
    response.headers["Larry-As-Of"] = iso(as_of)
    if dated.next_change is not None:
        response.headers["Larry-Next-Change"] = iso(dated.next_change)
    return response


def _only(texts: list[str]) -> str:
    """The one moment asked for; now when there is none (or an empty one, as a form sends it)."""
    if len(texts) > 1:
        raise NotAMoment("is given more than once")
    return texts[0] if texts and texts[0].strip() else "now"


def _etag(dated: DatedNode, dialect: Dialect) -> str:
    """Strong: it stands for the very bytes, which content, validity, dialect, version and masking decide."""
    parts = (
        dated.digest, iso(dated.start), iso(dated.end) if dated.end else "open", dialect.name, __version__, "masked",
    )  # fmt: skip
    return f'"{hashlib.sha256(" ".join(parts).encode()).hexdigest()[:40]}"'


def _max_age(dated: DatedNode, as_of: datetime, now: datetime, *, is_fixed: bool) -> int:
    """Whole seconds, rounded down, so that no answer outlives the next change."""
    if is_fixed and dated.end is not None and dated.end <= now:
        return LONG
    if dated.end is None:
        return SHORT
    return min(SHORT, (dated.end - as_of) // timedelta(seconds=1))
