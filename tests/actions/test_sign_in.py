"""Signing in: who it is, who it is not, and how long somebody who guesses has to wait."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth import hashers
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection

from larry.actions import sign_in as room
from larry.actions.sign_in import (
    MOST_OF_ACCOUNT,
    MOST_OF_ADDRESS,
    WINDOW,
    TooManyAttempts,
    WrongCredentials,
    change_password,
    sign_in,
)
from larry.actions.user import NewUser, WeakPassword, add_user, deactivate_user
from larry.queries.activity import list_activity
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from larry.queries.user import find_session_user, get_user
from larry.records.user import SignInAttempt, User
from larry.site import settings as site
from tests.actions.estate import author, day
from tests.actions.meeting import run_at_once

PASSWORD = "correct horse battery"
WRONG = "wrong"
HOME = "192.0.2.7"
AT = Moment(day(9))


@pytest.fixture(autouse=True)
def _ada(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("transactional_db" if request.node.get_closest_marker("django_db") else "db")
    add_user(NewUser("ada"), PASSWORD, author())


def fail(name: str = "ada", address: str = HOME, seconds: float = 0, password: str = WRONG) -> None:
    with pytest.raises(WrongCredentials):
        sign_in(name, password, address, day(1) + timedelta(seconds=seconds))


def test_name_in_any_case_and_password_make_a_session() -> None:
    signed = sign_in(" ADA ", PASSWORD, HOME, day(1))
    assert signed.name == "ada"
    assert find_session_user(signed.id, signed.stamp, LOCAL, AT) is not None
    assert signed.stamp not in repr(signed)
    assert get_user("ada", LOCAL, AT).signed_in_at == day(1)
    assert SignInAttempt.objects.count() == 0


def test_nothing_tells_whether_a_name_is_known() -> None:
    add_user(NewUser("gone"), PASSWORD, author())
    deactivate_user("gone", author())
    add_user(NewUser("tool"), None, author())
    said = set()
    for name, password in (
        ("ada", "wrong"),
        ("nobody", "wrong"),
        ("gone", PASSWORD),
        ("tool", ""),
        ("", ""),
        ("ada", ""),
    ):
        with pytest.raises(WrongCredentials) as refusal:
            sign_in(name, password, HOME, day(1))
        said.add(str(refusal.value))
    assert len(said) == 1


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_name_that_is_unknown_costs_as_much(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    kind = type(hashers.get_hasher())
    encode = kind.encode

    def count(self: hashers.BasePasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(kind, "encode", count)
    fail(name)
    assert hashed == ["wrong"]


def test_passwords_are_hashed_slowly() -> None:
    assert site.PASSWORD_HASHERS[0].endswith("ScryptPasswordHasher")


def test_an_endless_password_is_not_hashed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(User, "check_password", lambda self, password: seen.append(len(password)))
    fail(password="x" * 10**6)
    assert seen == [1001]


def test_who_guesses_one_account_waits_and_waiting_is_enough() -> None:
    for number in range(MOST_OF_ACCOUNT):
        fail(address=f"192.0.2.{number}", seconds=number)
    late, wait = day(1) + timedelta(seconds=60), WINDOW - timedelta(seconds=60)
    for name in ("ada", "ADA"):
        with pytest.raises(TooManyAttempts, match=r"^Too many attempts. Try again in 14 minutes.$") as refusal:
            sign_in(name, PASSWORD, "198.51.100.1", late)
        assert refusal.value.wait == wait
    assert sign_in("ada", PASSWORD, "198.51.100.1", late + wait).name == "ada"


def test_a_name_that_is_unknown_has_to_wait_as_well() -> None:
    for _ in range(MOST_OF_ACCOUNT):
        fail("nobody")
    with pytest.raises(TooManyAttempts):
        sign_in("nobody", "wrong", HOME, day(1))


def test_who_guesses_many_accounts_from_one_address_waits_and_others_do_not() -> None:
    for number in range(MOST_OF_ADDRESS):
        fail(f"user{number}")
    with pytest.raises(TooManyAttempts):
        sign_in("ada", PASSWORD, HOME, day(1))
    assert sign_in("ada", PASSWORD, "192.0.2.8", day(1)).name == "ada"


def test_a_network_of_version_6_is_one_address() -> None:
    for number in range(MOST_OF_ADDRESS):
        fail(f"user{number}", f"2001:db8::{number:x}")
    with pytest.raises(TooManyAttempts):
        sign_in("ada", PASSWORD, "2001:db8::ffff:1", day(1))
    assert sign_in("ada", PASSWORD, "2001:db8:0:1::1", day(1)).name == "ada"
    assert room._network("not an address") == "unknown"


def test_signing_in_forgives_what_went_before() -> None:
    for _ in range(MOST_OF_ACCOUNT - 1):
        fail()
    sign_in("ada", PASSWORD, HOME, day(1))
    for _ in range(MOST_OF_ACCOUNT):
        fail()


def test_what_was_typed_as_a_name_is_not_kept() -> None:
    fail("my secret password")
    with connection.cursor() as cursor:
        cursor.execute("SELECT account, address FROM larry_signinattempt")
        ((account, address),) = cursor.fetchall()
    assert "secret" not in account
    assert address == HOME
    fail(seconds=WINDOW.total_seconds())
    assert SignInAttempt.objects.count() == 1, "what no longer counts is forgotten"


def test_sessions_that_are_over_are_cleared_away() -> None:
    for seconds in (-60, 60):
        store = SessionStore()
        store["user"] = 1
        store.set_expiry(day(1) + timedelta(seconds=seconds))
        store.save()
    sign_in("ada", PASSWORD, HOME, day(1))
    assert Session.objects.count() == 1


def test_ones_own_password_is_changed_by_who_knows_it() -> None:
    signed = sign_in("ada", PASSWORD, HOME, day(1))
    new = "quite another matter"
    with pytest.raises(WrongCredentials, match="not your present password"):
        change_password(signed.id, "wrong", new, HOME, author(1))
    with pytest.raises(WeakPassword):
        change_password(signed.id, PASSWORD, "short", HOME, author(1))
    changed = change_password(signed.id, PASSWORD, new, HOME, author(1))
    assert find_session_user(signed.id, signed.stamp, LOCAL, AT) is None
    assert find_session_user(signed.id, changed.stamp, LOCAL, AT) is not None
    assert sign_in("ada", new, HOME, day(2)).name == "ada"
    (line, _) = list_activity(LOCAL, AT)
    assert (line.verb, line.address, line.before, line.after) == ("change password", "ada", None, None)


def test_the_present_password_cannot_be_guessed_either() -> None:
    signed = sign_in("ada", PASSWORD, HOME, day(1))
    for _ in range(MOST_OF_ACCOUNT):
        with pytest.raises(WrongCredentials):
            change_password(signed.id, "wrong", "quite another matter", HOME, author(1))
    with pytest.raises(TooManyAttempts):
        change_password(signed.id, PASSWORD, "quite another matter", HOME, author(1))


@pytest.mark.django_db(transaction=True)
def test_many_who_guess_at_once_are_not_let_in_more_often() -> None:
    tried = run_at_once(*(partial(_outcome, f"198.51.100.{number}") for number in range(MOST_OF_ACCOUNT * 2)))
    assert tried.count("wrong") <= MOST_OF_ACCOUNT
    assert set(tried) <= {"wrong", "waits"}


def _outcome(address: str) -> str:
    try:
        sign_in("ada", "wrong", address, day(1))
    except TooManyAttempts:
        return "waits"
    except WrongCredentials:
        return "wrong"
    return "in"
