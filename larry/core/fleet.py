"""A fleet is every host as of one moment: their nodes, with the roles and pools that group them."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import TypeAlias, overload

from larry.core.document import Json, canonical_text
from larry.core.interval import iso
from larry.core.node import NodeService
from larry.core.node_text import DatedNode, dated_document
from larry.core.service_graph import Sharing, order_by

Spot: TypeAlias = tuple[str, str]
"""A host's name and the key of an entry there: one thing to be started."""

_AT_ONCE = 500

_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_OPEN = -(2**63)
"""What stands for no end: no moment lies so far back."""

_BYTES = 32
"""Of a digest."""


@dataclass(frozen=True, slots=True)
class FleetHost:
    """One host of a fleet; ``roles`` and ``pools`` are keys, as they are now: no snapshot keeps them."""

    dated: DatedNode
    roles: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.dated.node.facts.name


@dataclass(frozen=True, slots=True)
class KnownHost:
    """All that is known of one host from some moment on: its nodes in order of time, and what groups it now."""

    segments: tuple[DatedNode, ...]
    roles: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()

    def find(self, moment: datetime) -> DatedNode | None:
        """What holds at the moment, if it is known."""
        held = (each for each in self.segments if each.start <= moment and (each.end is None or moment < each.end))
        return next(held, None)


@dataclass(frozen=True)
class Fleet:
    """All hosts by name; between ``start`` and ``end`` none of their nodes changes but by an act."""

    hosts: tuple[FleetHost, ...]
    start: datetime | None = None
    end: datetime | None = None

    @cached_property
    def digest(self) -> str:
        """The root over the nodes' digests, and what groups the hosts."""
        return _digest_of((h.dated.digest, h.dated.start, h.dated.end, h.roles, h.pools) for h in self.hosts)

    @cached_property
    def entries(self) -> Mapping[Spot, NodeService]:
        """What is to be started where: every entry of every node, in start order on its host."""
        found = {(host.name, entry.key): entry for host in self.hosts for entry in host.dated.node.services}
        return MappingProxyType(found)

    @cached_property
    def before(self) -> Mapping[Spot, tuple[Spot, ...]]:
        """What starts before each: on the same host, and what it needs or audits on others of the fleet."""
        standing: dict[Spot, list[NodeService]] = {}
        for (host, _), entry in self.entries.items():
            standing.setdefault((host, entry.service), []).append(entry)
        found: dict[Spot, tuple[Spot, ...]] = {}
        for (host, key), entry in self.entries.items():
            elsewhere = {
                (place, other.key)
                for place, service, paths in _abroad(entry)
                for other in standing.get((place, service), ())
                if (place, other.key) != (host, key)
                and (other.sharing is Sharing.HOST or not set(paths).isdisjoint(other.paths))
            }
            found[host, key] = tuple(sorted(elsewhere | {(host, other) for other in entry.after}))
        return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class HostOutline:
    """One host of a fleet without its node, of which it has the digest: for whoever passes its text on unread."""

    start: datetime
    end: datetime | None
    digest: str
    roles: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()


class PackedHosts(Sequence[HostOutline]):
    """Outlines of hosts in a fifth of the room that they take as they are: some 60 bytes each. Every one that is asked
    for is made anew."""

    __slots__ = ("_digests", "_ends", "_groups", "_starts")

    def __init__(self, hosts: Iterable[HostOutline]) -> None:
        self._digests, self._starts, self._ends = bytearray(), array("q"), array("q")
        self._groups: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        known: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for host in hosts:
            self._digests += bytes.fromhex(host.digest)
            self._starts.append((host.start - _EPOCH) // _TICK)
            self._ends.append(_OPEN if host.end is None else (host.end - _EPOCH) // _TICK)
            groups = host.roles, host.pools
            self._groups.append(known.setdefault(groups, groups))

    @overload
    def __getitem__(self, place: int) -> HostOutline: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[HostOutline, ...]: ...
    def __getitem__(self, place: int | slice) -> HostOutline | tuple[HostOutline, ...]:
        places = range(len(self))[place]
        return self._open(places) if isinstance(places, int) else tuple(map(self._open, places))

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[HostOutline]:
        return map(self._open, range(len(self)))

    def _open(self, place: int) -> HostOutline:
        digest = self._digests[place * _BYTES : (place + 1) * _BYTES].hex()
        end = self._ends[place]
        return HostOutline(
            _EPOCH + self._starts[place] * _TICK,
            None if end == _OPEN else _EPOCH + end * _TICK,
            digest,
            *self._groups[place],
        )


@dataclass(frozen=True)
class FleetOutline:
    """A fleet without its nodes."""

    hosts: Sequence[HostOutline]
    start: datetime | None = None
    end: datetime | None = None

    @cached_property
    def digest(self) -> str:
        """The same as that of the fleet."""
        return _digest_of((h.digest, h.start, h.end, h.roles, h.pools) for h in self.hosts)


def outline(fleet: Fleet) -> FleetOutline:
    """The fleet without its nodes."""
    hosts = (HostOutline(h.dated.start, h.dated.end, h.dated.digest, h.roles, h.pools) for h in fleet.hosts)
    return FleetOutline(tuple(hosts), fleet.start, fleet.end)


def fleet_at(timelines: Mapping[str, KnownHost], moment: datetime) -> Fleet:
    """The hosts as they are known to be at a moment, and the boundaries on both sides of it."""
    held = (
        FleetHost(dated, timeline.roles, timeline.pools)
        for _, timeline in sorted(timelines.items())
        if (dated := timeline.find(moment)) is not None
    )
    ends = {each for of in timelines.values() for one in of.segments for each in (one.start, one.end) if each}
    before, after = {each for each in ends if each <= moment}, {each for each in ends if each > moment}
    return Fleet(tuple(held), max(before, default=None), min(after, default=None))


def agree_levels(fleet: Fleet) -> Mapping[str, Mapping[str, Json]]:
    """Path of a customer, app or instance to what it sets at its own level, where all hosts that carry it say the same.

    Snapshots of different moments may say different things of one customer: such a path is left out, and each host
    speaks for itself.
    """
    said: dict[str, dict[str, Mapping[str, Json]]] = {}
    for host in fleet.hosts:
        for path, values in host.dated.node.own.items():
            said.setdefault(path, {})[canonical_text(values)] = values
    return MappingProxyType({path: next(iter(of.values())) for path, of in sorted(said.items()) if len(of) == 1})


def order_services(fleet: Fleet) -> tuple[str, ...]:
    """Every service of the fleet after all that any of its entries comes after. Raises `CircleInServices`."""
    before: dict[str, set[str]] = {}
    for spot, entry in fleet.entries.items():
        earlier = {fleet.entries[other].service for other in fleet.before[spot]}
        before.setdefault(entry.service, set()).update(earlier - {entry.service})
    return order_by(before, before.__getitem__)


def fleet_document(fleet: Fleet) -> dict[str, Json]:
    """Every host as the JSON dialect says it, with its roles and pools, and the next change of any of them."""
    return {
        "hosts": [{**dated_document(host.dated), "roles": host.roles, "pools": host.pools} for host in fleet.hosts],
        "next_change": iso(fleet.end) if fleet.end else None,
        "digest": fleet.digest,
    }


def _digest_of(
    hosts: Iterable[tuple[str, datetime, datetime | None, tuple[str, ...], tuple[str, ...]]],
) -> str:
    """The root over hosts: digest, start, end, roles, pools. The digest of a node knows the name of its host.

    It is that of the canonical text of all, which is written some at a time.
    """
    root = hashlib.sha256(b"[")
    before = b""
    told = (
        (digest, iso(start), None if end is None else iso(end), roles, pools)
        for digest, start, end, roles, pools in hosts
    )
    while some := list(islice(told, _AT_ONCE)):
        root.update(before + canonical_text(some)[1:-1].encode())
        before = b","
    root.update(b"]")
    return root.hexdigest()


def _abroad(entry: NodeService) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(host, service, paths of instances) of what the entry needs or audits anywhere."""
    yield from ((place.host, place.service, entry.paths) for place in entry.needs_elsewhere)
    yield from ((subject.host, subject.service, subject.paths) for subject in entry.audits)
