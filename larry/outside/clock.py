"""The clock is the only place that knows what time it is; everything else is told."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def wait(seconds: float) -> None:
    """Let so much time pass; none where there is none to wait for."""
    time.sleep(max(0.0, seconds))
