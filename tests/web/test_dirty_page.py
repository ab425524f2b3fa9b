"""What is dirty, redeployed: also where what is to come stands against it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.nouns.estate import parse_estate
from larry.queries.dirty import list_dirty
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.api.scene import LIVE, WEB, lay, put
from tests.web.test_deployments import act, preview
from tests.web.test_pages import look

TEST = "acme/shop/test"
ESTATE = f"""
larry: 1
services: [{{name: app, parameters: [{{name: size, type: integer, default: 1}}]}}]
customers:
  - name: Acme
    apps: [{{name: Shop, instances: [{{name: Live, requires: [app]}}, {{name: Test, requires: [app]}}]}}]
hosts: [{{name: {WEB}}}]
"""
LARGER = "larry: 1\ncustomers: [{name: Acme, parameters: {size: 2}}]\n"


@pytest.fixture
def now(db: None) -> datetime:
    """One instance is live, another is to come to the same host, and both are described otherwise since."""
    now = lay(ESTATE)
    put(WEB, now, at=-5, start=-3)
    put(WEB, now, at=-5, start=5, instance=TEST)
    items = parse_estate([("larger.yaml", LARGER)]).items
    apply(items, Author("Ada", "it grows", now - timedelta(hours=1)))
    return now


def test_what_is_to_come_is_led_to_and_redeployed_first(now: datetime, client: Client) -> None:
    refused = preview(client, "/dirty", pick=[LIVE])
    assert f"{LIVE} wants 2 but {TEST} wants 1" in refused
    assert f"{TEST} on {WEB} is to come at " in refused
    link = re.search(r'href="(/dirty\?as_of=[^"]*)"', refused)
    assert link is not None
    then = link[1].replace("&amp;", "&")
    page = look(client, then)
    picks = [a["value"] for _, a in page.tags if a.get("data-chooses") == "pick" and "value" in a]
    (start,) = [a["value"] for _, a in page.tags if a.get("id") == "start"]
    assert picks == [LIVE, TEST]
    shown = preview(client, then, pick=picks, start=start)
    assert act(client, then, shown, pick=picks, start=start) == "/rollouts/"
    shown = preview(client, "/dirty", pick=[LIVE])
    assert act(client, "/dirty", shown, pick=[LIVE]) == "/rollouts/"
    for days in (1, 6):
        assert list_dirty(LOCAL, Moment(now + timedelta(days=days))) == {}


def test_all_that_is_dirty_is_what_is_so_where_the_redeployment_begins(now: datetime, client: Client) -> None:
    assert "This cannot be done" in preview(client, "/dirty", all="1")
    assert "is in the past" in preview(client, "/dirty", all="1", start="-2d")
    start = (now + timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = preview(client, "/dirty", all="1", start=start)
    assert "This cannot be done" not in shown
    act(client, "/dirty", shown, all="1", start=start)
    assert tuple(list_dirty(LOCAL, Moment(now + timedelta(days=7)))) == ()
