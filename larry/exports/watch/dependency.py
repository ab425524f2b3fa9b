"""Which checks depend on which: what a watched service needs, be it through services that nobody watches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from larry.core.fleet import Fleet, Spot
from larry.core.node import NodeService
from larry.core.service_graph import CircleInServices, Sharing, order_by
from larry.exports import CannotPrint
from larry.exports.watch.watched import Watched


def list_dependencies(fleet: Fleet, watched: Iterable[Watched]) -> tuple[tuple[Spot, Spot], ...]:
    """((host, name), (host, name)) of each that depends and what it depends on: the nearest that are watched.

    Raises `CannotPrint` where hosts have snapshots that need one another in a circle.
    """
    standing = _Standing(fleet)
    names: dict[Spot, dict[Spot, None]] = {}
    for each in watched:
        for spot in standing.find(each.subject.host, each.subject.service, each.subject.paths):
            names.setdefault(spot, {})[each.subject.host, each.name] = None
    found: dict[Spot, dict[Spot, None]] = {}
    for spot, own in names.items():
        nearest = dict.fromkeys(name for other in standing.find_nearest(spot, names) for name in names[other])
        for name in own:
            found.setdefault(name, {}).update(dict.fromkeys(other for other in nearest if other not in own))
    try:
        named = _named(found)
        order_by(named, named.__getitem__)
    except CircleInServices as circle:
        raise CannotPrint(
            f"hosts have snapshots that need one another in a circle, {circle}: redeploy what is dirty"
        ) from None
    return tuple((name, other) for name, others in found.items() for other in others)


def _named(found: Mapping[Spot, Iterable[Spot]]) -> dict[str, tuple[str, ...]]:
    return {
        f"{host} {name}": tuple(f"{place} {other}" for place, other in others if (place, other) in found)
        for (host, name), others in found.items()
    }


class _Standing:
    """The entries of a fleet, found by host and service."""

    def __init__(self, fleet: Fleet) -> None:
        self._entries = fleet.entries
        self._of: dict[tuple[str, str], list[NodeService]] = {}
        for (host, _), entry in fleet.entries.items():
            self._of.setdefault((host, entry.service), []).append(entry)

    def find(self, host: str, service: str, paths: Iterable[str]) -> Iterator[Spot]:
        wanted = set(paths)
        for entry in self._of.get((host, service), ()):
            if entry.sharing is Sharing.HOST or not wanted.isdisjoint(entry.paths):
                yield host, entry.key

    def find_nearest(self, start: Spot, watched: Mapping[Spot, object]) -> Iterator[Spot]:
        """What is watched of all that the entry needs, not looking behind it."""
        waiting, seen = list(self._needed(start)), {start}
        while waiting:
            spot = waiting.pop(0)
            if spot in seen:
                continue
            seen.add(spot)
            if spot in watched:
                yield spot
            else:
                waiting += self._needed(spot)

    def _needed(self, spot: Spot) -> Iterator[Spot]:
        entry = self._entries[spot]
        yield from ((spot[0], key) for key in entry.needs if (spot[0], key) in self._entries)
        for place in entry.needs_elsewhere:
            yield from self.find(place.host, place.service, entry.paths)
