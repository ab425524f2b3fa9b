"""Taking a noun out of use: what follows from it is shown first, and why it cannot be where it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import GroundMoved, Refused
from larry.actions.noun import CannotRetire
from larry.actions.retire import retire
from larry.nouns.estate import EstateFaults
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries.moment import Moment
from larry.queries.noun import get_item
from larry.queries.reader import NotFound
from larry.web.address import noun_path
from larry.web.change_view import ChangeView, view_change
from larry.web.frame import Crumb, read_frame
from larry.web.noun_cell import Tag
from larry.web.noun_page import RelatedLine, list_crumbs, list_related_lines
from larry.web.page import look_or_act, make_page, make_problem, redirect_after

MOST_SHOWN = 6
MOST_TAGS = 40


@dataclass(frozen=True, slots=True)
class Against:
    """What stands against it: the first texts, whom they name, each with where that is ended, and what refers to it."""

    texts: tuple[str, ...]
    more: int = 0
    live: tuple[Tag, ...] = ()
    more_live: int = 0
    related: tuple[RelatedLine, ...] = ()


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
    against: Against | None = None
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
            lines = list_related_lines(item, frame.visitor.reader, Moment(frame.asked.now))
            against, status = _tell(map(str, refused.faults), related=tuple(line for line in lines if line.total)), 422
        except CannotRetire as refused:
            against, status = _tell(str(refused).split("; "), _list_live(item, refused.against)), 422
        except Refused as refused:
            against, status = _tell([str(refused)]), 422
    values = {
        "noun": spec,
        "item": item,
        "name": str(item.values["name"]),
        "preview": preview,
        "against": against,
        "note": note,
        "reason": reason,
        "is_sent": request.method == "POST",
        "cancel": noun_path(spec.plural, item.address),
    }
    name = str(item.values["name"])
    crumbs = (*list_crumbs(item), Crumb(name, noun_path(spec.plural, item.address)))
    return make_page(request, "noun_retire.html", values, title=f"Retire {name}", crumbs=crumbs, status=status)


def _tell(texts: Iterable[str], live: tuple[Tag, ...] = (), related: tuple[RelatedLine, ...] = ()) -> Against:
    told = tuple(texts)
    shown, more = told[:MOST_SHOWN], len(told[MOST_SHOWN:])
    return Against(shown, more, live[:MOST_TAGS], len(live[MOST_TAGS:]), related)


def _list_live(item: Item, against: Iterable[tuple[str, str]]) -> tuple[Tag, ...]:
    """Each with the list of deployments from which it can be ended."""
    asked = {item.noun: item.address} if item.noun == "instance" else {}
    return tuple(
        Tag(address, f"{reverse('deployments')}?{urlencode({**asked, noun: address})}") for noun, address in against
    )
