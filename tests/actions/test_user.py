"""Users: who may be one, which passwords will do, and that nothing of a password is ever told."""

from __future__ import annotations

import pytest

from larry.actions.author import Refused
from larry.actions.user import (
    CannotBeUser,
    NewUser,
    UserEdit,
    WeakPassword,
    activate_user,
    add_user,
    deactivate_user,
    edit_user,
    set_password,
)
from larry.queries.activity import list_activity
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound
from larry.queries.user import find_session_user, get_user, is_anybody_known, list_users
from larry.records.user import User
from tests.actions.estate import author, day

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
AT = Moment(day(9))


def told() -> list[tuple[str, str, str]]:
    return [(line.verb, line.noun, line.address) for line in list_activity(LOCAL, AT)]


def test_a_user_is_added_with_a_line_of_activity_that_knows_no_password() -> None:
    assert not is_anybody_known(LOCAL, AT)
    row = add_user(NewUser(" ada ", "Ada Admin", "ada@example.com", "Europe/Berlin", True), PASSWORD, author())
    assert (row.name, row.full_name, row.email, row.time_zone) == (
        "ada",
        "Ada Admin",
        "ada@example.com",
        "Europe/Berlin",
    )
    assert (row.is_administrator, row.is_active, row.created_at, row.signed_in_at) == (True, True, day(0), None)
    assert is_anybody_known(LOCAL, AT)
    (line,) = list_activity(LOCAL, AT)
    assert (line.actor, line.verb, line.noun, line.address, line.reason) == ("ada", "add", "user", "ada", "because")
    stored = User.objects.get().password
    assert PASSWORD not in stored
    assert stored not in str(line)
    assert "password" not in str(line)


@pytest.mark.parametrize("name", ["ADA", "Ada", "ａｄａ"])
def test_names_are_unique_without_regard_to_case(name: str) -> None:
    add_user(NewUser("ada"), None, author())
    with pytest.raises(CannotBeUser, match="there is already a user ada"):
        add_user(NewUser(name), None, author())
    assert get_user(name, LOCAL, AT).name == "ada"


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a b", "a/b", "a\nb", "<b>", "a" * 151, "a\u202eb", "'", "a;b"])
def test_what_can_be_no_name(name: str) -> None:
    with pytest.raises(CannotBeUser, match="letters, digits"):
        add_user(NewUser(name), None, author())
    assert told() == []


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(CannotBeUser) as refusal:
        add_user(NewUser("a b", "two\nlines", "nowhere", "Mars/Olympus"), PASSWORD, author())
    assert str(refusal.value).count(";") == 3
    assert "Mars/Olympus" in str(refusal.value)


@pytest.mark.parametrize("password", ["short", "1234567890123", "adalovelace1815", "password1234", "x" * 1001, ""])
def test_passwords_that_can_be_guessed_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        add_user(NewUser("ada", "adalovelace1815"), password, author())
    assert list_users(LOCAL, AT) == ()


def test_a_dry_run_adds_nobody() -> None:
    assert add_user(NewUser("ada"), None, author(), dry_run=True).name == "ada"
    assert list_users(LOCAL, AT) == ()
    assert told() == []


def test_an_edit_changes_what_is_said_and_records_only_that() -> None:
    add_user(NewUser("ada", "Ada", "ada@example.com"), PASSWORD, author())
    assert edit_user("ada", UserEdit(email=""), author(1), dry_run=True).email == ""
    edit_user("ADA", UserEdit("Ada Admin", time_zone="Asia/Tokyo"), author(1))
    row = get_user("ada", LOCAL, AT)
    assert (row.full_name, row.email, row.time_zone) == ("Ada Admin", "ada@example.com", "Asia/Tokyo")
    line = list_activity(LOCAL, AT)[0]
    assert (line.verb, line.before) == ("edit", {"full_name": "Ada", "time_zone": ""})
    assert line.after == {"full_name": "Ada Admin", "time_zone": "Asia/Tokyo"}
    with pytest.raises(Refused, match="ada is all that already"):
        edit_user("ada", UserEdit("Ada Admin"), author(2))
    with pytest.raises(CannotBeUser, match="one line of at most"):
        edit_user("ada", UserEdit("a\nb"), author(2))
    with pytest.raises(NotFound):
        edit_user("bob", UserEdit("Bob"), author(2))


def test_deactivating_and_activating() -> None:
    add_user(NewUser("ada"), PASSWORD, author())
    assert deactivate_user("ADA", author(1), dry_run=True).deactivated_at == day(1)
    assert get_user("ada", LOCAL, AT).is_active
    deactivate_user("ADA", author(1))
    assert get_user("ada", LOCAL, AT).deactivated_at == day(1)
    with pytest.raises(Refused, match="ada is deactivated already"):
        deactivate_user("ada", author(2))
    activate_user("ada", author(2))
    with pytest.raises(Refused, match="ada is active already"):
        activate_user("ada", author(3))
    assert told() == [("activate", "user", "ada"), ("deactivate", "user", "ada"), ("add", "user", "ada")]
    for act in (deactivate_user, activate_user):
        with pytest.raises(NotFound, match="there is no user bob"):
            act("bob", author(4))


def test_a_session_ends_with_the_password_and_with_the_account() -> None:
    add_user(NewUser("ada"), PASSWORD, author())
    row = User.objects.get()
    stamp = row.get_session_auth_hash()
    assert find_session_user(row.id, stamp, LOCAL, AT) is not None
    assert find_session_user(row.id, stamp[:-1], LOCAL, AT) is None
    assert find_session_user(row.id + 1, stamp, LOCAL, AT) is None
    deactivate_user("ada", author(1))
    assert find_session_user(row.id, stamp, LOCAL, AT) is None
    activate_user("ada", author(2))
    set_password("ada", f"another {PASSWORD}", author(3))
    assert find_session_user(row.id, stamp, LOCAL, AT) is None
    assert told()[0] == ("set password", "user", "ada")


def test_a_weak_password_leaves_the_one_of_before() -> None:
    add_user(NewUser("ada"), PASSWORD, author())
    with pytest.raises(WeakPassword):
        set_password("ada", "123", author(1))
    assert User.objects.get().check_password(PASSWORD)
    with pytest.raises(NotFound):
        set_password("bob", PASSWORD, author(1))
