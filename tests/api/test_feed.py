"""Feeds: read with a token of their own, which is nobody anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.test import Client

from larry.actions.sign_in import MOST_OF_ADDRESS
from larry.actions.token import NewToken, add_token
from larry.api import caller
from larry.core.feed import FeedName, feed_path
from larry.core.token import make_token_text
from larry.records.token import Token
from tests.api.asking import ask, read
from tests.api.conftest import sign_in
from tests.api.scene import WEB, author_at
from tests.cli.terminal import Terminal
from tests.client.loopback import serving
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
