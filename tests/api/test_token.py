"""Tokens over HTTP: taken, narrowed, refused in one clear line; who guesses waits, and nobody else does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from larry.actions.grant import GrantRequest, grant, revoke
from larry.actions.sign_in import MOST_OF_ADDRESS, WrongCredentials
from larry.actions.sign_in import sign_in as try_password
from larry.actions.token import SELDOM, NewToken, add_token, note_use, revoke_token
from larry.actions.user import deactivate_user
from larry.core.rights import PersonRole, ScopeKind
from larry.core.token import find_token_prefix, make_token_text
from larry.records.kept_answer import KeptAnswer
from larry.records.token import Token
from larry.records.user import SignInAttempt
from tests.api.asking import ask, read
from tests.api.conftest import sign_in
from tests.api.scene import LIVE, author_at
from tests.records.rows import add_user

pytestmark = pytest.mark.django_db

WRONG = make_token_text(b"wrong.", bytes(range(32)))


@pytest.fixture
def _people(estate: datetime) -> None:
    add_user(name="ada", name_folded="ada", is_administrator=True)
    add_user(name="zoe", name_folded="zoe")
    grant(GrantRequest("user", "zoe", PersonRole.OPERATOR, ScopeKind.CUSTOMER, "acme"), author_at(estate))


def make(now: datetime, user: str = "ada", name: str = "t", **about: Any) -> str:
    return add_token(NewToken(user, name, **about), author_at(now)).text


def show(text: str, path: str = "/customers", method: str = "GET", body: Any = None, **headers: str) -> Any:
    return ask(Client(), method, path, body, Authorization=f"Bearer {text}", **headers)


@pytest.mark.usefixtures("_people")
def test_a_token_acts_as_its_user(estate: datetime) -> None:
    text = make(estate)
    assert read(show(text))["items"]
    assert show(text, "/customers/acme", "PATCH", {"description": "by a program"}).status_code == 200
    line = read(show(text, "/activity?limit=1"))["items"][0]
    assert (line["actor"], line["noun"], line["address"]) == ("ada", "customer", "acme")
    whole = repr(list(Token.objects.values()))
    assert text not in whole
    assert text.rpartition("_")[2] not in whole


@pytest.mark.usefixtures("_people")
def test_a_token_is_never_more_than_its_user_is_at_the_moment(estate: datetime) -> None:
    text = make(estate, "zoe")
    assert show(text, f"/instances/{LIVE}").status_code == 200
    assert show(text, "/services/rails", "PATCH", {"description": "mine"}).status_code == 403
    revoke(GrantRequest("user", "zoe", PersonRole.OPERATOR, ScopeKind.CUSTOMER, "acme"), author_at(estate))
    assert show(text, f"/instances/{LIVE}").status_code == 404


@pytest.mark.usefixtures("_people")
def test_a_narrowed_token_is_less_than_its_user(estate: datetime) -> None:
    viewer = make(estate, name="v", role=PersonRole.VIEWER)
    assert show(viewer, f"/instances/{LIVE}").status_code == 200
    assert show(viewer, "/customers/acme", "PATCH", {"description": "no"}).status_code == 403
    shop = make(estate, "zoe", name="s", kind=ScopeKind.APP, address="acme/shop")
    assert show(shop, f"/instances/{LIVE}").status_code == 200
    assert show(shop, "/customers/acme", "PATCH", {"description": "no"}).status_code == 403
    machine = make(estate, name="m", role=PersonRole.MACHINE)
    assert show(machine, f"/instances/{LIVE}").status_code == 404, "it reads configurations, and looks at nothing"


@pytest.mark.usefixtures("_people")
def test_what_does_not_count_is_told_in_one_line(estate: datetime) -> None:
    revoked, expired = make(estate, name="r"), make(estate, name="e")
    revoke_token("ada/r", author_at(estate))
    Token.objects.filter(name="e").update(created_at=estate - timedelta(days=9), expires_at=estate)
    gone = make(estate, "zoe", name="g")
    deactivate_user("zoe", author_at(estate))
    for text, said, error in (
        (revoked, "has been revoked", "invalid_token"),
        (expired, "has expired", "invalid_token"),
        (gone, "has been deactivated", "invalid_token"),
        (WRONG, "there is no such token", "invalid_token"),
        ("larry_x", "this is no token of Larry's", "invalid_token"),
        ("", "this is no token of Larry's", "invalid_token"),
    ):
        answer = show(text)
        assert answer.status_code == 401
        assert said in read(answer)["detail"]
        assert answer.headers["WWW-Authenticate"] == f'Bearer realm="Larry", error="{error}"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert text.rpartition("_")[2] not in answer.content.decode() or not text.rpartition("_")[2]
    basic = ask(Client(), "GET", "/customers", Authorization="Basic YWRhOng=")
    assert basic.status_code == 401
    assert "invalid_request" in basic.headers["WWW-Authenticate"]
    assert ask(Client(), "GET", "/customers").headers["WWW-Authenticate"] == 'Bearer realm="Larry"'


@pytest.mark.usefixtures("_people")
def test_a_session_does_not_help_who_shows_a_token_that_does_not_count(somebody: Client) -> None:
    assert ask(somebody, "GET", "/customers").status_code == 200
    assert ask(somebody, "GET", "/customers", Authorization=f"Bearer {WRONG}").status_code == 401


@pytest.mark.usefixtures("_people")
def test_who_guesses_waits_and_a_right_token_never_does(estate: datetime) -> None:
    text = make(estate)
    for number in range(MOST_OF_ADDRESS):
        assert show(make_token_text(bytes(6), number.to_bytes(32))).status_code == 401
    for _ in range(3):
        refused = show(WRONG)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert show(text).status_code == 200
    assert SignInAttempt.objects.count() == MOST_OF_ADDRESS, "what is refused is not written"
    with pytest.raises(WrongCredentials):  # and not TooManyAttempts: an office may share an address
        try_password("ada", "wrong", "127.0.0.1", estate)


@pytest.mark.usefixtures("_people")
def test_last_use_is_written_after_the_answer_and_seldom(estate: datetime, django_assert_num_queries: Any) -> None:
    text = make(estate)
    assert Token.objects.get().used_at is None
    show(text)
    first = Token.objects.get().used_at
    assert first is not None
    show(text)
    assert Token.objects.get().used_at == first
    with django_assert_num_queries(0):
        note_use(Token.objects.all()[:0].count() or 1, first, first + SELDOM / 2)
    note_use(Token.objects.get().id, first, first + SELDOM)
    assert Token.objects.get().used_at == first + SELDOM


@pytest.mark.usefixtures("_people")
def test_who_has_signed_in_makes_reads_and_revokes_tokens() -> None:
    client = sign_in("zoe")
    shown = ask(client, "POST", "/tokens?dry_run=true", {"name": "laptop"})
    assert (shown.status_code, read(ask(client, "GET", "/tokens"))) == (200, [])
    made = ask(client, "POST", "/tokens", {"name": "laptop", "expires": "+9d", "role": "viewer", "app": "acme/shop"})
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    document = read(made)
    text = document.pop("token")
    assert document.pop("addresses") == []
    assert made.headers["Location"] == f"/api/v1/tokens/{document['prefix']}"
    assert read(ask(client, "GET", f"/tokens/{document['prefix']}")) == document
    assert read(ask(client, "GET", "/tokens?user=zoe")) == [document]
    assert (document["role"], document["scope"], document["address"]) == ("viewer", "app", "acme/shop")
    assert show(text, f"/instances/{LIVE}").status_code == 200
    gone = ask(client, "DELETE", f"/tokens/{document['prefix']}", {"reason": "lost"})
    assert read(gone)["revoked_at"] is not None
    assert show(text, f"/instances/{LIVE}").status_code == 401
    assert ask(client, "DELETE", f"/tokens/{document['prefix']}").status_code == 409


@pytest.mark.usefixtures("_people")
def test_tokens_of_others_are_not_there_but_for_administrators(estate: datetime) -> None:
    make(estate, "ada", "hers")
    prefix = Token.objects.get().prefix
    client = sign_in("zoe")
    assert read(ask(client, "GET", "/tokens")) == []
    assert ask(client, "GET", "/tokens?user=ada").status_code == 404
    assert ask(client, "GET", f"/tokens/{prefix}").status_code == 404
    assert ask(client, "DELETE", f"/tokens/{prefix}").status_code == 404
    assert ask(client, "POST", "/tokens", {"name": "x", "user": "ada"}).status_code == 404
    assert ask(client, "POST", "/tokens", {"name": "x", "secrets": True}).status_code == 409
    assert ask(client, "POST", "/tokens", {"name": "x", "app": "acme/shop", "pool": "p"}).status_code == 422
    assert ask(client, "POST", "/tokens", {"name": "x", "role": "owner"}).status_code == 422
    boss = sign_in("ada")
    assert len(read(ask(boss, "GET", "/tokens"))) == 1
    assert ask(boss, "POST", "/tokens", {"name": "x", "user": "zoe"}).status_code == 201


@pytest.mark.usefixtures("_people")
def test_who_finds_a_token_makes_no_others_with_it(estate: datetime) -> None:
    text = make(estate, "zoe")
    other = make(estate, "zoe", "other")
    mine, theirs = (find_token_prefix(each) for each in (text, other))
    assert show(text, "/tokens", "POST", {"name": "heir"}).status_code == 403
    assert show(text, f"/tokens/{theirs}", "DELETE").status_code == 403
    assert show(text, f"/tokens/{mine}", "DELETE").status_code == 200, "but it may end itself"
    assert show(text).status_code == 401
    assert show(make(estate), "/tokens", "POST", {"name": "x", "user": "zoe"}).status_code == 201


@pytest.mark.usefixtures("_people")
def test_a_token_that_is_asked_for_again_is_made_once_and_told_once() -> None:
    client = sign_in("ada")
    for body, key in (({"name": "laptop"}, "one"), ({"name": "reader", "feeds": True, "role": "viewer"}, "two")):
        first = ask(client, "POST", "/tokens", body, Idempotency_Key=key)
        again = ask(client, "POST", "/tokens", body, Idempotency_Key=key)
        assert (first.status_code, again.status_code) == (201, 201)
        text = read(first)["token"]
        assert read(again) == {**read(first), "token": None, "addresses": None}
        assert text not in repr(list(KeptAnswer.objects.values()))
        assert first.headers["Cache-Control"] == "no-store"
    assert Token.objects.count() == 2


@pytest.mark.usefixtures("_people")
def test_a_kept_answer_is_not_told_to_another_token_of_the_same_user(estate: datetime) -> None:
    body = {"name": "Zeta", "reason": "one more"}
    assert show(make(estate), "/customers", "POST", body, Idempotency_Key="one").status_code == 201
    narrow = make(estate, name="n", role=PersonRole.MACHINE)
    assert show(narrow, "/customers", "POST", body, Idempotency_Key="one").status_code == 422
