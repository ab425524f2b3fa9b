"""`make bench`: every row measured against its yardstick in this run, printed as a table with the machine."""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.measure import Row, compare

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure all rows on a fresh embedded database in a temporary folder."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(LARRY_HOME=home, DJANGO_SETTINGS_MODULE="larry.site.settings")
        import django

        django.setup()
        show(
            [
                row
                for measure in (closure_rows, overlap_rows, deploy_rows, lookup_rows, process_rows)
                for row in measure()
            ]
        )


def show(rows: list[Row]) -> None:
    table = Table("what", "size", "Larry", "yardstick", "ratio", "goal", "met?", "against")
    for row in rows:
        goal = f"<= {row.goal:g}" if row.goal is not None else "-"
        table.add_row(
            row.name,
            row.size,
            _milliseconds(row.larry),
            _milliseconds(row.yardstick),
            f"{row.ratio:.2f}",
            goal,
            row.verdict,
            row.against,
        )
    console = Console(width=160)
    console.print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, medians of turns A B A B"
    )
    console.print(table)


def closure_rows() -> Iterator[Row]:
    """P5: closure and order against a bare depth-first search over lists, on a seeded random graph."""
    from larry.core.service_graph import ServiceSpec, close, order_by

    size = 20_000
    dice = random.Random(5)
    needs = {f"s{n}": tuple(f"s{dice.randrange(n)}" for _ in range(min(n, 3))) for n in range(size)}
    services = {key: ServiceSpec(key, needs=of) for key, of in needs.items()}
    start = f"s{size - 1}"
    closure = close([start], services)

    def search() -> set[str]:
        seen, stack = {start}, [start]
        while stack:
            for key in needs[stack.pop()]:
                if key not in seen:
                    seen.add(key)
                    stack.append(key)
        return seen

    assert search() == closure
    mine, theirs = compare(lambda: order_by(close([start], services), lambda key: services[key].needs), search)
    yield Row(
        "closure and start order",
        f"{len(closure)} of {size} services",
        mine,
        theirs,
        "depth-first search over lists",
        None,
    )


def overlap_rows() -> Iterator[Row]:
    """Making room in a lane against sorting the same intervals."""
    from larry.core.interval import Interval
    from larry.core.timeline import Stay, make_room

    day = timedelta(days=1)
    stays = [Stay(str(n), "a", Interval(NOW + n * 2 * day, NOW + (n * 2 + 1) * day)) for n in range(1000)]
    wish = Interval(NOW + 100 * day, NOW + 200 * day)
    mine, theirs = compare(
        lambda: make_room(stays, "b", wish, now=NOW),
        lambda: sorted(stays, key=lambda stay: stay.interval.start),
        times=20,
    )
    yield Row("make room in a lane", "1,000 stays", mine, theirs, "sorting them", None)


def deploy_rows() -> Iterator[Row]:
    """P8: preview and deploy one instance of 10 services and an off-host auditor, against as many plain INSERTs."""
    from larry.actions.apply import apply
    from larry.actions.author import Author
    from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
    from larry.actions.migrate import migrate
    from tests.bench.estate import state_estate

    migrate()
    hosts, instances = 1000, 200
    apply(state_estate(hosts, instances), Author("bench", "measure", NOW))
    numbers = iter(range(instances))

    def act() -> None:
        number = next(numbers)
        item = DeployItem(f"customer_{number // 10}/app/instance_{number % 10}", (f"host{number}.example.com",))
        author = Author("bench", "measure", NOW + timedelta(minutes=number))
        preview_deploy(DeployRequest((item,)), author)
        deploy(DeployRequest((item,)), author)

    mine, theirs = compare(act, _insert_rows(rows=_rows_of_one_deploy(act)), rounds=9)
    yield Row(
        "preview and deploy",
        f"{hosts} hosts, 10 services, 1 off-host auditor",
        mine,
        theirs,
        "as many INSERTs, durable",
        6,
    )


def _rows_of_one_deploy(act: Callable[[], None]) -> int:
    from django.apps import apps

    def count() -> int:
        return sum(model._default_manager.count() for model in apps.get_app_config("larry").get_models())

    before = count()
    act()
    return count() - before


def _insert_rows(rows: int) -> Callable[[], None]:
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_row (id integer primary key, body text)")

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for _ in range(rows):
                cursor.execute("INSERT INTO bench_row (body) VALUES (%s)", ["x" * 200])

    return insert


def lookup_rows() -> Iterator[Row]:
    """One node by host name and moment, read and printed, against one indexed SELECT of the same document."""
    from django.db import connection

    from larry.exports.dialect import find_dialect
    from larry.queries.moment import Moment
    from larry.queries.node import get_node
    from larry.queries.reader import LOCAL

    moment = Moment(NOW + timedelta(days=1))
    dialect = find_dialect("json")

    def select() -> object:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT d.body FROM larry_nodesegment s JOIN larry_nodedocument d ON d.digest = s.document_id "
                "JOIN larry_host h ON h.id = s.host_id WHERE h.name = %s AND s.start <= %s "
                "ORDER BY s.start DESC LIMIT 1",
                ["host3.example.com", moment.as_of],
            )
            return cursor.fetchone()

    mine, theirs = compare(lambda: dialect.render(get_node("host3.example.com", LOCAL, moment)), select, times=100)
    yield Row("a node as JSON, in process", "1,000 hosts, 10 services on it", mine, theirs, "one indexed SELECT", None)


def process_rows() -> Iterator[Row]:
    """P11: `larry config` as a process against an empty Python."""
    larry = Path(sys.executable).with_name("larry")
    command = [str(larry), "config", "host3.example.com", "--format", "enc", "--as-of", "2026-01-02T00:00Z"]

    def run(words: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(words, check=True, capture_output=True)

    mine, theirs = compare(run(command), run([sys.executable, "-c", "pass"]), rounds=5)
    yield Row("larry config HOST, a process", "1,000 hosts", mine, theirs, "python3 -c pass", 15)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.3f} ms"


if __name__ == "__main__":
    main()
