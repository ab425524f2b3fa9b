"""Redeploying one instance where it is live, dirty or not: shown first, done as one rollout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author
from larry.actions.redeploy import redeploy
from larry.core.plan import Plan
from larry.queries.instance import get_standing
from larry.queries.moment import Moment
from larry.queries.reader import NotFound
from larry.web.address import find_route, noun_path
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.page import look_or_act, make_problem
from larry.web.plan_form import Act, PlanForm, answer_plan_form, read_field_moment


@look_or_act
def answer_instance_redeploy(request: HttpRequest, address: str) -> HttpResponse:
    """The form, its preview and its act; 404 for an instance that there is not. 9 SQL statements, and what the act
    costs."""
    frame = read_frame(request)
    try:
        standing = get_standing(address[:300], frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    path, own = standing.path, noun_path("instances", standing.path)

    def read(sent: Mapping[str, Any], frame: Frame) -> Act:
        start = read_field_moment(sent, "start", frame)
        is_all = not standing.is_dirty or bool(sent.get("clean"))

        def act(author: Author, expect: str | None, dry: bool) -> Plan:
            return redeploy((path,), author, start=start, also_clean=is_all, expect=expect, dry_run=dry)

        return act

    def after(_plan: Plan) -> str:
        return reverse("instance-deployments", args=[path])

    current = [each for each in standing.live if each.is_current]
    values = {
        "is_dirty": standing.is_dirty,
        "clean": tuple(dict.fromkeys(each.host for each in current if not each.is_dirty)),
        "dirty": tuple(dict.fromkeys(each.host for each in current if each.is_dirty)),
        "is_live": bool(current),
        "path": path,
        "cancel": own,
    }
    crumbs = (Crumb("Instances", find_route("instances")), Crumb(path, own))
    form = PlanForm("instance_redeploy.html", f"Redeploy {path}", "Redeploy", crumbs, read, after, values)
    return answer_plan_form(request, form)
