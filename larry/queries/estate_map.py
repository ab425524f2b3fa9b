"""The interval map of the whole estate, or of what changes in it about a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import F, Max, Min, Q

from larry.core.interval import Interval
from larry.core.key import fold
from larry.core.lane_name import LaneName, name_instance_lane, shorten_host
from larry.core.picture import IntervalMap
from larry.queries.map_stay import MapSight, MapStay, list_behind, list_map_stays
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.view import read_view
from larry.records.deployment import Deployment
from larry.records.instance import Instance


def get_estate_map(
    reader: Reader, at: Moment, *, since: datetime, until: datetime, most: int, most_hosts: int
) -> IntervalMap:
    """The map of all instances between two moments around the present one; where there are more than ``most``, of those
    that start or end something then, nearest to the moment first, each on its first ``most_hosts`` hosts. A constant
    number of SQL statements (6 to 14 and 1 for each step of templates following templates).
    """
    during = Interval(since, until)
    with read_view():
        known = restrict(reader, Instance.objects.filter(retired_at=None))
        total = known.count()
        chosen = known if total <= most else known.filter(id__in=_list_changing(reader, at, during, most))
        lanes = list(chosen.order_by("path").values_list("path", "name"))
        hidden: dict[str, int] = {}

        def lane_of(path: str, name: str) -> LaneName:
            kind, name, rest, link = name_instance_lane(path, name)
            more = hidden.get(path, 0)
            return kind, name, f"{rest}, {more} more host{'s' if more > 1 else ''}" if more else rest, link

        sight = MapSight(
            "The estate",
            Q(deployment__instance__in=chosen.order_by().values("id")),
            lambda f: lane_of(f.instance, f.name),
            lambda f: f"{shorten_host(f.host)}: {f.reason}",
            Q(host=F("deployment__host")),
            left_out=total - len(lanes),
        )
        _, every = list_map_stays(sight, reader, at, since=since, until=until)
        found, more = _keep_hosts(every, most_hosts)
        hidden.update(more)
        behind = list_behind(found, reader, at)
    sight = replace(sight, lanes=tuple(lane_of(*lane) for lane in lanes))
    return sight.draw(("estate", ""), found, behind, during, at)


def _list_changing(reader: Reader, at: Moment, during: Interval, most: int) -> tuple[int, ...]:
    """The instances of which something starts or ends during an interval, nearest first; 4 SQL statements."""
    rows = restrict(reader, Deployment.objects.filter(deactivated_at=None))
    nearest: dict[int, timedelta] = {}
    for field in ("start", "end"):
        for sort, of, low, high in (("", Min, at.as_of, during.end), ("-", Max, during.start, at.as_of)):
            within = rows.filter(**{f"{field}__gt": low, f"{field}__lte": high})
            grouped = within.order_by().values("instance").annotate(moment=of(field)).order_by(f"{sort}moment")
            for instance, moment in grouped.values_list("instance", "moment")[:most]:
                away = abs(moment - at.as_of)
                nearest[instance] = min(away, nearest.get(instance, away))
    return tuple(sorted(nearest, key=lambda instance: (nearest[instance], instance))[:most])


def _keep_hosts(found: Iterable[MapStay], most: int) -> tuple[tuple[MapStay, ...], Mapping[str, int]]:
    """What is on the first hosts of each instance, and of how many hosts of which instances nothing is told."""
    every = tuple(found)
    hosts: dict[str, set[str]] = {}
    for each in every:
        hosts.setdefault(each.instance, set()).add(each.host)
    kept = {path: frozenset(sorted(names, key=fold)[:most]) for path, names in hosts.items()}
    hidden = {path: len(names) - most for path, names in hosts.items() if len(names) > most}
    return tuple(each for each in every if each.host in kept[each.instance]), hidden
