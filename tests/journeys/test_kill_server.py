"""Servers that are killed: the web server, and PostgreSQL; whatever was acknowledged is there, and nothing by half."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path

import pytest
from django.db import connection

from tests.cli.terminal import ESTATE
from tests.journeys.cluster import Cluster, serving_cluster
from tests.journeys.larry_process import PATIENCE, Place, Web, serving_web

ON_REQUEST = 100
"""Of each sort, in the slow form; the daily one kills each five times."""

DAILY = 5


def lay(place: Place) -> str:
    """An estate, somebody who may write, and their token."""
    place.run("migrate")
    place.run("apply", "-", say=ESTATE)
    place.run("user", "add", "tess", "--administrator", say="correct horse battery staple\n")
    return place.run("token", "add", "tess", "tests").strip().splitlines()[-1]


def names(place: Place) -> set[str]:
    return {row["name"] for row in json.loads(place.run("list", "customers", "--format", "json"))}


def recorded(place: Place) -> list[str]:
    rows = json.loads(place.run("activity", "--noun", "customer", "--limit", "100000", "--format", "json"))
    return [row["after"]["name"] for row in rows if row["verb"] == "create"]


def check(place: Place, acknowledged: list[str]) -> None:
    """All that was acknowledged is there once; and what is there is on record, and the other way round."""
    found = names(place)
    assert set(acknowledged) <= found
    assert len(acknowledged) == len(set(acknowledged))
    on_record = recorded(place)
    assert sorted(on_record) == sorted(found)
    place.run("config", "web1.example.com")


class Poster:
    """Posts customer after customer, over one server, whenever it is there; knows which were acknowledged."""

    def __init__(self, web: Web, token: str) -> None:
        self.web, self.token = web, token
        self.acknowledged: list[str] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._post)

    def _post(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        number = 0
        while not self.stopped.is_set():
            number += 1
            name = f"Customer {number}"
            try:
                status, _, _ = self.web.ask(
                    "/api/v1/customers", "POST", json.dumps({"name": name}).encode(), headers
                )  # fmt: skip
            except (OSError, HTTPException):
                time.sleep(0.02)
                continue
            if status == 201:
                self.acknowledged.append(name)

    def wait(self, more: int) -> None:
        """Until so many more were acknowledged."""
        wanted, until = len(self.acknowledged) + more, time.monotonic() + PATIENCE
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < until, "nothing is acknowledged any more"
            time.sleep(0.005)


on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="once is enough: on the other pass")


def kill_webs(place: Place, kills: int) -> None:
    token, chance = lay(place), random.Random(6)
    with serving_web(place) as web:
        poster = Poster(web, token)
        poster.thread.start()
        try:
            for _ in range(kills):
                poster.wait(3)
                time.sleep(chance.random() * 0.05)
                web.kill()
                web.start()
            poster.wait(3)
        finally:
            poster.stopped.set()
            poster.thread.join()
    check(place, poster.acknowledged)


@on_sqlite
def test_a_web_server_that_is_killed_keeps_its_word(tmp_path: Path) -> None:
    kill_webs(Place(tmp_path / "larry"), DAILY)


@on_sqlite
@pytest.mark.slow
def test_a_web_server_that_is_killed_often_keeps_its_word(tmp_path: Path) -> None:
    kill_webs(Place(tmp_path / "larry"), ON_REQUEST)


_WRITE = """
import time
from larry.cli.session import open_session
session = open_session()
from django.db import DatabaseError, InterfaceError, connection
from larry.actions.author import Author, Refused
from larry.actions.edit import edit
from larry.outside import clock
number = 0
while True:
    number += 1
    name = f"Customer {number}"
    try:
        edit("customer", name.lower().replace(" ", "_"), {"name": name}, Author("writer", "", clock.now()))
        print(name, flush=True)
    except (DatabaseError, InterfaceError, Refused):
        connection.close()
        time.sleep(0.05)
"""


def kill_databases(folder: Path, kills: int) -> None:
    chance = random.Random(7)
    with serving_cluster() as cluster:
        place = Place(folder / "larry", {"LARRY_DATABASE_URL": cluster.url})
        lay(place)
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITE], env=place.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        try:
            acknowledged = _kill_and_start(cluster, writer, kills, chance)
        finally:
            writer.kill()
            writer.wait()
        assert writer.stdout is not None
        acknowledged += writer.stdout.read().split("\n")[:-1]
        writer.stdout.close()
        check(place, acknowledged)
        assert cluster.ask("SELECT count(*) FROM larry_customer") == str(len(names(place)))


def _kill_and_start(
    cluster: Cluster, writer: subprocess.Popen[str], kills: int, chance: random.Random
) -> list[str]:  # fmt: skip
    assert writer.stdout is not None
    acknowledged: list[str] = []
    for _ in range(kills):
        acknowledged += [writer.stdout.readline().strip() for _ in range(chance.choice((3, 5)))]
        time.sleep(chance.random() * 0.03)
        cluster.kill()
        cluster.start()
    acknowledged += [writer.stdout.readline().strip() for _ in range(3)]
    return acknowledged


needs_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="on the pass that has PostgreSQL")


@needs_postgresql
def test_a_database_that_is_killed_keeps_its_word(tmp_path: Path) -> None:
    kill_databases(tmp_path, DAILY)


@needs_postgresql
@pytest.mark.slow
def test_a_database_that_is_killed_often_keeps_its_word(tmp_path: Path) -> None:
    kill_databases(tmp_path, ON_REQUEST)
