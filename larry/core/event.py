"""Events: what others may be told of as it happens, and how long to wait before telling it again."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class EventKind(StrEnum):
    """What happened. The words are those that a webhook asks for and that its requests carry."""

    PLANNED = "deployment.planned"
    CHANGED = "deployment.changed"
    STARTED = "deployment.started"
    ENDED = "deployment.ended"
    NODE = "node.changed"
    DIRTY = "instance.dirty"
    CHECK = "check.failed"
    PING = "ping"


OF_BOUNDARIES = frozenset({EventKind.STARTED, EventKind.ENDED, EventKind.NODE})
"""What happens by itself, when the clock passes a boundary."""

OF_SITUATIONS = frozenset({EventKind.DIRTY, EventKind.CHECK})
"""What follows from looking at the whole estate."""

DELIVERY_STATES = ("pending", "delivered", "dead", "withheld")

FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=6)


def wait_after(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts have failed: twice as long each time, from 10 seconds up to 6 hours, of
    which ``chance`` (from 0 to 1) takes away up to a half, so that not everybody comes back at once."""
    doublings: int = 2 ** min(max(attempts, 1) - 1, 20)
    doubled = min(FIRST_WAIT * doublings, LONGEST_WAIT)
    return doubled * (1 - chance / 2)
