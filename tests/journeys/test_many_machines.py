"""Many machines in small: two web servers, a primary and its replica; one after the other is killed, lookups go on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from tests.cli.terminal import ESTATE, LIVE
from tests.journeys.cluster import PATIENCE, Cluster, serving_cluster, serving_replica
from tests.journeys.larry_process import Place, Web, serving_web

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="once is enough: on the pass that has PostgreSQL"),
]

HOST = "web1.example.com"
LOOKUP = f"/configuration/{HOST}.json"
LOOKUPS = 100


@dataclass(frozen=True, slots=True)
class Machines:
    primary: Cluster
    replica: Cluster
    webs: tuple[Web, Web]
    token: str

    def label(self, web: Web, value: str) -> str:
        """Write over the API of one server; the mark of what was written."""
        address = f"/api/v1/hosts/{HOST}"
        known = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        _, headers, _ = web.ask(address, headers=known)
        body = json.dumps({"labels": {"site": value}}).encode()
        status, answered, text = web.ask(address, "PATCH", body, {**known, "If-Match": headers["etag"]})
        assert status == 200, text
        return answered["larry-mark"]

    def look_up(self, web: Web, mark: str | None = None) -> tuple[int, Mapping[str, str], str]:
        """What one server answers who asks for the host's configuration, no older than the mark."""
        known = {"Authorization": f"Bearer {self.token}"}
        return web.ask(LOOKUP, headers={**known, "Larry-Mark": mark} if mark else known)

    def label_of(self, web: Web, mark: str | None = None) -> str:
        status, _, text = self.look_up(web, mark)
        assert status == 200, (status, text)
        found: str = json.loads(text)["labels"]["site"]
        return found


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    home: Path = tmp_path_factory.mktemp("machines")
    with ExitStack() as stack:
        primary = stack.enter_context(serving_cluster())
        alone = Place(home / "larry", {"LARRY_DATABASE_URL": primary.url})
        alone.run("migrate")
        alone.run("apply", "-", say=ESTATE)
        alone.run("deploy", LIVE, "--host", HOST, "--reason", "to be looked up")
        alone.run("user", "add", "tess", "--administrator", say="correct horse battery staple\n")
        token = alone.run("token", "add", "tess", "tests").strip().splitlines()[-1]
        replica = stack.enter_context(serving_replica(primary))
        place = Place(home / "larry", {"LARRY_DATABASE_URL": primary.url, "LARRY_REPLICA_URLS": replica.url})
        webs = (stack.enter_context(serving_web(place)), stack.enter_context(serving_web(place)))
        yield Machines(primary, replica, webs, token)


def reads(cluster: Cluster) -> int:
    """How many rows of segments the server has fetched, as it counts them."""
    counted = "SELECT coalesce(sum(idx_tup_fetch + seq_tup_read), 0) FROM pg_stat_user_tables"
    return int(cluster.ask(f"{counted} WHERE relname = 'larry_nodesegment'"))


def wait_for(what: str, seen: object) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if callable(seen) and seen():
            return
        time.sleep(0.1)
    raise AssertionError(what)


def test_lookups_are_read_from_the_replica(machines: Machines) -> None:
    machines.label_of(machines.webs[0])
    before = reads(machines.replica)
    for _ in range(20):
        machines.label_of(machines.webs[0])
    wait_for("the replica is read", lambda: reads(machines.replica) > before)


def test_who_wrote_reads_it_at_once_wherever_they_ask(machines: Machines) -> None:
    """Also while the replica lags: then from the primary."""
    one, other = machines.webs
    for turn in range(5):
        assert machines.label_of(other, machines.label(one, f"turn{turn}")) == f"turn{turn}"
    machines.replica.ask("SELECT pg_wal_replay_pause()")
    try:
        mark = machines.label(one, "paused")
        assert machines.label_of(other, mark) == "paused"
        wait_for("who sent no mark reads it within seconds", lambda: machines.label_of(other) == "paused")
    finally:
        machines.replica.ask("SELECT pg_wal_replay_resume()")
    wait_for("the replica has it", lambda: machines.replica.ask("SELECT pg_last_wal_replay_lsn()") >= mark)


def test_whatever_is_killed_lookups_go_on(machines: Machines) -> None:
    """The last test of this file: a web server, then the primary."""
    one, other = machines.webs
    mark = machines.label(one, "last")
    reached = f"SELECT pg_last_wal_replay_lsn() >= '{mark}'::pg_lsn"
    wait_for("the replica has it", lambda: machines.replica.ask(reached) == "t")
    one.kill()
    for _ in range(LOOKUPS):
        assert machines.label_of(other) == "last"
    one.start()
    machines.primary.kill()
    for web in (one, other):
        for _ in range(LOOKUPS):
            assert machines.label_of(web) == "last"
        assert machines.label_of(web, mark) == "last"
        status, headers, _ = machines.look_up(web, "FFFFFFFF/0")
        assert (status, headers["retry-after"]) == (503, "5")  # nobody has that any more
    machines.primary.start()
    wait_for("writing goes on", lambda: _writes(machines))
    assert machines.label_of(other, machines.label(one, "back")) == "back"


def _writes(machines: Machines) -> bool:
    try:
        machines.label(machines.webs[0], "again")
    except (AssertionError, KeyError):  # not yet: a refusal, or no ETag to go by
        return False
    return True
