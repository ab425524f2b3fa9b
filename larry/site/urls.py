"""Every route of Larry: what programs ask, then the pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from larry.api.fault import answer_failure
from larry.web.views import error


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before any view: to programs a problem, to people a page."""
    answer = answer_failure if request.path.startswith("/api/") else error.answer_bad_request
    return answer(request, exception)


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("larry.api.urls")),
    path("", include("larry.web.urls")),
]

handler400 = answer_bad_request
handler403 = "larry.web.views.error.answer_forbidden"
handler404 = "larry.web.views.error.answer_not_found"
handler500 = "larry.web.views.error.answer_failure"
