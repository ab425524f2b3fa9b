"""Tokens: what programs show instead of a password. Listed, made and shown once, revoked."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author, Refused
from larry.actions.grant import find_scope
from larry.actions.token import NewToken, add_token, revoke_token
from larry.core.feed import FeedName, feed_path
from larry.core.moment_text import NotAMoment, read_moment
from larry.core.rights import PersonRole
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.moment import Moment
from larry.queries.reader import NotFound
from larry.queries.token import get_token, list_tokens
from larry.queries.user import get_user
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.page import look_only, look_or_act, make_page, make_problem
from larry.web.people_form import Done, Input, PeopleForm, Sent, answer_people_form, find_in
from larry.web.row_list import RowColumn, RowFilter, RowKind, answer_row_list
from larry.web.scope_input import make_scope_inputs, read_scope
from larry.web.token_line import TokenLine, list_token_lines, may_act_for, sees_all_people
from larry.web.views.grant import ROLES

MOST_ACTIVITY = 12
STATES = ("active", "expired", "revoked")
_LEFT = "what its user may"


@look_only
def answer_tokens(request: HttpRequest) -> HttpResponse:
    """The tokens that the visitor sees, or those of one ``user``; 1 SQL statement."""
    frame = read_frame(request)
    visitor, asked = frame.visitor, request.GET.get("user", "").strip()[:300]
    lines = list_token_lines(list_tokens(visitor.reader, frame.asked.at, user=asked or None), visitor, frame.asked.now)
    whose = asked if asked or sees_all_people(visitor) else visitor.name
    values = {
        "whose": whose,
        "new": f"{reverse('tokens-new')}?{urlencode({'user': whose})}" if whose else reverse("tokens-new"),
        "may_make": not whose or may_act_for(visitor, whose),
    }
    title = "Your tokens" if whose == visitor.name else f"Tokens of {whose}" if whose else "Tokens"
    return answer_row_list(request, lines, _KIND, "token_list.html", values, title=title)


@look_only
def answer_token(request: HttpRequest, prefix: str) -> HttpResponse:
    """One token, never itself; 404 for one that the visitor may not see. 2 SQL statements."""
    frame = read_frame(request)
    try:
        row = get_token(prefix[:100], frame.visitor.reader, frame.asked.at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    (line,) = list_token_lines([row], frame.visitor, frame.asked.now)
    which = ActivityFilter(noun="token", address=f"{row.user}/{row.name}")
    values = {
        "line": line,
        "activity": list_activity(frame.visitor.reader, frame.asked.at, which, limit=MOST_ACTIVITY),
    }
    return make_page(request, "token_show.html", values, title=row.name, crumbs=_crumbs(row.user))


@look_or_act
def answer_token_new(request: HttpRequest) -> HttpResponse:
    """The form of a token; sent, the token itself, which is on no other page ever."""
    frame = read_frame(request)
    visitor = frame.visitor
    for_others = sees_all_people(visitor) and may_act_for(visitor, "")

    def act(sent: Sent, author: Author) -> HttpResponse:
        user = (for_others and sent.get("user")) or visitor.name
        if for_others:
            find_in("user", lambda: get_user(user, author.sees, author.moment))
        made = add_token(_read(sent, user, frame, author), author)
        (line,) = list_token_lines([made.row], visitor, author.now)
        own = request.build_absolute_uri("/").rstrip("/")
        feeds = [(name, f"{own}{feed_path(name, made.text)}") for name in FeedName] if made.row.feeds_only else []
        values = {"line": line, "text": made.text, "address": own, "feeds": feeds}
        crumbs = _crumbs(made.row.user)
        return make_page(request, "token_made.html", values, title=f"Token {made.row.name}", crumbs=crumbs)

    whose = request.GET.get("user", "") or visitor.name
    user = (Input("user", "Whose", whose, "It acts as this user, and never has more than they have.",
                  names=reverse("user-names"), is_required=True),) if for_others else ()  # fmt: skip
    about = ("A token lets a program act as its user. It is shown once, when it is made, and is kept nowhere.",)
    crumbs = _crumbs(whose if for_others else visitor.name)
    form = PeopleForm("New token", "Make it", crumbs, _list_href(whose), (*user, *_inputs()), act, about)
    return answer_people_form(request, form)


@look_or_act
def answer_token_revoke(request: HttpRequest, prefix: str) -> HttpResponse:
    """The token counts no more from then on."""
    frame = read_frame(request)
    try:
        row = get_token(prefix[:100], frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))

    def act(_sent: Sent, author: Author) -> Done:
        revoke_token(row.prefix, author)
        return _list_href(row.user), f"The token {row.name} of {row.user} counts no more."

    used = frame.asked.find(row.used_at)
    about = (
        f"Whatever shows larry_{row.prefix}… is refused from then on. "
        + (f"It was last used {used.ago}, at {used.shown}." if used else "It was never used."),
        "This cannot be undone: another token has to be made, and to be put where this one is.",
    )
    crumbs = (*_crumbs(row.user), Crumb(row.name, reverse("token", args=[row.prefix])))
    title, cancel = f"Revoke {row.name} of {row.user}", reverse("token", args=[row.prefix])
    return answer_people_form(request, PeopleForm(title, "Revoke", crumbs, cancel, (), act, about, is_grave=True))


def _list_href(user: str) -> str:
    return f"{reverse('tokens')}?{urlencode({'user': user})}"


def _crumbs(user: str) -> tuple[Crumb, ...]:
    return (
        Crumb("Users", reverse("users")),
        Crumb(user, reverse("user", args=[user])),
        Crumb("Tokens", _list_href(user)),
    )


def _inputs() -> tuple[Input, ...]:
    roles = tuple((role.value, f"{role}: {about}") for role, about in ROLES)
    return (
        Input("name", "Name", hint="Where it is to be used, such as laptop. Letters, digits and . @ + - _",
              is_required=True),
        Input("expires", "Until", hint="A date such as 2027-12-01, or +90d; a year unless said, ten at most."),
        Input("role", "No more than", kind="select", options=(("", _LEFT), *roles)),
        *make_scope_inputs("Only within", {}),
        Input("feeds", "Feeds", hint="is for a feed reader: it stands in addresses, and counts nowhere else",
              kind="check"),
        Input("secrets", "Secrets", hint="shows secrets in clear, as far as its user may see them", kind="check"),
    )  # fmt: skip


def _read(sent: Sent, user: str, frame: Frame, author: Author) -> NewToken:
    role = sent.get("role", "")
    if role not in {"", *PersonRole}:
        raise Refused("there is no such role", field="role")
    kind, address = read_scope(sent)
    find_in("address", lambda: find_scope(kind, address, author))
    expires = _read_expiry(sent.get("expires", ""), frame, author)
    narrowed = PersonRole(role) if role else None
    reveals, feeds_only = bool(sent.get("secrets")), bool(sent.get("feeds"))
    return NewToken(user, sent.get("name", ""), expires, narrowed, kind, address, reveals, feeds_only)


def _read_expiry(text: str, frame: Frame, author: Author) -> datetime | None:
    try:
        return read_moment(text, now=author.now, zone=frame.asked.zone) if text else None
    except NotAMoment as fault:
        raise Refused(str(fault), field="expires") from None


def _words(line: TokenLine) -> str:
    row = line.row
    return f"{row.user} {row.name} {row.prefix} {row.role or ''} {line.over}"


_KIND: RowKind[TokenLine] = RowKind(
    "tokens",
    (
        RowColumn("user", "User", lambda line: line.row.user),
        RowColumn("name", "Name", lambda line: line.row.name),
        RowColumn("role", "No more than", lambda line: line.row.role or ""),
        RowColumn("over", "Only within", lambda line: line.over),
        RowColumn("secrets", "Shows", lambda line: (line.row.feeds_only, line.row.reveals)),
        RowColumn("state", "State", lambda line: line.state),
        RowColumn("expires", "Until", lambda line: line.row.expires_at),
        RowColumn("used", "Last used", lambda line: line.row.used_at),
        RowColumn("made", "Made", lambda line: line.row.created_at),
    ),
    _words,
    lambda line: line.row.document,
    (RowFilter("state", "State", STATES, lambda line: line.state, "active"),),
    kept=("user",),
)
