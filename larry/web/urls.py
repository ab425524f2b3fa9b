"""The pages, by route."""

from __future__ import annotations

from django.urls import URLPattern, path

from larry.web.views.asset import answer_asset
from larry.web.views.clock import answer_clock
from larry.web.views.host import answer_host
from larry.web.views.preference import answer_preference
from larry.web.views.start import answer_start

urlpatterns: list[URLPattern] = [
    path("", answer_start, name="start"),
    path("hosts/<str:name>", answer_host, name="host"),
    path("clock", answer_clock, name="clock"),
    path("preferences", answer_preference, name="preferences"),
    path("static/<str:name>", answer_asset, name="asset"),
]
