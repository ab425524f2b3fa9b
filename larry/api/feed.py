"""`GET /feed/NAME.atom`: feeds for ordinary feed readers, which can show nothing but an address.

So a token for feeds may stand in it. Such a token counts nowhere else (decision 30).
"""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from larry.api.caller import Caller, note_caller, recognise_feed_reader
from larry.api.dated_reply import SHORT, WHO_ASKS
from larry.api.fault import answer_failure
from larry.api.problem import Problem
from larry.api.reply import make_refusal, make_reply, read_only
from larry.core.feed import Feed, FeedName
from larry.exports.atom import ATOM_TYPE, atom_text
from larry.outside import clock
from larry.queries.feed import get_activity_feed, get_upcoming_feed
from larry.queries.moment import Moment

_FILES = {f"{name}.atom": name for name in FeedName}
_LONGEST_NUMBER = 18


@read_only
def answer_feed(request: HttpRequest, asked: str) -> HttpResponse:
    """The feed, as far as whoever asks may see; 304 when they have it, 401 for a stranger, 404 for what is no feed, 429
    for a guess too many, 400 for what is no number of a line.

    2 SQL statements for the token, and 1 for activity, 4 for what is upcoming.
    """
    try:
        response = _answer(request, asked)
    except Exception as defect:  # noqa: BLE001 — the page about it, which is for people, would show the address
        response = answer_failure(request, defect)
    # The address may hold a token: no page that is opened from here is told it, and no cache of others keeps this.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Vary"] = WHO_ASKS
    return response


def _answer(request: HttpRequest, asked: str) -> HttpResponse:
    now = clock.now()
    try:
        caller = recognise_feed_reader(request, now)
    except Problem as problem:
        response = make_refusal(problem.detail, problem.status)
        for name, value in problem.all_headers.items():
            response.headers[name] = value
        return response
    if asked not in _FILES:
        return note_caller(caller, make_refusal(f"there are {' and '.join(_FILES)}", 404), now)
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= _LONGEST_NUMBER):
        return note_caller(caller, make_refusal("before: is the number of a line of activity", 400), now)
    at = Moment(now)
    if _FILES[asked] is FeedName.ACTIVITY:
        feed = get_activity_feed(caller.reader, at, before=int(before) if before else None)
    else:
        feed = get_upcoming_feed(caller.reader, at)
    return note_caller(caller, _print(request, feed, caller), now)


def _print(request: HttpRequest, feed: Feed, caller: Caller) -> HttpResponse:
    whose = caller.token.prefix if caller.token is not None else caller.name
    body = atom_text(feed, front=request.build_absolute_uri("/").rstrip("/"), whose=whose).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:40]}"'
    response = get_conditional_response(request, etag=etag) or make_reply(body, media_type=ATOM_TYPE)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = f"private, max-age={SHORT}"
    return response
