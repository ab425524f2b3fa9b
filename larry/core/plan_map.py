"""A Plan as a picture: each lane that it changes, as it was to be and as it will be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from larry.core.interval import Interval
from larry.core.lane_name import shorten_host, shorten_path
from larry.core.moment_text import EARLIEST, LATEST
from larry.core.picture import Bar, BoxKind, Condition, IntervalMap, MapLane
from larry.core.plan import Change, Plan

_LEAST_PAD = timedelta(days=1)


def map_plan(plan: Plan, most: int | None = None) -> IntervalMap:
    """Two lines for each lane: before, and after. What stays as it is in these lanes is not shown. ``most`` lanes are
    drawn (None: all), in order of instance and host; O(changes log changes).
    """
    mine: dict[tuple[str, str], list[Change]] = {}
    for change in plan.changes:
        mine.setdefault((change.instance, change.host), []).append(change)
    drawn = sorted(mine)[:most]
    lanes: list[MapLane] = []
    for path, host in drawn:
        changes = mine[path, host]
        was = [(change, change.before) for change in changes if change.before is not None]
        will = [(change, change.after) for change in changes if change.after is not None]
        lanes.append(_lane("before", path, host, (_bar(*each, plan.now, is_after=False) for each in was)))
        lanes.append(_lane("after", path, host, (_bar(*each, plan.now, is_after=True) for each in will)))
    stretch = _stretch([change for lane in drawn for change in mine[lane]], plan.now)
    left_out = len(mine) - len(drawn)
    return IntervalMap("plan", plan.digest, "What changes", plan.now, stretch, tuple(lanes), (), left_out=left_out)


def _lane(name: str, path: str, host: str, bars: Iterable[Bar]) -> MapLane:
    return MapLane(BoxKind.INSTANCE, f"{shorten_host(host)} {name}", shorten_path(path), ("hosts", host), tuple(bars))


def _bar(change: Change, during: Interval, now: datetime, *, is_after: bool) -> Bar:
    if during.end is not None and during.end <= now:
        condition = Condition.PAST
    else:
        condition = Condition.FUTURE if during.start > now else Condition.CURRENT
    return Bar(
        deployment=change.deployment,
        instance=change.instance,
        host=change.host,
        interval=during,
        conditions=(condition,),
        label=f"{change.kind}" if is_after else "as it is",
        track=f"{change.instance} {change.host} {change.deployment}",
        snapshot=change.deployable,
        reason=change.why,
        link=("deployments", change.deployment) if change.before is not None else (),
    )


def _stretch(changes: Iterable[Change], now: datetime) -> Interval:
    spans = [span for change in changes for span in (change.before, change.after) if span is not None]
    moments = [now, *(moment for span in spans for moment in (span.start, span.end) if moment is not None)]
    pad = max((max(moments) - min(moments)) * 0.1, _LEAST_PAD)
    first, last = min(moments), max(moments)
    return Interval(first - min(pad, first - EARLIEST), last + min(pad, LATEST - last))
