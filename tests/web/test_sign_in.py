"""The door: strangers see the page to sign in and nothing else, and leave it only for a page of Larry's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from larry.actions.sign_in import MOST_OF_ACCOUNT
from larry.records.user import User
from larry.web.door import OPEN, PROGRAMS, read_destination
from larry.web.visitor import read_visitor
from tests.api.scene import SECRET, WEB, lay, put
from tests.records.rows import add_user
from tests.web.test_pages import Page
from tests.web.visitor import sign_in_as, whoever

PASSWORD = "correct horse battery"
COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def now(db: None) -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3)
    return now


@pytest.fixture
def ada(db: None) -> User:
    row = add_user(name="ada", name_folded="ada", full_name="Ada <b>Admin</b>", is_administrator=True)
    row.set_password(PASSWORD)
    row.save()
    return row


def send(client: Client, **fields: str) -> int:
    return client.post("/sign-in", {"name": "ada", "password": PASSWORD} | fields).status_code


def _routes(patterns: list[URLPattern | URLResolver]) -> list[URLPattern]:
    found: list[URLPattern] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace in PROGRAMS:
            continue  # tests/api/test_door.py asks them, as programs are answered
        found += _routes(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]
    return found


ROUTES = _routes(get_resolver().url_patterns)


@pytest.fixture(scope="class")
def laid(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The estate once for all routes, in a transaction that is undone after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        put(WEB, lay(), at=-5, start=-3)
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("laid", "db")
class TestEveryRoute:
    @pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.name))
    def test_every_route_is_closed_but_those_that_the_door_names(self, route: URLPattern) -> None:
        path = "/" + re.sub(r"<[^>]+>", "1", str(route.pattern))
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            response = Client().generic(method, path)
            if route.name in OPEN:
                assert not str(response.headers.get("Location", "")).startswith("/sign-in")
            else:
                assert response.status_code in (302, 303), method
                assert response.headers["Location"].startswith("/sign-in")
                assert WEB.encode() not in response.content


def test_a_stranger_learns_nothing_of_the_estate(now: datetime) -> None:
    client = Client()
    for path in ("/", f"/hosts/{WEB}", "/hosts/nowhere", "/nothing", "/sign-in", "/sign-in?next=/hosts/x", "/password"):
        response = client.get(path)
        text = response.content.decode()
        assert response.status_code in (200, 302, 404)
        assert not [word for word in (WEB, SECRET, "acme", "Tess Tester") if word in text]


def test_the_empty_database_says_how_to_add_the_first_user(db: None) -> None:
    assert "larry user add NAME --administrator" in Client().get("/sign-in").content.decode()
    add_user()  # a machine
    assert "larry user add NAME --administrator" in Client().get("/sign-in").content.decode()
    add_user(password="scrypt$1$x$y")
    assert "larry user add" not in Client().get("/sign-in").content.decode()


def test_signing_in_leads_to_where_one_wanted_to_go(now: datetime, ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    sent = client.get(f"/hosts/{WEB}?as_of=%2B1d")
    assert (sent.status_code, sent.headers["Cache-Control"]) == (302, "no-store")
    page = Page(client.get(sent.headers["Location"]).content.decode())
    fields = {a["name"] or "": a.get("value") or "" for tag, a in page.tags if tag == "input"}
    assert fields["next"] == f"/hosts/{WEB}?as_of=%2B1d"
    arrived = client.post("/sign-in", fields | {"name": "ADA", "password": PASSWORD})
    assert (arrived.status_code, arrived.headers["Location"]) == (303, fields["next"])
    seen = client.get(arrived.headers["Location"])
    assert seen.status_code == 200
    assert "Ada &lt;b&gt;Admin&lt;/b&gt;" in seen.content.decode()
    assert client.get("/sign-in?next=/password").headers["Location"] == "/password"


def test_the_cookie_is_for_http_only_of_this_site_and_new_each_time(ada: User) -> None:
    client = Client()
    client.cookies[COOKIE] = "a" * 32  # somebody else's choice
    assert send(client) == 303
    cookie = client.cookies[COOKIE]
    first = cookie.value
    assert first != "a" * 32
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == settings.SESSION_COOKIE_AGE
    assert not cookie["secure"]
    assert send(client) == 303
    assert client.cookies[COOKIE].value != first
    assert not Session.objects.filter(session_key=first).exists()
    assert PASSWORD not in str([session.get_decoded() for session in Session.objects.all()])


def test_a_session_from_before_is_not_taken_over(ada: User) -> None:
    """What a thief planted before somebody signs in is worth nothing afterwards."""
    thief, ada_there = Client(), Client()
    session = thief.session
    session["planted"] = "by the thief"
    session.save()
    thief.cookies[COOKIE] = ada_there.cookies[COOKIE] = session.session_key or ""
    assert send(ada_there) == 303
    assert thief.get("/").status_code == 302
    assert "planted" not in ada_there.session


def test_behind_https_cookies_are_secure_and_only_a_named_proxy_is_believed(
    ada: User, settings: pytest.FixtureRequest
) -> None:
    from ipaddress import ip_network

    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.5"}
    assert not _sign_in_with(forwarded).cookies[COOKIE]["secure"]
    settings.LARRY_PROXIES = (ip_network("127.0.0.1"),)  # type: ignore[attr-defined]
    assert _sign_in_with(forwarded).cookies[COOKIE]["secure"]
    assert not _sign_in_with({**forwarded, "X-Forwarded-Proto": "http"}).cookies[COOKIE]["secure"]


def _sign_in_with(headers: dict[str, str]) -> Client:
    client = Client()
    done = client.post("/sign-in", {"name": "ada", "password": PASSWORD}, headers=headers)
    assert done.status_code == 303
    return client


@pytest.mark.parametrize(
    "proxies, forwarded, address",
    [
        ((), "203.0.113.5", "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.5", "203.0.113.5"),
        (("127.0.0.1",), "10.9.9.9, 203.0.113.5", "203.0.113.5"),
        (("127.0.0.1", "10.0.0.0/8"), "198.51.100.1, 203.0.113.5, 10.0.0.3", "203.0.113.5"),
        (("127.0.0.1",), "", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.1", "127.0.0.1"),
        (("192.0.2.1",), "203.0.113.5", "127.0.0.1"),
        (("::1", "127.0.0.1"), "2001:db8::5", "2001:db8::5"),
    ],
)
def test_the_address_of_a_client(proxies: tuple[str, ...], forwarded: str, address: str, settings: object) -> None:
    from ipaddress import ip_network

    from django.http import HttpResponse

    from larry.web.proxy import Proxied, read_address

    settings.LARRY_PROXIES = tuple(ip_network(text) for text in proxies)  # type: ignore[attr-defined]
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}
    Proxied(lambda _: HttpResponse())(request)
    assert read_address(request) == address


def test_a_form_without_its_token_is_refused(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/sign-in", {"name": "ada", "password": PASSWORD})
    assert response.status_code == 403
    assert "LARRY_PROXIES must name it" in response.content.decode()
    assert COOKIE not in client.cookies


def test_wrong_ones_are_told_without_saying_which(ada: User) -> None:
    client = Client()
    pages = [client.post("/sign-in", {"name": name, "password": "no"}) for name in ("ada", "eve")]
    assert [page.status_code for page in pages] == [401, 401]
    texts = [re.sub(r'name="csrfmiddlewaretoken" value="\w+"|value="(ada|eve)"', "", p.content.decode()) for p in pages]
    assert texts[0] == texts[1]
    assert "do not belong together" in texts[0]
    assert whoever(client) == ""


def test_who_guesses_is_told_how_long_to_wait(ada: User) -> None:
    client = Client()
    for _ in range(MOST_OF_ACCOUNT):
        assert send(client, password="no") == 401
    response = client.post("/sign-in", {"name": "ada", "password": PASSWORD})
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 901
    assert "Try again in 15 minutes" in response.content.decode()


def test_signing_out_ends_the_session_in_the_database(now: datetime) -> None:
    client = sign_in_as("tess")
    stolen = client.cookies[COOKIE].value
    assert client.get("/sign-out").status_code == 405
    assert whoever(client) == "tess"
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    thief = Client()
    thief.cookies[COOKIE] = stolen
    assert thief.get("/").status_code == 302
    assert not Session.objects.exists()


def test_changing_ones_password_ends_every_other_session(ada: User) -> None:
    here, there = Client(), Client()
    arrived = ""
    assert (send(here), send(there)) == (303, 303)
    before = here.cookies[COOKIE].value
    new = "quite another matter"
    assert here.get("/password").status_code == 200
    for fields, status, said in (
        ({"old": "no", "new": new, "again": new}, 422, "not your present password"),
        ({"old": PASSWORD, "new": new, "again": "else"}, 422, "not typed twice"),
        ({"old": PASSWORD, "new": "ada", "again": "ada"}, 422, "too short"),
        ({"old": PASSWORD, "new": new, "again": new}, 303, ""),
    ):
        response = here.post("/password", fields)
        assert response.status_code == status
        assert said in response.content.decode()
        assert PASSWORD not in response.content.decode()
        arrived = response.headers.get("Location", "")
    assert "Your password has been changed" in here.get(arrived).content.decode()
    assert (whoever(here), whoever(there)) == ("ada", "")
    assert here.cookies[COOKIE].value != before
    assert send(Client()) == 401
    assert send(Client(), password=new) == 303


def test_a_deactivated_user_is_out_at_once(now: datetime) -> None:
    client = sign_in_as("tess")
    assert client.get("/").status_code == 200
    User.objects.update(deactivated_at=now)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "stored", [{"user": "1", "stamp": "x"}, {"user": 1}, {"stamp": "x"}, {"user": 1, "stamp": 7}, {}]
)
def test_a_session_that_says_something_else_is_nobody(stored: dict[str, object], db: None) -> None:
    client = Client()
    session = client.session
    session.update(stored)
    session.save()
    client.cookies[COOKIE] = session.session_key or ""
    assert client.get("/").status_code == 302


def test_a_piece_of_a_page_sends_the_whole_page_to_sign_in(now: datetime) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/hosts/{WEB}?as_of=%2B1d"}
    response = Client().get("/", headers=headers)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == f"/sign-in?next=%2Fhosts%2F{WEB}%3Fas_of%3D%252B1d"


def test_whoever_signed_in_reads_and_acts_under_their_name_and_in_their_zone(now: datetime) -> None:
    client = sign_in_as("tess", time_zone="Asia/Tokyo")
    request = HttpRequest()
    request.session = client.session
    visitor = read_visitor(request)
    assert (visitor.reader.user, visitor.author("why").actor) == ("tess", "tess")
    assert "As of, in Asia/Tokyo" in client.get("/").content.decode()
    assert read_visitor(HttpRequest()).reader.user == "nobody"


ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "http://evil.example",
    "https://evil.example/x",
    "HTTP://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "//evil.example@testserver",
    "//testserver@evil.example",
    "http://testserver.evil.example",
    "?next=//evil.example",
    "#//evil.example",
    ".//evil.example",
    "",
    "/ /evil.example",
    "/\u2028/evil",
    "ftp://evil.example",
    "/hosts/x\\..\\..",
    "/sign-in",
    "/sign-in?next=/x",
    "/sign-out",
    "/" + "x" * 2001,
    "/\u202egro",
    "/x\r\nSet-Cookie: a=b",
)


@pytest.mark.parametrize("text", ELSEWHERE)
def test_nobody_is_sent_anywhere_else(text: str, ada: User) -> None:
    assert read_destination(text) == "/"
    client = Client()
    done = client.post("/sign-in", {"name": "ada", "password": PASSWORD, "next": text})
    assert (done.status_code, done.headers["Location"]) == (303, "/")
    assert client.get("/sign-in", {"next": text}).headers["Location"] == "/"


def test_a_destination_with_a_nul_is_none(ada: User) -> None:
    assert read_destination("/\0/evil.example") == "/"
    said = {"name": "ada", "password": PASSWORD, "next": "/\0/evil.example"}
    assert Client().post("/sign-in", said).status_code == 400, "nobody is signed in, nor sent anywhere"


@pytest.mark.parametrize("text", ["/", "/hosts/x", "/hosts/x?as_of=%2B1d", "/a/b?x=//y", "/hosts/x#y", "/ä"])
def test_a_path_within_larry_is_gone_to(text: str) -> None:
    assert read_destination(text) == text
