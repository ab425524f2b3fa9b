"""The setting `ldap` is read strictly, and tells of everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from larry.core.identity import Bestowal
from larry.core.rights import PersonRole, ScopeKind
from larry.site import directory_setting
from larry.site.configuration import WrongSetting, read_configuration
from larry.site.directory_setting import HOW_TO_INSTALL, NotADirectory, read_directory

GOOD: dict[str, Any] = {
    "url": "ldaps://ldap.example.com",
    "bind_dn": "cn=larry,dc=example,dc=com",
    "bind_password": "hunter2",
    "user_base": "ou=people,dc=example,dc=com",
}
LDAP = "url = 'ldaps://ldap.example.com'\nuser_dn = 'uid={name},ou=people,dc=example,dc=com'\n"


@pytest.fixture(autouse=True)
def _is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests ask no directory, and so need no client."""
    monkeypatch.setattr(directory_setting, "is_directory_possible", lambda: True)


def test_a_table_of_four_lines_will_do() -> None:
    told = read_directory(GOOD)
    assert told.urls == ("ldaps://ldap.example.com",)
    assert (told.user_filter, told.name_attribute, told.seconds) == ("(uid={name})", "uid", 5)
    assert told.grants == ()
    assert "hunter2" not in repr(told)


def test_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    (tmp_path / "password").write_text("from a file\n")
    told = read_directory(
        {
            "url": ["ldap://one.example.com", "ldap://two.example.com:1389"],
            "start_tls": True,
            "ca_file": str(tmp_path / "ca.pem"),
            "bind_dn": "cn=larry,dc=example,dc=com",
            "bind_password_file": str(tmp_path / "password"),
            "user_base": "dc=example,dc=com",
            "user_filter": "(&(objectClass=user)(sAMAccountName={name}))",
            "name_attribute": "sAMAccountName",
            "full_name_attribute": "displayName",
            "email_attribute": "mail",
            "group_base": "dc=example,dc=com",
            "group_filter": "(member:1.2.840.113556.1.4.1941:={dn})",
            "seconds": 10,
            "grants": [
                {"group": "cn=ops,dc=example,dc=com", "role": "operator"},
                {"group": "cn=acme,dc=example,dc=com", "role": "viewer", "customer": "acme"},
                {"group": "cn=shop,dc=example,dc=com", "role": "planner", "app": "acme/shop"},
                {"group": "cn=hosts,dc=example,dc=com", "role": "machine", "pool": "production"},
            ],
        }
    )
    assert (told.bind_password, told.start_tls, told.seconds) == ("from a file", True, 10)
    assert told.grants[0] == Bestowal("cn=ops,dc=example,dc=com", PersonRole.OPERATOR)
    assert told.grants[2] == Bestowal("cn=shop,dc=example,dc=com", PersonRole.PLANNER, ScopeKind.APP, "acme/shop")


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"colour": "red"}, "colour: there is no such key"),
    ({"url": []}, "url: it is missing"),
    ({"url": 5}, "url: it is neither a text nor a list of texts"),
    ({"url": "http://ldap.example.com"}, "does not begin with ldap:// or ldaps://"),
    ({"url": "ldaps:///"}, "names no host"),
    ({"url": "ldaps://ldap.example.com/dc=example"}, "more in it than a host and a port"),
    ({"url": "ldaps://me:secret@ldap.example.com"}, "more in it than a host and a port"),
    ({"url": "ldaps://ldap.example.com:99999"}, "url: "),
    ({"url": "ldap://ldap.example.com"}, "would send passwords that anybody on the way can read"),
    ({"start_tls": True}, "start_tls: ldaps:// is encrypted from the beginning"),
    ({"start_tls": "yes"}, "start_tls: it is neither true nor false"),
    ({"ca_file": "/nowhere/ca.pem"}, "ca_file: /nowhere/ca.pem cannot be read: No such file"),
    ({"bind_dn": ""}, "bind_dn: it is empty"),
    ({"user_dn": "uid={name},dc=example"}, "either bind_dn (find the entry first) or user_dn"),
    ({"bind_password": ""}, "bind_dn needs one"),
    ({"bind_password": 5}, "bind_password: it is not a text"),
    ({"bind_password_file": "/nowhere/password"}, "bind_password_file: /nowhere/password cannot be read"),
    ({"user_base": 5}, "user_base: it is not a text"),
    ({"user_filter": "(uid=ada)"}, "user_filter: it is no filter in brackets with {name} in it"),
    ({"user_filter": "uid={name}"}, "user_filter: it is no filter"),
    ({"user_filter": "((uid={name})"}, "user_filter: it is no filter"),
    ({"group_base": "dc=example", "group_filter": "(member=ada)"}, "group_filter: it is no filter"),
    ({"name_attribute": "u id"}, "name_attribute: 'u id' is no name of an attribute"),
    ({"seconds": 0}, "seconds: it is no whole number from 1 to 60"),
    ({"seconds": True}, "seconds: it is no whole number"),
    ({"grants": {}}, "grants: it is no list of tables"),
    ({"grants": ["x"]}, "grants, number 1: it is no table"),
    ({"grants": [{"role": "viewer"}]}, "grants, number 1: group: it is missing"),
    ({"grants": [{"group": "cn=x", "role": "king"}]}, "role: it is none of viewer, reviewer"),
    ({"grants": [{"group": "cn=x", "role": "viewer", "host": "x"}]}, "there is no key host"),
    ({"grants": [{"group": "cn=x", "role": "viewer", "pool": ""}]}, "each of its values is a text"),
    ({"grants": [{"group": "cn=x", "role": "viewer", "pool": "p", "app": "a/b"}]}, "one of them, or none"),
    ({"grants": [{"group": "cn=x", "role": "machine", "customer": "acme"}]}, "grant it a pool, or everything"),
)


@pytest.mark.parametrize("changed, why", WRONG)
def test_what_will_not_do_is_told(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(NotADirectory) as caught:
        read_directory(GOOD | changed)
    assert why in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_everything_is_told_at_once() -> None:
    with pytest.raises(NotADirectory) as caught:
        read_directory({"url": "gopher://x", "seconds": -1, "colour": 1, "grants": [{}, 5]})
    said = str(caught.value)
    for word in ("gopher", "seconds", "colour", "grants, number 1", "grants, number 2", "bind_dn", "user_base"):
        assert word in said


@pytest.mark.parametrize("url", ["ldap://127.0.0.1", "ldap://localhost:1389", "ldap://[::1]"])
def test_plain_will_do_where_nothing_leaves_the_machine(url: str) -> None:
    assert read_directory(GOOD | {"url": url}).urls == (url,)


def test_plain_will_do_where_somebody_says_so() -> None:
    assert read_directory(GOOD | {"url": "ldap://ldap.example.com", "plain": True}).start_tls is False


def test_without_the_client_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_setting, "is_directory_possible", lambda: False)
    with pytest.raises(NotADirectory) as caught:
        read_directory(GOOD)
    assert HOW_TO_INSTALL in str(caught.value)


def test_it_stands_in_the_file_or_in_one_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "larry.toml").write_text("[ldap]\n" + LDAP)
    (tmp_path / "ldap.toml").write_text(LDAP)
    in_file = read_configuration({"LARRY_HOME": str(tmp_path)}).ldap
    assert in_file is not None
    (tmp_path / "larry.toml").unlink()
    assert read_configuration({"LARRY_HOME": str(tmp_path)}).ldap is None
    assert read_configuration({"LARRY_HOME": str(tmp_path), "LARRY_LDAP": str(tmp_path / "ldap.toml")}).ldap == in_file


@pytest.mark.parametrize("text, why", [("url = ", "is not TOML"), (None, "cannot be read"), ("\xff", "cannot be read")])
def test_a_file_that_will_not_do_is_told(text: str | None, why: str, tmp_path: Path) -> None:
    file = tmp_path / "ldap.toml"
    if text is not None:
        file.write_bytes(text.encode("latin-1"))
    with pytest.raises(WrongSetting, match=why) as caught:
        read_configuration({"LARRY_HOME": str(tmp_path), "LARRY_LDAP": str(file)})
    assert "LARRY_LDAP" in str(caught.value)
