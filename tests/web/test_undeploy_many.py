"""Many deployments end by one act, chosen in their list; rollouts are found, sorted and exported."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.author import Author
from larry.actions.undeploy import undeploy
from larry.core.rights import PersonRole
from larry.outside import clock
from larry.queries.deployment import State
from larry.records.customer import Customer
from larry.records.rollout import Rollout
from tests.api.scene import SPARE, WEB, lay, put
from tests.records.rows import add_grant, add_user
from tests.web.test_deployments import act, expected, preview, rows
from tests.web.visitor import sign_in_as

MANY = "/deployments/-/undeploy"


@pytest.fixture
def estate(db: None) -> None:
    now = lay()
    put(WEB, now, at=-4, start=-3, end=3, reason="this week")
    put(SPARE, now, at=-4, start=-3, reason="for good")
    put(WEB, now, at=-3, start=5, reason="Next week", actor="ada")


def chosen(html: str) -> list[str]:
    return re.findall(r'name="pick" value="([a-z2-7]+)"', html)


def test_what_is_chosen_in_the_list_ends_as_one_rollout(client: Client, estate: None) -> None:
    listed = client.get("/deployments/").content.decode()
    assert len(chosen(listed)) == 3
    assert MANY in listed
    current = {row.host: row.id for row in rows(State.CURRENT)}
    html = client.get(MANY, {"pick": list(current.values())}).content.decode()
    assert sorted(chosen(html)) == sorted(current.values())
    shown = preview(client, MANY, pick=list(current.values()), at="+1h")
    assert {row.id for row in rows(State.CURRENT)} == set(current.values()), "a preview ends nothing"
    before = Rollout.objects.count()
    assert act(client, MANY, shown, pick=list(current.values()), at="+1h") == "/rollouts/"
    assert Rollout.objects.count() == before + 1
    (last,) = Rollout.objects.order_by("-id")[:1]
    assert (last.actor, last.reason) == ("tess", "because")
    ends = {row.id: row.end for row in rows(State.CURRENT)}
    assert ends.keys() == set(current.values())
    assert len(set(ends.values())) == 1
    assert all(end is not None and end < clock.now() + timedelta(hours=2) for end in ends.values())


def test_what_was_done_is_told_by_the_next_page_whatever_was_fetched_meanwhile(client: Client, estate: None) -> None:
    """A preview that was asked for before the act is often answered, or refused, after it; by its cookie it must
    not delete what is to be told."""
    current = [row.id for row in rows(State.CURRENT)]
    shown = preview(client, MANY, pick=current, at="+1h")
    where = act(client, MANY, shown, pick=current, at="+1h")
    for late, status in (
        (client.post(MANY, {"pick": current, "at": "+2h"}, headers={"HX-Request": "true"}), 200),
        (client.post(MANY, {"pick": current, "at": "\0"}, headers={"HX-Request": "true"}), 400),
        (client.get("/deployments/", {"format": "csv"}), 200),
        (client.get("/deployments/", headers={"Sec-Fetch-Dest": "empty"}), 200),
    ):
        assert late.status_code == status
        assert "messages" not in late.cookies
    kept = client.cookies.pop("messages")
    assert "messages" not in client.get("/deployments/").cookies, "a page that was asked for before deletes nothing"
    client.cookies["messages"] = kept
    assert "deployments changed." in client.get(where).content.decode()
    assert "deployments changed." not in client.get(where).content.decode(), "it is told once"


def test_all_that_the_list_finds_end(client: Client, estate: None) -> None:
    words = {"all": "1", "q": "NEXT week"}
    html = client.get(MANY, words).content.decode()
    assert "All 1 deployment that the list finds" in html
    act(client, MANY, preview(client, MANY, **words), **words)
    assert [row.reason for row in rows(State.DEACTIVATED)] == ["Next week"]
    assert len(rows(State.CURRENT)) == 2


def test_what_has_passed_or_moved_is_told(client: Client, estate: None) -> None:
    (gone, *_), (other, *_) = (sorted(row.id for row in rows(state)) for state in (State.CURRENT, State.FUTURE))
    shown = preview(client, MANY, pick=[gone, other])
    undeploy((gone,), Author("mallory", "first", clock.now()))
    late = client.post(MANY, {"pick": [gone, other], "expect": expected(shown), "step": "act", "reason": "late"})
    assert late.status_code in (409, 422)
    assert len(rows(State.FUTURE)) == 1, "all or none"
    html = client.get(MANY, {"pick": [gone, other]}).content.decode()
    assert chosen(html) == [other]
    assert "Nothing that is live or to come was chosen" in client.get(MANY, {"pick": [gone]}).content.decode()
    assert "choose at least one deployment" in preview(client, MANY).lower()
    assert client.post(MANY, {"step": "act", "reason": "x"}).status_code == 422


def test_nobody_ends_what_they_do_not_see(client: Client, estate: None) -> None:
    ids = [row.id for row in rows(State.CURRENT)]
    eve = add_user(name="eve", name_folded="eve")
    visitor = sign_in_as("eve")
    assert chosen(visitor.get(MANY, {"pick": ids}).content.decode()) == []
    assert visitor.post(MANY, {"pick": ids, "step": "act", "reason": "x"}).status_code == 422
    add_grant(user=eve, role=PersonRole.VIEWER.value, customer=Customer.objects.get(key="acme"))
    refused = visitor.post(MANY, {"pick": ids, "step": "act", "reason": "x"})
    assert "would be enough" in refused.content.decode()
    assert len(rows(State.CURRENT)) == 2


def test_rollouts_are_found_sorted_and_exported(
    client: Client, estate: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reasons = ["this week", "for good", "Next week"]

    def listed(query: str) -> list[str]:
        return [each["reason"] for each in json.loads(client.get(f"/rollouts/?format=json{query}").content)]

    assert listed("") == reasons[::-1]
    assert listed("&sort=number") == reasons
    assert listed("&sort=reason") == ["for good", "Next week", "this week"]
    assert listed("&sort=-reason") == ["this week", "Next week", "for good"]
    assert listed("&sort=nonsense") == reasons[::-1]
    assert listed("&q=WEEK") == ["Next week", "this week"]
    assert listed("&q=ada") == ["Next week"]
    first = Rollout.objects.order_by("id")[0]
    assert listed(f"&q=%23{first.id}") == ["this week"]
    assert listed(f"&q={'9' * 40}") == []
    lines = list(csv.DictReader(io.StringIO(client.get("/rollouts/?format=csv&sort=actor").content.decode())))
    assert [line["actor"] for line in lines] == ["ada", "Tess Tester", "Tess Tester"]
    html = client.get("/rollouts/?q=week&sort=reason").content.decode()
    assert 'aria-sort="ascending"' in html
    assert "q=week" in html
    assert "No rollout is like that" in client.get("/rollouts/?q=nothing").content.decode()
    with django_assert_max_num_queries(6):
        client.get("/rollouts/?q=week")
