"""Pictures and explanations over REST are what the command prints."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from tests.api.asking import ask, read
from tests.api.scene import LIVE, SECRET, WEB
from tests.cli.terminal import Terminal


@pytest.mark.parametrize("form", ["json", "svg", "dot"])
@pytest.mark.parametrize("subject", [LIVE, WEB, "rails", "acme/shop", "acme"])
def test_graphs(somebody: Client, estate: datetime, larry: Terminal, subject: str, form: str) -> None:
    at = "2030-01-01T00:00:00Z"
    answer = ask(somebody, "GET", f"/graph?subject={subject}&format={form}&as_of={at}")
    assert answer.content.decode() == larry.done("graph", subject, "--format", form, "--as-of", at).out
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("form", ["json", "svg"])
@pytest.mark.parametrize("subject", [LIVE, WEB, "acme"])
def test_timelines(somebody: Client, estate: datetime, larry: Terminal, subject: str, form: str) -> None:
    when = ("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
    answer = ask(
        somebody, "GET", f"/timeline?subject={subject}&format={form}&since={when[0]}&until={when[1]}&as_of={when[1]}"
    )
    words = ("--format", form, "--from", when[0], "--until", when[1], "--as-of", when[1])
    assert answer.content.decode() == larry.done("timeline", subject, *words).out


@pytest.mark.parametrize(
    "asked, status",
    [
        ("/graph?subject=nothing", 404),
        ("/graph", 422),
        (f"/graph?subject={LIVE}&format=png", 422),
        (f"/graph?subject={LIVE}&kind=planet", 422),
        (f"/graph?subject={LIVE}&link_prefix=javascript:alert(1)", 422),
        (f"/timeline?subject={WEB}&format=dot", 422),
        (f"/timeline?subject={WEB}&since=2027-01-01&until=2026-01-01", 422),
        (f"/timeline?subject={WEB}&width=1", 422),
        (f"/hosts/{WEB}/explain?service=rails", 422),
        (f"/hosts/{WEB}/explain?service=rails&parameter=nothing", 404),
        (f"/hosts/{WEB}/explain?service=nothing&parameter=workers", 404),
    ],
)
def test_what_will_not_do(somebody: Client, estate: datetime, asked: str, status: int) -> None:
    assert ask(somebody, "GET", asked).status_code == status


def test_explanations(somebody: Client, estate: datetime) -> None:
    told = read(ask(somebody, "GET", f"/hosts/{WEB}/explain?service=rails&parameter=workers"))
    (entry,) = told["entries"]
    assert entry["value"] == 4
    assert entry["sources"][0]["instance"] == LIVE
    answer = ask(somebody, "GET", f"/hosts/{WEB}/explain?service=rails&parameter=password")
    assert SECRET not in answer.content.decode()
