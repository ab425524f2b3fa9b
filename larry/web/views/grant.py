"""Grants: who was given which role over what; given and taken, with the refusals of who may not."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author, Refused
from larry.actions.grant import GrantRequest, grant, revoke
from larry.core.key import fold
from larry.core.rights import PersonRole
from larry.nouns.table import NOUNS
from larry.queries.grant import list_grants, list_groups
from larry.queries.listing import ListingRequest, get_listing
from larry.queries.user import list_users
from larry.web.frame import Crumb, read_frame
from larry.web.page import look_only, look_or_act, make_piece
from larry.web.people_form import Done, Input, PeopleForm, Sent, answer_people_form
from larry.web.row_list import RowColumn, RowFilter, RowKind, answer_row_list
from larry.web.scope_input import make_scope_inputs, read_scope
from larry.web.views.user import GrantLine, list_grant_lines

MOST_NAMES = 20
ROLES = (
    (PersonRole.VIEWER, "sees"),
    (PersonRole.REVIEWER, "sees, and who may do what, and who did it"),
    (PersonRole.PLANNER, "sees and edits, and sees what deploying would come to"),
    (PersonRole.OPERATOR, "sees, edits and deploys"),
    (PersonRole.ADMINISTRATOR, "may everything there, and says who else may"),
    (PersonRole.MACHINE, "reads configurations of hosts, with their secrets"),
)
_RULE = "Nobody grants more than they have: you give roles inside of what you administer yourself."


@look_only
def answer_grants(request: HttpRequest) -> HttpResponse:
    """All grants that the visitor sees, of a ``role``, by ``q``, sorted, in pages, or as CSV or JSON; 1 SQL
    statement."""
    frame = read_frame(request)
    lines = list_grant_lines(list_grants(frame.visitor.reader, frame.asked.at))
    return answer_row_list(request, lines, _KIND, "grant_list.html", {}, title="Grants")


@look_or_act
def answer_grant_new(request: HttpRequest) -> HttpResponse:
    """A role for somebody; what the address says is filled in."""

    def act(sent: Sent, author: Author) -> Done:
        asked = _read(sent)
        grant(asked, author)
        return _page_of(asked, request), f"{asked.name} is {asked}."

    form = PeopleForm("Grant a role", "Grant", _crumbs(), reverse("grants"), _inputs(request.GET), act, (_RULE,))
    return answer_people_form(request, form)


@look_or_act
def answer_grant_revoke(request: HttpRequest) -> HttpResponse:
    """A role that somebody has, named as it was granted."""

    def act(sent: Sent, author: Author) -> Done:
        asked = _read(sent)
        revoke(asked, author)
        return _page_of(asked, request), f"{asked.name} is no longer {asked}."

    about = ("What was done by it stays done. Other grants, and those of groups, stay as they are.",)
    form = PeopleForm(
        "Revoke a role", "Revoke", _crumbs(), reverse("grants"), _inputs(request.GET), act, about, is_grave=True
    )
    return answer_people_form(request, form)


@look_only
def answer_people_names(request: HttpRequest) -> HttpResponse:
    """Options for a name that is typed: users, or groups where ``to`` says so; 2 SQL statements at most."""
    frame = read_frame(request)
    typed = fold((request.GET.get("name") or request.GET.get("user") or "").strip()[:100])
    if request.GET.get("to") == "group":
        found = [(row.name, row.description) for row in list_groups(frame.visitor.reader, frame.asked.at)]
    else:
        users = list_users(frame.visitor.reader, frame.asked.at)
        found = [(row.name, row.full_name) for row in users if row.is_active]
    like = ({"value": name, "label": label} for name, label in found if typed in fold(f"{name} {label}"))
    return make_piece(request, "options.html", {"choices": list(islice(like, MOST_NAMES))})


@look_only
def answer_scope_names(request: HttpRequest) -> HttpResponse:
    """Options for the address of what a grant is over; 7 SQL statements at most."""
    frame = read_frame(request)
    kind, typed = request.GET.get("kind", ""), request.GET.get("address", "")[:100]
    choices = []
    if kind in NOUNS:
        listing = get_listing(ListingRequest(kind, search=typed, most=MOST_NAMES), frame.visitor.reader, frame.asked.at)
        choices = [{"value": item.address, "label": str(item.values["name"])} for item in listing.items]
    return make_piece(request, "options.html", {"choices": choices})


def _inputs(said: Mapping[str, str]) -> tuple[Input, ...]:
    return (
        Input("to", "To a", said.get("to", "user"), kind="select", options=(("user", "user"), ("group", "group"))),
        Input("name", "Name", said.get("name", ""), names=reverse("user-names"), is_required=True),
        Input("role", "Role", said.get("role", "viewer"), kind="select",
              options=tuple((role.value, f"{role}: {about}") for role, about in ROLES)),
        *make_scope_inputs("Over", said),
    )  # fmt: skip


def _read(sent: Sent) -> GrantRequest:
    role = sent.get("role", "")
    if role not in set(PersonRole):
        raise Refused("there is no such role", field="role")
    return GrantRequest(sent.get("to", "user"), sent.get("name", ""), PersonRole(role), *read_scope(sent))


def _page_of(asked: GrantRequest, request: HttpRequest) -> str:
    """Whoever sees people goes to the one it is about; whoever does not, to what they see of grants."""
    reader, at = read_frame(request).visitor.reader, read_frame(request).asked.at
    rows = list_groups(reader, at) if asked.to == "group" else list_users(reader, at)
    name = next((row.name for row in rows if fold(row.name) == fold(asked.name)), "")
    return reverse("group" if asked.to == "group" else "user", args=[name]) if name else reverse("grants")


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb("Grants", reverse("grants")),)


_KIND: RowKind[GrantLine] = RowKind(
    "grants",
    (
        RowColumn("name", "To", lambda line: line.row.name),
        RowColumn("role", "Role", lambda line: line.row.role),
        RowColumn("over", "Over", lambda line: line.over),
        RowColumn("since", "Since", lambda line: line.row.since),
    ),
    lambda line: f"{line.row.name} {line.over}",
    lambda line: line.row.document,
    (RowFilter("role", "Role", tuple(role.value for role, _ in ROLES), lambda line: line.row.role),),
)
