"""Users, groups and grants on pages: what is shown to whom, what is done, and what is refused and why."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.sign_in import sign_in
from larry.core.rights import PersonRole
from larry.outside import clock
from larry.records.activity import Activity
from larry.records.customer import Customer
from larry.records.grant import Grant, Group, Membership
from larry.records.user import User
from tests.api.scene import lay
from tests.records.rows import add_grant, add_user
from tests.web.test_pages import Page, look
from tests.web.visitor import sign_in_as

PASSWORD = "four quiet herons wading"
OPEN_TO_NONE = ("/users/-/new", "/users/tess/edit", "/users/tess/password", "/users/tess/switch", "/groups/-/new")


@pytest.fixture
def now(db: None) -> datetime:
    return lay()


def send(client: Client, path: str, status: int = 303, /, **said: str) -> str:
    """What comes of a form: the words of the page that says so."""
    response = client.post(path, said, follow=status == 303)
    if status == 303:
        assert response.redirect_chain[-1][1] == 303, Page(response.content.decode()).text
    else:
        assert response.status_code == status
    return Page(response.content.decode()).text


def test_somebody_is_added_edited_and_given_a_password_by_pages(now: datetime, client: Client) -> None:
    refused = send(client, "/users/-/new", 422, name="ada", new=PASSWORD, again="another")
    assert "was not typed twice in the same way" in refused
    faults = send(client, "/users/-/new", 422, name="a b", email="nowhere")
    assert "A user's name is made of letters" in faults
    assert "'nowhere' is no address for mail" in faults
    assert not User.objects.filter(name="ada").exists()
    told = send(client, "/users/-/new", name="ada", full_name="Ada", new=PASSWORD, again=PASSWORD, reason="is new")
    assert "ada may sign in" in told
    sign_in("ada", PASSWORD, "10.0.0.1", clock.now())
    told = send(client, "/users/ada/edit", full_name="Ada Admin", time_zone="Europe/Berlin", is_administrator="yes")
    assert "ada was changed" in told
    assert "Europe/Berlin" in told
    assert "Ada is all that already" in send(
        client, "/users/ada/edit", 422, full_name="Ada Admin", time_zone="Europe/Berlin", is_administrator="yes"
    )
    assert "no zone 'Mars'" in send(client, "/users/ada/edit", 422, time_zone="Mars")
    another = "seven loud geese landing"
    assert "ada has another password" in send(client, "/users/ada/password", new=another, again=another)
    sign_in("ada", another, "10.0.0.1", clock.now())
    lines = list(Activity.objects.filter(noun="user", address="ada").order_by("id"))
    assert [(line.verb, line.actor) for line in lines] == [("add", "tess"), ("edit", "tess"), ("set password", "tess")]
    assert lines[1].before == {"full_name": "Ada", "time_zone": "", "is_administrator": False}
    assert not any(PASSWORD in str(line.after) or another in str(line.after) for line in lines)


def test_of_two_people_who_edit_a_user_the_second_is_told(now: datetime, client: Client) -> None:
    add_user(name="bob", name_folded="bob", full_name="Bob", email="bob@example.com")
    path = "/users/bob/edit"
    opened = {"was.full_name": "Bob", "was.email": "bob@example.com", "was.time_zone": "", "was.is_administrator": ""}
    html = client.get(path).content.decode()
    for name, value in opened.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in html
    first = {**opened, "full_name": "Bob One", "email": "one@example.com"}
    assert "bob was changed" in send(client, path, **first)
    response = client.post(path, {**opened, "full_name": "Bob Two", "email": "bob@example.com", "reason": "a typo"})
    assert response.status_code == 409
    page = Page(response.content.decode())
    assert re.search(r"Full name Bob One Bob Two tess at [-0-9]+", page.text)
    assert "Email one@example.com untouched: the form has what it is now" in page.text
    sent = {a["name"]: a.get("value") or "" for tag, a in page.tags if tag == "input" and a.get("name")}
    assert (sent["full_name"], sent["email"], sent["reason"]) == ("Bob Two", "one@example.com", "a typo")
    assert User.objects.get(name="bob").full_name == "Bob One"
    said = {name: sent[name] for name in sent if name in first or name == "reason"}
    assert "bob was changed" in send(client, path, **said)
    row = User.objects.get(name="bob")
    assert (row.full_name, row.email) == ("Bob Two", "one@example.com")


def test_passwords_that_were_refused_are_not_sent_back(now: datetime, client: Client) -> None:
    for path in ("/users/-/new", "/users/tess/password"):
        response = client.post(path, {"name": "ada", "new": "short", "again": "short"})
        assert response.status_code == 422
        assert b"short</" not in response.content.replace(b"too short", b"")
        assert b'value="short"' not in response.content


def test_who_is_deactivated_is_out_and_comes_in_again(now: datetime, client: Client) -> None:
    eve = sign_in_as("eve")
    assert eve.get("/users/").status_code == 200
    assert "eve can no longer sign in" in look(client, "/users/eve/switch").text
    assert "eve may no longer sign in" in send(client, "/users/eve/switch", reason="left")
    assert eve.get("/users/").status_code == 302
    assert "deactivated" in look(client, "/users/eve").text
    assert "/users/eve" not in look(client, "/users/").links
    assert "/users/eve" in look(client, "/users/?state=deactivated").links
    assert "eve may again sign in" in send(client, "/users/eve/switch")


def test_users_are_found_paged_and_exported(now: datetime, client: Client) -> None:
    for number in range(60):
        add_user(name=f"u{number:02}", name_folded=f"u{number:02}", full_name=f"User {number}")
    page = look(client, "/users/")
    assert "1–50 of 61 users" in page.text
    assert "51–61 of 61 users" in look(client, "/users/?page=2").text
    assert "1–1 of 1 user" in look(client, "/users/?q=USER+41").text
    assert "No user is like that" in look(client, "/users/?q=nobody").text
    rows = list(csv.DictReader(io.StringIO(client.get("/users/?q=user&format=csv").content.decode())))
    assert [row["name"] for row in rows] == [f"u{number:02}" for number in range(60)]
    documents = json.loads(client.get("/users/?q=u41&format=json").content)
    assert documents[0]["full_name"] == "User 41"
    assert "password" not in documents[0]


def test_a_group_is_made_filled_granted_and_removed(now: datetime, client: Client) -> None:
    add_user(name="bob", name_folded="bob")
    assert "There are no groups yet" in look(client, "/groups/").text
    assert "There is a group night-shift" in send(client, "/groups/-/new", name="night-shift", description="woken up")
    assert "there is no user zoe" in send(client, "/groups/night-shift/join", 422, user="zoe").replace("There", "there")
    assert "bob is in night-shift" in send(client, "/groups/night-shift/join", user="bob")
    told = send(client, "/grants/-/new", to="group", name="night-shift", role="viewer", kind="customer", address="acme")
    assert "night-shift is viewer of customer acme" in told
    page = look(client, "/users/bob")
    assert "viewer customer acme group night-shift" in page.text
    assert "/customers/acme" in page.links
    warned = look(client, "/groups/night-shift/remove").text
    assert "bob will no longer be in it" in warned
    assert "Nobody has these by it any more: viewer of customer acme" in warned
    assert "bob is no longer in night-shift" in send(client, "/groups/night-shift/leave", user="bob")
    assert not Membership.objects.exists()
    assert "no group night-shift any more" in send(client, "/groups/night-shift/remove", reason="sleeps")
    assert not Group.objects.exists()
    assert not Grant.objects.exists()


def test_a_grant_is_given_and_taken_and_what_cannot_be_is_said(now: datetime, client: Client) -> None:
    add_user(name="bob", name_folded="bob")
    said = {"to": "user", "name": "bob", "role": "operator", "kind": "everything", "address": ""}
    assert "say within what it is" in send(client, "/grants/-/new", 422, **{**said, "address": "acme"}).replace(
        "S", "s"
    )
    assert "which customer" in send(client, "/grants/-/new", 422, **{**said, "kind": "customer"})
    assert "There is no customer zed" in send(
        client, "/grants/-/new", 422, **{**said, "kind": "customer", "address": "zed"}
    )
    assert "There is no such role" in send(client, "/grants/-/new", 422, **{**said, "role": "king"})
    assert "A machine reads the configurations" in send(
        client, "/grants/-/new", 422, **{**said, "role": "machine", "kind": "customer", "address": "acme"}
    )
    assert "bob is operator of everything" in send(client, "/grants/-/new", **said)
    assert "already" in send(client, "/grants/-/new", 422, **said)
    (revoke,) = [link for link in look(client, "/users/bob").links if link.startswith("/grants/-/revoke")]
    form = look(client, revoke)
    values = {a["name"]: a.get("value") for tag, a in form.tags if tag == "input" and a.get("name")}
    assert values["name"] == "bob"
    assert "bob is no longer operator of everything" in send(client, revoke, **said)
    assert "not operator of everything by a grant" in send(client, "/grants/-/revoke", 422, **said)


def test_nobody_grants_more_than_they_have(now: datetime) -> None:
    eve, _ = add_user(name="eve", name_folded="eve"), add_user(name="bob", name_folded="bob")
    add_grant(user=eve, role=PersonRole.ADMINISTRATOR.value, customer=Customer.objects.get(key="acme"))
    client = sign_in_as("eve")
    said = {"to": "user", "name": "bob", "role": "viewer"}
    refused = send(client, "/grants/-/new", 422, **said, kind="everything")
    assert "may not say who may do what" in refused
    assert "the role administrator for everything would be enough" in refused
    told = send(client, "/grants/-/new", **said, kind="customer", address="acme")
    assert "bob is viewer of customer acme" in told
    assert [row.user.name for row in Grant.objects.filter(role="viewer") if row.user] == ["bob"]
    for path in OPEN_TO_NONE[:1] + OPEN_TO_NONE[4:]:
        assert "the role administrator for everything would be enough" in send(client, path, 422, name="zoe")
    for path in OPEN_TO_NONE[1:4]:
        assert client.post(path).status_code == 404  # eve does not see tess
    page = look(client, "/users/eve")
    assert "managed by administrators of everything" in page.text
    assert "/users/eve/edit" not in page.links
    assert "the role administrator" in send(client, "/users/eve/edit", 422, full_name="Queen Eve")
    assert "1–1 of 1 user" in look(client, "/users/").text


def test_names_and_scopes_are_completed_as_one_types(now: datetime, client: Client) -> None:
    add_user(name="bob", name_folded="bob", full_name="Bob Builder")
    assert b'value="bob"' in client.get("/users/-/names?name=build").content
    assert b"option" not in client.get("/users/-/names?name=zzz").content
    assert b'value="acme"' in client.get("/grants/-/scopes?kind=customer&address=ac").content
    assert b'value="acme/shop"' in client.get("/grants/-/scopes?kind=app&address=").content
    assert b"option" not in client.get("/grants/-/scopes?kind=everything&address=").content


def test_everybody_finds_their_own_page(now: datetime, client: Client) -> None:
    assert "/users/tess" in look(client, "/").links
    page = look(client, "/users/tess")
    assert "/password" in page.links
    assert "All: they are an administrator of everything" in page.text
    look(client, "/users/nobody", 404)
    look(client, "/groups/nobody", 404)


def test_pages_of_people_cost_the_same_whoever_there_is(
    now: datetime, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    group = Group.objects.create(name="g", name_folded="g", created_at=now)
    for number in range(20):
        row = add_user(name=f"u{number}", name_folded=f"u{number}")
        add_grant(user=row, role=PersonRole.VIEWER.value)
        Membership.objects.create(group=group, user=row)
    for path in ("/users/", "/users/u1", "/groups/", "/groups/g", "/grants/"):
        with django_assert_max_num_queries(11):
            assert client.get(path).status_code == 200
