"""Deployments: the list, and one of them with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author
from larry.actions.edit_deployment import DeploymentEdit, delete_deployments, edit_deployment
from larry.actions.undeploy import undeploy
from larry.core.plan import Plan
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.deployable import get_snapshots
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, get_deployment, page_deployments
from larry.queries.dirty import find_dirty_deployments
from larry.queries.interval_map import get_interval_map
from larry.queries.moment import Moment
from larry.queries.reader import NotFound
from larry.web.address import find_route
from larry.web.deployment_row import write_deployments
from larry.web.export import EXPORTS, export
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.interval_picture import draw_map
from larry.web.list_pages import list_href, make_pages, page_href, read_begin
from larry.web.offer import is_offered
from larry.web.page import look_only, look_or_act, make_page, make_problem
from larry.web.place_rows import make_place_rows, read_places
from larry.web.plan_form import Act, PlanForm, answer_plan_form, read_field_moment

MOST_EXPORTED = 100_000
_TABS = ("all", "current", "future", "past", "deactivated")
_FILTERS = ("customer", "app", "instance", "host")


@look_only
def answer_deployments(request: HttpRequest) -> HttpResponse:
    """The list: by state, by whose and where, by letters, sorted; as CSV or JSON all of it. 5 SQL statements,
    and about 6 more where the kept survey is behind.
    """
    frame = read_frame(request)
    tab, which, filters = read_which(request.GET)
    begin, sought, sort = read_begin(request), request.GET.get("q", "").strip()[:200], request.GET.get("sort", "")
    form = request.GET.get("format", "")
    part = {"begin": 0, "size": MOST_EXPORTED} if form in EXPORTS else {"begin": begin}
    page = page_deployments(
        which, frame.visitor.reader, frame.asked.at, sought=sought, newest=tab != "future", sort=sort, **part
    )
    if form in EXPORTS:
        return export([row.document for row in page.rows], "deployments", form)
    may_plan = is_offered(find_route("undeploy-many"), frame.visitor.rights)
    tabs = [(name, list_href(request, state=name, page=""), name == tab) for name in _TABS]
    endable = {row.id for row in page.rows if may_plan and row.state in (State.CURRENT, State.FUTURE)}
    dirty = find_dirty_deployments(page.rows, frame.visitor.reader, frame.asked.at)
    values = {
        "endable": endable, "rows": write_deployments(page.rows, endable, dirty, frame.asked),
        "tabs": tabs, "tab": tab, "filters": filters, "sought": sought,
        "is_narrowed": tab != "all" or bool(sought) or any(filters.values()),
        "columns": _list_columns(request, sort),
        "exports": [(name.upper(), list_href(request, format=name, page="")) for name in EXPORTS],
        "pages": make_pages(begin, len(page.rows), page.total, page_href(request)),
    }  # fmt: skip
    return make_page(request, "deployment_list.html", values, title="Deployments")


def read_which(said: Mapping[str, str]) -> tuple[str, DeploymentFilter, Mapping[str, str]]:
    """What the words of the list ask for: the state, which deployments, and the filters as they were typed."""
    tab = said.get("state", "all")
    states = frozenset(State) - {State.DEACTIVATED} if tab not in _TABS[1:] else frozenset({State(tab)})
    filters = {name: said.get(name, "").strip() for name in _FILTERS}
    customer, app, instance, host = (filters[name] or None for name in _FILTERS)
    return tab, DeploymentFilter(customer, app, instance, host, states=states), filters


_COLUMNS = (("Instance", "instance"), ("Host", "host"), ("From", "start"), ("Until", "end"))


def _list_columns(request: HttpRequest, sort: str) -> list[tuple[str, str, str]]:
    """(word, address that sorts by it, how it is sorted now)"""
    columns = []
    for word, name in _COLUMNS:
        order = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
        back = f"-{name}" if order == "ascending" else name
        columns.append((word, list_href(request, sort=back, page=""), order))
    return columns


@look_only
def answer_deployment(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002  # the route's word
    """One deployment: what it is, its lane, what may be done about it and why not, and its activity."""
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    try:
        row = get_deployment(id[:40], reader, at)
    except NotFound as fault:
        return make_problem(request, 404, f"{fault}. It may have been deleted before it began.")
    values = {
        "row": row,
        "is_dirty": bool(find_dirty_deployments([row], reader, at)),
        "again": f"{reverse('deploy')}?{urlencode({'instance': row.instance, 'snapshot': row.snapshot})}",
        "map": draw_map(get_interval_map("instance", row.instance, reader, at), frame),
        "may": _list_may(row.id, get_deployment(row.id, reader, Moment(frame.asked.now)).state),
        "activity": list_activity(reader, at, ActivityFilter(noun="deployment", address=row.id)),
    }
    return make_page(request, "deployment.html", values, title=f"{row.instance} on {row.host}", crumbs=_crumbs())


_MAY: tuple[tuple[str, str, str, Mapping[State, str]], ...] = (
    ("deployment-edit", "Edit", "", {
        State.PAST: "It is over, and what has passed is not rewritten.",
        State.DEACTIVATED: "It was replaced, and is kept as it was.",
    }),
    ("deployment-undeploy", "Undeploy", "", {
        State.PAST: "It has ended already.",
        State.DEACTIVATED: "It is not live.",
    }),
    ("deployment-delete", "Delete", "grave", {
        State.PAST: "It is over, and stays on record.",
        State.CURRENT: "It has begun: undeploy it, and it stays on record.",
        State.DEACTIVATED: "It was replaced, and stays on record.",
    }),
)  # fmt: skip
"""Route, word, weight, and why not in which state."""


def _list_may(id_: str, state: State) -> list[tuple[str, str, str, str]]:
    """(word, address or nothing, weight, why not)"""
    return [
        (word, "" if state in why_not else reverse(route, args=[id_]), weight, why_not.get(state, ""))
        for route, word, weight, why_not in _MAY
    ]


@look_or_act
def answer_undeploy(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002 - the name in the route
    """End it, now or at a moment."""

    def read(sent: Mapping[str, Any], frame: Frame) -> Act:
        at = read_field_moment(sent, "at", frame)
        return lambda author, expect, dry: undeploy((id,), author, at=at, expect=expect, dry_run=dry)

    return _answer_form(request, id, "deployment_undeploy.html", "Undeploy", read)


@look_or_act
def answer_deployment_delete(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002 - the name in the route
    """Take it back before it begins."""

    def read(_sent: Mapping[str, Any], _frame: Frame) -> Act:
        return lambda author, expect, dry: delete_deployments((id,), author, expect=expect, dry_run=dry)

    return _answer_form(request, id, "deployment_delete.html", "Delete", read)


@look_or_act
def answer_deployment_edit(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002 - the name in the route
    """Change its end; before it begins anything of it."""

    def read(sent: Mapping[str, Any], frame: Frame) -> Act:
        start, end = read_field_moment(sent, "start", frame), read_field_moment(sent, "end", frame)
        host = (sent.get("host") or [None])[0] if isinstance(sent.get("host"), list) else None
        edit = DeploymentEdit(id, start, end, bool(sent.get("open")), host, read_places(sent))

        def act(author: Author, expect: str | None, dry: bool) -> Plan:
            return edit_deployment(edit, author, resume=not sent.get("leave"), expect=expect, dry_run=dry)

        return act

    def fill(row: DeploymentRow, frame: Frame) -> Mapping[str, Any]:
        snapshot = get_snapshots([row.snapshot], frame.visitor.reader, Moment(frame.asked.now))[row.snapshot]
        return {"places": make_place_rows(request.POST if request.method == "POST" else request.GET, snapshot)}

    return _answer_form(request, id, "deployment_edit.html", "Change", read, fill)


_Fill: TypeAlias = Callable[[DeploymentRow, Frame], Mapping[str, Any]]


def _answer_form(
    request: HttpRequest,
    id_: str,
    template: str,
    verb: str,
    read: Callable[[Mapping[str, Any], Frame], Act],
    fill: _Fill = lambda row, frame: {},
) -> HttpResponse:
    frame = read_frame(request)
    try:
        row = get_deployment(id_[:40], frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    own = reverse("deployment", args=[row.id])
    told = {"row": row, "cancel": own, "grave": verb != "Change", "has_begun": row.start <= frame.asked.now}
    form = PlanForm(
        template=template,
        title=f"{verb} {row.instance} on {row.host}",
        verb=verb,
        crumbs=(*_crumbs(), Crumb(row.id, own)),
        read=read,
        after=lambda plan: _page_after(row, plan),
        values={**told, **fill(row, frame)},
    )
    return answer_plan_form(request, form)


def _page_after(row: DeploymentRow, plan: Plan) -> str:
    """The deployment that carries on where this one was, else the instance's own page or the list."""
    here = next((c.deployment for c in plan.changes if c.before is None and c.instance == row.instance), None)
    kept = any(c.deployment == row.id and c.kind.value != "delete" for c in plan.changes)
    if here is not None or kept or not plan.changes:
        return reverse("deployment", args=[here or row.id])
    return find_route("deployments")


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb("Deployments", reverse("deployments")),)
