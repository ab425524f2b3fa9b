"""Meetings of threads: acts are held at a chosen point until all are there, or one waits for the lock of another."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from django.db import connection, connections

Act: TypeAlias = Callable[[], object]
Outcome: TypeAlias = object
"""What an act returned, or the exception that it raised."""

PATIENCE = 0.15
"""Seconds after which whoever stands at the point alone goes on: the other one waits for a lock that it holds."""


def run_at_once(*acts: Act, seconds: float = 120) -> list[Outcome]:
    """Every act in a thread with a connection of its own, all started at one moment; what came of each. One that takes
    longer than so many seconds is taken to wait for ever."""
    outcomes: list[Outcome] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait(seconds)
            outcomes[number] = acts[number]()
        except Exception as error:  # noqa: BLE001 - whatever it was, the test looks at it
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,), name=f"act-{number}") for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return outcomes


class Meeting:
    """A point that threads reach once each; nobody waits longer for the others than patience lasts."""

    def __init__(self, parties: int = 2, patience: float = PATIENCE) -> None:
        self.barrier, self.patience = threading.Barrier(parties), patience
        self.been: set[int] = set()
        self.met = False

    def wait(self) -> None:
        """Meet the others here, or go on alone; only the first time, so that a second attempt is not held."""
        me = threading.get_ident()
        if me in self.been:
            return
        self.been.add(me)
        try:
            self.barrier.wait(self.patience)
            self.met = True
        except threading.BrokenBarrierError:
            return

    def before(self, patch: pytest.MonkeyPatch, *names: str) -> Meeting:
        """Hold every act just before it calls any of these functions (dotted, where they are looked up)."""
        for name in names:
            patch.setattr(name, self._held(_resolve(name), after=False))
        return self

    def after(self, patch: pytest.MonkeyPatch, *names: str) -> Meeting:
        """Hold every act just after it has called any of these functions."""
        for name in names:
            patch.setattr(name, self._held(_resolve(name), after=True))
        return self

    def _held(self, function: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
        def held(*args: Any, **kwargs: Any) -> Any:
            if not after:
                self.wait()
            result = function(*args, **kwargs)
            if after:
                self.wait()
            return result

        return held


def _resolve(name: str) -> Callable[..., Any]:
    module, _, function = name.rpartition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found
