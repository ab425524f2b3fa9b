"""When the clock passes a boundary that is told once: late, by many at once, and whatever is recorded meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from larry.actions.boundary import pass_boundaries
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.edit_deployment import delete_deployments
from larry.actions.undeploy import undeploy
from larry.core.event import EventKind
from larry.core.interval import iso
from larry.records.webhook import Event
from tests.actions.estate import LIVE, SMALL, TEST, author, day, lay, put, rows
from tests.actions.hooked import emptied, hook, told


@pytest.mark.django_db
def test_nothing_is_told_before_it_happens_and_nothing_twice() -> None:
    lay(SMALL)
    hook(EventKind.STARTED, EventKind.ENDED)
    (change,) = put(LIVE, "web1", start=2, end=4).changes
    assert pass_boundaries(author(1.9)) == 0
    assert pass_boundaries(author(2)) == 0  # it is not over yet: half-open, as all of time
    assert pass_boundaries(author(2.1)) == 1
    assert pass_boundaries(author(2.2)) == 0
    assert pass_boundaries(author(4.1)) == 1
    assert pass_boundaries(author(9)) == 0
    assert told() == [("deployment.started", change.deployment), ("deployment.ended", change.deployment)]
    started, ended = emptied()
    assert (started.at, ended.at) == (day(2), day(4))
    assert started.body["instance"] == LIVE
    assert started.body["end"] == iso(day(4))


@pytest.mark.django_db
def test_after_days_of_downtime_each_boundary_is_told_once_in_its_order() -> None:
    lay(SMALL)
    hook(EventKind.STARTED, EventKind.ENDED)
    for number in range(5):
        put(LIVE, "web1", start=1 + 2 * number, end=2 + 2 * number)
    assert pass_boundaries(author(30)) == 10
    events = emptied()
    assert [event.at for event in events] == [day(number) for number in range(1, 11)]
    assert [event.kind for event in events] == ["deployment.started", "deployment.ended"] * 5
    assert pass_boundaries(author(31)) == 0


@pytest.mark.django_db
def test_nodes_change_at_boundaries_and_say_when_they_change_next() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=2, end=4)
    hook(EventKind.NODE)
    assert pass_boundaries(author(3)) == 2
    mon, web = sorted(emptied(), key=lambda event: event.address)
    assert (mon.address, web.address) == ("mon", "web1")
    assert web.at == day(2)
    assert web.body["next_change"] == iso(day(4))
    assert pass_boundaries(author(5)) == 2
    assert emptied()[0].body["next_change"] is None


@pytest.mark.django_db
def test_what_an_act_changes_at_once_is_told_by_it_and_not_again() -> None:
    lay(SMALL)
    hook(EventKind.NODE, EventKind.STARTED)
    put(LIVE, "web1", now=1)
    assert {event.kind for event in emptied()} == {"node.changed"}
    assert pass_boundaries(author(2)) == 1
    assert [event.kind for event in emptied()] == ["deployment.started"]


@pytest.mark.django_db
def test_what_is_taken_back_before_it_begins_never_happened() -> None:
    lay(SMALL)
    hook(EventKind.STARTED, EventKind.ENDED)
    (live,) = put(LIVE, "web1", start=1).changes
    put(TEST, "web2", start=5)
    (planned,) = (row for row in rows() if row.instance == TEST)
    delete_deployments((planned.id,), author(2))
    undeploy((live.deployment,), author(3), at=day(6))
    assert pass_boundaries(author(30)) == 2
    assert told() == [("deployment.started", live.deployment), ("deployment.ended", live.deployment)]


@pytest.mark.django_db
def test_a_past_that_is_adopted_did_not_happen_before_anybodys_eyes() -> None:
    lay(SMALL)
    hook(EventKind.STARTED, EventKind.ENDED)
    deploy(DeployRequest((DeployItem(LIVE, ("web1",)),), day(-10), day(-5), backdate=True), author())
    deploy(DeployRequest((DeployItem(TEST, ("web1",)),), day(-4), day(3), backdate=True), author())
    assert pass_boundaries(author(2)) == 0
    assert pass_boundaries(author(4)) == 1
    assert [event.kind for event in emptied()] == ["deployment.ended"]


@pytest.mark.django_db
def test_nothing_is_recorded_before_what_was_told() -> None:
    lay(SMALL)
    hook(EventKind.STARTED)
    put(LIVE, "web1", start=2)
    assert pass_boundaries(author(3)) == 1
    put(TEST, "web1", now=2.5)  # by a clock that is behind: the act happens at the mark
    assert [row.start for row in rows(5) if row.instance == TEST] == [day(3)]
    assert pass_boundaries(author(4)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_it_once() -> None:
    lay(SMALL)
    hook(EventKind.STARTED, EventKind.ENDED, EventKind.NODE)
    for number in range(6):
        put(LIVE, "web1", start=1 + 2 * number, end=2 + 2 * number)
    Event.objects.all().delete()
    barrier = threading.Barrier(4)

    def watch() -> int:
        try:
            barrier.wait(60)
            return pass_boundaries(author(30))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as executor:
        counts = [future.result(60) for future in [executor.submit(watch) for _ in range(4)]]
    assert sorted(counts) == [0, 0, 0, 36]  # 12 of the deployments, and 12 of each of two hosts
    assert len(set(told())) == 6 * 2 + 2
    assert Event.objects.count() == 36
