"""A visitor is whoever asks for a page: the name that activity records, and what they may see.

Who has signed in is kept in a session of the database, known by a cookie.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from larry.actions.author import Author
from larry.actions.sign_in import SESSION_STAMP, SESSION_USER, SignedIn
from larry.core.rights import NO_RIGHTS, Rights
from larry.outside import clock
from larry.outside.log_line import add_trace
from larry.queries.grant import get_rights
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader
from larry.queries.user import find_session_user
from larry.web.offer import may_deploy

_VISITOR = "larry.visitor"


@dataclass(frozen=True, slots=True)
class Visitor:
    """``name`` is what activity calls them, ``shown`` what pages do; ``zone`` is the one they prefer, or nothing."""

    name: str
    is_signed_in: bool = False
    id: int = 0
    shown: str = ""
    zone: str = ""
    is_administrator: bool = False
    rights: Rights = NO_RIGHTS

    @property
    def reader(self) -> Reader:
        return Reader(self.name, self.rights)

    @property
    def has_rights(self) -> bool:
        """Whether anything at all was granted to them."""
        return bool(self.rights.of)

    @property
    def may_deploy(self) -> bool:
        """Whether there is anything that they may deploy."""
        return may_deploy(self.rights)

    @property
    def sees_everything(self) -> bool:
        return self.reader.sees_everything

    def author(self, reason: str) -> Author:
        """The visitor as somebody who acts, now."""
        return Author(self.name, reason, clock.now(), self.rights)


STRANGER = Visitor("nobody")


def read_visitor(request: HttpRequest) -> Visitor:
    """Who asks: a stranger as well when the database does not answer. 3 SQL statements the first time, none without a
    cookie."""
    try:
        return recognise_visitor(request)
    except (DatabaseError, InterfaceError):
        return STRANGER


def recognise_visitor(request: HttpRequest) -> Visitor:
    """The same, for whoever decides what to show. Raises the database's error, the first time."""
    if _VISITOR not in request.META:
        request.META[_VISITOR] = STRANGER
        request.META[_VISITOR] = _load(request)
    visitor: Visitor = request.META[_VISITOR]
    return visitor


def begin_session(request: HttpRequest, signed: SignedIn) -> None:
    """A new session for somebody: what the cookie said before is worth nothing any more."""
    request.session.flush()
    request.session[SESSION_USER] = signed.id
    request.session[SESSION_STAMP] = signed.stamp
    request.META.pop(_VISITOR, None)
    rotate_token(request)


def end_session(request: HttpRequest) -> None:
    """Nobody is signed in any more, here and in the database."""
    request.session.flush()
    request.META.pop(_VISITOR, None)


def _load(request: HttpRequest) -> Visitor:
    if not hasattr(request, "session"):  # refused before there was one: a host name that is not allowed
        return STRANGER
    user, stamp = request.session.get(SESSION_USER), request.session.get(SESSION_STAMP)
    if not isinstance(user, int) or not isinstance(stamp, str):
        return STRANGER
    at = Moment(clock.now())
    row = find_session_user(user, stamp, WHOLE, at)
    if row is None:
        return STRANGER
    add_trace(user=row.name)
    rights = get_rights(row.id, row.is_administrator, WHOLE, at)
    return Visitor(row.name, True, row.id, row.full_name or row.name, row.time_zone, row.is_administrator, rights)
