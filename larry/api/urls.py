"""What programs ask over HTTP, by route."""

from __future__ import annotations

from django.urls import URLPattern, path

from larry.api.configuration import answer_configuration
from larry.api.health import answer_health, answer_readiness
from larry.api.inventory import answer_inventory

urlpatterns: list[URLPattern] = [
    path("configuration/<str:asked>", answer_configuration, name="configuration"),
    path("inventory.<str:suffix>", answer_inventory, name="inventory"),
    path("healthz", answer_health, name="healthz"),
    path("readyz", answer_readiness, name="readyz"),
]
