"""A head start: what the first who asks a process for a page would wait for is found out before, in the background.

That is the routes with all their pages, and the kept survey with what is dirty. What is found out is kept by those who
are asked, so nothing else changes: who asks meanwhile is answered as ever, and waits at most for what is left to do.
"""

from __future__ import annotations

import logging
import threading
from time import perf_counter

from django.db import connections
from django.urls import resolve

from larry.outside import clock
from larry.outside.log_line import tell
from larry.queries.dirty import list_dirty_causes
from larry.queries.kept_survey import get_kept_faults
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE
from larry.queries.view import read_view

LOG = logging.getLogger("larry.head_start")


def take_head_start() -> threading.Thread:
    """Begin, in a thread with connections of its own, and end with the process; told in one line of the log."""
    thread = threading.Thread(target=_find_out, name="head start", daemon=True)
    thread.start()
    return thread


def _find_out() -> None:
    """Whatever stands in the way stands in the way of who asks, too, and is told to them; here nothing depends on it.
    About 25 SQL statements."""
    begun = perf_counter()
    try:
        resolve("/")
        at = Moment(clock.now())
        with read_view():
            faults = get_kept_faults(WHOLE, at)
            if faults is not None:  # else nothing would be kept of it
                list_dirty_causes(WHOLE, at)
    except Exception as failure:  # noqa: BLE001 — a server without a head start serves
        tell(LOG, logging.WARNING, "no head start", why=type(failure).__name__)
    else:
        words = {"instances": len(faults or ()), "seconds": round(perf_counter() - begun, 3)}
        tell(LOG, logging.INFO, "looked through all instances, before anybody asks", **words)
    finally:
        connections.close_all()
