"""The pages, by route."""

from __future__ import annotations

from django.urls import URLPattern, path

from larry.nouns.field import Noun
from larry.nouns.table import NOUNS
from larry.web.views.asset import answer_asset
from larry.web.views.clock import answer_clock
from larry.web.views.host import answer_host
from larry.web.views.noun_list import answer_noun_list, answer_noun_names
from larry.web.views.noun_show import answer_noun
from larry.web.views.password import answer_password
from larry.web.views.preference import answer_preference
from larry.web.views.sign_in import answer_sign_in, answer_sign_out
from larry.web.views.start import answer_start


def _route_noun(noun: Noun) -> list[URLPattern]:
    """The pages of one sort: what belongs to its list stands behind a dash, which is no key and no name of a host."""
    said, plural = {"noun": noun.name}, noun.plural
    return [
        path(f"{plural}/", answer_noun_list, said, name=plural),
        path(f"{plural}/-/names", answer_noun_names, said, name=f"{plural}-names"),
        path(f"{plural}/<path:address>", answer_noun, said, name=noun.name),
    ]


urlpatterns: list[URLPattern] = [
    path("", answer_start, name="start"),
    path("hosts/<str:name>", answer_host, name="host"),
    path("clock", answer_clock, name="clock"),
    path("preferences", answer_preference, name="preferences"),
    path("sign-in", answer_sign_in, name="sign-in"),
    path("sign-out", answer_sign_out, name="sign-out"),
    path("password", answer_password, name="change-password"),
    path("static/<str:name>", answer_asset, name="asset"),
    *(route for noun in NOUNS.values() for route in _route_noun(noun)),
]
