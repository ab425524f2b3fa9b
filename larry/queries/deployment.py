"""Deployments: what is live where, as of a moment of the world and as known at a moment of the record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, reduce
from operator import or_
from types import MappingProxyType
from typing import Any, TypeAlias

from django.db.models import DateTimeField, Exists, F, OrderBy, OuterRef, Q, QuerySet, Value
from django.db.models.lookups import LessThanOrEqual

from larry.core.document import Json, digest_of
from larry.core.interval import iso
from larry.queries.host import get_host_names
from larry.queries.live import Unranged
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, NotFound, Reader, restrict
from larry.queries.statement import Later, Prepared
from larry.queries.view import read_view
from larry.records.deployment import Deployment, DeploymentVersion
from larry.records.mention import mentions


class State(StrEnum):
    PAST = "past"
    CURRENT = "current"
    FUTURE = "future"
    DEACTIVATED = "deactivated"


SHOWN = frozenset({State.PAST, State.CURRENT, State.FUTURE})
"""Deactivated deployments are hidden unless asked for."""


@dataclass(frozen=True, slots=True)
class DeploymentFilter:
    """Which deployments: all that match everything that is given; ``app`` and ``instance`` are paths, ``rollout`` an
    id, ``snapshot`` a digest; ``ids``: of these only.
    """

    customer: str | None = None
    app: str | None = None
    instance: str | None = None
    host: str | None = None
    rollout: int | None = None
    states: frozenset[State] = field(default=SHOWN)
    snapshot: str | None = None
    ids: frozenset[str] | None = None


DeploymentMark: TypeAlias = tuple[datetime, str, str, str]
"""Where a deployment stands among all: by start, instance, host and id."""


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """One deployment; ``place`` names services sent to other hosts, ``uncovered`` (auditor, audited, host, why)."""

    id: str
    instance: str
    host: str
    snapshot: str
    start: datetime
    end: datetime | None
    deactivated: datetime | None
    reason: str
    rollout: int
    continues: str | None
    state: State
    place: Mapping[str, str]
    uncovered: tuple[tuple[str, str, str, str], ...]

    @property
    def mark(self) -> DeploymentMark:
        """Where it stands among all."""
        return (self.start, self.instance, self.host, self.id)

    @property
    def digest(self) -> str:
        """Of what an edit may change, and of nothing that changes by itself."""
        span = [iso(moment) if moment else None for moment in (self.start, self.end, self.deactivated)]
        return digest_of([self.id, self.instance, self.host, self.snapshot, span, self.place])

    @property
    def stated(self) -> dict[str, Json]:
        """As an estate file states it."""
        return {
            "instance": self.instance,
            "host": self.host,
            "start": iso(self.start),
            "end": iso(self.end) if self.end is not None else None,
            "reason": self.reason,
        }

    @property
    def document(self) -> dict[str, Json]:
        """The pinned JSON of a deployment, and beside it where single services go and what stays uncovered."""
        return {
            "id": self.id,
            "instance": self.instance,
            "host": self.host,
            "snapshot": self.snapshot,
            "start": iso(self.start),
            "end": iso(self.end) if self.end else None,
            "deactivated": iso(self.deactivated) if self.deactivated else None,
            "reason": self.reason,
            "rollout": self.rollout,
            "continues": self.continues,
            "state": self.state.value,
            "place": dict(self.place),
            "uncovered": [
                {"auditor": auditor, "service": service, "host": host, "why": why}
                for auditor, service, host, why in self.uncovered
            ],
        }


def list_deployments(
    which: DeploymentFilter,
    reader: Reader,
    at: Moment,
    *,
    after: DeploymentMark | None = None,
    limit: int | None = None,
) -> tuple[DeploymentRow, ...]:
    """Deployments by start, then instance and host; 2 SQL statements. With ``at.known_at`` as the record had them
    then. ``after`` leaves out all up to a place among them.
    """
    if at.known_at is not None:
        known = _list_known(which, reader, at, at.known_at)
        places = {row.id: place for place, row in enumerate(known)}
        first = 0 if after is None else places.get(after[-1], len(known)) + 1
        return known[first:][:limit]
    rows = restrict(
        reader, Deployment.objects.filter(_matching(which), _in_states(which.states, at.as_of), is_deleted=False)
    )
    if which.host is not None:
        rows = rows.filter(host__name=which.host.lower())
    if after is not None:
        rows = rows.filter(_stands_after(after))
    ordered = rows.select_related("instance", "host").order_by("start", *_PLACES, "id")
    with read_view():
        found = list(ordered[:limit])
        names = get_host_names(_hosts_mentioned(found), WHOLE, at)
    return tuple(_row(each, names, at.as_of) for each in found)


_PLACES = ("instance__path", "host__name")


def _stands_after(mark: DeploymentMark) -> Q:
    beyond, alike = Q(pk__in=[]), Q()
    for word, value in zip(("start", *_PLACES, "id"), mark, strict=True):
        beyond |= alike & Q(**{f"{word}__gt": value})
        alike &= Q(**{word: value})
    return beyond


def _list_known(which: DeploymentFilter, reader: Reader, at: Moment, known_at: datetime) -> tuple[DeploymentRow, ...]:
    """What the record said at a moment: the latest version of each deployment until then, found by the database."""
    until = restrict(reader, DeploymentVersion.objects.filter(recorded_at__lte=known_at))
    newer = until.filter(deployment=OuterRef("deployment"), version__gt=OuterRef("version"))
    latest = until.filter(~Exists(newer), _matching(which, "deployment__"), is_deleted=False)
    if which.host is not None:
        latest = latest.filter(host__name=which.host.lower())
    versions = latest.filter(_in_states(which.states, at.as_of)).select_related("deployment__instance", "host")
    with read_view():
        ordered = versions.order_by("start", "deployment__instance__path", "host__name", "deployment")
        found = [_as_known(version) for version in ordered]
        names = get_host_names(_hosts_mentioned(found), WHOLE, at)
    return tuple(_row(each, names, at.as_of) for each in found)


def _as_known(then: DeploymentVersion) -> Deployment:
    """The deployment as its version says; not to be saved."""
    row = then.deployment
    row.host, row.start, row.end, row.deactivated_at = then.host, then.start, then.end, then.deactivated_at
    return row


SORTS = MappingProxyType(
    {"instance": "instance__path", "host": "host__name_folded", "start": "start", "end": "end", "rollout": "rollout"}
)
"""What a page of deployments can be sorted by: an open end is the latest."""


@dataclass(frozen=True, slots=True)
class DeploymentPage:
    """Some of many deployments, and how many there are in all."""

    rows: tuple[DeploymentRow, ...]
    total: int


def page_deployments(
    which: DeploymentFilter, reader: Reader, at: Moment, *, sought: str = "", newest: bool = False, begin: int = 0,
    size: int = 50, sort: str = "",
) -> DeploymentPage:  # fmt: skip
    """A part of the deployments by start, then instance and host; 3 SQL statements, whatever there is, 4 of all that
    are over.

    ``sought``: only those whose instance, host, reason, id or snapshot has these letters. ``newest`` first;
    ``sort`` by another of `SORTS`, backwards with a dash before it.
    """
    asked = _Asked(which, reader, sought, newest, sort)
    total_of, cut = _write_search(asked, size=begin + size)
    with read_view():
        ((total,),) = total_of.ask(as_of=at.as_of) or ((0,),)
        last = cut.ask(as_of=at.as_of) if cut is not None else []
        part = _write_part(asked, begin, begin + size, is_cut=bool(last))
        found = part.ask(as_of=at.as_of, last=last[0][0] if last else None)
        names = get_host_names(_mentioned((place, uncovered) for *_, place, uncovered in found), WHOLE, at)
    return DeploymentPage(tuple(_make_row(each, names, at.as_of) for each in found), total)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the statements of a page depend on."""

    which: DeploymentFilter
    reader: Reader
    sought: str
    newest: bool
    sort: str

    @property
    def is_sorted(self) -> bool:
        return self.sort.removeprefix("-") in SORTS

    @property
    def rows(self) -> QuerySet[Deployment]:
        """All of them, as of a moment that is told later."""
        which = self.which
        wanted = _matching(which) & _in_states(which.states, _AS_OF)
        if self.sought:
            places = ("instance__path", "host__name", "reason", "id", "deployable__digest")
            wanted &= reduce(or_, (mentions(place, self.sought) for place in places))
        rows = restrict(self.reader, Deployment.objects.filter(wanted, is_deleted=False))
        return rows if which.host is None else rows.filter(host__name=which.host.lower())

    @property
    def order(self) -> tuple[str | OrderBy, ...]:
        usual = ("-start" if self.newest else "start", "instance__path", "host__name", "id")
        if not self.is_sorted:
            return usual
        by = F(SORTS[self.sort.removeprefix("-")])
        return (by.desc(nulls_first=True) if self.sort.startswith("-") else by.asc(nulls_last=True), *usual)


_AS_OF = Later("as_of", DateTimeField())


@lru_cache(maxsize=256)
def _write_search(asked: _Asked, size: int) -> tuple[Prepared, Prepared | None]:
    """How many there are; and, where all that are over are among them, the start of the last of the first so many:
    they are found by the index of starts alone, so that most of what is over need not be put in order."""
    is_whole = asked.which == DeploymentFilter(states=asked.which.states) and not asked.sought
    if not (is_whole and asked.reader.sees_everything and State.PAST in asked.which.states) or asked.sort:
        return Prepared.count_of(asked.rows), None
    starts = asked.rows.order_by("-start" if asked.newest else "start").values_list("start")
    return Prepared.count_of(asked.rows), Prepared.of(starts[size - 1 : size])


@lru_cache(maxsize=256)
def _write_part(asked: _Asked, begin: int, end: int, *, is_cut: bool) -> Prepared:
    last = Later("last", DateTimeField())
    rows = asked.rows.filter(**{"start__gte" if asked.newest else "start__lte": last}) if is_cut else asked.rows
    return Prepared.of(rows.order_by(*asked.order).values_list(*_COLUMNS)[begin:end])


def get_deployment(id_: str, reader: Reader, at: Moment) -> DeploymentRow:
    """One deployment that has not been deleted; 2 SQL statements. Raises `NotFound`."""
    rows = restrict(reader, Deployment.objects.filter(id=id_.lower(), is_deleted=False))
    row = rows.select_related("instance", "host").first()
    if row is None:
        raise NotFound(f"there is no deployment {id_}")
    return _row(row, get_host_names(_hosts_mentioned([row]), WHOLE, at), at.as_of)


def state_of(start: datetime, end: datetime | None, deactivated: datetime | None, as_of: datetime) -> State:
    """Which of the four states a deployment is in at a moment."""
    if deactivated is not None:
        return State.DEACTIVATED
    if end is not None and end <= as_of:
        return State.PAST
    return State.FUTURE if start > as_of else State.CURRENT


def _matching(which: DeploymentFilter, of: str = "") -> Q:
    """All that is wanted but the host; ``of`` leads to the deployment."""
    wanted: dict[str, object] = {}
    if which.customer is not None:
        wanted["instance__customer__key"] = which.customer.lower()
    if which.app is not None:
        customer, _, app = which.app.lower().partition("/")
        wanted["instance__app__key"] = app
        wanted["instance__app__customer__key"] = customer
    if which.instance is not None:
        wanted["instance__path"] = which.instance.lower()
    if which.snapshot is not None:
        wanted["deployable"] = which.snapshot
    if which.rollout is not None:
        wanted["rollout"] = which.rollout
    if which.ids is not None:
        wanted["id__in"] = which.ids
    return Q(**{f"{of}{field}": value for field, value in wanted.items()})


def _in_states(states: Collection[State], as_of: datetime | Later) -> Q:
    live = Q(deactivated_at=None)
    moment = as_of if isinstance(as_of, Later) else Value(as_of, DateTimeField())
    over: LessThanOrEqual[Any] = LessThanOrEqual(Unranged(F("end")), moment)
    meaning = {
        State.PAST: live & Q(over),
        State.CURRENT: live & Q(start__lte=as_of) & (Q(end=None) | Q(end__gt=as_of)),
        State.FUTURE: live & Q(start__gt=as_of),
        State.DEACTIVATED: Q(deactivated_at__isnull=False),
    }
    if set(states) >= SHOWN:  # each that is not deactivated is in one of the three: told so, it is found by its start
        return live if State.DEACTIVATED not in states else Q()
    wanted = Q(pk__in=[])
    for state in states:
        wanted |= meaning[state]
    return wanted


def _hosts_mentioned(rows: Iterable[Deployment]) -> set[int]:
    return _mentioned((row.place, row.uncovered) for row in rows)


def _mentioned(told: Iterable[tuple[Any, Any]]) -> set[int]:
    return {there for place, uncovered in told for there in (*place.values(), *(lack[2] for lack in uncovered))}


def _row(row: Deployment, names: Mapping[int, str], as_of: datetime) -> DeploymentRow:
    told = (
        row.id, row.instance.path, row.host.name, row.deployable_id, row.start, row.end, row.deactivated_at, row.reason,
        row.rollout_id, row.continues_id, row.place, row.uncovered,
    )  # fmt: skip
    return _make_row(told, names, as_of)


_COLUMNS = (
    "id", "instance__path", "host__name", "deployable_id", "start", "end", "deactivated_at", "reason", "rollout_id",
    "continues_id", "place", "uncovered",
)  # fmt: skip
"""What is told of a deployment, but for its state."""


def _make_row(told: tuple[Any, ...], names: Mapping[int, str], as_of: datetime) -> DeploymentRow:
    id_, instance, host, snapshot, start, end, deactivated, reason, rollout, continues, place, uncovered = told
    return DeploymentRow(
        id=id_,
        instance=instance,
        host=host,
        snapshot=snapshot,
        start=start,
        end=end,
        deactivated=deactivated,
        reason=reason,
        rollout=rollout,
        continues=continues,
        state=state_of(start, end, deactivated, as_of),
        place={service: names[there] for service, there in place.items()},
        uncovered=tuple((auditor, audited, names[there], why) for auditor, audited, there, why in uncovered),
    )
