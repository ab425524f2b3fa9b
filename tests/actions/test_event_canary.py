"""Whatever happens to what holds secrets, no event and no feed tells one, of no kind and to nobody."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from larry.actions.boundary import pass_boundaries
from larry.actions.delivery import claim_deliveries
from larry.actions.edit_deployment import DeploymentEdit, edit_deployment
from larry.actions.fan_out import fan_out
from larry.actions.redeploy import redeploy
from larry.actions.situation import tell_situations
from larry.actions.undeploy import undeploy
from larry.core.event import EventKind
from larry.exports.atom import atom_text
from larry.queries.feed import get_activity_feed, get_upcoming_feed
from larry.queries.reader import WHOLE
from larry.records.deployment import Deployment
from larry.records.webhook import Delivery, Event
from tests.actions.estate import FULL, LIVE, WEB1, WEB2, author, change, lay, put
from tests.actions.hooked import hook

pytestmark = pytest.mark.django_db

CANARIES = ("hunter2-live", "hunter2-test", "canary-of-later", "canary-that-stood-in-clear")


def test_no_event_holds_a_secret() -> None:
    lay(FULL)
    hook()
    pause = timedelta(0)
    tell_situations(author(-1), pause)
    put(LIVE, WEB1, now=0)
    (later,) = put("acme/shop/test", WEB2, now=0, start=5, end=9).changes
    change("instance", LIVE, 1, parameters={"rails_env": "production", "db_password": "canary-of-later"})
    change("app", "acme/shop", 1, parameters={"threads": "canary-that-stood-in-clear"})  # of a wrong type, and shown
    tell_situations(author(1.1), pause)
    change("app", "acme/shop", 2, parameters={"threads": 9})
    tell_situations(author(2.1), pause)
    redeploy((LIVE,), author(3))
    edit_deployment(DeploymentEdit(later.deployment, place={"postgres": WEB1}), author(3.5))
    pass_boundaries(author(6))
    current = Deployment.objects.filter(end=None, deactivated_at=None, instance__path=LIVE)
    undeploy(tuple(current.values_list("id", flat=True)), author(7))
    pass_boundaries(author(30))
    tell_situations(author(31), pause)
    while fan_out(author(31)):
        pass
    told = set(Event.objects.values_list("kind", flat=True))
    assert told == {kind.value for kind in EventKind if kind is not EventKind.PING}
    leases = claim_deliveries(10_000, timedelta(days=1), author(31), most_of_one=10_000)
    assert leases
    texts = [lease.body.decode() for lease in leases]
    feeds = [get_activity_feed(WHOLE, author(31).moment)]
    feeds += [get_upcoming_feed(WHOLE, author(hour).moment) for hour in (0.5, 4)]
    assert all(feed.entries for feed in feeds)
    printed = "".join(atom_text(feed, front="https://larry.example.com", whose="all") for feed in feeds)
    assert "********" in printed, "secrets were told of, and masked"
    assert not any(canary in printed for canary in CANARIES[:3])  # the last stood in clear, and activity says so
    texts += [json.dumps(list(model.objects.values()), default=str) for model in (Event, Delivery)]
    for canary in CANARIES:
        assert not any(canary in text for text in texts), canary
