"""Surveyed instances: of each whether it is dirty and what is at fault with it, of many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from larry.core.parameter_fault import FaultFinder, ParameterFaults
from larry.core.survey import Survey
from larry.queries.instance import get_descriptions
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.service import get_service_graph
from larry.queries.view import read_view
from larry.records.deployment import Deployment

_MANY = 5000
"""As many are asked for one by one; of more all are read, since no statement takes as many values as one likes."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """Where an instance stands: whether it is live, and whether what is live is not what is described; its faults."""

    is_live: bool
    is_dirty: bool
    faults: ParameterFaults


@dataclass(frozen=True, slots=True)
class Shift:
    """What has become of instances, by path: those that became dirty, those that are no longer, and the faults of some
    before and after; those of others are no more than they were."""

    dirty: tuple[str, ...] = ()
    clean: tuple[str, ...] = ()
    faults: Mapping[str, tuple[ParameterFaults, ParameterFaults]] = field(default_factory=lambda: MappingProxyType({}))


def survey_instances(paths: Collection[str], reader: Reader, at: Moment) -> Mapping[str, Surveyed]:
    """Instances by path, in time proportional to them and to the service graph; about 8 SQL statements, none for no
    paths. Raises `NotFound`.
    """
    if not paths:
        return {}
    with read_view():
        live: dict[str, set[str]] = {}
        rows = restrict(reader, Deployment.objects.filter(deactivated_at=None, start__lte=at.as_of)).exclude(
            end__lte=at.as_of
        )
        if len(paths) <= _MANY:
            rows = rows.filter(instance__path__in=paths)
        for path, digest in rows.values_list("instance__path", "deployable_id"):
            live.setdefault(path, set()).add(digest)
        descriptions = get_descriptions(paths, reader, at)
        services = get_service_graph(reader, at)
    survey, finder = Survey(services), FaultFinder(services)
    found: dict[str, Surveyed] = {}
    for path, description in descriptions.items():
        digests = live.get(path, set())
        is_dirty = bool(digests) and digests != {description.digest_in(survey)}
        faults = finder.find(description.layers, description.requires)
        found[path] = Surveyed(bool(digests), is_dirty, faults)
    return found
