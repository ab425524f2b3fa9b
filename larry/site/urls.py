"""Every route of Larry: what programs ask, then the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("larry.api.urls")),
    path("", include("larry.web.urls")),
]

handler400 = "larry.web.views.error.answer_bad_request"
handler403 = "larry.web.views.error.answer_forbidden"
handler404 = "larry.web.views.error.answer_not_found"
handler500 = "larry.web.views.error.answer_failure"
