"""Rollouts: what one act made of deployments, and what has become of it since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from django.db.models import Count, DateTimeField, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from larry.core.document import Json
from larry.core.interval import Interval, iso
from larry.queries.host import get_host_names
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, NotFound, Reader, restrict
from larry.queries.statement import Later, Prepared
from larry.records.deployment import Deployment, DeploymentVersion
from larry.records.mention import mentions
from larry.records.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Touched:
    """A deployment that a rollout made or changed: what it was before (None: it was not, or not live) and became."""

    deployment: str
    path: str
    host: str
    deployable: str
    before: Interval | None
    after: Interval | None
    changed_since: int | None
    place: Mapping[str, str]

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {
            "deployment": self.deployment,
            "instance": self.path,
            "host": self.host,
            "snapshot": self.deployable,
            "before": _span(self.before),
            "after": _span(self.after),
            "changed_since": self.changed_since,
        }


def _span(interval: Interval | None) -> Json:
    if interval is None:
        return None
    return {"start": iso(interval.start), "end": iso(interval.end) if interval.end else None}


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """One rollout, its deployments as it left them, and the lanes that later rollouts came into: what they made there,
    or let grow or moved to where something stood before it.
    """

    id: int
    reason: str
    actor: str
    touched: tuple[Touched, ...]
    later: tuple[tuple[str, str, int], ...]

    @property
    def document(self) -> dict[str, Json]:
        """The rollout for programs."""
        return {
            "id": self.id,
            "actor": self.actor,
            "reason": self.reason,
            "touched": [each.document for each in self.touched],
            "later": [{"instance": path, "host": host, "rollout": number} for path, host, number in self.later],
        }


@dataclass(frozen=True, slots=True)
class RolloutLine:
    """One line of the list of rollouts; ``deployments`` is how many it made."""

    id: int
    reason: str
    actor: str
    recorded_at: datetime
    deployments: int

    @property
    def document(self) -> dict[str, Json]:
        """The line for programs."""
        return {
            "id": self.id,
            "at": iso(self.recorded_at),
            "actor": self.actor,
            "reason": self.reason,
            "deployments": self.deployments,
        }


ROLLOUT_SORTS = MappingProxyType({"number": "id", "actor": "actor", "reason": "reason", "deployments": "made"})
"""What the list of rollouts can be sorted by; texts without regard to case."""

_LARGEST_ID = 2**31 - 1


def list_rollouts(
    reader: Reader,
    at: Moment,
    *,
    begin: int = 0,
    size: int = 50,
    before: int | None = None,
    sought: str = "",
    sort: str = "-number",
) -> tuple[tuple[RolloutLine, ...], int]:
    """The rollouts recorded until a moment, the latest first, and how many there are; 2 SQL statements. ``before``: of
    those before a number. ``sought``: with these letters in the reason or the name of who did it, or of this number;
    ``sort`` by one of `ROLLOUT_SORTS`, backwards with a dash before it.
    """
    found = _write_lines(reader, begin, size, before, sought, sort).ask(as_of=at.as_of)
    ((total,),) = _write_total(reader, sought).ask(as_of=at.as_of) or ((0,),)
    return tuple(RolloutLine(*line) for line in found), total


def _seek(reader: Reader, sought: str) -> QuerySet[Rollout]:
    """As of a moment that is told later."""
    rows = restrict(reader, Rollout.objects.filter(recorded_at__lte=Later("as_of", DateTimeField())))
    if not sought:
        return rows
    number = sought.lstrip("#")
    is_number = number.isascii() and number.isdigit() and int(number) <= _LARGEST_ID
    wanted = mentions("reason", sought) | mentions("actor", sought)
    return rows.filter(wanted | Q(id=int(number)) if is_number else wanted)


@lru_cache(maxsize=256)
def _write_total(reader: Reader, sought: str) -> Prepared:
    return Prepared.count_of(_seek(reader, sought))


@lru_cache(maxsize=256)
def _write_lines(reader: Reader, begin: int, size: int, before: int | None, sought: str, sort: str) -> Prepared:
    """Of the fields of `RolloutLine`, in their order."""
    rows = _seek(reader, sought)
    name = ROLLOUT_SORTS.get(sort.lstrip("-"), "id")
    by = Lower(name) if name in {"actor", "reason"} else F(name)
    ordered = (by.desc() if sort.startswith("-") else by.asc(), "-id")
    shown = rows if before is None else rows.filter(id__lt=before)
    # Counted for the lines that are shown, and not for all before they are cut.
    of_one = restrict(WHOLE, Deployment.objects.filter(rollout=OuterRef("pk"))).order_by().values("rollout")
    made = Coalesce(Subquery(of_one.annotate(made=Count("pk")).values("made")), 0)
    columns = ("id", "reason", "actor", "recorded_at", "made")
    return Prepared.of(shown.annotate(made=made).order_by(*ordered).values_list(*columns)[begin : begin + size])


def find_rollout(plan_digest: str, reader: Reader, at: Moment) -> int | None:
    """The number of the rollout that carried a Plan out until a moment, the latest where several did; 1 SQL statement,
    which looks from the latest on: it is short for what has just been done.
    """
    made = restrict(reader, Rollout.objects.filter(plan_digest=plan_digest, recorded_at__lte=at.as_of)).order_by("-id")
    return made.values_list("id", flat=True).first()


def get_rollout(number: int, reader: Reader, at: Moment) -> RolloutRow:
    """A rollout by its number; 5 SQL statements. Raises `NotFound`."""
    rollout = restrict(reader, Rollout.objects.filter(id=number)).first()
    if rollout is None:
        raise NotFound(f"there is no rollout {number}")
    mine = restrict(reader, DeploymentVersion.objects.filter(rollout=number)).values_list("deployment_id", flat=True)
    rows = restrict(
        reader, DeploymentVersion.objects.filter(deployment__in=list(mine)).order_by("deployment", "version")
    ).select_related("deployment__instance", "host")
    versions: dict[str, list[DeploymentVersion]] = {}
    for row in rows:
        versions.setdefault(row.deployment_id, []).append(row)
    placed = {host for row in rows for host in row.deployment.place.values()}
    names = get_host_names(placed, WHOLE, at)
    touched = tuple(_touched(of_one, number, names) for of_one in versions.values())
    return RolloutRow(rollout.id, rollout.reason, rollout.actor, touched, _list_later(number, touched, reader, at))


def _list_later(
    number: int, touched: tuple[Touched, ...], reader: Reader, at: Moment
) -> tuple[tuple[str, str, int], ...]:
    """Who came after a rollout into the lanes that it touched, or grew or moved since to where something stood before
    it: by (path, host) the number of the rollout that did it.
    """
    lanes: dict[tuple[str, str], list[Touched]] = {}
    for each in touched:
        lanes.setdefault((each.path, each.host), []).append(each)
    standing = restrict(reader, Deployment.objects.filter(deactivated_at=None)).exclude(end__lte=at.as_of)
    changed = standing.annotate(changed=Max("versions__rollout")).filter(changed__gt=number)
    found = changed.filter(instance__path__in={path for path, _ in lanes}).values_list(
        "id", "instance__path", "host__name", "rollout", "changed", "start", "end"
    )
    later = set()
    for id_, path, host, made, last, start, end in found:
        of_lane = lanes.get((path, host), [])
        if of_lane and made > number:
            later.add((path, host, made))
        elif _stands_where(of_lane, id_, Interval(start, end), at.as_of):
            later.add((path, host, last))
    return tuple(sorted(later))


def _stands_where(touched: list[Touched], id_: str, interval: Interval, now: datetime) -> bool:
    """Whether a deployment that a rollout left alone stands where another one stood before it, which is not over."""
    before = [each.before for each in touched if each.before is not None and not each.before.is_over(now)]
    return all(each.deployment != id_ for each in touched) and any(was.overlaps(interval) for was in before)


def _touched(versions: list[DeploymentVersion], number: int, names: Mapping[int, str]) -> Touched:
    mine = next(index for index, row in enumerate(versions) if row.rollout_id == number)
    row = versions[mine].deployment
    # What came since and was taken back since has left no trace in what is live.
    is_as_left = _live(versions[-1]) == _live(versions[mine])
    since = None if is_as_left else versions[mine + 1].rollout_id
    before = versions[mine - 1] if mine else None
    return Touched(
        deployment=row.id,
        path=row.instance.path,
        host=versions[mine].host.name,
        deployable=row.deployable_id,
        before=_live(before),
        after=_live(versions[mine]),
        changed_since=since,
        place={service: names[host] for service, host in row.place.items()},
    )


def _live(row: DeploymentVersion | None) -> Interval | None:
    return None if row is None or row.deactivated_at is not None else Interval(row.start, row.end)
