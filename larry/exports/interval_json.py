"""Prints an interval map as JSON: the same data as the picture, as a table, for programs."""

from __future__ import annotations

import json

from larry.core.interval import iso
from larry.core.picture import IntervalMap, find_href


def render(interval_map: IntervalMap, *, prefix: str | None = "") -> str:
    """Lanes in the order of the picture, each with its bars by start; ``prefix`` as in the drawn map.

    Raises `UnsafePrefix`.
    """

    def link(segments: tuple[str, ...]) -> str | None:
        return find_href(segments, prefix) if prefix is not None else None

    document = {
        "kind": interval_map.kind,
        "address": interval_map.address,
        "title": interval_map.title,
        "as_of": iso(interval_map.as_of),
        "from": iso(interval_map.during.start),
        "until": iso(interval_map.during.end) if interval_map.during.end else None,
        "boundaries": [iso(moment) for moment in interval_map.boundaries],
        "lanes": [
            {
                "kind": lane.kind.value,
                "name": lane.name,
                "detail": lane.detail,
                "link": link(lane.link),
                "bars": [
                    {
                        "deployment": bar.deployment,
                        "instance": bar.instance,
                        "host": bar.host,
                        "start": iso(bar.interval.start),
                        "end": iso(bar.interval.end) if bar.interval.end else None,
                        "conditions": [condition.value for condition in bar.conditions],
                        "label": bar.label,
                        "snapshot": bar.snapshot,
                        "reason": bar.reason,
                        "services": list(bar.services),
                        "lacks": list(bar.lacks),
                        "link": link(bar.link),
                    }
                    for bar in lane.bars
                ],
            }
            for lane in interval_map.lanes
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
