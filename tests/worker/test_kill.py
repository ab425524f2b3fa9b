"""Workers that are killed in the middle lose nothing, and tell nothing under two keys."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from django.db import connection

from larry.actions.author import Author
from larry.actions.delivery import claim_deliveries
from larry.actions.fan_out import fan_out
from larry.core.event import EventKind
from larry.outside import clock
from larry.records.webhook import Delivery, Event
from tests.actions.estate import author
from tests.actions.hooked import hook
from tests.outside.receiver import Receiver, receiving
from tests.worker.process import running

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 900.0
"""Seconds, on a machine that others use too: long enough that only what hangs takes longer."""


def happen(count: int) -> None:
    """So many events that only who sees everything is told of."""
    now = clock.now()
    Event.objects.bulk_create(
        Event(kind=EventKind.CHECK.value, noun="database", address=str(number), at=now) for number in range(count)
    )


def wait_for(receiver: Receiver, count: int) -> None:
    begun = time.perf_counter()
    while len(receiver.taken) < count:
        assert time.perf_counter() - begun < PATIENCE, f"{len(receiver.taken)} of {count} came"
        time.sleep(0.001)


def slowly(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.002)
    handler.send_response(204)
    handler.end_headers()


@pytest.mark.parametrize("kills, events", [(50, 300), pytest.param(1000, 5000, marks=pytest.mark.slow)])
def test_killed_amid_deliveries_none_is_lost_and_none_has_two_keys(kills: int, events: int) -> None:
    with receiving() as receiver:
        receiver.answer = slowly
        for name in ("one", "two"):
            hook(EventKind.CHECK, url=f"http://127.0.0.1:{receiver.port}/{name}")
        happen(events)
        with running("-m", "tests.worker.mortal") as mortal:
            assert mortal.stdin is not None
            assert mortal.stdout is not None
            for kill in range(kills):
                wait_for(receiver, (kill + 1) * 2 * events // (kills + 1))
                mortal.stdin.write("kill\n")
                mortal.stdin.flush()
                assert mortal.stdout.readline() == f"{kill}\n"
            begun = time.perf_counter()
            while Event.objects.filter(fanned_at=None).exists() or Delivery.objects.filter(state="pending").exists():
                assert time.perf_counter() - begun < PATIENCE
                time.sleep(0.05)
            mortal.stdin.write("end\n")
            mortal.stdin.flush()
            mortal.wait(PATIENCE)
    keys: dict[tuple[str, str], set[str]] = {}
    for taken in receiver.taken:
        body = json.loads(taken.body)
        assert taken.headers["Larry-Delivery"] == body["delivery"]
        keys.setdefault((taken.path, body["address"]), set()).add(body["delivery"])
    assert keys.keys() == {(path, str(number)) for path in ("/one", "/two") for number in range(events)}
    assert {len(found) for found in keys.values()} == {1}
    assert len(set.union(*keys.values())) == 2 * events
    assert Delivery.objects.filter(state="delivered").count() == Delivery.objects.count() == 2 * events


def test_two_at_a_barrier_lease_what_the_other_has_not() -> None:
    for _ in range(3):
        hook(EventKind.CHECK)
    happen(60)
    now = clock.now()
    barrier = threading.Barrier(4)

    def take() -> list[str]:
        try:
            who = Author("worker", "", now)
            barrier.wait(60)
            fan_out(who)
            barrier.wait(60)
            return [lease.key for lease in claim_deliveries(40, timedelta(minutes=9), who, most_of_one=40)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as executor:
        found = [future.result(60) for future in [executor.submit(take) for _ in range(4)]]
    keys = [key for each in found for key in each]
    assert Delivery.objects.count() == 180
    assert len(keys) == len(set(keys))
    assert author().now < now
