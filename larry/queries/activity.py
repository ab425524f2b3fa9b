"""Activity: who did what to what, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import CharField, DateTimeField, Q, Subquery
from django.db.models.functions import Cast

from larry.core.document import Json, freeze
from larry.core.interval import iso
from larry.nouns.table import NOUNS
from larry.queries.former_key import FormerKeys, get_former_keys
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.statement import Later, Prepared
from larry.queries.subject import find_subject
from larry.records.activity import Activity
from larry.records.deployment import Deployment, DeploymentVersion
from larry.records.former_key import FormerKey
from larry.records.mention import mentions

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

    @property
    def document(self) -> dict[str, Json]:
        """The line for programs."""
        return {
            "id": self.id,
            "at": iso(self.at),
            "actor": self.actor,
            "verb": self.verb,
            "noun": self.noun,
            "address": self.address,
            "reason": self.reason,
            "before": freeze(self.before),
            "after": freeze(self.after),
            "rollout": self.rollout,
        }


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """Which lines: those that match everything that is given. ``app`` and ``instance`` are paths; what belongs to an
    owner are the edits of it and beneath it, its deployments and their rollouts. ``text`` is part of the reason; lines
    are of [since, until); ``after`` and ``before`` are numbers of lines;
    ``whole``: a rollout is told by its own line, not also by those of its deployments.
    """

    noun: str | None = None
    address: str | None = None
    actor: str | None = None
    verb: str | None = None
    text: str | None = None
    customer: str | None = None
    app: str | None = None
    instance: str | None = None
    rollout: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    before: int | None = None
    whole: bool = False


ALL_ACTIVITY = ActivityFilter()


def list_activity(
    reader: Reader, at: Moment, which: ActivityFilter = ALL_ACTIVITY, *, limit: int | None = 50
) -> tuple[ActivityRow, ...]:
    """The latest activity up to a moment, newest first, also under former keys; 1 SQL statement, 1 or 2 more for an
    address, 2 or 3 for an owner. Raises `NotFound` for an owner that there is not.
    """
    is_plain = which.address is None and (which.customer, which.app, which.instance) == (None, None, None)
    # Moments are hardly ever asked for again: what they are told with would be kept in vain.
    write = _write_lines if is_plain and (which.since, which.until) == (None, None) else _write_lines.__wrapped__
    told = write(which, reader, limit, None if is_plain else at).ask(as_of=at.as_of)
    return tuple(_make_row(line, reader) for line in told)


@lru_cache(maxsize=256)
def _write_lines(which: ActivityFilter, reader: Reader, limit: int | None, at: Moment | None) -> Prepared:
    """As of a moment that is told later. ``at`` is that moment where an address or an owner is to be looked for, which
    is 1 to 3 SQL statements; else none."""
    plain = {
        "noun": which.noun,
        "actor": which.actor,
        "verb": which.verb,
        "rollout": which.rollout,
        "at__gte": which.since,
        "at__lt": which.until,
        "id__gt": which.after,
        "id__lt": which.before,
    }
    rows = restrict(reader, Activity.objects.filter(at__lte=Later("as_of", DateTimeField()))).order_by("-id")
    rows = rows.filter(**{word: value for word, value in plain.items() if value is not None})
    if which.text is not None:
        rows = rows.filter(mentions("reason", which.text))
    if which.whole:
        rows = rows.exclude(noun="deployment", rollout__isnull=False)
    if which.address is not None and at is not None:
        former = get_former_keys(reader, at)
        of_noun = which.noun is not None
        spelled = former.spell(str(which.noun), which.address) if of_noun else _spell_any(former, which.address)
        rows = rows.filter(address__in=spelled)
    for kind, path in (("customer", which.customer), ("app", which.app), ("instance", which.instance)):
        if path is not None and at is not None:
            rows = rows.filter(_owned_by(kind, path, reader, at))
    return Prepared.of(rows.values_list(*_COLUMNS)[:limit])


_COLUMNS = ("id", "at", "actor", "verb", "noun", "address", "reason", "before", "after", "rollout_id")
"""Of a row, in the order of the fields of `ActivityRow`."""


def _owned_by(kind: str, address: str, reader: Reader, at: Moment) -> Q:
    """What is about an owner or anything of theirs: nouns by their paths of keys, deployments and rollouts by rows."""
    path = find_subject(address, (kind,), reader, at)[1]
    spelled = get_former_keys(reader, at).spell(kind, path)
    steps = ("customer", "app", "instance")
    beneath = steps[steps.index(kind) + 1 :]
    owned = Q(noun=kind, address__in=spelled)
    for each in spelled:
        owned |= Q(noun__in=beneath) & _beneath("address", each)
    lanes = Q(instance__path=path) if kind == "instance" else _beneath("instance__path", path)
    deployments = restrict(reader, Deployment.objects.filter(lanes))
    versions = restrict(reader, DeploymentVersion.objects.filter(deployment__in=deployments.values("id")))
    # By their addresses, since SQLite would look for them by their noun, among the rollouts of the whole estate.
    rollouts = versions.annotate(number=Cast("rollout", CharField())).values("number")
    return owned | Q(noun="deployment", address__in=deployments.values("id")) | Q(noun="rollout", address__in=rollouts)


def _beneath(column: str, path: str) -> Q:
    """That a column holds an address beneath a path. SQLite, which compares by bytes, finds it by an index when it is
    told between what."""
    wanted = Q(**{f"{column}__startswith": f"{path}/"})
    if connection.vendor == "sqlite":
        wanted &= Q(**{f"{column}__gt": f"{path}/", f"{column}__lt": f"{path}0"})  # 0 is what follows a slash
    return wanted


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
            found.setdefault(wanted[row.noun, row.address], []).append(_row(row, reader))
    return {place: tuple(lines) for place, lines in found.items()}


def get_latest_mark(reader: Reader, at: Moment) -> tuple[int, int]:
    """Two numbers that are others once anything more was recorded, however its transaction came in; 2 SQL statements.

    The greatest id alone would miss a line with a smaller one whose transaction ended later.
    """
    latest = restrict(reader, Activity.objects.all()).order_by("-id").values_list("id", flat=True).first() or 0
    return latest, restrict(reader, Activity.objects.filter(id__gt=latest - _LATE)).count()


def list_key_changes(reader: Reader, at: Moment) -> tuple[ActivityRow, ...]:
    """Every change of a key up to a moment, oldest first; 1 SQL statement, which begins at the first: it left a key."""
    first = restrict(WHOLE, FormerKey.objects.order_by("activity_id")).values("activity_id")[:1]
    lines = restrict(reader, Activity.objects.filter(id__gte=Subquery(first), verb=RENAME_KEY))
    rows = lines.filter(at__lte=at.as_of, after__has_key="key")
    return tuple(_row(row, reader) for row in rows.order_by("id"))


def _spell_any(former: FormerKeys, address: str) -> frozenset[str]:
    """All spellings of an address of which it is not said what noun it is of."""
    return frozenset(spelled for noun in NOUNS for spelled in former.spell(noun, address))


def _row(row: Activity, reader: Reader) -> ActivityRow:
    return _make_row(tuple(getattr(row, column) for column in _COLUMNS), reader)


def _make_row(told: tuple[Any, ...], reader: Reader) -> ActivityRow:
    id_, at, actor, verb, noun, address, reason, before, after, rollout = told
    if not reader.sees_everything:
        before, after = _hide(before), _hide(after)
    return ActivityRow(id_, at, actor, verb, noun, address, reason, before, after, rollout)


def _hide(told: Any) -> Any:
    """Without the template that an instance follows, which may be somebody else's."""
    return {name: value for name, value in told.items() if name != "template"} if isinstance(told, dict) else told
