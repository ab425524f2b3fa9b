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
from larry.queries.rollout import get_rollout, list_rollouts
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.list_pages import make_pages, page_href, read_begin
from larry.web.page import look_only, look_or_act, make_page, make_problem
from larry.web.plan_form import Act, PlanForm, answer_plan_form

LARGEST = 2**31 - 1


@look_only
def answer_rollouts(request: HttpRequest) -> HttpResponse:
    """All of them, the latest first; 2 SQL statements."""
    frame, begin = read_frame(request), read_begin(request)
    lines, total = list_rollouts(frame.visitor.reader, frame.asked.at, begin=begin)
    values = {"lines": lines, "pages": make_pages(begin, len(lines), total, page_href(request))}
    return make_page(request, "rollout_list.html", values, title="Rollouts")


@look_only
def answer_rollout(request: HttpRequest, number: int) -> HttpResponse:
    """One rollout: the deployments as it left them, who came since, and its activity."""
    frame = read_frame(request)
    try:
        row = get_rollout(min(number, LARGEST), frame.visitor.reader, frame.asked.at)
    except NotFound as fault:
        return make_problem(request, 404, f"{fault}.")
    lines = list_activity(frame.visitor.reader, frame.asked.at, ActivityFilter(noun="rollout", address=str(row.id)))
    values = {"row": row, "activity": lines}
    return make_page(request, "rollout.html", values, title=f"Rollout {row.id}", crumbs=_crumbs())


@look_or_act
def answer_undo(request: HttpRequest, number: int) -> HttpResponse:
    """Give its lanes their future back, shown first."""
    frame = read_frame(request)
    try:
        row = get_rollout(min(number, LARGEST), frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, f"{fault}.")
    own = reverse("rollout", args=[row.id])

    def read(_sent: Mapping[str, Any], _frame: Frame) -> Act:
        return lambda author, expect, dry: undo(row.id, author, expect=expect, dry_run=dry)

    def after(_plan: Plan) -> str:
        return own

    crumbs = (*_crumbs(), Crumb(f"Rollout {row.id}", own))
    values = {"row": row, "cancel": own, "grave": True}
    form = PlanForm("rollout_undo.html", f"Undo rollout {row.id}", "Undo", crumbs, read, after, values)
    return answer_plan_form(request, form)


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb("Rollouts", reverse("rollouts")),)
