"""The door: whoever has not signed in sees the page to sign in, and nothing else of the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from larry.web.address import find_own_path
from larry.web.page import make_unavailable
from larry.web.visitor import recognise_visitor

OPEN = frozenset(
    {"asset", "sign-in", "configuration", "inventory", "feed", "healthz", "readyz", "metrics", "preferences"}
)
"""Routes that everybody may ask; what programs ask looks after its own rights. All others are closed."""

PROGRAMS = frozenset({"api", "api-before"})
"""Routes of programs, which are told in their own words that nobody has signed in."""

LONGEST_DESTINATION = 2000


class Door:
    """Asks before any view that is not open who is there; what a form of a stranger says is not even read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is not None and (match.url_name in OPEN or PROGRAMS & set(match.namespaces)):
            return None
        try:
            visitor = recognise_visitor(request)
        except (DatabaseError, InterfaceError):
            return make_unavailable(request)
        return None if visitor.is_signed_in else ask_to_sign_in(request)


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the page to sign in, which leads back here afterwards; a piece of a page has the whole page go there."""
    if request.headers.get("HX-Request") == "true":
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        response = HttpResponse(status=401)
        response.headers["HX-Redirect"] = _sign_in_page(f"{shown.path}?{shown.query}" if shown.query else shown.path)
    else:
        looks = request.method in {"GET", "HEAD"}
        response = HttpResponseRedirect(_sign_in_page(request.get_full_path() if looks else ""))
        response.status_code = 302 if looks else 303
    response.headers["Cache-Control"] = "no-store"
    return response


def read_destination(text: str) -> str:
    """The path within Larry that a text names, else that of the start page: never an address anywhere else."""
    start = reverse("start")
    if len(text) > LONGEST_DESTINATION or " " in text or not url_has_allowed_host_and_scheme(text, allowed_hosts=None):
        return start
    own = find_own_path(text)
    return start if own.partition("?")[0] in {reverse("sign-in"), reverse("sign-out")} else own


def _sign_in_page(destination: str) -> str:
    wanted = read_destination(destination)
    page = reverse("sign-in")
    return page if wanted == reverse("start") else f"{page}?{urlencode({'next': wanted})}"
