"""The pages, by route."""

from __future__ import annotations

from django.urls import URLPattern, path

from larry.web.views.asset import answer_asset
from larry.web.views.host import answer_host
from larry.web.views.start import answer_start

urlpatterns: list[URLPattern] = [
    path("", answer_start, name="start"),
    path("hosts/<str:name>", answer_host, name="host"),
    path("static/<str:name>", answer_asset, name="asset"),
]
