"""Measure two things in turns, A B A B, and compare their medians."""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``larry`` and ``yardstick`` in seconds for one piece of work, ``goal`` the largest
    ratio.
    """

    name: str
    size: str
    larry: float
    yardstick: float
    against: str
    goal: float | None

    @property
    def ratio(self) -> float:
        return self.larry / self.yardstick

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return "no goal"
        return "met" if self.ratio <= self.goal else "not met"


def compare(
    work: Callable[[], object], yardstick: Callable[[], object], *, rounds: int = 7, times: int = 1
) -> tuple[float, float]:
    """Median seconds of one ``work`` and one ``yardstick``, each done ``times`` times in each of ``rounds`` turns."""
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        mine.append(_seconds(work, times))
        theirs.append(_seconds(yardstick, times))
    return statistics.median(mine), statistics.median(theirs)


def _seconds(work: Callable[[], object], times: int) -> float:
    clock = _spent if os.environ.get("BENCH_CLOCK") == "cpu" else time.perf_counter
    start = clock()
    for _ in range(times):
        work()
    return (clock() - start) / times


def _spent() -> float:
    """Seconds of the processor that this process took, and those that it started and waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
