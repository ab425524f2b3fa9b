"""Rollouts: what one act made of deployments, and how it is undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.undo import undo
from larry.core.plan import Plan
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.moment import Moment
from larry.queries.reader import NotFound
from larry.queries.rollout import ROLLOUT_SORTS, find_rollout, get_rollout, list_rollouts
from larry.web.export import EXPORTS, export
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.list_pages import list_href, make_pages, page_href, read_begin
from larry.web.page import look_only, look_or_act, make_page, make_problem
from larry.web.plan_form import Act, PlanForm, answer_plan_form

LARGEST = 2**31 - 1
MOST_EXPORTED = 100_000


@look_only
def answer_rollouts(request: HttpRequest) -> HttpResponse:
    """By ``q``, sorted, the latest first unless said, in pages, or as CSV or JSON; 2 SQL statements."""
    frame, begin = read_frame(request), read_begin(request)
    sought, sort = request.GET.get("q", "").strip()[:200], request.GET.get("sort", "")
    sort = sort if sort.removeprefix("-") in ROLLOUT_SORTS else "-number"
    form = request.GET.get("format", "")
    part = {"begin": 0, "size": MOST_EXPORTED} if form in EXPORTS else {"begin": begin}
    lines, total = list_rollouts(frame.visitor.reader, frame.asked.at, sought=sought, sort=sort, **part)
    if form in EXPORTS:
        return export([line.document for line in lines], "rollouts", form)
    values = {
        "lines": lines,
        "sought": sought,
        "sort": request.GET.get("sort", "") and sort,
        "columns": [_make_column(request, word, name, sort) for word, name in _COLUMNS],
        "exports": [(name.upper(), list_href(request, format=name, page="")) for name in EXPORTS],
        "pages": make_pages(begin, len(lines), total, page_href(request)),
    }
    return make_page(request, "rollout_list.html", values, title="Rollouts")


_COLUMNS = (
    ("Rollout", "number"), ("When", ""), ("Who", "actor"), ("New deployments", "deployments"), ("Why", "reason"),
)  # fmt: skip


def _make_column(request: HttpRequest, word: str, name: str, sort: str) -> tuple[str, str, str, bool]:
    """(word, address that sorts by it, how it is sorted now, whether it holds numbers); the time follows the number."""
    order = {name: "ascending", f"-{name}": "descending"}.get(sort, "") if name else ""
    href = list_href(request, sort=f"-{name}" if order == "ascending" else name, page="") if name else ""
    return word, href, order, name in {"number", "deployments"}


@look_only
def answer_rollout(request: HttpRequest, number: int) -> HttpResponse:
    """One rollout: the deployments as it left them, who came since, and its activity."""
    frame = read_frame(request)
    try:
        row = get_rollout(min(number, LARGEST), frame.visitor.reader, frame.asked.at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    lines = list_activity(frame.visitor.reader, frame.asked.at, ActivityFilter(noun="rollout", address=str(row.id)))
    later = sorted({number for *_, number in row.later}, reverse=True)
    values = {"row": row, "later": later, "activity": lines}
    return make_page(request, "rollout.html", values, title=f"Rollout {row.id}", crumbs=_crumbs())


@look_or_act
def answer_undo(request: HttpRequest, number: int) -> HttpResponse:
    """Give its lanes their future back, shown first."""
    frame = read_frame(request)
    try:
        row = get_rollout(min(number, LARGEST), frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    own = reverse("rollout", args=[row.id])

    def read(_sent: Mapping[str, Any], _frame: Frame) -> Act:
        return lambda author, expect, dry: undo(row.id, author, expect=expect, dry_run=dry)

    def after(plan: Plan) -> str:
        made = None if not plan.changes else find_rollout(plan.digest, frame.visitor.reader, Moment(plan.now))
        return own if made is None else reverse("rollout", args=[made])

    crumbs = (*_crumbs(), Crumb(f"Rollout {row.id}", own))
    values = {"row": row, "cancel": own, "grave": True}
    form = PlanForm("rollout_undo.html", f"Undo rollout {row.id}", "Undo", crumbs, read, after, values)
    return answer_plan_form(request, form)


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb("Rollouts", reverse("rollouts")),)
