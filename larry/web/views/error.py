"""The pages for what went wrong before or in a view."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from larry.outside.log_line import get_trace
from larry.web.page import make_problem


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before any view: a host name that is not allowed, above all."""
    del exception
    return make_problem(request, 400, "The request is not one that Larry answers: is LARRY_ALLOWED_HOSTS set?")


def answer_forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    return make_problem(request, 403, "You may not do this.")


def answer_foreign_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of Larry's own, or from one so old that its cookie is gone."""
    del reason
    text = (
        "Nothing was done: the form did not come from this browser's own page. "
        "Go back, load the page anew, and send it again. If that never helps: cookies must be allowed, "
        "and behind a proxy that speaks HTTPS, LARRY_PROXIES must name it."
    )
    return make_problem(request, 403, text)


def answer_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    text = "There is nothing at this address. What it was to show may have another name now: search for it."
    return make_problem(request, 404, text)


def answer_failure(request: HttpRequest) -> HttpResponse:
    """A defect of Larry's own: its traceback goes to the log, not to the page."""
    known = get_trace().get("request", "")
    text = "This is a defect of Larry's. Nothing was changed by half; the log says more"
    return make_problem(request, 500, f"{text}, under {known}." if known else f"{text}.")
