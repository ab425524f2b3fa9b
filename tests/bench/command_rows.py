"""What commands take that read or write a whole estate, each as a process: time of the processor, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.bench.measure import Row
from tests.bench.size import Size

_BARE = "import django; django.setup()"
_LARRY = "from larry.cli.main import main; main()"
_FOUND_SOMETHING = 3
"""What `larry check` ends with where something is strange."""

COMMANDS = {
    "larry check": ("check", "--format", "json"),
    "larry coverage": ("coverage", "--format", "json"),
    "larry inventory": ("inventory",),
    "larry backup": ("backup", "{folder}/estate.backup"),
    "larry restore --check": ("restore", "{folder}/estate.backup", "--check"),
    "larry publish": ("publish", "{folder}/tree", "--format", "json"),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took: seconds of the processor, and at its peak so many MB."""

    seconds: float
    megabytes: float


def command_rows(size: Size, now: datetime) -> Iterator[Row]:
    """Each command once, against a process that only sets Django up; then what it took of memory, in MB as if they were
    milliseconds. ``BENCH_COMMANDS`` names some of them, by the word after `larry`."""
    del now
    some = os.environ.get("BENCH_COMMANDS", "").split()
    bare = spend([sys.executable, "-c", _BARE])
    said = f"{size.hosts:,} hosts; CPU"
    with tempfile.TemporaryDirectory() as folder:
        for name, words in COMMANDS.items():
            if some and words[0] not in some:
                continue
            took = spend([sys.executable, "-c", _LARRY, *(word.format(folder=folder) for word in words)])
            yield Row(name, said, took.seconds, bare.seconds, "bare Django process", None)
            memory = (took.megabytes / 1000, bare.megabytes / 1000)
            yield Row(f"{name}, memory", f"{size.hosts:,} hosts; MB", *memory, "bare Django process", None)


def spend(words: Sequence[str]) -> Spent:
    """Run a process to its end, and say what it took. Raises `subprocess.CalledProcessError`."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, _FOUND_SOMETHING):
        raise subprocess.CalledProcessError(process.returncode, list(words))
    return Spent(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
