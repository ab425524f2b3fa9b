"""Signing in by a real directory: slapd on the loopback, python-ldap, and the page to sign in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from larry.actions.user import NewUser, add_user, deactivate_user
from larry.core.identity import Identity
from larry.core.rights import PersonRole
from larry.outside import directory as door
from larry.outside.directory import DirectoryIsAway, ask_directory
from larry.records.activity import Activity
from larry.records.grant import Grant
from larry.records.user import DIRECTORY, User
from tests.actions.estate import author, lay
from tests.journeys.slapd import (
    GROUPS,
    PASSWORD,
    PEOPLE,
    UNICODE_PASSWORD,
    Directory,
    make_authority,
    require_directory,
    running,
)
from tests.web.visitor import whoever

LOCAL_PASSWORD = "a local password, long enough"
INJECTIONS = (
    "*",
    "ada)(uid=*",
    "ada)(|(uid=*",
    "*)(uid=ada",
    "a*",
    "ada\0",
    "ada)(userPassword=*))(|(uid=x",
    "(|(uid=ada)(uid=bob))",
    "ada\\2a",
    "\\61da",
    "ada)(!(uid=bob)",
    "ada,ou=people,dc=example,dc=com",
    "ada&uid=bob",
    "ada\u00ad",
    "ada\u200b",
    "a\u0308da*",
)
"""Names that would be more than a name, or another one, if a filter took them as they are."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    require_directory()
    with running(tmp_path_factory.mktemp("slapd")) as server:
        yield server


def test_search_then_bind_tells_who_it_is(directory: Directory) -> None:
    found = ask_directory(directory.settings(), "ada", PASSWORD)
    assert found is not None
    assert (found.name, found.full_name, found.email) == ("ada", "Ada Lovelace", "ada@example.com")
    assert [each.role for each in found.bestowals] == [PersonRole.OPERATOR]
    assert ask_directory(directory.settings(), " ADA ", PASSWORD) == found


def test_names_and_passwords_are_in_any_alphabet(directory: Directory) -> None:
    found = ask_directory(directory.settings(), "Jürgen.Śmiałek", UNICODE_PASSWORD)
    assert found is not None
    assert (found.name, found.full_name) == ("jürgen.śmiałek", "Jürgen Śmiałek 李")
    assert [each.role for each in found.bestowals] == [PersonRole.OPERATOR, PersonRole.PLANNER]
    decomposed = "Ju\u0308rgen.S\u0301miałek"
    assert ask_directory(directory.settings(), decomposed, UNICODE_PASSWORD) == found
    assert ask_directory(directory.settings(), "jurgen.smialek", UNICODE_PASSWORD) is None


def test_a_template_binds_as_the_user_at_once(directory: Directory) -> None:
    told = directory.settings(bind_dn="", bind_password="", user_dn=f"uid={{name}},{PEOPLE}")
    found = ask_directory(told, "ada", PASSWORD)
    assert found is not None
    assert [each.role for each in found.bestowals] == [PersonRole.OPERATOR]
    assert ask_directory(told, "ada", "wrong") is None
    assert ask_directory(told, "ada,ou=people", PASSWORD) is None
    assert ask_directory(told, "nobody", PASSWORD) is None


@pytest.mark.parametrize("password", ["", " ", "\0", "wrong", f"{PASSWORD} ", PASSWORD.upper(), "x" * 2000, "\ud800"])
def test_a_wrong_or_empty_password_lets_nobody_in(password: str, directory: Directory) -> None:
    """This server takes an empty password for an anonymous bind, and says yes."""
    assert ask_directory(directory.settings(), "ada", password) is None
    told = directory.settings(bind_dn="", bind_password="", user_dn=f"uid={{name}},{PEOPLE}")
    assert ask_directory(told, "ada", password) is None


def test_the_server_does_say_yes_to_an_empty_password(directory: Directory) -> None:
    """So that the test above shows what it says."""
    import ldap

    connection = ldap.initialize(directory.plain)
    connection.simple_bind_s(f"uid=ada,{PEOPLE}", "")
    connection.unbind_s()


@pytest.mark.parametrize("name", INJECTIONS)
def test_a_name_is_a_name_and_no_filter(name: str, directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before the directory hears of it; and it would find nobody if it did."""
    import re

    told = directory.settings()
    with monkeypatch.context() as patch:
        patch.setattr("larry.outside.directory._Asked", None)  # nobody is asked
        assert ask_directory(told, name, PASSWORD) is None
    monkeypatch.setattr(door, "_NAME", re.compile(r"[^\xad\u200b]+", re.DOTALL))
    assert ask_directory(told, name, PASSWORD) is None
    direct = directory.settings(bind_dn="", bind_password="", user_dn=f"uid={{name}},{PEOPLE}")
    assert ask_directory(direct, name, PASSWORD) is None


def test_a_name_of_two_is_nobodys(directory: Directory) -> None:
    told = directory.settings(user_filter="(|(uid={name})(mail={name}))")
    assert ask_directory(told, "twins@example.com", PASSWORD) is None
    found = ask_directory(told, "ada@example.com", PASSWORD)
    assert found is not None
    assert found.name == "ada"


def test_start_tls_is_as_good_and_plain_is_said(directory: Directory) -> None:
    told = directory.settings(urls=(directory.plain,), start_tls=True)
    assert ask_directory(told, "ada", PASSWORD) is not None
    assert ask_directory(directory.settings(urls=(directory.plain,)), "ada", PASSWORD) is not None


@pytest.mark.parametrize("start_tls", [False, True])
def test_a_foreign_authority_is_refused(start_tls: bool, directory: Directory, tmp_path: Path) -> None:
    foreign = make_authority("Somebody else").write(tmp_path / "foreign.pem")
    urls = (directory.plain,) if start_tls else (directory.tls,)
    for ca_file in (foreign, None):  # None: the machine's own authorities
        with pytest.raises(DirectoryIsAway):
            ask_directory(directory.settings(urls=urls, start_tls=start_tls, ca_file=ca_file), "ada", PASSWORD)


@pytest.mark.parametrize("start_tls", [False, True])
def test_a_certificate_for_another_name_is_refused(start_tls: bool, directory: Directory) -> None:
    url = f"ldap://localhost:{directory.plain_port}" if start_tls else f"ldaps://localhost:{directory.tls_port}"
    with pytest.raises(DirectoryIsAway):
        ask_directory(directory.settings(urls=(url,), start_tls=start_tls), "ada", PASSWORD)


def test_a_careless_default_does_not_switch_verification_off(directory: Directory, tmp_path: Path) -> None:
    """Such as ``TLS_REQCERT never`` in the machine's ldap.conf."""
    import ldap

    foreign = make_authority("Somebody else").write(tmp_path / "foreign.pem")
    before = ldap.get_option(ldap.OPT_X_TLS_REQUIRE_CERT)
    ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_NEVER)
    try:
        with pytest.raises(DirectoryIsAway):
            ask_directory(directory.settings(ca_file=foreign), "ada", PASSWORD)
    finally:
        ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, before)


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_the_next_server_is_asked_when_one_is_away(directory: Directory) -> None:
    away = f"ldaps://127.0.0.1:{_closed_port()}"
    assert ask_directory(directory.settings(urls=(away, directory.tls)), "ada", PASSWORD) is not None
    with pytest.raises(DirectoryIsAway):
        ask_directory(directory.settings(urls=(away,)), "ada", PASSWORD)


def test_a_server_that_says_nothing_is_not_waited_for(directory: Directory) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"ldap://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(DirectoryIsAway):
            ask_directory(directory.settings(urls=(url,), seconds=1), "ada", PASSWORD)


def test_larrys_own_account_that_is_refused_lets_nobody_in(directory: Directory) -> None:
    with pytest.raises(DirectoryIsAway):
        ask_directory(directory.settings(bind_password="wrong"), "ada", PASSWORD)


# --- through the page -------------------------------------------------------------------------------------------------


@pytest.fixture
def signing(directory: Directory, settings: Any, db: None) -> Any:
    """The page to sign in of a Larry that asks the directory, with a customer to grant something of."""
    lay("larry: 1\ncustomers: [{name: Acme}]\npools: [{name: production}]")
    settings.LARRY_DIRECTORY = directory.settings()

    def sign_in(name: str, password: str) -> tuple[int, str, str]:
        """The status, who is signed in then, and the page."""
        client = Client()
        response = client.post("/sign-in", {"name": name, "password": password})
        return response.status_code, whoever(client), response.content.decode()

    return sign_in


def grants_of(name: str) -> set[tuple[str, str, str]]:
    rows = Grant.objects.filter(user__name=name).select_related("customer", "pool")
    return {(row.role, row.customer.key if row.customer else "", row.source) for row in rows}


def test_whoever_the_directory_knows_gets_in_with_their_grants(signing: Any) -> None:
    assert signing("ada", PASSWORD)[:2] == (303, "ada")
    row = User.objects.get(name="ada")
    assert (row.full_name, row.email, row.source) == ("Ada Lovelace", "ada@example.com", DIRECTORY)
    assert not row.is_administrator
    assert not row.has_usable_password()
    assert grants_of("ada") == {("operator", "", DIRECTORY)}
    lines = Activity.objects.filter(noun="user", address="ada").order_by("id")
    assert [(line.actor, line.verb) for line in lines] == [("the directory", "add"), ("the directory", "grant")]
    assert signing("Ada", PASSWORD)[:2] == (303, "ada")  # nothing is recorded when nothing has changed
    assert Activity.objects.filter(noun="user", address="ada").count() == 2
    assert PASSWORD not in str(list(Activity.objects.values()))


def test_unicode_gets_in_and_is_granted_a_part(signing: Any) -> None:
    assert signing("jürgen.śmiałek", UNICODE_PASSWORD)[:2] == (303, "jürgen.śmiałek")
    assert grants_of("jürgen.śmiałek") == {("operator", "", DIRECTORY), ("planner", "acme", DIRECTORY)}


@pytest.mark.parametrize("password", ["", "wrong", " "])
def test_nobody_gets_in_without_the_password(password: str, signing: Any) -> None:
    status, who, page = signing("ada", password)
    assert (status, who) == (401, "")
    assert "do not belong together" in page
    assert not User.objects.filter(name="ada").exists()


def test_who_has_left_a_group_loses_what_it_gave_and_nothing_else(signing: Any, directory: Directory) -> None:
    signing("bob", PASSWORD)
    own = Grant.objects.create(user=User.objects.get(name="bob"), role="planner", created_at=author().now)
    assert grants_of("bob") == {("planner", "acme", DIRECTORY), ("planner", "", "")}
    group = f"dn: cn=Betrieb Süd,{GROUPS}\nchangetype: modify\n{{}}: member\nmember: uid=bob,{PEOPLE}\n"
    directory.change(group.format("delete"))
    try:
        assert signing("bob", PASSWORD)[:2] == (303, "bob")
    finally:
        directory.change(group.format("add"))
    assert grants_of("bob") == {("planner", "", "")}
    assert Grant.objects.get(user__name="bob") == own
    last = Activity.objects.filter(noun="user", address="bob").latest("id")
    assert (last.actor, last.verb) == ("the directory", "revoke")
    assert last.before == {"role": "planner", "scope": "customer", "address": "acme", "source": DIRECTORY}


def test_a_customer_that_there_is_not_is_granted_to_nobody(signing: Any, directory: Directory, settings: Any) -> None:
    from larry.core.identity import Bestowal
    from larry.core.rights import ScopeKind

    told = (Bestowal(f"cn=operators,{GROUPS}", PersonRole.PLANNER, ScopeKind.CUSTOMER, "gone"),)
    settings.LARRY_DIRECTORY = directory.settings(grants=told)
    assert signing("ada", PASSWORD)[:2] == (303, "ada")
    assert grants_of("ada") == set()


def test_a_name_of_larrys_own_is_never_asked_about_elsewhere(signing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add_user(NewUser("root-of-larry", is_administrator=True), LOCAL_PASSWORD, author())
    asked: list[str] = []
    monkeypatch.setattr("larry.web.views.sign_in.ask_directory", lambda _, name, __: asked.append(name))
    assert signing("root-of-larry", LOCAL_PASSWORD)[:2] == (303, "root-of-larry")
    assert signing("Root-of-Larry", PASSWORD)[:2] == (401, "")  # the directory's password for it
    assert asked == []


def test_a_directory_that_gives_a_name_of_larrys_own_lets_nobody_in(
    signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(NewUser("boss", is_administrator=True), LOCAL_PASSWORD, author())
    monkeypatch.setattr("larry.web.views.sign_in.ask_directory", lambda *_: Identity("BOSS"))
    status, who, page = signing("ada", PASSWORD)
    assert (status, who) == (401, "")
    assert "somebody else has in Larry itself" in page


@pytest.mark.parametrize("name", ["a b", "", "x" * 200, "<script>", "a\nb"])
def test_a_name_that_no_user_can_have_is_told(name: str, signing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("larry.web.views.sign_in.ask_directory", lambda *_: Identity(name))
    status, who, page = signing("ada", PASSWORD)
    assert (status, who) == (401, "")
    assert "no user of Larry can be called so" in page
    assert "<script>" not in page


def test_who_is_deactivated_stays_out(signing: Any) -> None:
    signing("ada", PASSWORD)
    deactivate_user("ada", author(1))
    assert signing("ada", PASSWORD)[:2] == (401, "")


def test_a_directory_that_is_away_is_told_and_larrys_own_get_in(
    signing: Any, directory: Directory, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    add_user(NewUser("local"), LOCAL_PASSWORD, author())
    settings.LARRY_DIRECTORY = directory.settings(urls=(f"ldaps://127.0.0.1:{_closed_port()}",))
    for _ in range(12):  # waiting for a server is no guessing
        status, who, page = signing("ada", PASSWORD)
        assert (status, who) == (503, "")
        assert "The directory does not answer" in page
    assert signing("local", LOCAL_PASSWORD)[:2] == (303, "local")
    told = [record for record in caplog.records if record.name == "larry.directory"]
    assert len(told) == 12
    assert PASSWORD not in str([vars(record) for record in told])


def test_guessing_has_to_wait_as_everywhere(signing: Any) -> None:
    said = [signing("ada", f"guess {number}")[0] for number in range(11)]
    assert said == [401] * 10 + [429]
    assert signing("ada", PASSWORD)[0] == 429


def test_without_a_directory_its_people_stay_out(signing: Any, settings: Any) -> None:
    signing("ada", PASSWORD)
    settings.LARRY_DIRECTORY = None
    assert signing("ada", PASSWORD)[:2] == (401, "")
    assert signing("ada", "")[:2] == (401, "")


def test_the_password_is_changed_in_the_directory(signing: Any) -> None:
    from larry.actions.author import Refused
    from larry.actions.user import set_password

    signing("ada", PASSWORD)
    with pytest.raises(Refused, match="change it there"):
        set_password("ada", LOCAL_PASSWORD, author(1))
    client = Client()
    client.post("/sign-in", {"name": "ada", "password": PASSWORD})
    new = {"old": PASSWORD, "new": LOCAL_PASSWORD, "again": LOCAL_PASSWORD}
    response = client.post("/password", new)
    assert response.status_code == 422
    assert "change it there" in response.content.decode()
