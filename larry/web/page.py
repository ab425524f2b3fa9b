"""Pages: rendered on the server from values; nothing of them is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt

from larry.nouns.table import NOUNS
from larry.web.address import find_own_path
from larry.web.frame import Crumb, read_frame, take_notices

_LISTED = frozenset(noun.plural for noun in NOUNS.values()) | {
    "deployments", "rollouts", "users", "groups", "tokens", "webhooks",
}  # fmt: skip
View = Callable[..., HttpResponse]

LONGEST_SHOWN = 300


def make_page(
    request: HttpRequest,
    template: str,
    values: Mapping[str, Any],
    *,
    title: str,
    crumbs: Sequence[Crumb] = (),
    status: int = 200,
) -> HttpResponse:
    """The page in its frame. ``title`` is its heading, and its title in the browser; ``crumbs`` are the way to it.

    Browsers ask again each time, because any act may change it. 400 when the moment asked for is none.
    """
    frame = read_frame(request)
    around = {"frame": frame, "asked": frame.asked, "title": title, "crumbs": crumbs, "own_path": request.path}
    around["notices"] = take_notices(request)
    status = 400 if frame.asked.fault and status == 200 else status
    response = HttpResponse(render_to_string(template, {**around, **values}, request=request), status=status)
    response.headers["Cache-Control"] = "private, no-store" if request.method == "POST" else "private, no-cache"
    return response


def make_piece(request: HttpRequest, template: str, values: Mapping[str, Any]) -> HttpResponse:
    """A piece of a page that htmx puts in its place, or nothing but a page would without a script."""
    frame = read_frame(request)
    text = render_to_string(template, {"frame": frame, "asked": frame.asked, **values}, request=request)
    response = HttpResponse(text)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def make_problem(request: HttpRequest, status: int, text: str, *, title: str = "") -> HttpResponse:
    """A page that says what is wrong in one sentence, and how to go on."""
    sentence = write_sentence(text)
    shown = sentence if len(sentence) <= LONGEST_SHOWN else f"{sentence[:LONGEST_SHOWN]}…"
    title = title or _TITLES.get(status, "This did not work")
    values = {"text": shown, "listed": _find_listed(request)}
    return make_page(request, "problem.html", values, title=title, status=status)


def _find_listed(request: HttpRequest) -> str:
    """What sort of things the address is of, where there is a list of them."""
    sort = request.path.removeprefix("/").partition("/")[0]
    return sort if sort in _LISTED and request.path != f"/{sort}/" else ""


def write_sentence(text: str) -> str:
    """What a refusal says, as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"


def redirect_after(request: HttpRequest, path: str, text: str, *, kind: str = "done") -> HttpResponse:
    """After an act: to the page that shows it, which tells once what was done. Never out of Larry."""
    messages.add_message(request, messages.INFO, text[:LONGEST_SHOWN], extra_tags=kind)
    response = HttpResponseRedirect(find_own_path(path))
    response.status_code = 303
    return response


def make_unavailable(request: HttpRequest) -> HttpResponse:
    """The page for a database that does not answer."""
    text = "The database does not answer, or is not up to date. Whoever runs Larry finds more at /readyz."
    if request.method == "POST":
        text += " If it was lost amid what you did, look whether that was done before you do it again."
    response = make_problem(request, 503, text)
    response.headers["Retry-After"] = "5"
    return response


def look_only(view: View) -> View:
    """The view for GET and HEAD; a database that does not answer is told as such."""

    @csrf_exempt  # what writes nothing needs no token to be refused properly
    @wraps(view)
    def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return _refuse_method(request, "This page can only be looked at.", "GET, HEAD")
        return _answer(view, request, arguments)

    return answer


def look_or_act(view: View) -> View:
    """The view for GET and HEAD, which write nothing, and for POST, which does and needs the page's token."""

    @wraps(view)
    def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD", "POST"}:
            return _refuse_method(request, "This page can be looked at and sent, no more.", "GET, HEAD, POST")
        return _answer(view, request, arguments)

    return answer


def act_only(view: View) -> View:
    """The view for POST alone."""

    @wraps(view)
    def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
        if request.method != "POST":
            return _refuse_method(request, "Nothing is to be seen at this address.", "POST")
        return _answer(view, request, arguments)

    return answer


def _answer(view: View, request: HttpRequest, arguments: Mapping[str, str]) -> HttpResponse:
    broken = _find_nul(request, arguments)
    if broken:
        return make_problem(request, 400, f"{broken[:100]} holds a NUL character, which no text here may hold")
    try:
        return view(request, **arguments)
    except (DatabaseError, InterfaceError):
        return make_unavailable(request)


def _find_nul(request: HttpRequest, arguments: Mapping[str, str]) -> str:
    """What of a request holds a NUL, which PostgreSQL takes in no text, and nobody types; else nothing."""
    if any("\0" in str(value) for value in arguments.values()):
        return "the address"
    pairs = [*request.GET.lists(), *(request.POST.lists() if request.method == "POST" else ())]
    return next((f"the field {name}" for name, values in pairs if any("\0" in text for text in (name, *values))), "")


def _refuse_method(request: HttpRequest, text: str, allowed: str) -> HttpResponse:
    response = make_problem(request, 405, text)
    response.headers["Allow"] = allowed
    return response


_TITLES = {
    400: "This cannot be read",
    403: "This is not allowed",
    404: "There is no such page",
    405: "This cannot be done here",
    409: "Somebody was faster",
    503: "Larry cannot answer now",
}
