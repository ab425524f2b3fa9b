"""Signing in and out."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from larry.actions.author import Refused
from larry.actions.sign_in import TooManyAttempts, sign_in
from larry.actions.welcome import Ask
from larry.outside import clock
from larry.outside.directory import DirectoryIsAway, ask_directory
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE
from larry.queries.user import is_anybody_known
from larry.web.door import read_destination
from larry.web.page import act_only, look_or_act, make_page
from larry.web.proxy import read_address
from larry.web.visitor import begin_session, end_session, read_visitor


@sensitive_post_parameters("password")
@look_or_act
def answer_sign_in(request: HttpRequest) -> HttpResponse:
    """The form, and what becomes of it: on to where one wanted to go, else the form again, which says why.

    401 for a wrong name or password, 429 for too many of them, 503 while the directory that knows is away.
    """
    if request.method != "POST":
        if read_visitor(request).is_signed_in:
            return _go_on(request.GET.get("next", ""))
        return _show(request, request.GET.get("next", ""), 200)
    wanted, name = request.POST.get("next", ""), request.POST.get("name", "")
    try:
        signed = sign_in(name, request.POST.get("password", ""), read_address(request), clock.now(), _find_ask())
    except TooManyAttempts as refusal:
        response = _show(request, wanted, 429, fault=str(refusal), name=name)
        response.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
        return response
    except DirectoryIsAway:
        text = (
            "The directory does not answer, so that nobody can sign in who has their password there. "
            "Users of Larry itself can. Try again in a minute; whoever runs Larry finds more in the log."
        )
        response = _show(request, wanted, 503, fault=text, name=name)
        response.headers["Retry-After"] = "60"
        return response
    except Refused as refusal:
        return _show(request, wanted, 401, fault=str(refusal), name=name)
    begin_session(request, signed)
    return _go_on(wanted)


@act_only
def answer_sign_out(request: HttpRequest) -> HttpResponse:
    """Out, and to the page to sign in."""
    end_session(request)
    return _redirect(reverse("sign-in"))


def _find_ask() -> Ask | None:
    """How the directory is asked, if the settings name one."""
    told = settings.LARRY_DIRECTORY
    return partial(ask_directory, told) if told is not None else None


def _go_on(wanted: str) -> HttpResponse:
    return _redirect(read_destination(wanted))


def _redirect(place: str) -> HttpResponse:
    response = HttpResponseRedirect(place)
    response.status_code = 303
    response.headers["Cache-Control"] = "no-store"
    return response


def _show(request: HttpRequest, wanted: str, status: int, *, fault: str = "", name: str = "") -> HttpResponse:
    values = {
        "next": read_destination(wanted),
        "fault": fault,
        "name": name,
        "is_empty": not is_anybody_known(WHOLE, Moment(clock.now())),
    }
    response = make_page(request, "sign_in.html", values, title="Sign in", status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
