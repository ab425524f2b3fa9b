"""Style, icon and scripts, served by name and content."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from larry.web.asset import ASSETS
from larry.web.page import make_problem


@require_safe
def answer_asset(request: HttpRequest, name: str) -> HttpResponse:
    """The file, to be kept for good: another content has another name."""
    asset = ASSETS.get(name)
    if asset is None:
        return make_problem(request, 404, "There is no such file.")
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(asset.packed if is_packed else asset.body, content_type=asset.media_type)
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
