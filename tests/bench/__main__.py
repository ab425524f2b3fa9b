"""`make bench`: every row measured against its yardstick in this run, printed as a table with the machine.

Each estate is measured in a process of its own, the second with more of everything: the last column says how many times
as long Larry took there. SIZE=medium and SIZE=full take larger ones. ARGS=--served measures lookups through real
servers instead, ARGS=--apply an estate file alone, ARGS=--postgres on PostgreSQL; --postgres goes with each.
ARGS=--estate measures everything that can be on the one estate in BENCH_HOME, or the parts that are named after it.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.estate_parts import copied, list_parts, make_estate
from tests.bench.measure import Row
from tests.bench.size import SIZES, Size

ONE, SERVED, ON_POSTGRESQL, PAGES, APPLY = "--one", "--served", "--postgres", "--pages", "--apply"
WATCHED = "--watched"
ESTATE, PART = "--estate", "--part"
KEPT = "BENCH_HOME"
"""A folder whose estate is measured by --pages and --estate, and made up there first where there is none."""


def main() -> None:
    """Measure two estates, or in a process of its own the one that is asked for."""
    size = SIZES[os.environ.get("SIZE", "small")]
    for which, measure in ((ONE, _measure), (WATCHED, _measure_watched)):
        if which in sys.argv:
            print(json.dumps([asdict(row) for row in measure(_grown(size, int(sys.argv[-1])))]))
            return
    if PART in sys.argv:
        print(json.dumps([asdict(row) for row in _measure_part(size, sys.argv[-1])]))
        return
    if ESTATE in sys.argv:
        show(list(_run_parts(sys.argv[sys.argv.index(ESTATE) + 1 :])), [], 1)
        return
    if PAGES in sys.argv or APPLY in sys.argv:
        show(_run(1), [], 1)
        return
    first, second = (_run(times) for times in (1, size.growth))
    show(first, second, size.growth)


def _grown(size: Size, times: int) -> Size:
    return replace(
        size,
        hosts=size.hosts * times,
        objects=size.objects * times,
        graph=size.graph * times,
        subjects=size.subjects * times,
    )


def _run(times: int) -> list[Row]:
    estates = (ONE,) if {SERVED, PAGES, APPLY} & set(sys.argv) else (ONE, WATCHED)
    return [row for which in estates for row in _run_alone(which, times)]


def _run_parts(named: list[str]) -> Iterator[Row]:
    """Part by part, on a copy of the estate that is kept; each row is told as soon as it is there."""
    with tempfile.TemporaryDirectory() as made:
        kept = Path(os.environ.get(KEPT, made))
        environment = {**os.environ, "LARRY_HOME": str(kept), "DJANGO_SETTINGS_MODULE": "larry.site.settings"}
        words = [sys.executable, "-m", "tests.bench", PART]
        subprocess.run([*words, _MAKE], env=environment, check=True, stdout=subprocess.DEVNULL)
        with copied(kept) as home:
            for name in named or list_parts():
                done = subprocess.run(
                    [*words, name], env={**environment, "LARRY_HOME": str(home)}, check=True, stdout=subprocess.PIPE
                )
                rows = [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]
                for row in rows:
                    print(row.name, "|", row.size, "|", _milliseconds(row.larry), f"| {row.ratio:.2f}", file=sys.stderr)
                yield from rows


_MAKE = "make"


def _measure_part(size: Size, name: str) -> list[Row]:
    import django

    django.setup()

    from larry.outside import clock

    now = clock.now()
    if name == _MAKE:
        make_estate(size, now)
        return []
    return list(list_parts()[name](size, now))


def _run_alone(which: str, times: int) -> list[Row]:
    """An estate of many hosts, or one with a monitoring host of many subjects."""
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        environment = {
            **os.environ,
            "LARRY_HOME": os.environ.get(KEPT, home),
            "DJANGO_SETTINGS_MODULE": "larry.site.settings",
        }
        if ON_POSTGRESQL in sys.argv:
            environment["LARRY_DATABASE_URL"] = stack.enter_context(_serving_postgresql())
        words = [sys.executable, "-m", "tests.bench", *sys.argv[1:], which, str(times)]
        done = subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


@contextmanager
def _serving_postgresql() -> Iterator[str]:
    """An empty database of a server that is durable, as one in production is."""
    from tests.database import SESSION
    from tests.journeys.cluster import serving_cluster

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL has a user of its own
        os.environ[SESSION] = folder
        with serving_cluster() as cluster:
            yield cluster.url


def _measure(size: Size) -> list[Row]:
    """All rows on a fresh database. What writes comes last."""
    import django

    django.setup()

    from larry.actions.author import Author
    from larry.actions.generate import generate
    from larry.actions.migrate import migrate
    from larry.nouns.recipe import Recipe
    from larry.outside import clock
    from tests.bench.apply_rows import apply_rows, reapply_rows
    from tests.bench.core_rows import closure_rows, overlap_rows, survey_rows
    from tests.bench.edit_rows import edit_rows
    from tests.bench.estate_rows import deploy_rows, inventory_rows
    from tests.bench.instance_rows import instance_rows
    from tests.bench.lookup_rows import lookup_rows
    from tests.bench.page_rows import page_rows
    from tests.bench.picture_rows import picture_rows
    from tests.bench.process_rows import memory_rows, process_rows
    from tests.bench.served_rows import served_rows

    migrate()
    if APPLY in sys.argv:
        return [*apply_rows(size), *reapply_rows(size)]
    if PAGES in sys.argv:
        now = clock.now()
        make_estate(size, now)
        return [*page_rows(size, now), *inventory_rows(size, now), *edit_rows(size, now)]
    is_served = SERVED in sys.argv
    rows = [] if is_served else [*closure_rows(size), *overlap_rows(), *survey_rows(size), *apply_rows(size)]
    now = clock.now()
    generate(Recipe(size.hosts, size.hosts, size.services, size.years), Author("bench", "to measure", now))
    if is_served:
        return list(served_rows(size, now))
    for measure in (
        lookup_rows,
        inventory_rows,
        page_rows,
        edit_rows,
        process_rows,
        memory_rows,
        deploy_rows,
        instance_rows,
    ):
        rows += measure(size, now)
    return [*rows, *picture_rows(now)]


def _measure_watched(size: Size) -> list[Row]:
    """An estate of its own, since it has one host that all others tell of, and one that very many share."""
    import django

    django.setup()

    from larry.actions.migrate import migrate
    from larry.outside import clock
    from tests.bench.shared_rows import shared_rows
    from tests.bench.watched_rows import watched_rows

    migrate()
    now = clock.now()
    return [*watched_rows(size, now), *shared_rows(size, now + timedelta(hours=1))]


def show(first: list[Row], second: list[Row], growth: int) -> None:
    """The table, with what more data does to each row."""
    table = Table("what", "size", "Larry", "yardstick", "ratio", "goal", "met?", f"x {growth}", "against")
    grown = {row.name: row for row in second}
    for row in first:
        goal = f"<= {row.goal:.2f}" if row.goal is not None else "-"
        larger = grown.get(row.name)
        table.add_row(
            row.name,
            row.size,
            _milliseconds(row.larry),
            _milliseconds(row.yardstick),
            f"{row.ratio:.2f}",
            goal,
            row.verdict,
            "-" if larger is None else f"{larger.larry / row.larry:.2f} ({larger.ratio:.2f})",
            row.against,
        )
    console = Console(width=190)
    console.print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, medians of turns A B A B;"
        f" load {os.getloadavg()[0]:.1f}; x {growth}: with so many times the data, Larry's time, and (the ratio there)"
    )
    console.print(table)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.3f}"


if __name__ == "__main__":
    main()
