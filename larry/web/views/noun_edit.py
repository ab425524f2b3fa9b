"""Forms that create and change a noun: what it would change is shown first, by the same act that then does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.apply import EstateChange
from larry.actions.author import GroundMoved, Refused
from larry.actions.edit import edit
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, read_moment
from larry.nouns.declaration import MERGES, TYPES
from larry.nouns.estate import EstateFaults
from larry.nouns.fault import Fault
from larry.nouns.field import Noun
from larry.nouns.item import Item, join_address, quote_segment
from larry.nouns.table import NOUNS
from larry.outside import clock
from larry.queries.activity import ActivityFilter, ActivityRow, list_activity
from larry.queries.moment import Moment
from larry.queries.noun import get_item
from larry.queries.reader import NotFound
from larry.web.address import noun_path
from larry.web.change_view import ChangeView, view_change
from larry.web.field_input import Inputs
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.noun_form import (
    WHERES,
    Stated,
    default_inputs,
    fill_inputs,
    lay_out,
    list_general,
    read_stated,
)
from larry.web.noun_merge import Meanwhile, mark_fields, merge
from larry.web.noun_page import list_crumbs
from larry.web.page import look_or_act, make_page, make_problem, redirect_after
from larry.web.when import read_zone

MOST_MEANWHILE = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """A form on its way: what was typed, what is wrong with it, and what it would change.

    ``item`` is the noun as it is (None for a new one), ``parent`` whose a new one will be; ``note`` says why something
    that could have been done was not.
    """

    spec: Noun
    item: Item | None
    inputs: Inputs
    parent: str = ""
    reason: str = ""
    faults: tuple[Fault, ...] = ()
    parent_fault: str = ""
    preview: ChangeView | None = None
    note: str = ""
    meanwhile: tuple[ActivityRow, ...] = ()
    both: tuple[Meanwhile, ...] = ()


@look_or_act
def answer_noun_new(request: HttpRequest, noun: str) -> HttpResponse:
    """The form of a new noun; sent, its preview; sent again, the noun. A write costs what `edit` costs."""
    spec, frame = NOUNS[noun], read_frame(request)
    if request.method != "POST":
        parent = request.GET.get(spec.parent or "", "") if spec.parent else ""
        return _show(request, frame, Attempt(spec, None, default_inputs(spec), parent[:300]))
    attempt = _read_attempt(request, spec, None)
    if spec.parent and not attempt.parent:
        owner = NOUNS[spec.parent]
        fault = f"say whose it is: the address of one {owner.name}"
        return _show(request, frame, replace(attempt, parent_fault=fault))
    return _act(request, frame, attempt)


@look_or_act
def answer_noun_edit(request: HttpRequest, noun: str, address: str) -> HttpResponse:
    """The form of a noun that is there; 404 where it is not."""
    spec, frame = NOUNS[noun], read_frame(request)
    try:
        item = get_item(noun, address[:300], frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    if request.method != "POST":
        return _show(request, frame, Attempt(spec, item, fill_inputs(item)))
    attempt = _read_attempt(request, spec, item)
    if request.POST.get("seen") != item.digest:
        note = f"{item.label} has changed since this form was opened. What you typed is kept: compare, and send again."
        meanwhile = _list_meanwhile(request, frame, item)
        merged = merge(item, attempt.inputs, meanwhile)
        attempt = replace(attempt, inputs=merged.inputs, note=note, meanwhile=meanwhile, both=merged.lines)
        return _show(request, frame, attempt, status=409)
    return _act(request, frame, attempt)


def _read_attempt(request: HttpRequest, spec: Noun, item: Item | None) -> Attempt:
    inputs = {name: str(text) for name, text in request.POST.items()}
    if item is not None:
        inputs["key"] = str(item.values["key"])
    parent = inputs.get(f"of.{spec.parent}", "").strip().strip("/")
    return Attempt(spec, item, inputs, parent, inputs.get("reason", "").strip())


def _act(request: HttpRequest, frame: Frame, attempt: Attempt) -> HttpResponse:
    """Review what would change, or do what was reviewed; refused when the ground has moved in between."""
    stated = read_stated(attempt.spec, attempt.inputs, attempt.item)
    if stated.faults:
        return _show(request, frame, replace(attempt, faults=stated.faults), status=422)
    expected = request.POST.get("expect", "") if request.POST.get("step") == "save" else ""
    try:
        change = _edit(frame, attempt, stated, expect=expected or None)
    except EstateFaults as refused:
        return _show(request, frame, replace(attempt, faults=refused.faults), status=422)
    except GroundMoved:
        moved = "What this changes is no longer what you saw. This is what it would change now."
        return _review(request, frame, replace(attempt, note=moved), stated)
    except (Refused, NotFound) as refused:
        return _show(request, frame, replace(attempt, note=str(refused)), status=422)
    if expected:
        return redirect_after(request, _find_page(attempt, change), _say_done(attempt, change))
    return _show_review(request, frame, attempt, change)


def _review(request: HttpRequest, frame: Frame, attempt: Attempt, stated: Stated) -> HttpResponse:
    try:
        return _show_review(request, frame, attempt, _edit(frame, attempt, stated, expect=None), status=409)
    except EstateFaults as refused:
        return _show(request, frame, replace(attempt, faults=refused.faults), status=422)
    except (Refused, NotFound) as refused:
        return _show(request, frame, replace(attempt, note=str(refused)), status=422)


def _show_review(
    request: HttpRequest, frame: Frame, attempt: Attempt, change: EstateChange, status: int = 200
) -> HttpResponse:
    if attempt.item is None and not any(c.verb == "create" and c.noun == attempt.spec.name for c in change.changes):
        fault = Fault(
            f"there is already a {attempt.spec.name} of this name: edit that one, or take another name", ("name",)
        )
        return _show(request, frame, replace(attempt, faults=(fault,)), status=422)
    return _show(request, frame, replace(attempt, preview=view_change(change)), status=status)


def _edit(frame: Frame, attempt: Attempt, stated: Stated, *, expect: str | None) -> EstateChange:
    """The one act, previewed unless it says what it expects."""
    spec, values = attempt.spec, dict(stated.values)
    if attempt.item is not None:
        address = attempt.item.address
    else:
        segment = quote_segment(str(values.get("key") or values.get("name") or ""))
        address = join_address(attempt.parent.lower(), segment) if spec.parent else segment
    author = frame.visitor.author(attempt.reason)
    return edit(spec.name, address, values, author, dry_run=expect is None, expect=expect)


def _find_page(attempt: Attempt, change: EstateChange) -> str:
    own = [each for each in change.changes if each.noun == attempt.spec.name]
    address = own[0].address if own else attempt.item.address if attempt.item else ""
    return noun_path(attempt.spec.plural, address) if address else reverse(attempt.spec.plural)


def _say_done(attempt: Attempt, change: EstateChange) -> str:
    if change.changes_nothing:
        return "Nothing was to be changed."
    name = str(attempt.inputs.get("name", "")).strip()
    return f"{attempt.spec.name.capitalize()} {name} was {'changed' if attempt.item else 'described'}."


def _list_meanwhile(request: HttpRequest, frame: Frame, item: Item) -> tuple[ActivityRow, ...]:
    """What others did to the noun since the form was opened."""
    now = clock.now()
    try:
        since: datetime = read_moment(request.POST.get("since", "") or "now", now=now, zone=read_zone(request))
    except NotAMoment:
        since = now
    which = ActivityFilter(noun=item.noun, address=item.address, since=since)
    return list_activity(frame.visitor.reader, Moment(now), which, limit=MOST_MEANWHILE)


def _show(request: HttpRequest, frame: Frame, attempt: Attempt, status: int = 200) -> HttpResponse:
    spec, item, reader = attempt.spec, attempt.item, frame.visitor.reader
    now = Moment(frame.asked.now)
    values: dict[str, Any] = {
        "noun": spec,
        "fields": lay_out(spec, attempt.inputs, attempt.faults, reader, now, is_new=item is None),
        "general": list_general(spec, attempt.faults),
        "attempt": attempt,
        "preview": attempt.preview,
        "owner": NOUNS[spec.parent] if spec.parent and item is None else None,
        "seen": item.digest if item is not None else "",
        "opened": mark_fields(item) if item is not None else "",
        "since": iso(now.as_of),
        "cancel": noun_path(spec.plural, item.address) if item is not None else reverse(spec.plural),
        "types": TYPES,
        "merges": MERGES,
        "wheres": WHERES,
    }
    if item is None:
        crumbs: tuple[Crumb, ...] = (Crumb(spec.plural.capitalize(), reverse(spec.plural)),)
        return make_page(request, "noun_form.html", values, title=f"New {spec.name}", crumbs=crumbs, status=status)
    name = str(item.values["name"])
    crumbs = (*list_crumbs(item), Crumb(name, noun_path(spec.plural, item.address)))
    return make_page(request, "noun_form.html", values, title=f"Edit {name}", crumbs=crumbs, status=status)
