"""What programs ask over HTTP, by route."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import PathConverter

from larry.api.configuration import answer_configuration
from larry.api.feed import answer_feed
from larry.api.front import answer_nothing, list_routes
from larry.api.health import answer_health, answer_readiness
from larry.api.inventory import answer_inventory
from larry.api.metrics import answer_metrics


class AnyLetters(PathConverter):
    """What is asked of any letters, line feeds among them, which `path` would leave to the pages."""

    regex = r"[\s\S]+"


register_converter(AnyLetters, "any")

urlpatterns: list[URLPattern | URLResolver] = [
    path("configuration/<str:asked>", answer_configuration, name="configuration"),
    path("inventory.<str:suffix>", answer_inventory, name="inventory"),
    path("feed/<str:asked>", answer_feed, name="feed"),
    path("healthz", answer_health, name="healthz"),
    path("readyz", answer_readiness, name="readyz"),
    path("metrics", answer_metrics, name="metrics"),
    path("api/v1/", include((list_routes(), "api"))),
    path("api/", include(([path("<any:asked>", answer_nothing, name="nothing")], "api-before"))),
]
