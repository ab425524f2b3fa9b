"""Prints waves: what may be started in parallel once the wave before it is done, for whatever else runs things."""

from __future__ import annotations

import json
from typing import Any

from larry.core.fleet import Fleet, FleetHost
from larry.core.node_text import DatedNode
from larry.core.service_graph import CircleInServices, wave
from larry.exports import CannotPrint


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The waves of one host; with ``stop`` in reverse order."""
    return _write(Fleet((FleetHost(dated),)), stop=stop)


def render_fleet(fleet: Fleet) -> str:
    """The waves of all hosts: what is needed or audited on another host is in an earlier wave."""
    return _write(fleet, stop=False)


def _write(fleet: Fleet, *, stop: bool) -> str:
    spots = {" ".join(spot): spot for spot in fleet.entries}
    try:
        waves = wave(spots, lambda name: [" ".join(spot) for spot in fleet.before[spots[name]]])
    except CircleInServices as circle:
        raise CannotPrint(
            f"hosts have snapshots that order their services in a circle, {circle}: redeploy what is dirty"
        ) from None
    told: list[Any] = [
        [
            {"host": host, "key": key, "service": fleet.entries[host, key].service}
            for host, key in map(spots.__getitem__, names)
        ]
        for names in (waves[::-1] if stop else waves)
    ]
    return json.dumps({"waves": told}, indent=1) + "\n"
