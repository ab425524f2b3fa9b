"""When is asked: as of a moment of the world, and as known at a moment of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """``as_of``: what is so at that moment; ``known_at``: what the record said then (None: what it says now)."""

    as_of: datetime
    known_at: datetime | None = None
