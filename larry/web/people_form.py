"""Forms about people: a few fields and one act, which refuses with what was typed still there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.http import HttpRequest, HttpResponse

from larry.actions.author import Author, Refused
from larry.core.rights import Permission
from larry.queries.reader import NotFound
from larry.web.frame import Crumb, read_frame
from larry.web.page import make_page, redirect_after
from larry.web.visitor import Visitor

LONGEST_INPUT = 1000
ONLY_ADMINISTRATORS = "Users and groups are managed by administrators of everything."

_Found = TypeVar("_Found")

Sent = Mapping[str, str]
Done = tuple[str, str]
"""Where what was done is shown, and what to say there."""


@dataclass(frozen=True, slots=True)
class Input:
    """One field. ``kind`` is text, email, password, check, boxes or select; ``names`` completes what is typed; of
    boxes the value is what is chosen, with spaces between."""

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

    @property
    def chosen(self) -> list[str]:
        return self.value.split()


@dataclass(frozen=True, slots=True)
class PeopleForm:
    """A page with such a form: ``about`` says what follows from the act; ``asks_why``: a reason is recorded with it.
    The act leads elsewhere, or answers itself where something is shown once."""

    title: str
    verb: str
    crumbs: Sequence[Crumb]
    cancel: str
    inputs: tuple[Input, ...]
    act: Callable[[Sent, Author], Done | HttpResponse]
    about: tuple[str, ...] = ()
    asks_why: bool = True
    is_grave: bool = False


def answer_people_form(request: HttpRequest, form: PeopleForm) -> HttpResponse:
    """The form; sent, what was done, or 422 and why not. Costs what the act costs."""
    visitor = read_frame(request).visitor
    if request.method != "POST":
        return _show(request, form, {}, None, 200)
    sent = {name: str(value).replace("\0", "").strip()[:LONGEST_INPUT] for name, value in request.POST.items()}
    sent |= {each.name: request.POST.get(each.name, "") for each in form.inputs if each.kind == "password"}
    sent |= {each.name: _read_boxes(each, sent) for each in form.inputs if each.kind == "boxes"}
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
    fault = f"{text[:1].upper()}{text[1:]}"
    inputs = tuple(
        replace(
            each,
            value="" if each.kind == "password" else sent.get(each.name, ""),
            fault=fault if each.name == at else "",
        )
        if sent
        else each
        for each in form.inputs
    )
    is_beside = any(each.fault for each in inputs)
    values = {
        "form": replace(form, inputs=inputs),
        "fault": "Nothing was done: what is wrong stands beside its field" if is_beside else fault,
        "reason": sent.get("reason", ""),
    }
    return make_page(request, "people_form.html", values, title=form.title, crumbs=form.crumbs, status=status)
