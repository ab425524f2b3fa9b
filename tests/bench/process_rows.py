"""P11 and P12: commands as processes, and the memory of a process that answers lookups."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from tests.bench.measure import Row, compare
from tests.bench.size import Size

_PEAK = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
"""Its own: what the system tells of used resources may be that of the process which started it."""
_BARE = f"import django; django.setup(); from django.core.wsgi import get_wsgi_application as g; g(); {_PEAK}"
_LOOKUPS = f"""
import django; django.setup()
from tests.bench.lookup_rows import ask_many
from larry.outside import clock
ask_many(10_000, clock.now()); {_PEAK}
"""


def process_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P11: `larry config` as a process against an empty Python."""
    from larry.records.host import Host

    host = Host.objects.order_by("id").values_list("name", flat=True)[2]
    command = [str(Path(sys.executable).with_name("larry")), "config", host, "--format", "enc"]

    def run(words: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(words, check=True, capture_output=True)

    mine, theirs = compare(run(command), run([sys.executable, "-c", "pass"]), rounds=5)
    yield Row("P11 larry config HOST", f"{size.hosts:,} hosts", mine, theirs, "python3 -c pass", 15)
    mine, theirs = compare(run([command[0], "--version"]), run([sys.executable, "-c", "pass"]), rounds=5)
    yield Row("P11 larry --version", f"{size.hosts:,} hosts", mine, theirs, "python3 -c pass", None)


def memory_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P12: the peak of a process after 10,000 lookups and a whole inventory, in MB as if they were milliseconds."""

    def peak(program: str) -> float:
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        return int(done.stdout.split()[-1]) / 1024 / 1000

    said = f"{size.hosts:,} hosts, 10,000 lookups, an inventory; MB"
    yield Row("P12 memory", said, peak(_LOOKUPS), peak(_BARE), "bare Django process", 3)
