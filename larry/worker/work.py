"""The worker: rounds, one after another as long as there is something to do, and sleep until there is again."""

from __future__ import annotations

import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from larry.actions.author import Refused
from larry.outside.webhook import Door
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE
from larry.queries.webhook import find_next_due
from larry.worker.round import Pace, deliver, observe, tidy

_TIDIED_EVERY = timedelta(hours=1)
_SENDERS = 8
_SHORTEST_SLEEP = 0.05

log = logging.getLogger("larry.worker")


def work(pace: Pace, door: Door, stop: threading.Event, *, once: bool = False) -> None:
    """Do rounds until told to stop; with ``once`` until there is nothing to do.

    A database that is away is asked again after the interval. What was begun is finished before it stops.
    """
    tidied: datetime | None = None
    with ThreadPoolExecutor(_SENDERS, "sender") as executor:
        while not stop.is_set():
            try:
                done = observe(pace) + deliver(pace, door, executor)
                if tidied is None or pace.now() >= tidied + _TIDIED_EVERY:
                    tidied = pace.now()
                    tidy(pace)
                until = _next_round(pace) if not done else pace.now()
            except (DatabaseError, Refused) as fault:
                if once:
                    raise
                log.warning("the database does not answer as it should, asking again soon: %s", _line(fault))
                close_old_connections()
                done, until = 0, pace.now() + pace.interval
            if once and not done:
                return
            if not done:
                stop.wait(max(_SHORTEST_SLEEP, (until - pace.now()).total_seconds()))


def make_door() -> Door:
    """How requests leave, by the settings."""
    return Door(tuple(settings.LARRY_WEBHOOK_NETWORKS))


def stop_at_signals() -> threading.Event:
    """What is set once this process is asked to end, by SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _next_round(pace: Pace) -> datetime:
    now = pace.now()
    latest = now + pace.interval
    due = find_next_due(WHOLE, Moment(now))
    return latest if due is None else min(latest, due)


def _line(fault: Exception) -> str:
    return (str(fault) or type(fault).__name__).splitlines()[0]
