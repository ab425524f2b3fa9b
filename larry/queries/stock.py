"""A stock: what many instances are described as, by what they require, in the service graph of that moment."""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from larry.core.parameter_fault import FaultFinder, ParameterFaults
from larry.core.service_graph import ServiceGraph
from larry.core.survey import Survey
from larry.core.track import Track, untracked
from larry.queries.instance import Basis, Own, group_instances
from larry.queries.moment import Moment
from larry.queries.reader import Reader

Requires = tuple[str, ...]

_AT_ONCE = 5000

_TOGETHER = 25_000
"""As many are read together, without naming them, which takes two thirds of the time; of more, so many at once that
what they are described by takes little memory."""

_AFTER_SLASH = chr(ord("/") + 1)


class KeptInstance(NamedTuple):
    """What a snapshot of an instance would be now, and what is wrong with its parameters. A tuple, for as many are made
    as there are instances."""

    requires: Requires
    digest: str
    faults: ParameterFaults


@dataclass(frozen=True, slots=True)
class Stock:
    """Instances by path; ``groups`` are the paths of those that require the same, ``paths`` all in order, ``survey``
    knows how the services are written."""

    services: ServiceGraph
    survey: Survey
    instances: Mapping[str, KeptInstance]
    groups: Mapping[Requires, tuple[str, ...]]
    paths: tuple[str, ...]

    @classmethod
    def of(cls, services: ServiceGraph, survey: Survey, instances: Mapping[str, KeptInstance]) -> Stock:
        """The stock of some instances; of the survey only how services are written is kept."""
        groups: dict[Requires, list[str]] = {}
        for path, each in instances.items():
            groups.setdefault(each.requires, []).append(path)
        grouped = {requires: tuple(paths) for requires, paths in groups.items()}
        return cls(services, survey.renewed(services), instances, grouped, tuple(sorted(instances)))

    def list_below(self, owner: str) -> tuple[str, ...]:
        """The paths below a customer or an app, in order; as many steps as there are of them."""
        first = bisect_left(self.paths, f"{owner}/")
        return self.paths[first : bisect_left(self.paths, f"{owner}{_AFTER_SLASH}", first)]

    def list_reached(self, services: ServiceGraph, keys: AbstractSet[str]) -> Iterator[Requires]:
        """The requirements whose closure holds one of the services before or after those are changed, in the graph
        that has them as they are then: O(closures)."""
        audited = {audit.service for key in keys if key in services for audit in services[key].audits}
        touched = audited | keys  # what is audited anew brings its auditor along
        return (each for each in self.groups if not touched.isdisjoint(self.services.outline(each)))

    def with_surveyed(
        self, services: ServiceGraph, survey: Survey, surveyed: Mapping[str, KeptInstance], gone: AbstractSet[str]
    ) -> Stock:
        """The same with some surveyed anew, and without those that are gone. What is not concerned is copied as it is,
        and not looked at."""
        instances, groups = dict(self.instances), dict(self.groups)
        left: dict[Requires, set[str]] = {}
        came: dict[Requires, list[str]] = {}
        for path, each in surveyed.items():
            before = instances.get(path)
            if before is None or before.requires != each.requires:
                came.setdefault(each.requires, []).append(path)
                if before is not None:
                    left.setdefault(before.requires, set()).add(path)
            instances[path] = each
        for path in (gone & instances.keys()) - surveyed.keys():
            left.setdefault(instances.pop(path).requires, set()).add(path)
        for requires in left.keys() | came.keys():
            away: AbstractSet[str] = left.get(requires, set())
            stay = [path for path in groups.pop(requires, ()) if path not in away]
            if stay or requires in came:
                groups[requires] = (*stay, *came.get(requires, ()))
        paths = self.paths if instances.keys() == self.instances.keys() else tuple(sorted(instances))
        return Stock(services, survey.renewed(services), instances, groups, paths)


def survey_stock(
    paths: AbstractSet[str], survey: Survey, services: ServiceGraph, reader: Reader, at: Moment, *,
    track: Track = untracked, is_lasting: bool = False,
) -> Mapping[str, KeptInstance]:  # fmt: skip
    """Instances by path, equal faults and requirements kept once; about 3 SQL statements for each 5,000, none for no
    path. Raises `NotFound`.

    Some are described after others: what they are described by takes more memory than what is found. In what
    ``is_lasting`` nobody looks for circles later either."""
    with _lasting() if is_lasting else _uncollected():
        finder = FaultFinder(services)
        known: dict[ParameterFaults, ParameterFaults] = {}
        sets: dict[Requires, Requires] = {}
        found: dict[str, KeptInstance] = {}
        ordered = tuple(sorted(paths))
        looked = iter(track(ordered, "looking through what instances are described as"))
        for basis, members in _group(ordered, reader, at):
            requires, above = sets.setdefault(basis.requires, basis.requires), basis.layers
            ground = survey.look_under(basis.owners, above, requires)
            for path, key, own in members:
                faults = finder.find((*above, own), requires)
                found[path] = KeptInstance(requires, ground.digest(key, own), known.setdefault(faults, faults))
            _pass(islice(looked, len(members)))
        _pass(looked)  # to its end, where it may have something to tidy up
        return found


def _pass(looked: Iterable[str]) -> None:
    deque(looked, maxlen=0)


def _group(paths: Sequence[str], reader: Reader, at: Moment) -> Iterator[tuple[Basis, Sequence[Own]]]:
    """Those that have owners in common follow one another."""
    count = _AT_ONCE if len(paths) > _TOGETHER else _TOGETHER
    for first in range(0, len(paths), count):
        yield from group_instances(paths[first : first + count], reader, at).items()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nobody looks for circles in what is made here: there are none, most of it stays, and to look through it again and
    again while it grows takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _lasting() -> Iterator[None]:
    """What is made here stays for long, and nobody collects circles in it later either: to look it all through would
    take every now and then a quarter of a second of whoever happens to ask, the longer the more instances there are.

    What others have made meanwhile stays with it, if it is a circle, until the next time."""
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
    with _uncollected():
        yield
        gc.freeze()
