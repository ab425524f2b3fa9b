"""Following activity: what is done is told as it comes, each line once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from larry.outside import clock

if TYPE_CHECKING:
    from larry.queries.activity import ActivityFilter, ActivityRow

Read: TypeAlias = "Callable[[datetime, ActivityFilter, int | None], Sequence[ActivityRow]]"
"""What is known at a moment: the lines of a filter, newest first, at most so many."""

EVERY = 2.0
"""Seconds between two looks."""

LONGEST_WRITE = timedelta(minutes=1)
"""A line may be seen this long after its moment, and after lines with greater numbers: when its transaction ends."""


def follow(read: Read, which: ActivityFilter, limit: int, tell: Callable[[ActivityRow], None]) -> None:
    """Tell the latest lines, oldest first, then every new one as it comes; until an interruption, which ends it."""
    told: set[int] = set()
    try:
        now = clock.now()
        settled, recent = _look(read, which, now, limit)
        for row in reversed((*recent, *settled)[:limit]):
            tell(row)
        told.update(row.id for row in recent)
        while True:
            clock.wait(EVERY)
            settled, recent = _look(read, which, clock.now(), 1)
            for row in reversed(recent):
                if row.id not in told:
                    tell(row)
            told = {row.id for row in recent}
    except KeyboardInterrupt:
        return


def _look(
    read: Read, which: ActivityFilter, now: datetime, limit: int
) -> tuple[Sequence[ActivityRow], Sequence[ActivityRow]]:
    """Lines so old that none with a smaller number can still come, and all with greater ones."""
    settled = read(now, replace(which, until=now - LONGEST_WRITE), limit)
    return settled, read(now, replace(which, after=settled[0].id if settled else 0), None)
