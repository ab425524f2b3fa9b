"""Forms about people: a few fields and one act, which refuses with what was typed still there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse

from larry.actions.author import Author, Refused
from larry.core.rights import Permission
from larry.queries.reader import NotFound
from larry.web.frame import Crumb, read_frame
from larry.web.page import make_page, redirect_after
from larry.web.visitor import Visitor

LONGEST_INPUT = 1000
ONLY_ADMINISTRATORS = "Users and groups are managed by administrators of everything."

Sent = Mapping[str, str]
Done = tuple[str, str]
"""Where what was done is shown, and what to say there."""


@dataclass(frozen=True, slots=True)
class Input:
    """One field. ``kind`` is text, email, password, check or select; ``names`` completes what is typed."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    names: str = ""
    complete: str = "off"
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class PeopleForm:
    """A page with such a form: ``about`` says what follows from the act; ``asks_why``: a reason is recorded with it."""

    title: str
    verb: str
    crumbs: Sequence[Crumb]
    cancel: str
    inputs: tuple[Input, ...]
    act: Callable[[Sent, Author], Done]
    about: tuple[str, ...] = ()
    asks_why: bool = True
    is_grave: bool = False


def answer_people_form(request: HttpRequest, form: PeopleForm) -> HttpResponse:
    """The form; sent, what was done, or 422 and why not. Costs what the act costs."""
    visitor = read_frame(request).visitor
    if request.method != "POST":
        return _show(request, form, {}, "", 200)
    sent = {name: str(value).replace("\0", "").strip()[:LONGEST_INPUT] for name, value in request.POST.items()}
    sent |= {each.name: request.POST.get(each.name, "") for each in form.inputs if each.kind == "password"}
    try:
        where, said = form.act(sent, visitor.author(sent.get("reason", "")))
    except (Refused, NotFound) as fault:
        return _show(request, form, sent, str(fault), 422)
    return redirect_after(request, where, said)


def tell_why_not(visitor: Visitor) -> str:
    """Why a visitor may not manage users and groups; nothing when they may."""
    return "" if visitor.rights.scope(Permission.MANAGE).everything else ONLY_ADMINISTRATORS


def _show(request: HttpRequest, form: PeopleForm, sent: Sent, fault: str, status: int) -> HttpResponse:
    """What was typed is kept, save for passwords."""
    inputs = tuple(
        replace(each, value="" if each.kind == "password" else sent.get(each.name, "")) if sent else each
        for each in form.inputs
    )
    fault = f"{fault[:1].upper()}{fault[1:]}"
    values = {"form": replace(form, inputs=inputs), "fault": fault, "reason": sent.get("reason", "")}
    return make_page(request, "people_form.html", values, title=form.title, crumbs=form.crumbs, status=status)
