"""Making and revoking tokens: who may, what is told, what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from larry.actions.author import Author, Refused
from larry.actions.grant import GrantRequest, grant
from larry.actions.permit import NotAllowed
from larry.actions.token import LONGEST_LIFE, NewToken, add_token, revoke_token
from larry.actions.user import NewUser, add_user, deactivate_user
from larry.core.rights import NO_RIGHTS, PersonRole, ScopeKind
from larry.core.token import hash_token
from larry.queries.grant import get_rights
from larry.queries.reader import WHOLE, NotFound
from larry.queries.token import find_token, get_token, list_tokens
from larry.records.activity import Activity
from larry.records.token import Token
from larry.records.user import User
from tests.actions.estate import author, day, lay

pytestmark = pytest.mark.django_db

NEVER = "there is no user"


@pytest.fixture(autouse=True)
def _people() -> None:
    lay(
        "larry: 1\npools: [{name: p}, {name: q}]\nhosts: [{name: h, pools: [p]}]\n"
        "customers: [{name: C, apps: [{name: A}, {name: B}]}, {name: D}]"
    )
    for name, role, kind, address in (
        ("planner", PersonRole.PLANNER, ScopeKind.CUSTOMER, "c"),
        ("machine", PersonRole.MACHINE, ScopeKind.POOL, "p"),
        ("chief", PersonRole.ADMINISTRATOR, ScopeKind.CUSTOMER, "c"),
        ("boss", PersonRole.ADMINISTRATOR, ScopeKind.EVERYTHING, ""),
    ):
        add_user(NewUser(name), None, author())
        grant(GrantRequest("user", name, role, kind, address), author())


def acting_as(name: str) -> Author:
    row = User.objects.get(name=name)
    rights = get_rights(row.id, row.is_administrator, WHOLE, author().moment)
    return replace(author(), actor=name, rights=rights)


def test_it_is_told_once_and_found_by_its_digest() -> None:
    made = add_token(NewToken("planner", "laptop", day(9)), author())
    assert made.text not in repr(made)
    found = find_token(hash_token(made.text), WHOLE, author().moment)
    assert found is not None
    assert (found.user, found.prefix, found.expires_at) == ("planner", made.row.prefix, day(9))
    assert found.find_fault(day(8)) is None
    assert "expired" in (found.find_fault(day(9)) or "")
    line = Activity.objects.get(noun="token")
    assert (line.verb, line.address) == ("add", "planner/laptop")
    assert made.text.rpartition("_")[2] not in json.dumps([line.before, line.after])
    assert found.id == get_token(made.row.prefix, WHOLE, author().moment).id


def test_everybody_makes_their_own_and_only_who_manages_those_of_others() -> None:
    add_token(NewToken("planner", "own"), acting_as("planner"))
    with pytest.raises(NotFound, match=NEVER):
        add_token(NewToken("boss", "stolen"), acting_as("planner"))
    with pytest.raises(NotFound, match=NEVER):
        add_token(NewToken("planner", "x"), acting_as("chief"))  # of a customer, not of people
    add_token(NewToken("planner", "given"), acting_as("boss"))
    with pytest.raises(NotFound, match="no token"):
        revoke_token("planner/own", acting_as("machine"))
    revoke_token("planner/own", acting_as("planner"))
    revoke_token("planner/given", acting_as("boss"))
    assert {row.name: row.state(day(0)) for row in list_tokens(WHOLE, author().moment)} == {
        "own": "revoked",
        "given": "revoked",
    }


def test_a_token_is_narrowed_to_what_its_user_has() -> None:
    add_token(NewToken("planner", "a", kind=ScopeKind.APP, address="c/a"), acting_as("planner"))
    for asked, said in (
        (NewToken("planner", "d", kind=ScopeKind.CUSTOMER, address="d"), "there is no customer d"),
        (NewToken("planner", "p", kind=ScopeKind.POOL, address="p"), "could do nothing"),
        (NewToken("planner", "s", reveals=True), "may not reveal"),
    ):
        with pytest.raises((Refused, NotFound), match=said):
            add_token(asked, acting_as("planner"))
    with pytest.raises(Refused, match="could do nothing"):
        add_token(NewToken("planner", "d", kind=ScopeKind.CUSTOMER, address="d"), author())
    full = add_token(NewToken("machine", "s", kind=ScopeKind.POOL, address="p", reveals=True), acting_as("boss"))
    assert full.row.reveals


def test_who_may_not_reveal_entitles_nothing_to_secrets() -> None:
    lesser = replace(acting_as("boss"), rights=replace(acting_as("boss").rights, permits=frozenset()))
    with pytest.raises(NotFound):
        add_token(NewToken("machine", "s", reveals=True), lesser)
    masked = add_token(NewToken("boss", "masked"), acting_as("boss"))
    found = find_token(hash_token(masked.text), WHOLE, author().moment)
    assert found is not None
    from larry.queries.token import get_narrowed_rights

    rights = get_narrowed_rights(found.user_id, True, found.narrowing, WHOLE, author().moment)
    with pytest.raises(NotAllowed, match="could do more"):
        add_token(NewToken("machine", "s", reveals=True), replace(author(), actor="boss", rights=rights))


def test_odd_ones_are_refused() -> None:
    add_token(NewToken("boss", "Laptop"), author())
    deactivate_user("machine", author())
    for asked, said in (
        (NewToken("boss", "laptop"), "has a token laptop"),
        (NewToken("boss", "a/b"), "letters, digits"),
        (NewToken("boss", ""), "letters, digits"),
        (NewToken("boss", "x", day(0)), "in the future"),
        (NewToken("boss", "x", day(0) + LONGEST_LIFE + timedelta(days=1)), "ten years"),
        (NewToken("machine", "x"), "is deactivated"),
    ):
        with pytest.raises(Refused, match=said):
            add_token(asked, author(0))
    with pytest.raises(NotFound, match=NEVER):
        add_token(NewToken("nobody", "x"), author())
    with pytest.raises(NotFound):
        add_token(NewToken("boss", "x"), replace(author(), actor="eve", rights=NO_RIGHTS))
    assert add_token(NewToken("boss", "dry"), author(), dry_run=True).text == ""
    assert Token.objects.count() == 1
    revoke_token("boss/laptop", author(), dry_run=True)
    revoke_token("boss/laptop", author())
    with pytest.raises(Refused, match="was revoked on"):
        revoke_token("boss/laptop", author())
    add_token(NewToken("boss", "laptop"), author())  # the name is free again
