"""Progress: a bar for people who wait at a terminal, and nothing for everybody else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from larry.core.track import untracked

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

T = TypeVar("T")

WORTH_A_BAR = 1000
"""Fewer lines are read before anybody could look."""

CLOSURES_WORTH_A_BAR = 100
"""Fewer instances are looked through before anybody could look."""


@contextmanager
def progress_shown(form: str = "text", *, least: int = WORTH_A_BAR, size: int | None = None) -> Iterator[Progress]:
    """Bars on standard error for what is more than ``least``; gone when it is done. Nothing where standard error is no
    terminal, for a program (any ``form`` but text and table), and if the whole has a ``size`` of no more than that.
    """
    is_small = size is not None and size <= least
    if is_small or form not in {"text", "table"} or not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    bars = RichProgress(*columns, console=Console(stderr=True), transient=True)
    try:
        yield _ShownProgress(bars, least, is_known_large=size is not None)
    finally:
        bars.stop()


class Progress:
    """Shows nothing."""

    def track(self, rows: Sequence[T], about: str) -> Iterable[T]:
        """The rows, one by one."""
        return untracked(rows, about)

    def wait(self, about: str) -> None:
        """From here on nobody can say how far it is."""


class _ShownProgress(Progress):
    """Bars that begin with the first thing that is worth one."""

    def __init__(self, bars: Bars, least: int, *, is_known_large: bool) -> None:
        self._bars, self._least, self._is_large = bars, least, is_known_large

    def track(self, rows: Sequence[T], about: str) -> Iterable[T]:
        if len(rows) <= self._least:
            return rows
        self._is_large = True
        self._bars.start()
        return self._bars.track(rows, description=about)

    def wait(self, about: str) -> None:
        if not self._is_large:
            return
        self._bars.start()
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._bars.add_task(about, total=None)
