"""Activity: who did what to what, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from larry.nouns.table import NOUNS
from larry.queries.former_key import FormerKeys, get_former_keys
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.records.activity import Activity

_LATE = 1000
"""So many younger lines may be seen before one that is still being written."""

RENAME_KEY = "rename-key"
"""The verb of a change of a key: with ``key`` and ``address`` before and after; of what moves with it, the address."""


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
    """The latest activity up to a moment, newest first, also under the former keys of ``address``; 1 or 2 SQL."""
    rows = restrict(reader, Activity.objects.filter(at__lte=at.as_of)).order_by("-id")
    if noun is not None:
        rows = rows.filter(noun=noun)
    if address is not None:
        former = get_former_keys(reader, at)
        spelled = former.spell(noun, address) if noun is not None else _spell_any(former, address)
        rows = rows.filter(address__in=spelled)
    return tuple(_row(row) for row in rows[:limit])


def list_activity_of(
    places: Iterable[tuple[str, str]], reader: Reader, at: Moment
) -> Mapping[tuple[str, str], tuple[ActivityRow, ...]]:
    """All activity up to a moment of each (noun, address), oldest first, also what was recorded under former keys;
    about 2 SQL statements.
    """
    former = get_former_keys(reader, at)
    wanted = {(noun, then): (noun, now) for noun, now in set(places) for then in former.spell(noun, now)}
    rows = restrict(reader, Activity.objects.filter(at__lte=at.as_of, address__in={address for _, address in wanted}))
    found: dict[tuple[str, str], list[ActivityRow]] = {}
    for row in rows.filter(noun__in={noun for noun, _ in wanted}).order_by("id"):
        if (row.noun, row.address) in wanted:
            found.setdefault(wanted[row.noun, row.address], []).append(_row(row))
    return {place: tuple(lines) for place, lines in found.items()}


def get_latest_mark(reader: Reader, at: Moment) -> tuple[int, int]:
    """Two numbers that are others once anything more was recorded, however its transaction came in; 2 SQL statements.

    The greatest id alone would miss a line with a smaller one whose transaction ended later.
    """
    latest = restrict(reader, Activity.objects.all()).order_by("-id").values_list("id", flat=True).first() or 0
    return latest, restrict(reader, Activity.objects.filter(id__gt=latest - _LATE)).count()


def list_key_changes(reader: Reader, at: Moment) -> tuple[ActivityRow, ...]:
    """Every change of a key up to a moment, oldest first; 1 SQL statement."""
    rows = restrict(reader, Activity.objects.filter(at__lte=at.as_of, verb=RENAME_KEY, after__has_key="key"))
    return tuple(_row(row) for row in rows.order_by("id"))


def _spell_any(former: FormerKeys, address: str) -> frozenset[str]:
    """All spellings of an address of which it is not said what noun it is of."""
    return frozenset(spelled for noun in NOUNS for spelled in former.spell(noun, address))


def _row(row: Activity) -> ActivityRow:
    return ActivityRow(
        row.id, row.at, row.actor, row.verb, row.noun, row.address, row.reason, row.before, row.after, row.rollout_id
    )
