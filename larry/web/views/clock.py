"""The clock: sends a visitor back to the page they come from, as of the moment they chose."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, read_moment
from larry.outside import clock
from larry.queries.moment import Moment
from larry.queries.node import list_next_changes
from larry.web.address import find_own_path, with_moment
from larry.web.page import look_only, redirect_after
from larry.web.visitor import read_visitor
from larry.web.when import read_zone

NEXT_CHANGE = "next"


@look_only
def answer_clock(request: HttpRequest) -> HttpResponse:
    """To ``back`` as of ``go`` (a moment or the next change), the moment picked, or the one written; what is written
    without an offset is in the zone in which the visitor reads. 1 SQL statement for the next change, else none.
    """
    now = clock.now()
    back = find_own_path(request.GET.get("back", ""))
    words = (request.GET.get(name, "").strip() for name in ("go", "pick", "moment"))
    written = next((word for word in words if word), "now")
    if written == NEXT_CHANGE:
        return _go_to_next_change(request, back, now)
    try:
        moment = read_moment(written, now=now, zone=read_zone(request))
    except NotAMoment:
        return HttpResponseRedirect(with_moment(back, written))  # the page says what is wrong with it
    return HttpResponseRedirect(with_moment(back, None if moment == now else iso(moment)))


def _go_to_next_change(request: HttpRequest, back: str, now: datetime) -> HttpResponse:
    """After the moment that the visitor looks at; where nothing comes they stay there, and are told."""
    looked_at = request.GET.get("from", "")
    try:
        after = read_moment(looked_at or "now", now=now, zone=read_zone(request))
    except NotAMoment:
        looked_at, after = "", now
    coming = list_next_changes(read_visitor(request).reader, Moment(after), 1)
    if not coming:
        text = "Nothing is planned to change after this moment."
        return redirect_after(request, with_moment(back, looked_at or None), text, kind="note")
    return HttpResponseRedirect(with_moment(back, iso(coming[0][0])))
