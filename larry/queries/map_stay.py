"""What stands where and when, as interval maps show it: one stay for each deployment on each host."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from larry.core.interval import Interval
from larry.core.key import fold
from larry.core.lane_name import LaneName
from larry.core.picture import Bar, Condition, IntervalMap, MapLane
from larry.queries.deployment import state_of
from larry.queries.kept_survey import get_now
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.records.deployment import DeployedService


@dataclass(frozen=True, slots=True)
class MapSight:
    """How a noun is looked at: whose deployed services, which lanes there are even when empty, what a bar says."""

    title: str
    which: Q
    lane_of: Callable[[MapStay], LaneName]
    label_of: Callable[[MapStay], str]
    lanes: tuple[LaneName, ...] = ()
    left_out: int = 0

    def draw(
        self,
        noun: tuple[str, str],
        found: Iterable[MapStay],
        behind: frozenset[tuple[str, str]],
        during: Interval,
        at: Moment,
        *,
        boundaries: Iterable[datetime] = (),
    ) -> IntervalMap:
        """The stays in the lanes of a sight; ``behind`` are those that are dirty. No SQL."""
        bars: dict[LaneName, list[Bar]] = {lane: [] for lane in self.lanes}
        for each in found:
            bars.setdefault(self.lane_of(each), []).append(_bar(each, self.label_of(each), at.as_of, behind))
        lanes = (MapLane(*lane, tuple(bars[lane])) for lane in sorted(bars, key=lambda lane: fold("/".join(lane[3]))))
        shown = tuple(moment for moment in boundaries if moment in during)
        return IntervalMap(*noun, self.title, at.as_of, during, tuple(lanes), shown, self.left_out)


@dataclass(frozen=True, slots=True)
class MapStay:
    """A deployment on one host, from its first deployed service there to its last."""

    deployment: str
    instance: str
    name: str
    retired: bool
    host: str
    host_id: int
    home: str
    start: datetime
    end: datetime | None
    snapshot: str
    reason: str
    uncovered: tuple[tuple[str, str, int, str], ...]
    services: tuple[str, ...]

    @property
    def is_home(self) -> bool:
        return self.host == self.home


def list_map_stays(
    which: Q, reader: Reader, at: Moment, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[MapStay, ...]:
    """2 SQL statements: the deployed services, and the deployments that they belong to."""
    services = restrict(reader, DeployedService.objects.filter(which, deactivated=False))
    if since is not None:
        services = services.exclude(end__lte=since)
    if until is not None:
        services = services.filter(start__lt=until)
    columns = ("deployment_id", "host_id", "host__name", "start", "end", "service_key")
    together: dict[tuple[str, int, str], list[tuple[datetime, datetime | None, str]]] = {}
    for deployment, host, name, start, end, key in services.values_list(*columns).order_by("service_key"):
        together.setdefault((deployment, host, name), []).append((start, end, key))
    told = {
        row["deployment_id"]: row
        for row in services.values(
            "deployment_id", "deployment__deployable_id", "deployment__reason", "deployment__uncovered",
            "deployment__host__name", "deployment__instance__path", "deployment__instance__name",
            "deployment__instance__retired_at",
        ).distinct()
    }  # fmt: skip
    found = []
    for (deployment, host, name), parts in together.items():
        row = told[deployment]
        ends = [end for _, end, _ in parts]
        found.append(
            MapStay(
                deployment,
                row["deployment__instance__path"],
                row["deployment__instance__name"],
                row["deployment__instance__retired_at"] is not None,
                name,
                host,
                row["deployment__host__name"],
                min(start for start, _, _ in parts),
                None if None in ends else max(end for end in ends if end is not None),
                row["deployment__deployable_id"],
                row["deployment__reason"],
                tuple(tuple(lack) for lack in row["deployment__uncovered"]),
                tuple(dict.fromkeys(key for *_, key in parts)),
            )
        )
    return tuple(sorted(found, key=lambda f: (f.start, f.instance, f.host, f.deployment)))


def list_behind(found: Iterable[MapStay], reader: Reader, at: Moment) -> frozenset[tuple[str, str]]:
    """(instance, snapshot) of what is live and is not what a snapshot taken now would be; about 6 SQL, or
    none."""
    live = {(f.instance, f.snapshot) for f in found if not f.retired and at.as_of in Interval(f.start, f.end)}
    if not live:
        return frozenset()
    now = get_now({path for path, _ in live}, reader, at).digests
    return frozenset((path, digest) for path, digest in live if now[path] != digest)


def _bar(found: MapStay, label: str, as_of: datetime, behind: frozenset[tuple[str, str]]) -> Bar:
    state = Condition(state_of(found.start, found.end, None, as_of).value)
    lacks = [
        f"{audited} lacks {auditor}: {why}"
        for auditor, audited, host, why in found.uncovered
        if found.is_home or host == found.host_id
    ]
    conditions = [Condition.UNCOVERED] if lacks and state is not Condition.PAST else []
    if state is Condition.CURRENT and (found.instance, found.snapshot) in behind:
        conditions.append(Condition.DIRTY)
    return Bar(
        deployment=found.deployment,
        instance=found.instance,
        host=found.host,
        interval=Interval(found.start, found.end),
        conditions=(*conditions, state),
        label=label,
        track=f"{found.instance} {found.host} {found.home}",
        snapshot=found.snapshot,
        reason=found.reason,
        services=found.services,
        lacks=tuple(lacks),
        link=("deployments", found.deployment),
    )
