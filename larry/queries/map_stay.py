"""What stands where and when, as interval maps show it: one stay for each deployment on each host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

from django.db.models import Q, QuerySet

from larry.core.interval import Interval
from larry.core.key import fold
from larry.core.lane_name import LaneName
from larry.core.picture import Bar, Condition, IntervalMap, MapLane
from larry.queries.deployment import state_of
from larry.queries.kept_survey import get_now
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.records.deployment import DeployedService

_ANYTHING = Q()


@dataclass(frozen=True, slots=True)
class MapSight:
    """How a noun is looked at: whose deployed services, which lanes there are even when empty, what a bar says.

    ``which`` are the deployed services that are looked at, ``among`` of those in all lanes; ``ids`` are those of the
    lanes' ``owner``, a path from a deployed service; ``passed`` lanes stand before them, and ``left_out`` after them.
    """

    title: str
    among: Q
    lane_of: Callable[[MapStay], LaneName]
    label_of: Callable[[MapStay], str]
    which: Q = _ANYTHING
    owner: str = "host"
    ids: tuple[int, ...] = ()
    lanes: tuple[LaneName, ...] = ()
    passed: int = 0
    left_out: int = 0

    def keep(self, count: int) -> MapSight:
        """With the first lanes alone."""
        among = Q(**{f"{self.owner}__in": self.ids[:count]})
        left_out = self.left_out + len(self.ids[count:])
        return replace(self, among=among, ids=self.ids[:count], lanes=self.lanes[:count], left_out=left_out)

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
        drawn = tuple(lanes)
        return IntervalMap(
            *noun, self.title, at.as_of, during, drawn, shown, passed=self.passed, left_out=self.left_out
        )


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
    sight: MapSight,
    reader: Reader,
    at: Moment,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int | None = None,
) -> tuple[MapSight, tuple[MapStay, ...]]:
    """What stands in the lanes of a sight, which is returned with no more of its first lanes than have ``most`` stays
    together, but at least one (None: all); 2 SQL statements: the deployed services, and the deployments that they
    belong to."""
    services = _during(sight, reader, since, until)
    columns = ("deployment_id", "host_id", "host__name", sight.owner, "start", "end", "service_key")
    together: dict[tuple[str, int, str, int], list[tuple[datetime, datetime | None, str]]] = {}
    for *where, start, end, key in services.values_list(*columns).order_by("service_key"):
        together.setdefault(tuple(where), []).append((start, end, key))
    if most is not None and len(together) > most:
        sight = sight.keep(_count_lanes(sight, Counter(lane for *_, lane in together), most))
        kept = frozenset(sight.ids)
        together = {where: parts for where, parts in together.items() if where[-1] in kept}
        services = _during(sight, reader, since, until)
    told = {
        row["deployment_id"]: row
        for row in services.values(
            "deployment_id", "deployment__deployable_id", "deployment__reason", "deployment__uncovered",
            "deployment__host__name", "deployment__instance__path", "deployment__instance__name",
            "deployment__instance__retired_at",
        ).distinct()
    }  # fmt: skip
    found = []
    for (deployment, host, name, _), parts in together.items():
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
    return sight, tuple(sorted(found, key=lambda f: (f.start, f.instance, f.host, f.deployment)))


def _count_lanes(sight: MapSight, sizes: Mapping[int, int], most: int) -> int:
    """How many of the first lanes have no more than so many stays together, but at least one."""
    together = accumulate(sizes.get(id_, 0) for id_ in sight.ids)
    return max(sum(size <= most for size in together), 1)


def _during(
    sight: MapSight, reader: Reader, since: datetime | None, until: datetime | None
) -> QuerySet[DeployedService]:
    services = restrict(reader, DeployedService.objects.filter(sight.which & sight.among, deactivated=False))
    if since is not None:
        services = services.exclude(end__lte=since)
    return services if until is None else services.filter(start__lt=until)


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
