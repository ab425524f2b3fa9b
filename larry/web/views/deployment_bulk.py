"""Many deployments end at once: chosen in the list, shown as one Plan, done as one rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author
from larry.actions.undeploy import undeploy
from larry.core.plan import Plan
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, page_deployments
from larry.queries.moment import Moment
from larry.queries.reader import Reader
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.page import look_or_act
from larry.web.plan_form import Act, CannotRead, PlanForm, answer_plan_form, read_field_moment
from larry.web.views.deployment import read_which

MOST = 1000
"""So many end in one act: more are narrowed first, so that somebody has read what ends."""

_LIVE = frozenset({State.CURRENT, State.FUTURE})
_WORDS = ("state", "q", "customer", "app", "instance", "host")


@look_or_act
def answer_undeploy_many(request: HttpRequest) -> HttpResponse:
    """The form with what was chosen (``pick``, or ``all`` that the list's words find), its preview and its act. 3 SQL
    statements, and what the act costs."""
    frame = read_frame(request)
    said = request.POST if request.method == "POST" else request.GET
    words = {name: said.get(name, "") for name in _WORDS if said.get(name)}
    is_piece = request.method == "POST" and "HX-Request" in request.headers
    picked, is_all = said.getlist("pick"), bool(said.get("all"))
    rows: tuple[DeploymentRow, ...] = ()
    if not is_piece and (picked or is_all):
        rows = _find(picked, words if is_all else None, frame.visitor.reader, Moment(frame.asked.now))
    values = {
        "rows": rows[:MOST],
        "is_too_many": len(rows) > MOST,
        "most": MOST,
        "is_all": is_all,
        "words": words.items() if is_all else (),
        "cancel": reverse("deployments"),
        "grave": True,
    }
    crumbs = (Crumb("Deployments", reverse("deployments")),)
    form = PlanForm("deployment_undeploy_many.html", "Undeploy many", "Undeploy", crumbs, _read, _after, values)
    return answer_plan_form(request, form)


def _read(sent: Mapping[str, Any], frame: Frame) -> Act:
    at = read_field_moment(sent, "at", frame)
    ids = tuple(dict.fromkeys(sent.get("pick", ())))
    if sent.get("all"):
        words = {name: str(sent[name]) for name in _WORDS if sent.get(name)}
        rows = _find((), words, frame.visitor.reader, Moment(frame.asked.now))
        ids = tuple(row.id for row in rows)
    if not ids:
        raise CannotRead("pick", "choose at least one deployment that is live or to come")
    if len(ids) > MOST:
        raise CannotRead("pick", f"at most {MOST:,} end at once: narrow the list")

    def act(author: Author, expect: str | None, dry: bool) -> Plan:
        return undeploy(ids, author, at=at, expect=expect, dry_run=dry)

    return act


def _after(_plan: Plan) -> str:
    return reverse("rollouts")


def _find(picked: Any, words: Mapping[str, str] | None, reader: Reader, now: Moment) -> tuple[DeploymentRow, ...]:
    """What is live or to come of those that are named, or that the words of the list find; one more than may end."""
    if words is None:
        which, sought = DeploymentFilter(ids=frozenset(picked[: MOST + 1]), states=_LIVE), ""
    else:
        _, asked, _ = read_which(words)
        which, sought = replace(asked, states=asked.states & _LIVE), words.get("q", "")[:200]
    return page_deployments(which, reader, now, sought=sought, size=MOST + 1).rows
