"""Boundaries pass while the database is away: each is told once it is back, under one key, and in its order."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection

from larry.core.interval import iso
from larry.outside import clock
from tests.cli.terminal import ESTATE, LIVE
from tests.journeys.cluster import Cluster, serving_cluster
from tests.journeys.larry_process import LARRY, Place
from tests.outside.receiver import Receiver, receiving

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="on the pass that has PostgreSQL")

HOST = "web1.example.com"
STAYS = 10
LENGTH = timedelta(seconds=0.2)
HOUR = 3600.0
LEAST = 20 * STAYS
PATIENCE = 600.0
"""Seconds in which nothing at all happens, on however busy a machine. A delivery that was cut off is sent again after
the lease of a minute and a half."""


@contextmanager
def working(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [LARRY, "worker"], env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            yield worker
        finally:
            worker.terminate()


def lay_stays(place: Place, seconds: float) -> datetime:
    """Ten deployments, one after the other, two boundaries each; when the first starts.

    That is so many seconds from now, or later: on a machine that is busy with others it may have passed too soon. Then
    they are laid as far ahead as that took, and more.
    """
    ahead = seconds
    while ahead < PATIENCE:
        begun = time.monotonic()
        first = clock.now() + timedelta(seconds=ahead)
        moments = [first + LENGTH * number for number in range(STAYS + 1)]
        stays = [
            {"instance": LIVE, "host": HOST, "start": iso(start), "end": iso(end), "reason": "for a moment"}
            for start, end in pairwise(moments)
        ]
        done = place.call("apply", "-", "--with-deployments", say=json.dumps({"larry": 1, "deployments": stays}))
        if done.returncode == 0:
            return first
        assert "is not after the start" in done.stderr, done.stderr
        ahead = 2 * max(ahead, time.monotonic() - begun)
    raise AssertionError("this machine is too slow to lay ten deployments ahead of their time")


def wait_for(receiver: Receiver, count: int) -> None:
    """Until so many events have come, each counted once however often it was sent; as long as more come."""
    keys: set[str] = set()
    read, until = 0, time.monotonic() + PATIENCE
    while len(keys) < count:
        taken = receiver.taken[read:]
        if not taken:
            assert time.monotonic() < until, f"{len(keys)} of {count} boundaries are told"
            time.sleep(0.1)
            continue
        keys |= {json.loads(each.body)["delivery"] for each in taken}
        read, until = read + len(taken), time.monotonic() + PATIENCE


def sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - clock.now()).total_seconds()))


def count_boundaries(cluster: Cluster) -> int:
    """How many were known before they came: what is recorded when it is past already happened before nobody's eyes,
    and is not told. On a busy machine that befalls some of these too."""
    counts = [f'count(*) FILTER (WHERE recorded_at <= "{boundary}")' for boundary in ("start", "end")]
    return int(cluster.ask(f"SELECT {' + '.join(counts)} FROM larry_deployment"))


def pass_while_away(cluster: Cluster, place: Place, seconds: float, least: int) -> tuple[int, int]:
    """Rounds for so long and until so many boundaries were known in time; how many have passed, in how many rounds.
    In the first the database goes before the boundaries; later whenever it happens, and amid deliveries.
    """
    chance, begun, passed, rounds = random.Random(9), time.monotonic(), 0, 0
    with receiving() as receiver:
        events = ("--event", "deployment.started", "--event", "deployment.ended")
        place.run("webhook", "add", f"http://127.0.0.1:{receiver.port}/", *events)
        before = time.monotonic()
        place.run("plan", "-", say=ESTATE)
        slowness = time.monotonic() - before
        with working(place) as worker:
            while passed < least or time.monotonic() - begun < seconds:
                first = lay_stays(place, 2 + 3 * slowness)
                last = first + STAYS * LENGTH
                sleep_until(first + timedelta(seconds=chance.uniform(-2, 4) if rounds else -1))
                cluster.kill()
                sleep_until(last)
                cluster.close()
                cluster.start()
                passed, rounds = count_boundaries(cluster), rounds + 1
                wait_for(receiver, passed)
                assert worker.poll() is None
        check(receiver, passed, rounds)
    return passed, rounds


def check(receiver: Receiver, passed: int, rounds: int) -> None:
    keys: dict[tuple[str, str], set[str]] = {}
    order: list[str] = []
    for taken in receiver.taken:
        body = json.loads(taken.body)
        known = keys.setdefault((body["event"], body["address"]), set())
        if not known:
            order.append(body["at"])
        known.add(body["delivery"])
    assert len(keys) == passed
    assert {len(each) for each in keys.values()} == {1}
    if rounds == 1:
        assert len(set(order)) == STAYS + 1


def be_away(folder: Path, seconds: float, least: int) -> tuple[int, int]:
    with serving_cluster() as cluster:
        settings = {"LARRY_DATABASE_URL": cluster.url, "LARRY_WEBHOOK_NETWORKS": "127.0.0.0/8"}
        place = Place(folder / "larry", settings, PATIENCE)
        place.run("migrate")
        place.run("apply", "-", say=ESTATE)
        return pass_while_away(cluster, place, seconds, least)


def test_boundaries_that_pass_while_the_database_is_away_are_told(tmp_path: Path) -> None:
    be_away(tmp_path, 0, 2 * STAYS)


@pytest.mark.slow
def test_boundaries_that_pass_for_an_hour_in_which_the_database_comes_and_goes(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    passed, rounds = be_away(tmp_path, HOUR, LEAST)
    record_property("boundaries", passed)
    record_property("times away", rounds)
