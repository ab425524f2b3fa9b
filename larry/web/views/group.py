"""Groups: users that are granted something together."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author
from larry.actions.grant import add_group, join, leave, remove_group
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.grant import GroupRow, get_group, list_grants, list_groups
from larry.queries.moment import Moment
from larry.queries.reader import NotFound
from larry.web.frame import Crumb, read_frame
from larry.web.page import look_only, look_or_act, make_page, make_problem
from larry.web.people_form import Done, Input, PeopleForm, Sent, answer_people_form, tell_why_not
from larry.web.row_list import RowColumn, RowKind, answer_row_list
from larry.web.views.user import list_grant_lines

MOST_ACTIVITY = 12


@look_only
def answer_groups(request: HttpRequest) -> HttpResponse:
    """All groups that the visitor sees, by ``q``, sorted, in pages, or as CSV or JSON; 2 SQL statements."""
    frame = read_frame(request)
    rows = list_groups(frame.visitor.reader, frame.asked.at)
    values = {"why_not": tell_why_not(frame.visitor)}
    return answer_row_list(request, rows, _KIND, "group_list.html", values, title="Groups")


@look_only
def answer_group(request: HttpRequest, name: str) -> HttpResponse:
    """One group: who is in it, and what that gives them; 5 SQL statements."""
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    try:
        row = get_group(name[:300], reader, at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    values = {
        "row": row,
        "grants": list_grant_lines(list_grants(reader, at, group=row.name)),
        "grant": f"{reverse('grant-new')}?{urlencode({'to': 'group', 'name': row.name})}",
        "members": [(each, f"{reverse('group-leave', args=[row.name])}?{urlencode({'user': each})}")
                    for each in row.members],
        "activity": list_activity(reader, at, ActivityFilter(noun="group", address=row.name), limit=MOST_ACTIVITY),
        "why_not": tell_why_not(frame.visitor),
    }  # fmt: skip
    return make_page(request, "group_show.html", values, title=row.name, crumbs=_crumbs())


@look_or_act
def answer_group_new(request: HttpRequest) -> HttpResponse:
    """A group with nobody in it."""

    def act(sent: Sent, author: Author) -> Done:
        name = sent.get("name", "")
        add_group(name, sent.get("description", ""), author)
        return reverse("group", args=[name]), f"There is a group {name}. Put somebody into it, and grant it something."

    inputs = (
        Input("name", "Name", hint="Letters, digits and . @ + - _", is_required=True),
        Input("description", "Description", hint="Who that is."),
    )
    return answer_people_form(request, PeopleForm("New group", "Add", _crumbs(), reverse("groups"), inputs, act))


@look_or_act
def answer_group_remove(request: HttpRequest, name: str) -> HttpResponse:
    """The group, with all that it was granted."""

    def form(row: GroupRow, own: str) -> PeopleForm:
        def act(_sent: Sent, author: Author) -> Done:
            remove_group(row.name, author)
            return reverse("groups"), f"There is no group {row.name} any more."

        frame = read_frame(request)
        given = list_grants(frame.visitor.reader, Moment(frame.asked.now), group=row.name)
        lost = ", ".join(f"{each.role} of {each.kind} {each.address}".strip() for each in given)
        members = ", ".join(row.members)
        about = (
            f"{members} will no longer be in it." if members else "Nobody is in it.",
            f"Nobody has these by it any more: {lost}." if lost else "It was granted nothing.",
            "This cannot be undone but by making it anew.",
        )
        return PeopleForm(f"Remove {row.name}", "Remove", _crumbs(row), own, (), act, about, is_grave=True)

    return _answer(request, name, form)


@look_or_act
def answer_group_join(request: HttpRequest, name: str) -> HttpResponse:
    """Somebody into the group."""

    def form(row: GroupRow, own: str) -> PeopleForm:
        def act(sent: Sent, author: Author) -> Done:
            join(row.name, sent.get("user", ""), author)
            return own, f"{sent.get('user', '')} is in {row.name}."

        user = Input("user", "User", hint="Has all that the group was granted.", names=reverse("user-names"),
                     is_required=True)  # fmt: skip
        return PeopleForm(f"Somebody into {row.name}", "Put in", _crumbs(row), own, (user,), act)

    return _answer(request, name, form)


@look_or_act
def answer_group_leave(request: HttpRequest, name: str) -> HttpResponse:
    """Somebody out of the group."""

    def form(row: GroupRow, own: str) -> PeopleForm:
        def act(sent: Sent, author: Author) -> Done:
            leave(row.name, sent.get("user", ""), author)
            return own, f"{sent.get('user', '')} is no longer in {row.name}."

        user = Input("user", "User", request.GET.get("user", ""), "Loses what they have by the group alone.",
                     names=reverse("user-names"), is_required=True)  # fmt: skip
        return PeopleForm(f"Somebody out of {row.name}", "Take out", _crumbs(row), own, (user,), act)

    return _answer(request, name, form)


def _answer(request: HttpRequest, name: str, form: Callable[[GroupRow, str], PeopleForm]) -> HttpResponse:
    frame = read_frame(request)
    try:
        row = get_group(name[:300], frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    return answer_people_form(request, form(row, reverse("group", args=[row.name])))


def _crumbs(row: GroupRow | None = None) -> tuple[Crumb, ...]:
    own = (Crumb(row.name, reverse("group", args=[row.name])),) if row is not None else ()
    return (Crumb("Groups", reverse("groups")), *own)


_KIND: RowKind[GroupRow] = RowKind(
    "groups",
    (
        RowColumn("name", "Name", lambda row: row.name),
        RowColumn("description", "Description", lambda row: row.description),
        RowColumn("members", "Members", lambda row: len(row.members), is_number=True),
    ),
    lambda row: f"{row.name} {row.description} {' '.join(row.members)}",
    lambda row: row.document,
)
