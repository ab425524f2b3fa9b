"""Style and icon, served by name and content."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from larry.web.asset import ASSETS
from larry.web.page import add_headers, make_problem


@require_safe
def answer_asset(request: HttpRequest, name: str) -> HttpResponse:
    """The file, to be kept for good: another content has another name."""
    asset = ASSETS.get(name)
    if asset is None:
        return make_problem(request, 404, "There is no such file.")
    response = add_headers(HttpResponse(asset.body, content_type=asset.media_type))
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
