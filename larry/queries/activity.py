"""Activity: who did what to what, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.records.activity import Activity

_LATE = 1000
"""So many younger lines may be seen before one that is still being written."""


@dataclass(frozen=True, slots=True)
class ActivityRow:
    id: int
    at: datetime
    actor: str
    verb: str
    noun: str
    address: str
    reason: str
    before: Any
    after: Any
    rollout: int | None


def list_activity(
    reader: Reader, at: Moment, *, limit: int = 50, noun: str | None = None, address: str | None = None
) -> tuple[ActivityRow, ...]:
    """The latest activity up to a moment, newest first; 1 SQL statement."""
    rows = restrict(reader, Activity.objects.filter(at__lte=at.as_of)).order_by("-id")
    if noun is not None:
        rows = rows.filter(noun=noun)
    if address is not None:
        rows = rows.filter(address=address)
    return tuple(_row(row) for row in rows[:limit])


def list_activity_of(
    places: Iterable[tuple[str, str]], reader: Reader, at: Moment
) -> Mapping[tuple[str, str], tuple[ActivityRow, ...]]:
    """All activity up to a moment of each (noun, address), oldest first; 1 SQL statement."""
    wanted = set(places)
    rows = restrict(reader, Activity.objects.filter(at__lte=at.as_of, address__in={address for _, address in wanted}))
    found: dict[tuple[str, str], list[ActivityRow]] = {}
    for row in rows.filter(noun__in={noun for noun, _ in wanted}).order_by("id"):
        if (row.noun, row.address) in wanted:
            found.setdefault((row.noun, row.address), []).append(_row(row))
    return {place: tuple(lines) for place, lines in found.items()}


def get_latest_mark(reader: Reader, at: Moment) -> tuple[int, int]:
    """Two numbers that are others once anything more was recorded, however its transaction came in; 2 SQL statements.

    The greatest id alone would miss a line with a smaller one whose transaction ended later.
    """
    latest = restrict(reader, Activity.objects.all()).order_by("-id").values_list("id", flat=True).first() or 0
    return latest, restrict(reader, Activity.objects.filter(id__gt=latest - _LATE)).count()


def _row(row: Activity) -> ActivityRow:
    return ActivityRow(
        row.id, row.at, row.actor, row.verb, row.noun, row.address, row.reason, row.before, row.after, row.rollout_id
    )
