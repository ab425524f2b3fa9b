"""A caller is whoever a request comes from: recognised by one of several ways, or nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from larry.actions.author import Author
from larry.actions.sign_in import SESSION_STAMP, SESSION_USER, TooManyAttempts, count_guess
from larry.actions.token import note_use
from larry.api.problem import Problem
from larry.core.rights import Rights
from larry.core.token import find_token_prefix, hash_token
from larry.outside.log_line import add_trace
from larry.queries.grant import get_rights
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader
from larry.queries.token import ShownToken, find_token, get_narrowed_rights
from larry.queries.user import find_session_user

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """``name`` is what activity calls them, ``rights`` what they were granted; ``token`` is the one they showed."""

    name: str
    rights: Rights
    token: ShownToken | None = None

    @property
    def reader(self) -> Reader:
        return Reader(self.name, self.rights)

    def author(self, reason: str, now: datetime) -> Author:
        return Author(self.name, reason, now, self.rights)


def recognise(request: HttpRequest, now: datetime) -> Caller:
    """Who calls. Raises `Problem` (401) for nobody, (403) for what may come from another site, (429) for a
    guess too many."""
    for find in RECOGNISERS:
        caller = find(request, now)
        if caller is not None:
            add_trace(user=caller.name)
            return caller
    raise Problem("not-signed-in", "nobody has signed in: send a token as Authorization: Bearer …, or a session")


def recognise_feed_reader(request: HttpRequest, now: datetime) -> Caller:
    """Who reads a feed: whoever the token in the address is for, which must be one for feeds, else as `recognise` has
    it, a token for feeds in the header too. Raises `Problem` (401, 429)."""
    said = request.GET.getlist("token")
    if not said:
        caller = _find_by_token(request, now, for_feeds=True) or recognise(request, now)
    elif len(said) > 1 or request.headers.get("Authorization"):
        raise _refuse("one token is shown: in the address, or as Authorization: Bearer …", "invalid_request")
    else:
        caller = _find_by_text(said[0], request, now, for_feeds=True)
        if caller.token is None or not caller.token.narrowing.feeds_only:
            text = (
                "a token that may do more than read feeds does not stand in an address: revoke it, it may be known now"
            )
            raise _refuse(f"{text}; for feeds make one with --feed")
    add_trace(user=caller.name)
    return caller


def note_caller(caller: Caller, response: HttpResponse, now: datetime) -> HttpResponse:
    """Have it kept that a token was used, once the answer is out: nobody waits for that."""
    token = caller.token
    if token is not None:
        response._resource_closers.append(lambda: note_use(token.id, token.used_at, now))  # type: ignore[attr-defined]  # noqa: SLF001 — Django's list of what is done when a server has sent the answer
    return response


def _find_by_token(request: HttpRequest, now: datetime, *, for_feeds: bool = False) -> Caller | None:
    """The user of the token that is shown; 2 SQL statements, none where it is none. Raises `Problem`."""
    header = request.headers.get("Authorization")
    if not header:
        return None
    scheme, _, text = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise _refuse("Authorization is Bearer, with a token: Bearer larry_…", "invalid_request")
    return _find_by_text(text.strip(), request, now, for_feeds=for_feeds)


def _find_by_text(text: str, request: HttpRequest, now: datetime, *, for_feeds: bool = False) -> Caller:
    """The user of this token; 2 SQL statements. Raises `Problem`."""
    if find_token_prefix(text) is None:
        raise _refuse("this is no token of Larry's: they begin with larry_, and are shown once when they are made")
    found = find_token(hash_token(text), WHOLE, Moment(now), for_feeds=for_feeds)
    if found is None:
        try:
            count_guess(str(request.META.get("REMOTE_ADDR", "")), now)
        except TooManyAttempts as refusal:
            wait = {"Retry-After": str(int(refusal.wait.total_seconds()) + 1)}
            raise Problem("too-many-attempts", str(refusal), headers=wait) from None
        raise _refuse("there is no such token")
    fault = found.find_fault(now)
    if fault is not None:
        raise _refuse(fault)
    rights = get_narrowed_rights(found.user_id, found.is_administrator, found.narrowing, WHOLE, Moment(now))
    return Caller(found.user, rights, found)


def _refuse(text: str, error: str = "invalid_token") -> Problem:
    """As RFC 6750 section 3 has it; the text of the header is the constant part alone."""
    return Problem("not-signed-in", text, headers={"WWW-Authenticate": f'Bearer realm="Larry", error="{error}"'})


def _find_by_session(request: HttpRequest, now: datetime) -> Caller | None:
    """Whoever has signed in by the page; what they send must carry the page's token. 3 SQL statements."""
    if request.headers.get("Authorization"):
        return None  # who shows a token is known by that alone
    session = getattr(request, "session", None)
    user, stamp = (session.get(SESSION_USER), session.get(SESSION_STAMP)) if session is not None else (None, None)
    if not isinstance(user, int) or not isinstance(stamp, str):
        return None
    row = find_session_user(user, stamp, WHOLE, Moment(now))
    if row is None:
        return None
    if request.method not in SAFE:
        _refuse_foreign(request)
    return Caller(row.name, get_rights(row.id, row.is_administrator, WHOLE, Moment(now)))


class _TokenCheck(CsrfViewMiddleware):
    """Django's own check, which tells us instead of making a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        del request
        raise Problem("not-allowed", f"this may come from another site ({reason}): send the header X-CSRFToken")


def _refuse_foreign(request: HttpRequest) -> None:
    check = _TokenCheck(lambda _: HttpResponse())
    check.process_request(request)
    request.csrf_processing_done = False  # type: ignore[attr-defined]  # set by the middleware for exempt views
    check.process_view(request, _view, (), {})


def _view(request: HttpRequest) -> HttpResponse:
    """Stands for a view that asks for the token."""
    del request
    return HttpResponse()


RECOGNISERS: tuple[Callable[[HttpRequest, datetime], Caller | None], ...] = (_find_by_token, _find_by_session)
"""Tried in order."""
