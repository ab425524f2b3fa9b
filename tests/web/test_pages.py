"""The pages: what they show, as of when, and how they refuse."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.core.interval import iso
from larry.exports.dialect import DIALECTS
from larry.web.asset import ASSETS, SCRIPT, STYLE
from larry.web.when import tell_distance
from tests.api.scene import SECRET, SPARE, WEB, lay, put

VOID = frozenset("meta link input img br".split())
MOST_CLOCKS = 20
"""Each page has a few links to other moments, which lead to the same pages again."""


class Page(HTMLParser):
    """What a browser would see: the links, the words, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.links.extend(value for name, value in attrs if name == "href" and value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def look(client: Client, path: str, status: int = 200) -> Page:
    response = client.get(path)
    assert response.status_code == status
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return Page(response.content.decode())


@pytest.fixture
def now(db: None) -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5, reason="the first week")
    put(WEB, now, at=-1, start=8, reason="back again")
    return now


@pytest.mark.django_db
def test_an_empty_estate_says_what_to_do_next(client: Client) -> None:
    text = look(client, "/").text
    assert "The estate is empty" in text
    assert "larry apply estate.yaml" in text
    assert "larry demo" in text


def test_every_link_of_every_page_leads_somewhere(now: datetime, client: Client) -> None:
    seen: set[str] = set()
    clocks = 0
    todo = ["/", "/?as_of=%2B6d", "/search?q=live", "/situations", f"/hosts/{SPARE}"]
    while todo and len(seen) < 600:
        path = todo.pop(0)
        if path in seen or "since=" in path or (path.startswith("/clock?") and clocks > MOST_CLOCKS):
            continue
        if path.replace("as_of=", "").count("=") > 2:
            continue  # what a list can be asked for can be asked for together
        clocks += path.startswith("/clock?")
        seen.add(path)
        response = client.get(path)
        assert response.status_code in ({302, 303} if path.startswith("/clock?") else {200}), path
        if response.headers["Content-Type"].startswith("text/html"):
            links = Page(response.content.decode()).links
            todo += [
                path.partition("?")[0] + link if link.startswith("?") else link for link in links if link[0] != "#"
            ]
    assert {f"/configuration/{WEB}.{dialect.suffix}" for dialect in DIALECTS} <= seen
    assert all(path.startswith(("/", "?")) for path in seen)


def test_another_moment_is_shown_unmistakably_and_carried_on_by_links(now: datetime, client: Client) -> None:
    then = iso(now + timedelta(days=6))
    page = look(client, f"/?as_of={then}")
    assert "This is not now. You see what will be at" in page.text
    assert "0 of 1 instance live" in page.text
    inner = [link for link in page.links if link.startswith(("/hosts/", "/configuration/"))]
    assert inner
    assert all(link.endswith(f"?as_of={then}") for link in inner)
    assert "You see what was at" in look(client, "/?as_of=-2d").text
    assert "/" in page.links  # back to now


def test_what_is_no_moment_is_told_beside_the_form_that_keeps_it(now: datetime, client: Client) -> None:
    page = look(client, "/?as_of=next+tuesday", 400)
    assert "'next tuesday' is not a moment" in page.text
    assert "What follows is as of now" in page.text
    (field,) = [attributes for tag, attributes in page.tags if attributes.get("id") == "moment"]
    assert field["value"] == "next tuesday"
    assert field["aria-invalid"] == "true"


def test_a_host_page_shows_its_services_in_order_and_how_they_change(now: datetime, client: Client) -> None:
    page = look(client, f"/hosts/{WEB}")
    assert page.text.index("linux") < page.text.index("acme-shop-live-rails")
    assert "workers: 4" in page.text
    assert "password: ********" in page.text
    assert "site: fra" in page.text
    assert "starts linux, acme-shop-live-rails" in page.text
    assert "stops linux, acme-shop-live-rails" in page.text
    bars = [a.get("class") for _, a in page.tags if "data-deployment" in a]
    assert bars == ["lp-plain lp-uncovered", "lp-plain lp-uncovered"]


def test_a_host_page_says_whose_it_is_what_it_is_and_what_was_done_to_it(now: datetime, client: Client) -> None:
    page = look(client, f"/hosts/{WEB}")
    assert {"/customers/acme", "/apps/acme/shop", "/instances/acme/shop/live"} <= set(page.links)
    described = page.text.partition("Described as")[2]
    assert {"/roles/web", "/grades/medium"} <= set(page.links)
    assert "create" in described.partition("What was done")[2]


def test_a_host_page_as_of_another_moment_marks_it(now: datetime, client: Client) -> None:
    page = look(client, f"/hosts/{WEB}?as_of=%2B6d")
    assert "This is not now" in page.text
    assert "Nothing is live here then" in page.text
    assert "as of" in page.words  # the line in the interval map
    (row,) = [attributes for tag, attributes in page.tags if tag == "tr" and attributes.get("class") == "shown"]
    assert row["aria-current"] == "true"


@pytest.mark.parametrize(
    "path", ["/hosts/nowhere.example.com", "/hosts/%01", "/hosts/%C3%A9", "/nothing", "/static/x.css"]
)
@pytest.mark.django_db
def test_what_is_not_there_is_a_page_that_leads_back(path: str, client: Client) -> None:
    assert "/" in look(client, path, 404).links


def test_pages_can_only_be_looked_at(now: datetime, client: Client) -> None:
    for path in ("/", f"/hosts/{WEB}"):
        assert client.post(path).status_code == 405
        assert client.head(path).content == b""


def test_a_host_name_that_is_not_allowed_is_told_with_the_setting_to_look_at(db: None) -> None:
    response = Client().get("/", headers={"host": "evil.example.com"})
    assert response.status_code == 400
    assert b"LARRY_ALLOWED_HOSTS" in response.content
    assert b"evil" not in response.content


def test_a_defect_shows_no_traceback(now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr("larry.web.views.start.get_tally", fail)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert b"defect of Larry" in response.content
    assert SECRET.encode() not in response.content
    assert b"Traceback" not in response.content


def test_assets_are_kept_for_good_under_the_name_of_their_content(client: Client) -> None:
    assert len(STYLE.body) < 30_000
    assert len(SCRIPT.body) < 15_500
    for name, asset in ASSETS.items():
        response = client.get(f"/static/{name}")
        assert (response.content, response.headers["Content-Type"]) == (asset.body, asset.media_type)
        assert "immutable" in response.headers["Cache-Control"]
        packed = client.get(f"/static/{name}", headers={"accept-encoding": "gzip, br"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == asset.body


def test_pages_are_accessible_by_their_structure(now: datetime, client: Client) -> None:
    for path in ("/", f"/hosts/{WEB}"):
        page = look(client, path)
        tags = [tag for tag, _ in page.tags]
        assert tags.count("h1") == tags.count("main") == 1
        assert dict(page.tags)["html"]["lang"] == "en"
        assert page.links[2] == "#content"
        assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")
        assert all("alt" in attributes for tag, attributes in page.tags if tag == "img")
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        named = {value for _, a in page.tags for name in ("aria-labelledby", "for") if (value := a.get(name))}
        assert named <= set(ids)


def test_pages_cost_few_statements(
    now: datetime, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(26):
        client.get("/")
    with django_assert_max_num_queries(22):
        client.get(f"/hosts/{WEB}")


@pytest.mark.parametrize(
    "seconds, told",
    [
        (0, "now"),
        (59, "now"),
        (-59, "now"),
        (60, "in 1 minute"),
        (3599, "in 59 minutes"),
        (-3600, "1 hour ago"),
        (86400 * 3 + 5, "in 3 days"),
        (-86400 * 400, "400 days ago"),
    ],
)
def test_distances_are_told_in_words(seconds: int, told: str) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert tell_distance(now + timedelta(seconds=seconds), now) == told


def test_times_are_shown_in_the_zone_of_the_settings(
    now: datetime, client: Client, settings: pytest.FixtureRequest
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"  # type: ignore[attr-defined]
    text = look(client, "/?as_of=2026-12-01T09:00").text
    assert "at 2026-12-01 09:00 CET" in text
    assert "Times are in Europe/Berlin" in text
    refused = look(client, "/?as_of=2026-10-25T02:30", 400).text
    assert "2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00" in refused
    assert re.search(r"\b20\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)? CES?T\b", text)
