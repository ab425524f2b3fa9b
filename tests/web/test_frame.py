"""The frame of every page: the clock, headers, preferences, notices, addresses that lead nowhere else, the one look."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from larry.core.interval import iso
from larry.core.picture import MARKS, PAPER, Condition
from larry.web.address import at_moment, find_own_path, noun_path, with_moment
from larry.web.asset import STYLE
from larry.web.headers import HEADERS
from larry.web.linked_text import link_addresses
from larry.web.tag import badge, timed
from larry.web.when import Asked
from tests.api.scene import WEB, lay, put
from tests.web.test_pages import Page, look

ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "http:evil.example",
    "HTTP://evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\\/evil.example",
    "evil.example",
    "?next=//evil.example",
    "//evil.example:80/hosts",
    "//user@evil.example",
    "/hosts\r\nSet-Cookie: a=b",
    "//[::1",
    "",
)


@pytest.fixture
def now(db: None) -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5)
    return now


@pytest.mark.parametrize("path", ["/", "/nowhere", "/healthz", f"/configuration/{WEB}.json", "/static/x.css"])
def test_every_answer_carries_the_headers(path: str, now: datetime, client: Client) -> None:
    response = client.get(path)
    assert {name: response.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_the_clock_sends_back_to_the_page_as_of_the_moment(now: datetime, client: Client) -> None:
    response = client.get("/clock", {"back": f"/hosts/{WEB}?x=1&as_of=%2B1h", "moment": "2027-01-01T00:00Z"})
    assert response.status_code == 302
    assert response.headers["Location"] == f"/hosts/{WEB}?x=1&as_of=2027-01-01T00%3A00%3A00Z"
    assert client.get("/clock", {"back": "/", "go": "now"}).headers["Location"] == "/"
    picked = client.get("/clock", {"back": "/", "moment": "", "pick": "2027-01-01T10:30"})
    assert picked.headers["Location"] == "/?as_of=2027-01-01T10%3A30%3A00Z"


def test_the_clock_finds_the_next_change_after_the_moment_looked_at(now: datetime, client: Client) -> None:
    def ask(start: str) -> dict[str, list[str]]:
        location = client.get("/clock", {"back": "/", "go": "next", "from": start}).headers["Location"]
        return parse_qs(urlsplit(location).query)

    assert ask("now") == {"as_of": [iso(now + timedelta(days=5))]}
    later = iso(now + timedelta(days=6))
    assert ask(later) == {"as_of": [later]}
    assert "Nothing is planned to change" in look(client, "/").text
    assert "Nothing is planned to change" not in look(client, "/").text  # told once


def test_what_is_typed_at_the_clock_is_in_the_zone_that_is_seen(now: datetime, client: Client) -> None:
    client.cookies["larry_zone"] = "Asia/Tokyo"
    location = client.get("/clock", {"back": "/", "moment": "2027-01-01 09:00"}).headers["Location"]
    assert location == "/?as_of=2027-01-01T00%3A00%3A00Z"
    assert "2027-01-01 09:00 JST" in look(client, location).text
    # An address means the same to everybody: without an offset its moment is in the zone of the settings.
    assert "2027-01-01 18:00 JST" in look(client, "/?as_of=2027-01-01T09:00").text


def test_a_moment_that_is_none_is_told_on_the_page_and_kept(now: datetime, client: Client) -> None:
    response = client.get("/clock", {"back": "/", "moment": "tomorrowish"}, follow=True)
    assert response.status_code == 400
    assert "&#x27;tomorrowish&#x27; is not a moment" in response.content.decode()
    assert 'value="tomorrowish"' in response.content.decode()


@pytest.mark.parametrize("text", ELSEWHERE)
@pytest.mark.django_db
def test_nobody_is_sent_out_of_larry(text: str, client: Client) -> None:
    assert find_own_path(text) == "/"
    assert client.get("/clock", {"back": text, "moment": "+1d"}).headers["Location"].startswith("/?as_of=")
    sent = client.post("/preferences", {"back": text, "theme": "dark"})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/")


def test_preferences_are_kept_when_they_are_known(now: datetime, client: Client) -> None:
    client.post("/preferences", {"theme": "dark", "zone": "Europe/Berlin", "back": "/"})
    page = look(client, "/")
    assert dict(page.tags)["html"]["data-theme"] == "dark"
    assert "Times are in Europe/Berlin" in page.text
    client.post("/preferences", {"theme": "<script>", "zone": "Nowhere/Land", "back": "/"})
    assert dict(look(client, "/").tags)["html"]["data-theme"] == "dark"
    client.cookies["larry_zone"] = '"><script>'
    client.cookies["larry_theme"] = "pink"
    page = look(client, "/")
    assert dict(page.tags)["html"]["data-theme"] == "auto"
    assert "Times are in UTC" in page.text


def test_preferences_need_the_token_of_the_page(now: datetime) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/preferences", {"theme": "dark"})
    assert response.status_code == 403
    assert b"Nothing was done" in response.content
    assert "larry_theme" not in response.cookies
    page = strict.get("/sign-in").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    assert strict.post("/preferences", {"theme": "dark", "csrfmiddlewaretoken": found[1]}).status_code == 303


@pytest.mark.django_db
def test_preferences_are_only_sent(client: Client) -> None:
    assert client.get("/preferences").status_code == 405


def test_pages_say_where_one_is(now: datetime, client: Client) -> None:
    page = client.get(f"/hosts/{WEB}?as_of=2027-01-01").content.decode()
    assert f"<title>{WEB} · Hosts · as of 2027-01-01 00:00 UTC · Larry</title>" in page
    assert "<title>What runs where, now · Larry</title>" in client.get("/").content.decode()
    here = [a for tag, a in Page(client.get("/").content.decode()).tags if a.get("aria-current") == "page"]
    assert [each["href"] for each in here] == ["/"]


def test_times_tell_utc_and_their_distance(now: datetime, client: Client) -> None:
    client.cookies["larry_zone"] = "America/New_York"
    times = [
        a for tag, a in look(client, "/").tags if tag == "time" and a.get("datetime") == iso(now + timedelta(days=5))
    ]
    assert times
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC · in [45] days", t["title"] or "") for t in times)


def test_pages_and_pictures_have_one_look() -> None:
    style = STYLE.body.decode()
    for name, (light, dark) in PAPER.items():
        assert f"--lp-{name}:light-dark({light},{dark})" in style
    for condition, mark in MARKS.items():
        rule = style[style.index(f".larry-picture .lp-{condition},.lp-{condition}{{") :].split("}")[0]
        for name in ("fill", "line", "strong", "ink"):
            light, dark = getattr(mark, name)
            assert f"--lp-{name}:light-dark({light},{dark})" in rule
    own = style[style.index("/* Tokens first") :]
    for light, dark in PAPER.values():
        assert light not in own or light == "#ffffff"
        assert dark not in own


def test_a_badge_is_never_known_by_colour_alone() -> None:
    shown = {condition: str(badge(condition.value)) for condition in Condition}
    assert all(condition.value in html and MARKS[condition].sign in html for condition, html in shown.items())
    assert len({re.sub("lp-[a-z]+", "", html) for html in shown.values()}) == len(Condition)


@pytest.mark.parametrize(
    "text, links",
    [
        ("see https://wiki.example/a.", ["https://wiki.example/a"]),
        ("(http://wiki.example/a_(b)) and HTTPS://X.EXAMPLE!", ["http://wiki.example/a_(b)", "HTTPS://X.EXAMPLE"]),
        ("javascript:alert(1) data:text/html,x ftp://x.example //x.example", []),
        ("https://user:secret@evil.example/ https:// https:///x", []),
        ('https://x.example/"onmouseover="alert(1)', ["https://x.example/"]),
        ("https://x.example/<script>", ["https://x.example/"]),
        ("https://x.example/?a=1&b=2", ["https://x.example/?a=1&b=2"]),
        ("https://[::1", []),
    ],
)
def test_only_web_addresses_become_links(text: str, links: list[str]) -> None:
    page = Page(str(link_addresses(text)))
    assert [a["href"] for tag, a in page.tags if tag == "a"] == links
    assert {tag for tag, _ in page.tags} <= {"a"}
    assert all(a["rel"] == "noopener noreferrer nofollow ugc" for tag, a in page.tags)
    assert "".join(page.words) == text


def test_addresses_carry_the_moment_beside_their_own_query() -> None:
    assert at_moment("/hosts", "") == "/hosts"
    assert at_moment("/hosts/?q=a#x", "?as_of=2027-01-01T00:00:00Z") == "/hosts/?q=a&as_of=2027-01-01T00:00:00Z#x"
    assert with_moment("/hosts/?q=a&as_of=x", None) == "/hosts/?q=a"
    assert noun_path("instances", "acme/shop/live") == "/instances/acme/shop/live"
    assert noun_path("customers", 'a"b?c') == "/customers/a%22b%3Fc"


@pytest.mark.parametrize("day", ["2026-02-28", "2026-11-30", "2027-01-31"])
def test_a_moment_in_a_sentence_is_told_in_the_visitors_zone(day: str, now: datetime) -> None:
    asked = Asked(now, now, ZoneInfo("Europe/Vienna"))
    told = timed({"asked": asked}, f"it ends at {day}T12:00:00Z, <too> early")
    assert told.startswith("it ends at <time ")
    assert told.endswith("</time>, &lt;too&gt; early")
    assert "13:00" in told


def test_a_moment_that_never_comes_stays_as_it_was_typed(now: datetime) -> None:
    text = "the start 2026-02-30T12:00:00Z is none"
    assert timed({"asked": Asked(now, now, ZoneInfo("UTC"))}, text) == text
