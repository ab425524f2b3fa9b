"""What others are to be told of is written with the act, in its transaction, and only if somebody asked for it."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from larry.actions.author import Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.actions.edit_deployment import DeploymentEdit, edit_deployment
from larry.actions.undeploy import undeploy
from larry.core.event import EventKind
from larry.core.interval import iso
from larry.records.webhook import Event
from tests.actions.estate import LIVE, SMALL, TEST, author, change, day, lay, put
from tests.actions.hooked import emptied, hook, told

pytestmark = pytest.mark.django_db


def test_without_webhooks_nothing_is_written() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    change("host", "web1", 1, labels={"a": "b"})
    assert told() == []


def test_only_what_somebody_asks_for_is_written() -> None:
    lay(SMALL)
    hook(EventKind.PLANNED)
    put(LIVE, "web1")
    put(LIVE, "web1", now=1, end=3)
    assert {kind for kind, _ in told()} == {"deployment.planned"}


def test_a_deployment_that_is_planned_tells_of_itself_and_of_the_nodes() -> None:
    lay(SMALL)
    hook()
    put(LIVE, "web1")
    events = emptied()
    assert [(event.kind, event.noun) for event in events] == [
        ("node.changed", "host"),
        ("node.changed", "host"),
        ("deployment.planned", "deployment"),
    ]
    assert [event.address for event in events[:2]] == ["mon", "web1"]
    planned = events[2]
    assert planned.at == day(0)
    assert planned.body["after"]["instance"] == LIVE
    assert planned.body["after"]["host"] == "web1"
    assert planned.body["before"] is None
    assert planned.body["change"] == "add"
    node = events[1].body
    assert node["digest"] != node["digest_before"]
    assert node["next_change"] is None


def test_a_change_that_is_planned_moves_the_next_change_of_a_node() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    hook(EventKind.NODE)
    put(TEST, "web1", start=5)
    mon, web = emptied()
    assert (mon.address, web.address) == ("mon", "web1")
    assert web.body["digest"] == web.body["digest_before"]
    assert web.body["next_change"] == iso(day(5))
    put(TEST, "web2", start=7)  # the auditor's next change stays the one it knows of
    assert [event.address for event in emptied()] == ["web2"]


def test_ends_moves_and_deletions_are_changes() -> None:
    lay(SMALL)
    hook(EventKind.CHANGED)
    (live,) = put(LIVE, "web1").changes
    (later,) = put(TEST, "web1", start=9, end=12).changes
    assert told() == []
    undeploy((live.deployment,), author(1), at=day(4))
    edit_deployment(DeploymentEdit(later.deployment, start=day(10)), author(1))
    ended, moved = emptied()
    assert ended.address == live.deployment
    assert ended.body["after"]["end"] == iso(day(4))
    assert ended.body["before"]["end"] is None
    assert moved.address == later.deployment
    assert moved.body["after"]["start"] == iso(day(10))


def test_what_is_not_done_is_not_told() -> None:
    lay(SMALL)
    hook()
    preview_deploy(DeployRequest((DeployItem(LIVE, ("web1",)),)), author())
    with pytest.raises(Refused):
        put(LIVE, "web1", start=-9)
    with transaction.atomic():
        put(LIVE, "web1")
        assert told() != []
        transaction.set_rollback(True)
    assert told() == []


def test_an_act_on_many_hosts_is_one_insert() -> None:
    counts = []
    for size in (4, 40):
        with transaction.atomic():
            hosts = tuple(f"h{number}" for number in range(size))
            lay(SMALL)
            named = ", ".join(f"{{name: {host}}}" for host in hosts)
            lay(f"larry: 1\nhosts: [{named}]")
            hook()
            with CaptureQueriesContext(connection) as queries:
                deploy(DeployRequest((DeployItem(LIVE, hosts),)), author())
            asked = [each["sql"] for each in queries]
            about = [sql for sql in asked if '"larry_event"' in sql or '"larry_webhook"' in sql]
            counts.append((sum("INSERT" in sql for sql in about), len(about)))
            assert Event.objects.count() == 2 * size + 1
            transaction.set_rollback(True)
    assert counts == [(2, 3), (2, 3)]  # nodes, and deployments; it asks first, once, whether anybody wants to know


def test_a_hosts_own_facts_change_its_node() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    hook(EventKind.NODE)
    change("host", "web1", 1, labels={"site": "fra"})
    change("host", "web1", 2, capacity={"cpu": 4})
    (event,) = emptied()
    assert (event.address, event.at) == ("web1", day(1))
