"""The page that changes a key: all that follows is shown, then done, and refused with who has the key."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from larry.records.former_key import FormerKey
from larry.records.service import Service
from tests.api.scene import LIVE, WEB, lay, put
from tests.web.test_pages import Page, look


@pytest.fixture
def now(db: None) -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3)
    return now


def expected(html: bytes) -> str:
    (field,) = [a for tag, a in Page(html.decode()).tags if tag == "input" and a.get("name") == "expect"]
    return field["value"] or ""


@pytest.mark.parametrize("path", ["/services/rails", "/customers/acme", f"/instances/{LIVE}", f"/hosts/{WEB}"])
def test_it_is_offered_from_the_page_of_every_noun(path: str, now: datetime, client: Client) -> None:
    assert f"{path}/key" in look(client, path).links
    assert "Review what changes" in look(client, f"{path}/key").text


def test_what_follows_is_shown_and_then_done(now: datetime, client: Client) -> None:
    shown = client.post("/services/rails/key", {"key": "ruby", "step": "review"})
    text = Page(shown.content.decode()).text
    assert "rails becomes ruby" in text
    assert f"dirty {LIVE} on {WEB}" in text
    assert f"instance {LIVE} , in requires" in text
    assert Service.objects.filter(key="rails").exists()
    said = {"key": "ruby", "step": "save", "expect": expected(shown.content), "reason": "the new name"}
    done = client.post("/services/rails/key", said, follow=True)
    assert done.redirect_chain == [("/services/ruby", 303)]
    assert "The key is ruby now; rails stays its own." in Page(done.content.decode()).text
    assert FormerKey.objects.get(key="rails").noun == "service"
    again = client.post("/services/ruby/key", {"key": "ruby", "step": "review"})
    assert again.status_code == 422
    assert "has the key ruby already" in again.content.decode()


def test_a_customers_key_moves_what_is_below(now: datetime, client: Client) -> None:
    shown = client.post("/customers/acme/key", {"key": "acme2", "step": "review"})
    text = Page(shown.content.decode()).text
    assert f"instance {LIVE} acme2/shop/live" in text
    said = {"key": "acme2", "step": "save", "expect": expected(shown.content)}
    assert client.post("/customers/acme/key", said).headers["Location"] == "/customers/acme2"
    assert client.get("/instances/acme2/shop/live").status_code == 200


def test_what_is_taken_or_no_key_is_said_and_what_moved_is_not_done(now: datetime, client: Client) -> None:
    for key, why in (("linux", "taken by"), ("Ruby", "key"), ("9", "key"), ("", "key")):
        refused = client.post("/services/rails/key", {"key": key, "step": "review"})
        assert refused.status_code == 422
        assert why in Page(refused.content.decode()).text
    stale = client.post("/services/rails/key", {"key": "ruby", "step": "save", "expect": "0" * 64})
    assert stale.status_code == 409
    assert Service.objects.filter(key="rails").exists()
    look(client, "/services/nothing/key", 404)
