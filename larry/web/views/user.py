"""Users: the list of all, and one of them with their groups, what they may do, and what was done to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.document import Json
from larry.core.interval import iso
from larry.core.key import fold
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.grant import GrantRow, list_grants, list_groups
from larry.queries.reader import NotFound
from larry.queries.user import UserRow, get_user, list_users
from larry.web.address import noun_path
from larry.web.export import EXPORTS, export
from larry.web.frame import Crumb, read_frame
from larry.web.list_pages import PAGE_SIZE, make_pages, page_href, read_begin
from larry.web.page import look_only, make_page, make_problem
from larry.web.people_form import tell_why_not

STATES = ("active", "deactivated", "all")
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
    """By ``q`` and ``state``, in pages, or all of them as CSV or JSON; 1 SQL statement."""
    frame = read_frame(request)
    state, words = request.GET.get("state", STATES[0]), fold(request.GET.get("q", "").strip()[:200]).split()
    state = state if state in STATES else STATES[0]
    every = list_users(frame.visitor.reader, frame.asked.at)
    found = [row for row in every if state in ("all", _state(row)) and _is_like(row, words)]
    if request.GET.get("format", "") in EXPORTS:
        return _export(found, request.GET["format"])
    begin = min(read_begin(request), max(len(found) - 1, 0) // PAGE_SIZE * PAGE_SIZE)
    shown = found[begin : begin + PAGE_SIZE]
    query = request.GET.copy()
    query.pop("page", None)
    asked = {name: query[name] for name in ("q", "state") if query.get(name)}
    values = {
        "rows": shown,
        "sought": request.GET.get("q", "").strip(),
        "state": state,
        "states": [(each, f"{request.path}?{urlencode({**asked, 'state': each})}", each == state) for each in STATES],
        "pages": make_pages(begin, len(shown), len(found), page_href(request)),
        "csv": f"{request.path}?{urlencode({**asked, 'format': 'csv'})}",
        "json": f"{request.path}?{urlencode({**asked, 'format': 'json'})}",
        "why_not": tell_why_not(frame.visitor),
    }
    return make_page(request, "user_list.html", values, title="Users")


@look_only
def answer_user(request: HttpRequest, name: str) -> HttpResponse:
    """One user; 404 for one that there is not, or that the visitor may not see. 6 SQL statements."""
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    try:
        row = get_user(name[:300], reader, at)
    except NotFound as fault:
        return make_problem(request, 404, f"{str(fault)[:1].upper()}{str(fault)[1:]}.")
    groups = [group for group in list_groups(reader, at) if row.name in group.members]
    values = {
        "row": row,
        "is_self": row.name == frame.visitor.name,
        "groups": groups,
        "grants": list_grant_lines(list_grants(reader, at, user=row.name)),
        "grant": f"{reverse('grant-new')}?{urlencode({'to': 'user', 'name': row.name})}",
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


def _is_like(row: UserRow, words: Iterable[str]) -> bool:
    text = fold(f"{row.name} {row.full_name} {row.email}")
    return all(word in text for word in words)


def _export(rows: Iterable[UserRow], form: str) -> HttpResponse:
    documents: list[dict[str, Json]] = [
        {
            "name": row.name, "full_name": row.full_name, "email": row.email, "time_zone": row.time_zone,
            "is_administrator": row.is_administrator, "is_active": row.is_active, "created_at": iso(row.created_at),
            "signed_in_at": iso(row.signed_in_at) if row.signed_in_at else None,
        }
        for row in rows
    ]  # fmt: skip
    return export(documents, "users", form)
