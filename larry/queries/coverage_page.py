"""A page of what is covered, and how many there are of each auditor, without looking at everything that is live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import F, Func, IntegerField, Q, QuerySet, Sum

from larry.queries.coverage import (
    CoverageFilter,
    CoverageRow,
    find_names,
    is_owned,
    list_coverage_of,
    list_live_services,
)
from larry.queries.host import get_host_names
from larry.queries.live import list_live
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.view import read_view
from larry.records.deployment import DeployedService, Deployment
from larry.records.edge import Edge, EdgeVersion
from larry.records.instance import Instance


@dataclass(frozen=True, slots=True)
class CoverageRequest:
    """Which lines of a page: ``covered`` (None: whether or not) by an ``auditor`` (empty: any), from ``begin`` on."""

    which: CoverageFilter
    covered: bool | None = None
    auditor: str = ""
    begin: int = 0
    size: int = 50

    def takes(self, row: CoverageRow) -> bool:
        """Whether a row is asked for."""
        return self.covered in (None, row.by is not None) and self.auditor in ("", row.auditor)


@dataclass(frozen=True, slots=True)
class AuditorCount:
    """An auditor: how many it is to audit, and how many of them it does not."""

    auditor: str
    total: int
    lacking: int


@dataclass(frozen=True, slots=True)
class CoveragePage:
    """Lines of a page from ``begin`` on, uncovered ones first; ``found`` is how many were asked for, ``auditors`` count
    all, whichever were asked for."""

    rows: tuple[CoverageRow, ...]
    begin: int
    found: int
    auditors: tuple[AuditorCount, ...]


def page_coverage(request: CoverageRequest, reader: Reader, at: Moment) -> CoveragePage:
    """One page of coverage; about 14 SQL statements, and 1 for each name. Raises `NotFound`.

    Whoever sees everything, and names neither a host nor a service, is answered by counting in the database: what is
    uncovered is what deployments say so of themselves, what is covered are the subjects of auditors.
    """
    with read_view():
        known = find_names(request.which, reader, at)
        if not reader.sees_everything or not known.keys().isdisjoint({"host", "service"}):
            return _cut(request, list_coverage_of(is_owned(known, reader, at), reader, at, known))
        return _count(request, known, reader, at)


def _cut(request: CoverageRequest, every: Iterable[CoverageRow]) -> CoveragePage:
    rows = tuple(every)
    asked = sorted((row for row in rows if request.takes(row)), key=lambda row: row.by is not None)
    begin = _first(request, len(asked))
    covered = Counter(row.auditor for row in rows if row.by is not None)
    lacking = Counter(row.auditor for row in rows if row.by is None)
    return CoveragePage(tuple(asked[begin : begin + request.size]), begin, len(asked), _tell(covered, lacking))


def _first(request: CoverageRequest, found: int) -> int:
    """Of a page beyond the last one the last page."""
    return min(request.begin, max(found - 1, 0) // request.size * request.size)


def _tell(covered: Mapping[str, int], lacking: Mapping[str, int]) -> tuple[AuditorCount, ...]:
    keys = sorted(covered.keys() | lacking.keys())
    return tuple(AuditorCount(key, covered.get(key, 0) + lacking.get(key, 0), lacking.get(key, 0)) for key in keys)


def _count(request: CoverageRequest, known: Mapping[str, str], reader: Reader, at: Moment) -> CoveragePage:
    lacking = _list_lacking(known, reader, at)
    every = list_live_services(reader, at).order_by()
    # Of an owner the deployments are told, of all the auditors: a database that is told both takes the worse index.
    among = Q(deployment__in=_list_live(is_owned(known, reader, at, ""), reader, at))
    live = every.filter(among if known else Q(service__in=_list_auditors(reader)))
    counted = live.values_list("service_key").annotate(subjects=_SUBJECTS).filter(subjects__gt=0)
    covered = dict(counted)
    shown = [lack for lack in lacking if request.covered is not True and request.auditor in ("", lack.auditor)]
    is_wanted = request.covered is not False
    wanted = {key: count for key, count in covered.items() if is_wanted and request.auditor in ("", key)}
    found = len(shown) + sum(wanted.values())
    begin = _first(request, found)
    first = shown[begin : begin + request.size]
    rows = _load_lacking(first, reader, at)
    if wanted and len(first) < request.size:
        of_wanted = live.filter(service_key__in=wanted)
        skipped = max(begin - len(shown), 0)
        begun = every.filter(deployment__in=_list_begun(reader, at), service_key__in=wanted) if not known else None
        rows += _load_covered(request, (begun, of_wanted), skipped, request.size - len(first), reader, at)
    return CoveragePage(rows, begin, found, _tell(covered, Counter(lack.auditor for lack in lacking)))


class _Lack(NamedTuple):
    """What a deployment says that it could give no auditor, in the order of the lines."""

    instance: str
    service: str
    host: str
    auditor: str
    deployment: str


def _list_lacking(known: Mapping[str, str], reader: Reader, at: Moment) -> list[_Lack]:
    rows = _deployments(is_owned(known, reader, at, ""), reader, at).exclude(uncovered=[])
    told = list(rows.values_list("id", "instance__path", "uncovered"))
    names = get_host_names({lack[2] for *_, lacks in told for lack in lacks}, WHOLE, at)
    return sorted(
        _Lack(path, service, names[host], auditor, id_)
        for id_, path, lacks in told
        for auditor, service, host, _ in lacks
    )


def _deployments(which: Q, reader: Reader, at: Moment) -> QuerySet[Deployment]:
    return list_live(reader, at).filter(which).order_by()


def _list_live(which: Q, reader: Reader, at: Moment) -> list[str]:
    return list(_deployments(which, reader, at).values_list("id", flat=True)) if which else []


def _load_lacking(lacks: Sequence[_Lack], reader: Reader, at: Moment) -> tuple[CoverageRow, ...]:
    wanted = set(lacks)
    rows = list_coverage_of(Q(deployment__in={lack.deployment for lack in lacks}), reader, at) if lacks else ()
    return tuple(r for r in rows if _Lack(r.instance, r.service, r.host, r.auditor, r.deployment) in wanted)


def _list_begun(reader: Reader, at: Moment) -> list[str]:
    """The live deployments of the first instances."""
    instances = list(restrict(reader, Instance.objects.order_by("path")).values_list("id", flat=True)[:_BEGUN])
    return _list_live(Q(instance__in=instances), reader, at)


def _load_covered(
    request: CoverageRequest,
    among: tuple[QuerySet[DeployedService] | None, QuerySet[DeployedService]],
    skipped: int,
    size: int,
    reader: Reader,
    at: Moment,
) -> tuple[CoverageRow, ...]:
    """The lines of the instances among which those are that the page shows. The first pages are mostly of the first
    instances: all are counted only where those are not enough."""
    first, every = among
    chosen = _choose(first, skipped, size) if first is not None else None
    if chosen is None or not chosen.is_enough:
        chosen = _choose(every, skipped, size)
    rows = list_coverage_of(Q(deployment__instance__in=chosen.instances), reader, at)
    covered = [row for row in rows if row.by is not None and request.takes(row)]
    return tuple(covered[chosen.skipped : chosen.skipped + size])


class _Chosen(NamedTuple):
    """The instances that have the lines of a page, how many of theirs come before, and whether there are all."""

    instances: tuple[int, ...]
    skipped: int
    is_enough: bool


def _choose(live: QuerySet[DeployedService], skipped: int, size: int) -> _Chosen:
    path = "deployment__instance__path"
    by_path = live.values_list("deployment__instance", path).annotate(subjects=_SUBJECTS).filter(subjects__gt=0)
    chosen: list[int] = []
    counted = 0
    for instance, _, subjects in by_path.order_by(path):
        if not chosen and subjects <= skipped:
            skipped -= subjects
            continue
        chosen.append(instance)
        counted += subjects
        if counted >= skipped + size:
            break
    return _Chosen(tuple(chosen), skipped, counted >= skipped + size)


class _Length(Func):
    """How many members a list has."""

    function = "json_array_length"

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(compiler, connection, function="jsonb_array_length")


_BEGUN = 500
_SUBJECTS = Sum(_Length(F("subjects"), output_field=IntegerField()))


def _list_auditors(reader: Reader) -> frozenset[int]:
    """Services that audit or ever audited anything; 2 SQL statements."""
    return frozenset(
        service
        for model in (Edge, EdgeVersion)
        for service in restrict(reader, model._default_manager.filter(kind="audits")).values_list(
            "service_id", flat=True
        )
    )
