"""Feeds: read with a token of their own, which is nobody anywhere else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from larry.actions.edit import edit
from larry.actions.grant import GrantRequest, grant, revoke
from larry.actions.sign_in import MOST_OF_ADDRESS
from larry.actions.token import NewToken, add_token, revoke_token
from larry.api import caller
from larry.core.feed import FeedName, feed_path
from larry.core.rights import PersonRole, ScopeKind
from larry.core.token import make_token_text
from larry.queries.feed import MOST_ENTRIES
from larry.records.activity import Activity
from larry.records.token import Token
from tests.api.asking import ask, read
from tests.api.conftest import sign_in
from tests.api.scene import LIVE, SECRET, SPARE, WEB, author_at, put
from tests.cli.terminal import Terminal
from tests.client.loopback import serving
from tests.exports.atom_reader import ReadFeed, read_atom
from tests.records.rows import add_user

pytestmark = pytest.mark.django_db

NOBODY = make_token_text(b"nobody", bytes(range(32)))


@pytest.fixture
def _ada(estate: datetime) -> None:
    add_user(name="ada", name_folded="ada", is_administrator=True)


@pytest.fixture
def feed_token(_ada: None, estate: datetime) -> str:
    return add_token(NewToken("ada", "reader", feeds_only=True), author_at(estate)).text


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/api/v1/customers"),
        ("GET", "/api/v1/activity"),
        ("GET", "/api/v1/tokens"),
        ("POST", "/api/v1/customers"),
        ("POST", "/api/v1/tokens"),
        ("POST", "/api/v1/hosts/web.example.com/reveal"),
        ("GET", f"/configuration/{WEB}.json"),
        ("GET", "/inventory.json"),
        ("GET", "/metrics"),
    ],
)
def test_a_token_for_feeds_is_none_elsewhere(feed_token: str, method: str, path: str) -> None:
    """What is said to it is said to a token that there is not, to the byte; and it is throttled with it."""

    def show(text: str) -> tuple[int, bytes, dict[str, str]]:
        headers = {"Authorization": f"Bearer {text}", "X-Request-ID": "r1"}
        stranger = Client(REMOTE_ADDR="192.0.2.1")
        answer = stranger.generic(method, path, b"{}", "application/json", headers=headers)
        return answer.status_code, answer.content, dict(answer.headers)

    assert show(feed_token) == show(NOBODY)
    assert show(feed_token)[0] == 401
    assert Token.objects.get().used_at is None


def test_guessing_with_it_is_throttled_as_with_none(feed_token: str) -> None:
    for _ in range(MOST_OF_ADDRESS):
        assert ask(Client(), "GET", "/customers", Authorization=f"Bearer {feed_token}").status_code == 401
    assert ask(Client(), "GET", "/customers", Authorization=f"Bearer {feed_token}").status_code == 429


@pytest.fixture
def remote(estate: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    recognisers = caller.RECOGNISERS
    with serving(monkeypatch) as url:
        monkeypatch.setattr(caller, "RECOGNISERS", recognisers)
        yield url


def test_the_command_elsewhere_is_refused(
    feed_token: str, remote: str, larry: Terminal, monkeypatch: pytest.MonkeyPatch, estate: datetime
) -> None:
    monkeypatch.setenv("LARRY_TOKEN", feed_token)
    refused = larry("--server", remote, "list", "hosts")
    assert (refused.code, refused.out) == (1, "")
    assert "there is no such token" in refused.err
    monkeypatch.setenv("LARRY_TOKEN", add_token(NewToken("ada", "laptop"), author_at(estate)).text)
    assert larry("--server", remote, "list", "hosts").code == 0, "with another token of the same user it goes"


@pytest.mark.usefixtures("_ada")
def test_it_is_made_over_http_and_told_with_its_addresses() -> None:
    client = sign_in("ada")
    body = {"name": "reader", "feeds": True, "customer": "acme", "expires": "+30d"}
    made = ask(client, "POST", "/tokens", body)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    document = read(made)
    assert document["addresses"] == [f"http://testserver{feed_path(name, document['token'])}" for name in FeedName]
    assert (document["feeds"], document["secrets"], document["scope"]) == (True, False, "customer")
    assert read(ask(client, "GET", f"/tokens/{document['prefix']}"))["feeds"] is True
    ordinary = read(ask(client, "POST", "/tokens", {"name": "laptop"}))
    assert (ordinary["feeds"], ordinary["addresses"]) == (False, [])
    refused = ask(client, "POST", "/tokens", {"name": "both", "feeds": True, "secrets": True})
    assert refused.status_code == 409
    assert "no secrets" in read(refused)["detail"]


# --- what a feed reader gets ------------------------------------------------------------------------------------------


def get(name: FeedName, token: str, query: str = "", **headers: str) -> Any:
    """As an ordinary feed reader asks: the address is all that it has."""
    return Client().get(f"{feed_path(name, token)}{query}", headers=headers)


def feed_of(name: FeedName, token: str, query: str = "") -> ReadFeed:
    answer = get(name, token, query)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert token not in answer.content.decode()
    return read_atom(answer.content)


def make(now: datetime, user: str = "ada", name: str = "feeds", **about: Any) -> str:
    return add_token(NewToken(user, name, feeds_only=True, **about), author_at(now)).text


@pytest.mark.parametrize("name", FeedName)
def test_it_is_read_by_its_address_kept_to_oneself_and_answered_304(feed_token: str, name: FeedName) -> None:
    first = get(name, feed_token)
    assert first.headers["Cache-Control"] == "private, max-age=60"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["ETag"].startswith('"'), "strong"
    again = get(name, feed_token, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Referrer-Policy"] == "no-referrer"
    by_header = Client().get(feed_path(name), headers={"Authorization": f"Bearer {feed_token}"})
    assert by_header.content == first.content
    assert Client().head(feed_path(name, feed_token)).headers["ETag"] == first.headers["ETag"]
    assert Client().post(feed_path(name, feed_token)).status_code == 405
    assert Token.objects.get().used_at is not None


def test_activity_tells_who_did_what_why_and_what_changed(feed_token: str, estate: datetime) -> None:
    edit("customer", "acme", {"description": "now <b>bold</b>"}, author_at(estate, "they asked \x1b[31m"))
    edit("customer", "acme", {"parameters": {"password": "another-secret"}}, author_at(estate, "rotated"))
    secret, plain = feed_of(FeedName.ACTIVITY, feed_token).entries[:2]
    assert (plain.title, plain.author) == ("update customer acme", "Tess Tester")
    assert "Why: they asked \\u001b[31m" in plain.content
    assert 'description: "" -> "now <b>bold</b>"' in plain.content
    assert plain.page == "http://testserver/customers/acme"
    assert "********" in secret.content
    body = get(FeedName.ACTIVITY, feed_token).content.decode()
    assert SECRET not in body
    assert "another-secret" not in body
    assert "sealed" not in body


def test_activity_goes_on_in_pages_of_a_hundred(feed_token: str, estate: datetime) -> None:
    last = Activity.objects.order_by("-id")[0]
    Activity.objects.bulk_create(
        Activity(at=estate, actor="t", verb="edit", noun="role", address=f"r{n}") for n in range(2 * MOST_ENTRIES)
    )
    total, seen, query = Activity.objects.exclude(noun="deployment").count(), list[str](), ""
    while True:
        page = feed_of(FeedName.ACTIVITY, feed_token, query)
        seen += [entry.id for entry in page.entries]
        if "next" not in page.links:
            break
        assert len(page.entries) == MOST_ENTRIES
        query = f"&{page.links['next'].partition('?')[2]}"
    assert len(seen) == len(set(seen)) == total
    assert get(FeedName.ACTIVITY, feed_token, f"&before={last.id}").status_code == 200
    for wrong in ("x", "-1", "9" * 30, "1e3"):
        assert get(FeedName.ACTIVITY, feed_token, f"&before={wrong}").status_code == 400


def test_upcoming_tells_what_starts_ends_and_changes(feed_token: str, estate: datetime) -> None:
    put(SPARE, estate, at=-1, start=2, end=9, reason="a <second> host")
    told = feed_of(FeedName.UPCOMING, feed_token).entries
    titles = [entry.title.partition(" at ")[0] for entry in told]
    assert titles == [
        f"{LIVE} starts on {SPARE}",
        f"{SPARE} changes",
        f"{LIVE} ends on {WEB}",
        f"{WEB} changes",
        f"{LIVE} ends on {SPARE}",
        f"{SPARE} changes",
    ]
    first = told[0]
    assert "Why: a <second> host" in first.content
    assert "Customer: acme\nApp: acme/shop" in first.content
    assert first.author == "Tess Tester"
    assert all(entry.updated <= estate for entry in told), "when it was planned, not when it will be"
    ids = {entry.title: entry.id for entry in told}
    again = {entry.title: entry.id for entry in feed_of(FeedName.UPCOMING, feed_token).entries}
    assert ids == again


@pytest.mark.usefixtures("_ada")
def test_a_customers_own_people_read_of_theirs_only(estate: datetime) -> None:
    """Two customers on hosts of their own; what is told to the one holds no word of the other."""
    author = author_at(estate, "zeta-reason")
    edit("customer", "zeta", {"name": "Zeta"}, author)
    edit("app", "zeta/blog", {"name": "Blog"}, author)
    edit("instance", "zeta/blog/live", {"name": "Live", "requires": ["rails"]}, author)
    edit("customer", "zeta", {"parameters": {"password": "zeta-secret"}}, author)
    put(SPARE, estate, at=0, start=1, end=3, instance="zeta/blog/live", reason="zeta-reason", actor="zeta-actor")
    add_user(name="zoe", name_folded="zoe")
    grant(GrantRequest("user", "zoe", PersonRole.VIEWER, ScopeKind.CUSTOMER, "acme"), author_at(estate))
    narrowed = {
        "own": make(estate, "zoe"),
        "customer": make(estate, name="c", kind=ScopeKind.CUSTOMER, address="acme"),
        "app": make(estate, name="a", kind=ScopeKind.APP, address="acme/shop"),
    }
    for token in narrowed.values():
        for name in FeedName:
            body = get(name, token).content.decode()
            assert "zeta" not in body
            assert SPARE not in body
            assert LIVE in body
    everything = make(estate, name="e")
    assert all("zeta" in get(name, everything).content.decode() for name in FeedName)
    of_zeta = make(estate, name="z", kind=ScopeKind.CUSTOMER, address="zeta")
    assert all("acme" not in get(name, of_zeta).content.decode() for name in FeedName)
    revoke(GrantRequest("user", "zoe", PersonRole.VIEWER, ScopeKind.CUSTOMER, "acme"), author_at(estate))
    assert feed_of(FeedName.ACTIVITY, narrowed["own"]).entries == ()
    assert feed_of(FeedName.UPCOMING, narrowed["own"]).entries == ()


@pytest.mark.usefixtures("_ada")
def test_a_pools_people_read_of_its_hosts_only(estate: datetime) -> None:
    for pool, host in (("mine", WEB), ("other", SPARE)):
        edit("pool", pool, {"name": pool}, author_at(estate))
        edit("host", host, {"pools": [pool]}, author_at(estate))
    put(SPARE, estate, at=0, start=1, end=3)
    token = make(estate, kind=ScopeKind.POOL, address="mine")
    for name in FeedName:
        body = get(name, token).content.decode()
        assert WEB in body
        assert f"hosts/{SPARE}" not in body
    titles = {entry.title.partition(" at ")[0] for entry in feed_of(FeedName.UPCOMING, token).entries}
    assert titles == {f"{LIVE} ends on {WEB}", f"{WEB} changes"}


def test_what_does_not_count_reads_nothing(feed_token: str, estate: datetime) -> None:
    laptop = add_token(NewToken("ada", "laptop"), author_at(estate)).text
    address = feed_path(FeedName.ACTIVITY)
    assert Client().get(address).status_code == 401
    said = Client().get(f"{address}?token={laptop}")
    assert (said.status_code, "does not stand in an address" in said.content.decode()) == (401, True)
    assert Client().get(address, headers={"Authorization": f"Bearer {laptop}"}).status_code == 200
    assert sign_in("ada").get(address).status_code == 200
    assert Client().get("/feed/whim.atom").status_code == 401, "strangers are told nothing"
    assert Client().get(f"/feed/whim.atom?token={feed_token}").status_code == 404
    twice = Client().get(f"{address}?token={feed_token}&token={feed_token}")
    both = Client().get(f"{address}?token={feed_token}", headers={"Authorization": f"Bearer {laptop}"})
    assert (twice.status_code, both.status_code) == (401, 401)
    Token.objects.filter(name="laptop").delete()
    Token.objects.update(created_at=estate - timedelta(days=9), expires_at=estate)
    assert get(FeedName.ACTIVITY, feed_token).status_code == 401
    Token.objects.update(expires_at=estate + timedelta(days=9))
    assert get(FeedName.ACTIVITY, feed_token).status_code == 200
    revoke_token("ada/reader", author_at(estate))
    refused = get(FeedName.ACTIVITY, feed_token)
    assert (refused.status_code, refused.headers["Cache-Control"]) == (401, "no-store")
    assert refused.headers["Referrer-Policy"] == "no-referrer"


def test_who_guesses_addresses_waits(feed_token: str) -> None:
    for number in range(MOST_OF_ADDRESS):
        assert get(FeedName.ACTIVITY, make_token_text(bytes(6), number.to_bytes(32))).status_code == 401
    assert get(FeedName.ACTIVITY, NOBODY).status_code == 429
    assert get(FeedName.ACTIVITY, feed_token).status_code == 200


def test_no_line_of_the_log_holds_the_token(
    feed_token: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    get(FeedName.ACTIVITY, feed_token)
    get(FeedName.ACTIVITY, feed_token, "&before=x")
    get(FeedName.ACTIVITY, NOBODY)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("larry.api.feed.get_activity_feed", fail)
    client = Client(raise_request_exception=False)
    failed = client.get(feed_path(FeedName.ACTIVITY, feed_token))
    assert failed.status_code == 500
    assert any("route=feed" in line or "feed" in line for line in caplog.text.splitlines())
    told = caplog.text + failed.content.decode() + "".join(capsys.readouterr())
    words = [str(vars(record)) for record in caplog.records if record.name.startswith("larry")]
    for text in (feed_token, NOBODY):
        assert text not in told
        assert not any(text in each for each in words)
