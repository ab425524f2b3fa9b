"""Pages: rendered on the server from values, without a script, and nothing of them is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from larry.web.asset import ICON, STYLE

View = Callable[..., HttpResponse]

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LONGEST_SHOWN = 300


def make_page(template: str, values: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """The page; browsers ask again each time, because any act may change it."""
    assets = {"style": reverse("asset", args=[STYLE.name]), "icon": reverse("asset", args=[ICON.name])}
    response = add_headers(HttpResponse(render_to_string(template, {**assets, **values}), status=status))
    response.headers["Cache-Control"] = "no-cache"
    return response


def make_problem(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """A page that says what is wrong in one sentence, and how to go on."""
    del request
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return make_page("problem.html", {"title": _TITLES.get(status, "This did not work"), "text": shown}, status)


def add_headers(response: HttpResponse) -> HttpResponse:
    """What forbids a browser to run, load or frame anything that is not the page's own."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def look_only(view: View) -> View:
    """The view for GET and HEAD; a database that does not answer is told as such."""

    @csrf_exempt  # what writes nothing needs no token to be refused properly
    @wraps(view)
    def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            response = make_problem(request, 405, "This page can only be looked at.")
            response.headers["Allow"] = "GET, HEAD"
            return response
        try:
            return view(request, **arguments)
        except (DatabaseError, InterfaceError):
            text = "The database does not answer, or is not up to date. Whoever runs Larry finds more at /readyz."
            response = make_problem(request, 503, text)
            response.headers["Retry-After"] = "5"
            return response

    return answer


_TITLES = {
    400: "This cannot be read",
    403: "This is not allowed",
    404: "There is no such page",
    405: "This cannot be done here",
    503: "Larry cannot answer now",
}
