"""The service graph: who needs whom and who audits whom, in one acyclic union, in one stable order."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from larry.core.document import Json
from larry.core.parameters import Declaration


class Sharing(StrEnum):
    HOST = "host"
    INSTANCE = "instance"


class WhereKind(StrEnum):
    SAME_HOST = "same-host"
    HOST = "host"
    ROLE = "role"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Where:
    """Where an audit puts its auditor; ``name`` is the host's or role's."""

    kind: WhereKind = WhereKind.SAME_HOST
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """An auditor's edge to the service it audits."""

    service: str
    where: Where = Where()


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service as the graph and snapshots see it; ``needs`` are keys, ``tools`` free data for exports."""

    key: str
    sharing: Sharing = Sharing.HOST
    declarations: tuple[Declaration, ...] = ()
    needs: tuple[str, ...] = ()
    audits: tuple[Audit, ...] = ()
    tools: Json = None

    @property
    def before(self) -> frozenset[str]:
        """The services that come before this one where both are present."""
        return frozenset((*self.needs, *(audit.service for audit in self.audits)))


class CircleInServices(ValueError):
    """The order of services would be a circle."""


def find_circle(edges: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """One circle spelled out (first = last), or () when there is none; iterative, O(nodes + edges), stable."""
    done: set[str] = set()
    for root in sorted(edges):
        if root in done:
            continue
        path: list[str] = [root]
        on_path = {root}
        stack = [iter(sorted(edges.get(root, ())))]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                left = path.pop()
                on_path.discard(left)
                done.add(left)
            elif following in on_path:
                return (*path[path.index(following) :], following)
            elif following not in done:
                path.append(following)
                on_path.add(following)
                stack.append(iter(sorted(edges.get(following, ()))))
    return ()


def reach(starts: Iterable[str], following: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """Everything that can be reached from ``starts``; iterative depth-first search over plain lists."""
    seen = set(starts)
    stack = list(seen)
    while stack:
        for key in following(stack.pop()):
            if key not in seen:
                seen.add(key)
                stack.append(key)
    return frozenset(seen)


class ServiceGraph(Mapping[str, ServiceSpec]):
    """All services by key. What is asked of them again and again, for one instance after another, is found out once:
    what comes before what, who audits whom, and the services that a set of requirements leads to, in their order.
    """

    def __init__(self, services: Mapping[str, ServiceSpec]) -> None:
        self._services = MappingProxyType(dict(services))
        self._pulls: dict[str, tuple[str, ...]] = {}
        self._before: dict[str, tuple[str, ...]] = {}
        self._outlines: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._arranged = 0

    def with_changed(self, changed: Mapping[str, ServiceSpec], gone: Collection[str] = ()) -> ServiceGraph:
        """The graph in which some services are others, or new, and some are gone. What is known of what comes along
        with the others, or before them, it knows too: O(services + edges of those).
        """
        moved = changed.keys() | set(gone)
        kept = {key: spec for key, spec in self._services.items() if key not in moved}
        graph = ServiceGraph({**kept, **changed})
        audited = {audit.service for key in moved for of in (self, changed) if key in of for audit in of[key].audits}
        graph._pulls = {key: known for key, known in tuple(self._pulls.items()) if key not in moved | audited}
        graph._before = {key: known for key, known in tuple(self._before.items()) if key not in moved}
        return graph

    def list_changed(self, other: ServiceGraph, keys: Iterable[str]) -> frozenset[str]:
        """Which of the services are others in another graph, or in one of the two alone."""
        # Equal values may be different texts (1 and true), so texts are compared.
        return frozenset(key for key in keys if repr(self.get(key)) != repr(other.get(key)))

    def __getitem__(self, key: str) -> ServiceSpec:
        return self._services[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._services)

    def __len__(self) -> int:
        return len(self._services)

    @cached_property
    def auditors(self) -> Mapping[str, tuple[str, ...]]:
        """By service, who audits it."""
        found: dict[str, list[str]] = {}
        for spec in self._services.values():
            for audit in spec.audits:
                found.setdefault(audit.service, []).append(spec.key)
        return MappingProxyType({key: tuple(keys) for key, keys in found.items()})

    def close(self, required: Iterable[str]) -> frozenset[str]:
        """The closure of an instance: what it requires, what that needs, every auditor of anything so far, to the
        fixpoint.
        """
        return frozenset(self._reach(required))

    def pulls(self, key: str) -> tuple[str, ...]:
        """What comes along wherever a service does: what it needs, and who audits it."""
        known = self._pulls.get(key)
        if known is None:
            known = self._pulls[key] = (*self._services[key].needs, *self.auditors.get(key, ()))
        return known

    def outline(self, required: tuple[str, ...]) -> tuple[str, ...]:
        """The closure in start order. Raises `CircleInServices`."""
        known = self._outlines.get(required)
        if known is None:
            known = self._outlines[required] = self.arrange(required)
        return known

    def arrange(self, required: Iterable[str]) -> tuple[str, ...]:
        """The closure in start order, found anew: O(closure log closure). Raises `CircleInServices`."""
        members = self._reach(required)
        self._arranged += len(members)
        if self._arranged > len(self._services) and self._places and self._has_all_before(members):
            return tuple(sorted(members, key=self._places.__getitem__))
        return order_by(members, self._list_before)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        """The place of every service in the start order of all; worth its while once as many have been arranged.

        Of a set that holds all that comes before its members the start order is that of all, with others left out: what
        may come next in one may come next in the other, and of those the first by key does. Empty where others go in a
        circle.
        """
        try:
            return {key: place for place, key in enumerate(order_by(self._services, self._list_before))}
        except CircleInServices:
            return {}

    def _has_all_before(self, members: AbstractSet[str]) -> bool:
        """Whether a closure holds all that its members audit; what they need it does."""
        return all(
            audit.service in members or audit.service not in self._services
            for key in self._auditing & members
            for audit in self._services[key].audits
        )

    @cached_property
    def _auditing(self) -> frozenset[str]:
        return frozenset(auditor for auditors in self.auditors.values() for auditor in auditors)

    def _list_before(self, key: str) -> Collection[str]:
        known = self._before.get(key)
        if known is None:
            known = self._before[key] = tuple(self._services[key].before)
        return known

    def _reach(self, starts: Iterable[str]) -> set[str]:
        """`reach`, with nothing asked twice: what comes along with a service is found out the first time."""
        known, seen = self._pulls, set(starts)
        stack = list(seen)
        while stack:
            key = stack.pop()
            following = known.get(key)
            if following is None:
                following = self.pulls(key)
            for other in following:
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        return seen


def close(required: Iterable[str], services: Mapping[str, ServiceSpec]) -> frozenset[str]:
    """The closure in any mapping of services; of many closures in one, ask a `ServiceGraph`."""
    return graph_of(services).close(required)


def graph_of(services: Mapping[str, ServiceSpec]) -> ServiceGraph:
    """The services as a graph; itself, if they are one."""
    return services if isinstance(services, ServiceGraph) else ServiceGraph(services)


def order_by(keys: Collection[str], before: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """Topological order in which every key follows all of its ``before`` that are among the keys; ties by key.

    Kahn's algorithm over a heap: O((n + e) log n). Raises `CircleInServices` with the circle spelled out.
    """
    followers: dict[str, list[str]] = {key: [] for key in keys}
    waiting: dict[str, int] = {}
    for key in followers:
        earlier = {other for other in before(key) if other in followers}
        waiting[key] = len(earlier)
        for other in earlier:
            followers[other].append(key)
    ready = [key for key, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    ordered: list[str] = []
    while ready:
        key = heapq.heappop(ready)
        ordered.append(key)
        for follower in followers[key]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, follower)
    if len(ordered) < len(followers):
        circle = find_circle({key: [other for other in before(key) if other in followers] for key in followers})
        raise CircleInServices(" -> ".join(circle))
    return tuple(ordered)


def wave(keys: Collection[str], before: Callable[[str], Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """The keys in waves: all of one wave may go in parallel once the waves before it are done."""
    level: dict[str, int] = {}
    for key in order_by(keys, before):
        level[key] = 1 + max((level[other] for other in before(key) if other in level), default=-1)
    waves: list[list[str]] = [[] for _ in range(1 + max(level.values(), default=-1))]
    for key in sorted(level):
        waves[level[key]].append(key)
    return tuple(tuple(members) for members in waves)
