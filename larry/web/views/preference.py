"""What a visitor prefers, kept in cookies of their browser: light or dark, and the time zone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from larry.web.address import find_own_path
from larry.web.frame import THEME_COOKIE, THEMES
from larry.web.page import act_only
from larry.web.when import ZONE_COOKIE, zone_names

_YEAR = 365 * 24 * 3600


@act_only
def answer_preference(request: HttpRequest) -> HttpResponse:
    """Keeps what is sent and known, and goes back. No SQL."""
    response = HttpResponseRedirect(find_own_path(request.POST.get("back", "")))
    response.status_code = 303
    for cookie, name, known in ((THEME_COOKIE, "theme", THEMES), (ZONE_COOKIE, "zone", zone_names())):
        chosen = request.POST.get(name, "").strip()
        if chosen in known:
            response.set_cookie(cookie, chosen, max_age=_YEAR, samesite="Lax", secure=request.is_secure())
    return response
