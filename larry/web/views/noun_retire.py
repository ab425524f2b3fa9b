"""Taking a noun out of use: what follows from it is shown first, and why it cannot be where it cannot."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import GroundMoved, Refused
from larry.actions.retire import retire
from larry.nouns.estate import EstateFaults
from larry.nouns.table import NOUNS
from larry.queries.moment import Moment
from larry.queries.noun import get_item
from larry.queries.reader import NotFound
from larry.web.address import noun_path
from larry.web.change_view import ChangeView, view_change
from larry.web.frame import Crumb, read_frame
from larry.web.noun_page import list_crumbs
from larry.web.page import look_or_act, make_page, make_problem, redirect_after


@look_or_act
def answer_noun_retire(request: HttpRequest, noun: str, address: str) -> HttpResponse:
    """Asked for, the question, to which a script adds what would follow; sent, the same; sent again, done. What is
    sent costs what `retire` costs.
    """
    spec, frame = NOUNS[noun], read_frame(request)
    try:
        item = get_item(noun, address[:300], frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    reason, step = request.POST.get("reason", "").strip(), request.POST.get("step", "")
    expected = request.POST.get("expect", "") if step == "save" else ""
    preview: ChangeView | None = None
    why_not: tuple[str, ...] = ()
    note, status = "", 200
    if request.method == "POST":
        author = frame.visitor.author(reason)
        try:
            if expected:
                retire(noun, item.address, author, expect=expected)
                done = f"{item.label} is retired. Its history stays, and its key stays its own."
                return redirect_after(request, reverse(spec.plural), f"{done[:1].upper()}{done[1:]}")
            preview = view_change(retire(noun, item.address, author, dry_run=True))
        except GroundMoved:
            note, status = "What this changes is no longer what you saw. Look again.", 409
        except EstateFaults as refused:
            why_not, status = tuple(map(str, refused.faults)), 422
        except Refused as refused:
            why_not, status = tuple(str(refused).split("; ")), 422
    values = {
        "noun": spec,
        "item": item,
        "name": str(item.values["name"]),
        "preview": preview,
        "why_not": why_not,
        "note": note,
        "reason": reason,
        "is_sent": request.method == "POST",
        "cancel": noun_path(spec.plural, item.address),
    }
    name = str(item.values["name"])
    crumbs = (*list_crumbs(item), Crumb(name, noun_path(spec.plural, item.address)))
    return make_page(request, "noun_retire.html", values, title=f"Retire {name}", crumbs=crumbs, status=status)
