"""Progress: a bar for people who wait at a terminal, and nothing for everybody else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

T = TypeVar("T")

WORTH_A_BAR = 1000
"""Fewer lines are read before anybody could look."""


@contextmanager
def progress_shown(size: int) -> Iterator[Progress]:
    """A bar on standard error while something of more than a thousand lines is worked on; gone when it is done."""
    if size <= WORTH_A_BAR or not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _ShownProgress(bars)


class Progress:
    """Shows nothing."""

    def track(self, rows: Sequence[T], about: str) -> Iterable[T]:
        """The rows, one by one."""
        del about
        return rows

    def wait(self, about: str) -> None:
        """From here on nobody can say how far it is."""


class _ShownProgress(Progress):
    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def track(self, rows: Sequence[T], about: str) -> Iterable[T]:
        return self._bars.track(rows, description=about)

    def wait(self, about: str) -> None:
        self._bars.add_task(about, total=None)
