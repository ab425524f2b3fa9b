"""Forms about people: a few fields and one act, which refuses with what was typed still there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.http import HttpRequest, HttpResponse

from larry.actions.author import Author, Refused
from larry.core.rights import Permission
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.moment import Moment
from larry.queries.reader import NotFound
from larry.web.frame import Crumb, read_frame
from larry.web.noun_merge import Meanwhile
from larry.web.page import make_page, redirect_after, write_sentence
from larry.web.visitor import Visitor

LONGEST_INPUT = 1000
MOST_MEANWHILE = 20
ONLY_ADMINISTRATORS = "Users and groups are managed by administrators of everything."

_Found = TypeVar("_Found")

Sent = Mapping[str, str]
Done = tuple[str, str]
"""Where what was done is shown, and what to say there."""


@dataclass(frozen=True, slots=True)
class Input:
    """One field. ``kind`` is text, email, password, check, boxes or select; ``names`` completes what is typed; of
    boxes the value is what is chosen, with spaces between. ``was`` is what it was made from, in a form that edits."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    names: str = ""
    complete: str = "off"
    is_required: bool = False
    fault: str = ""
    was: str | None = None

    @property
    def chosen(self) -> list[str]:
        return self.value.split()


@dataclass(frozen=True, slots=True)
class PeopleForm:
    """A page with such a form: ``about`` says what follows from the act; ``asks_why``: a reason is recorded with it.
    The act leads elsewhere, or answers itself where something is shown once. ``edits`` is the noun and the address of
    what such a form changes: the second of two people is told of the first."""

    title: str
    verb: str
    crumbs: Sequence[Crumb]
    cancel: str
    inputs: tuple[Input, ...]
    act: Callable[[Sent, Author], Done | HttpResponse]
    about: tuple[str, ...] = ()
    asks_why: bool = True
    is_grave: bool = False
    edits: tuple[str, str] | None = None


def answer_people_form(request: HttpRequest, form: PeopleForm) -> HttpResponse:
    """The form; sent, what was done, or 422 and why not. Costs what the act costs."""
    visitor = read_frame(request).visitor
    if request.method != "POST":
        return _show(request, form, {}, None, 200)
    sent = {name: str(value).strip()[:LONGEST_INPUT] for name, value in request.POST.items()}
    sent |= {each.name: request.POST.get(each.name, "") for each in form.inputs if each.kind == "password"}
    sent |= {each.name: _read_boxes(each, sent) for each in form.inputs if each.kind == "boxes"}
    if form.edits and (both := _list_both(form, sent)):
        return _show_both(request, form, sent, both)
    try:
        done = form.act(sent, visitor.author(sent.get("reason", "")))
    except (Refused, NotFound) as fault:
        return _show(request, form, sent, fault, 422)
    return redirect_after(request, *done) if isinstance(done, tuple) else done


def find_in(field: str, find: Callable[[], _Found]) -> _Found:
    """What a field names. Raises `Refused` with the field where there is no such thing."""
    try:
        return find()
    except NotFound as fault:
        raise Refused(str(fault), field=field) from None


def _list_both(form: PeopleForm, sent: Sent) -> dict[str, Meanwhile]:
    """By input, what has become something else since the form was opened."""
    found = {}
    for each in form.inputs:
        typed, was = sent.get(each.name, ""), sent.get(f"was.{each.name}")
        if was is not None and was != each.value != typed:
            found[each.name] = Meanwhile(each.label, each.value, typed, typed != was, None)
    return found


def _show_both(request: HttpRequest, form: PeopleForm, sent: Sent, both: Mapping[str, Meanwhile]) -> HttpResponse:
    """What was typed is kept; what was not touched becomes what it is now."""
    frame = read_frame(request)
    noun, address = form.edits or ("", "")
    which = ActivityFilter(noun=noun, address=address)
    rows = list_activity(frame.visitor.reader, Moment(frame.asked.now), which, limit=MOST_MEANWHILE)
    by = {name: row for row in reversed(rows) for name in row.after or ()}
    lines = [replace(line, by=by.get(name)) for name, line in both.items()]
    merged = {**sent, **{name: line.now for name, line in both.items() if not line.is_kept}}
    inputs = tuple(replace(each, value=merged.get(each.name, ""), was=each.value) for each in form.inputs)
    values = {
        "form": replace(form, inputs=inputs),
        "note": f"{address} has changed since this form was opened. What you typed is kept: compare, and send again.",
        "both": lines,
        "reason": sent.get("reason", ""),
    }
    return make_page(request, "people_form.html", values, title=form.title, crumbs=form.crumbs, status=409)


def _read_boxes(each: Input, sent: Sent) -> str:
    return " ".join(value for value, _ in each.options if sent.get(f"{each.name}.{value}"))


def tell_why_not(visitor: Visitor) -> str:
    """Why a visitor may not manage users and groups; nothing when they may."""
    return "" if visitor.rights.scope(Permission.MANAGE).everything else ONLY_ADMINISTRATORS


def _show(
    request: HttpRequest, form: PeopleForm, sent: Sent, refused: Refused | NotFound | None, status: int
) -> HttpResponse:
    """What was typed is kept, save for passwords; what is wrong stands at its field, or before all of them."""
    at = refused.field if isinstance(refused, Refused) else ""
    text = str(refused or "")
    fault = write_sentence(text) if text else ""
    inputs = tuple(
        replace(
            each,
            value="" if each.kind == "password" else sent.get(each.name, ""),
            fault=fault if each.name == at else "",
            was=each.value if form.edits else None,
        )
        if sent
        else replace(each, was=each.value if form.edits else None)
        for each in form.inputs
    )
    is_beside = any(each.fault for each in inputs)
    values = {
        "form": replace(form, inputs=inputs),
        "fault": "Nothing was done: what is wrong stands beside its field." if is_beside else fault,
        "reason": sent.get("reason", ""),
    }
    return make_page(request, "people_form.html", values, title=form.title, crumbs=form.crumbs, status=status)
