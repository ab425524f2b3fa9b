"""A process that another one started ends with it, also when that one was killed and could tell nobody."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time

_SECONDS = 0.5
"""How long a process may outlive the one that started it."""


def end_with_parent() -> None:
    """From now on this process ends soon after the one that started it; nothing for one that was started otherwise.

    What it is doing is cut off, as a kill would: what was not answered was not promised.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        threading.Thread(target=_watch, args=(parent.pid,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS)
    os._exit(1)
