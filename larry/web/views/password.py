"""Changing one's own password."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from larry.actions.author import Refused
from larry.actions.sign_in import TooManyAttempts, change_password
from larry.web.page import look_or_act, make_page, redirect_after
from larry.web.proxy import read_address
from larry.web.visitor import begin_session, read_visitor


@sensitive_post_parameters("old", "new", "again")
@look_or_act
def answer_password(request: HttpRequest) -> HttpResponse:
    """The form, and what becomes of it: 422 with what is wrong, else it is done and every other session has ended."""
    visitor = read_visitor(request)
    if request.method != "POST":
        return _show(request, 200)
    new = request.POST.get("new", "")
    if new != request.POST.get("again", ""):
        return _show(request, 422, "The new password was not typed twice in the same way.")
    try:
        signed = change_password(
            visitor.id, request.POST.get("old", ""), new, read_address(request), visitor.author("")
        )
    except TooManyAttempts as refusal:
        return _show(request, 429, str(refusal))
    except Refused as refusal:
        return _show(request, 422, str(refusal))
    begin_session(request, signed)
    text = "Your password has been changed. Wherever else you were signed in, you are signed out."
    return redirect_after(request, reverse("start"), text)


def _show(request: HttpRequest, status: int, fault: str = "") -> HttpResponse:
    response = make_page(request, "password.html", {"fault": fault}, title="Your password", status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
