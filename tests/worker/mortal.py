"""`python -m tests.worker.mortal`: two workers, of which one is killed and replaced for each line that comes in.

At the end of the input they are left to finish; then both are killed too.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta

import django

WORKERS = 2


def start() -> int:
    """A worker as a child of this process, which has neither threads nor a connection; its number."""
    child = os.fork()
    if child:
        return child
    from larry.worker.round import Pace
    from larry.worker.work import make_door, stop_at_signals, work

    pace = Pace(interval=timedelta(seconds=0.05), lease=timedelta(seconds=0.4), batch=4)
    work(pace, make_door(), stop_at_signals())
    os._exit(0)


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larry.site.settings")
    django.setup(set_prefix=False)
    import larry.worker.work  # noqa: F401 — once for all children

    children = [start() for _ in range(WORKERS)]
    for number, line in enumerate(sys.stdin):
        if line.strip() == "end":
            break
        kill(children[number % WORKERS])
        children[number % WORKERS] = start()
        print(number, flush=True)
    for child in children:
        kill(child)


if __name__ == "__main__":
    main()
