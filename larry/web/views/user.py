"""Users: the list of all, and one of them with their groups, what they may do, and what was done to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.grant import GrantRow, list_grants, list_groups
from larry.queries.reader import NotFound
from larry.queries.token import list_tokens
from larry.queries.user import UserRow, get_user, list_users
from larry.web.address import noun_path
from larry.web.frame import Crumb, read_frame
from larry.web.page import look_only, make_page, make_problem
from larry.web.people_form import tell_why_not
from larry.web.row_list import RowColumn, RowFilter, RowKind, answer_row_list
from larry.web.token_line import list_token_lines, may_act_for

MOST_ACTIVITY = 12


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant: over what, by which group (nothing: their own), and where it is taken."""

    row: GrantRow
    over: str
    href: str
    group: str
    revoke: str


@look_only
def answer_users(request: HttpRequest) -> HttpResponse:
    """By ``q`` and ``state``, sorted, in pages, or all of them as CSV or JSON; 1 SQL statement."""
    frame = read_frame(request)
    rows = list_users(frame.visitor.reader, frame.asked.at)
    values = {"why_not": tell_why_not(frame.visitor)}
    return answer_row_list(request, rows, _KIND, "user_list.html", values, title="Users")


@look_only
def answer_user(request: HttpRequest, name: str) -> HttpResponse:
    """One user; 404 for one that there is not, or that the visitor may not see. 7 SQL statements."""
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    try:
        row = get_user(name[:300], reader, at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    groups = [group for group in list_groups(reader, at) if row.name in group.members]
    values = {
        "row": row,
        "is_self": row.name == frame.visitor.name,
        "groups": groups,
        "grants": list_grant_lines(list_grants(reader, at, user=row.name)),
        "grant": f"{reverse('grant-new')}?{urlencode({'to': 'user', 'name': row.name})}",
        "tokens": list_token_lines(list_tokens(reader, at, user=row.name), frame.visitor, frame.asked.now),
        "new_token": f"{reverse('tokens-new')}?{urlencode({'user': row.name})}",
        "may_make": row.is_active and may_act_for(frame.visitor, row.name),
        "activity": list_activity(reader, at, ActivityFilter(noun="user", address=row.name), limit=MOST_ACTIVITY),
        "did": f"{reverse('activity')}?{urlencode({'actor': row.name})}",
        "why_not": tell_why_not(frame.visitor),
    }
    crumbs = (Crumb("Users", reverse("users")),)
    return make_page(request, "user_show.html", values, title=row.full_name or row.name, crumbs=crumbs)


def list_grant_lines(rows: Iterable[GrantRow]) -> tuple[GrantLine, ...]:
    """Grants as they stand in a table."""
    return tuple(
        GrantLine(
            row,
            f"{row.kind} {row.address}".strip(),
            noun_path(NOUNS[row.kind].plural, row.address) if row.kind in NOUNS else "",
            row.name if row.to == "group" else "",
            f"{reverse('grant-revoke')}?{urlencode(_told(row))}",
        )
        for row in rows
    )


def _told(row: GrantRow) -> dict[str, str]:
    return {"to": row.to, "name": row.name, "role": row.role, "kind": row.kind, "address": row.address}


def _state(row: UserRow) -> str:
    return "active" if row.is_active else "deactivated"


_KIND: RowKind[UserRow] = RowKind(
    "users",
    (
        RowColumn("name", "Name", lambda row: row.name),
        RowColumn("full_name", "Full name", lambda row: row.full_name),
        RowColumn("email", "Email", lambda row: row.email),
        RowColumn("administrator", "Administrator", lambda row: not row.is_administrator),
        RowColumn("state", "State", _state),
        RowColumn("since", "Since", lambda row: row.created_at),
        RowColumn("signed_in", "Last signed in", lambda row: row.signed_in_at),
    ),
    lambda row: f"{row.name} {row.full_name} {row.email}",
    lambda row: row.document,
    (RowFilter("state", "State", ("active", "deactivated"), _state, "active"),),
)
