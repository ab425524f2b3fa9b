"""A form whose act is a Plan: previewed as one types, carried out only as it was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse

from larry.actions.author import Author, GroundMoved, Refused
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, read_moment
from larry.core.plan import Plan
from larry.queries.reader import NotFound
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.page import make_page, make_piece, redirect_after
from larry.web.plan_view import PlanView, view_plan

PREVIEW_REASON = "a preview"
"""Stands for a reason that has not been typed yet; nothing is recorded by a preview."""

SEVERAL = ("host", "pick")
"""The fields of which a form may have several."""

MOMENTS = ("start", "end", "at")

Act = Callable[[Author, str | None, bool], Plan]
"""Carries out (or with True only plans) as an author, expecting a Plan of a digest."""


class CannotRead(Exception):
    """A field holds what cannot be read: ``field`` is its name, the text says what would do."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class PlanForm:
    """One page with such a form. ``read`` makes the act of what was sent, and may raise `CannotRead`; ``after`` names
    the page that shows what was done, by the Plan."""

    template: str
    title: str
    verb: str
    crumbs: Sequence[Crumb]
    read: Callable[[Mapping[str, Any], Frame], Act]
    after: Callable[[Plan], str]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of what was sent: where to go when it was done, else what is to be seen instead."""

    done: str = ""
    where: str = ""
    plan: PlanView | None = None
    refusals: tuple[str, ...] = ()
    fault: CannotRead | None = None
    note: str = ""
    status: int = 200
    moments: tuple[tuple[str, str, str], ...] = ()
    """Of each moment that was typed: its field, the text, and what it meant when the preview was made."""


def answer_plan_form(request: HttpRequest, form: PlanForm) -> HttpResponse:
    """GET: the form with what its address says. POST with ``step`` act: done, or why not; any other POST: the preview,
    alone where htmx asks for it. Costs what the act costs."""
    frame = read_frame(request)
    sent = _read_sent(request)
    is_act = request.method == "POST" and sent.get("step") == "act"
    outcome = _try(form, sent, frame, is_act=is_act) if request.method == "POST" else _Outcome()
    if outcome.where:
        return redirect_after(request, outcome.where, outcome.done)
    shown = {"form": form, "sent": sent, "outcome": outcome, "plan": outcome.plan, "is_act": is_act}
    values = {**form.values, **shown, "to": request.path, "is_sent": request.method == "POST"}
    if request.method == "POST" and "HX-Request" in request.headers and not is_act:
        return make_piece(request, "plan_preview.html", values)
    status = outcome.status if is_act else 200
    return make_page(request, form.template, values, title=form.title, crumbs=form.crumbs, status=status)


def _read_sent(request: HttpRequest) -> Mapping[str, Any]:
    """Texts by name; of the fields of which there may be several, lists without what is empty."""
    given = request.POST if request.method == "POST" else request.GET
    several = {name: [each.strip() for each in given.getlist(name) if each.strip()] for name in SEVERAL}
    return {**{name: str(value).strip() for name, value in given.items()}, **several}


def _try(form: PlanForm, sent: Mapping[str, Any], frame: Frame, *, is_act: bool) -> _Outcome:
    def see(plan: Plan) -> PlanView:
        return view_plan(plan, frame.visitor.reader, frame)

    try:
        act = form.read(sent, frame)
        reason = str(sent.get("reason", ""))
        if not is_act:
            plan = act(frame.visitor.author(reason or PREVIEW_REASON), None, True)
            return _Outcome(plan=see(plan), moments=_meant(sent, frame))
        plan = act(frame.visitor.author(reason), str(sent.get("expect", "")) or None, False)
        count = len(plan.changes)
        done = f"{form.verb}: {count} deployment{'' if count == 1 else 's'} changed."
        return _Outcome(done=done, where=form.after(plan))
    except CannotRead as fault:
        return _Outcome(fault=fault, status=422)
    except GroundMoved as moved:
        note = "The ground has moved since you looked. Nothing was done; what would happen now is shown below."
        shown = see(moved.plan) if moved.plan else None
        return _Outcome(note=note, status=409, plan=shown, moments=_meant(sent, frame))
    except Refused as refused:
        if refused.plan is not None:
            return _Outcome(plan=see(refused.plan), status=422, moments=_meant(sent, frame))
        return _Outcome(refusals=(str(refused),), status=422)
    except NotFound as fault:
        return _Outcome(refusals=(str(fault),), status=422)


def _meant(sent: Mapping[str, Any], frame: Frame) -> tuple[tuple[str, str, str], ...]:
    typed = ((name, read_field_moment(sent, name, frame)) for name in MOMENTS)
    return tuple((name, str(sent[name]), iso(moment)) for name, moment in typed if moment is not None)


def read_field_moment(sent: Mapping[str, Any], field: str, frame: Frame) -> datetime | None:
    """The moment in a field, in the visitor's zone; None where it is empty. Raises `CannotRead`.

    What the preview took it for it still is: ``+2h`` does not move on while one reads.
    """
    text = str(sent.get(field, ""))
    if not text:
        return None
    if sent.get(f"{field}.typed") == text and sent.get("step") == "act":
        text = str(sent.get(f"{field}.meant", text))
    zone: ZoneInfo = frame.asked.zone
    try:
        return read_moment(text, now=frame.asked.now, zone=zone)
    except NotAMoment as fault:
        raise CannotRead(field, str(fault)) from None
