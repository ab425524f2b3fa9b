"""Coverage: which deployed services have the auditors that their snapshots ask for, as of any moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType

from django.db.models import Q, QuerySet

from larry.core.deployable import Snapshot, write_where
from larry.core.document import Json
from larry.core.service_graph import Audit, Where, WhereKind
from larry.queries.deployable import get_snapshots
from larry.queries.host import get_host_names, list_names_by_host_key
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.subject import find_subject
from larry.queries.view import read_view
from larry.records.deployment import DeployedService

_ENDED = "its deployed service is not live at that moment: deploy again"
"""Where nothing was found wrong when the deployment was laid out."""


@dataclass(frozen=True, slots=True)
class CoverageFilter:
    """Which deployed services: those that match everything that is given. ``app`` and ``instance`` are paths; ``host``
    and ``service`` are those of what is audited.
    """

    customer: str | None = None
    app: str | None = None
    instance: str | None = None
    host: str | None = None
    service: str | None = None


EVERYTHING = CoverageFilter()
NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """A deployed service and one auditor that its snapshot asks for: ``by`` is the host from which the auditor audits
    it, None where nobody does, and then ``why`` says why. ``is_placed``: a person chose the auditor's host. Where
    several deployments ask for the same, ``deployment`` is the first of them.
    """

    deployment: str
    instance: str
    service: str
    host: str
    auditor: str
    where: Where
    by: str | None
    is_placed: bool
    why: str

    @property
    def document(self) -> dict[str, Json]:
        """The row for programs."""
        return {
            "covered": self.by is not None,
            "instance": self.instance,
            "deployment": self.deployment,
            "service": self.service,
            "host": self.host,
            "auditor": self.auditor,
            "where": write_where(self.where),
            "placed": self.is_placed,
            "from": self.by,
            "why_not": self.why or None,
        }


def list_coverage(which: CoverageFilter, reader: Reader, at: Moment) -> tuple[CoverageRow, ...]:
    """Every deployed service that is live at a moment, with each auditor that its snapshot asks for; about 5 SQL
    statements, and 1 for each name in the filter. By instance, service, host and auditor. Raises `NotFound`.

    Today's graph is not asked: an edge that was drawn later makes an instance dirty, not uncovered.
    """
    with read_view():
        known = find_names(which, reader, at)
        return list_coverage_of(is_owned(known, reader, at), reader, at, known)


def list_coverage_of(
    which: Q, reader: Reader, at: Moment, known: Mapping[str, str] = NO_NAMES
) -> tuple[CoverageRow, ...]:
    """The same of those of whole deployments whose deployed services fit a condition; about 5 SQL statements, and 4 for
    each 500 deployments. ``known`` may name a service or a host of what is audited.

    The instances are looked at some after others: what was read of them is more than what is told.
    """
    found: list[CoverageRow] = []
    with read_view():
        for deployments in _cut(_list_asking(which, known, reader, at)):
            found += sorted(_once(_list_of(deployments, known, reader, at)), key=_stands)
    return tuple(found)


_AT_ONCE = 500


def _list_asking(which: Q, known: Mapping[str, str], reader: Reader, at: Moment) -> Iterable[tuple[str, str]]:
    """The instances and deployments that have something live of what is asked for, by path; 1 SQL statement."""
    live = list_live_services(reader, at).filter(which)
    if "host" in known:
        live = live.filter(host__name=known["host"])
    if "service" in known:
        live = live.filter(service__key=known["service"])
    return sorted(live.order_by().values_list("deployment__instance__path", "deployment").distinct())


def _cut(asking: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    """About 500 deployments after others, those of one instance together."""
    some: list[str] = []
    for _, of_one in groupby(asking, key=lambda each: each[0]):
        some += (deployment for _, deployment in of_one)
        if len(some) >= _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _list_of(
    deployments: Collection[str], known: Mapping[str, str], reader: Reader, at: Moment
) -> Iterator[CoverageRow]:
    live = list_live_services(reader, at).filter(deployment__in=deployments)
    rows = list(live.select_related("deployment__instance", "service").order_by("id"))
    asked = {
        digest: _asked(snapshot)
        for digest, snapshot in get_snapshots({row.deployment.deployable_id for row in rows}, reader, at).items()
    }
    host_keys = list_names_by_host_key(WHOLE, at, _list_host_keys(asked.values()))
    names = get_host_names({row.host_id for row in rows}, WHOLE, at)
    serving = {
        (row.deployment_id, row.service_key, service, host): names[row.host_id]
        for row in rows
        for service, host in row.subjects
    }
    for row in rows:
        if known.get("service", row.service.key) != row.service.key:
            continue
        if known.get("host", names[row.host_id]) != names[row.host_id]:
            continue
        for auditor, audit in asked[row.deployment.deployable_id].get(row.service_key, ()):
            yield _row(row, auditor, _named(audit.where, host_keys), names, serving)


def _list_host_keys(asked: Iterable[Mapping[str, list[tuple[str, Audit]]]]) -> frozenset[str]:
    """Of hosts that snapshots name: these are known to them by key."""
    audits = (audit for of_one in asked for named in of_one.values() for _, audit in named)
    return frozenset(str(audit.where.name) for audit in audits if audit.where.kind is WhereKind.HOST)


def _stands(row: CoverageRow) -> tuple[str, str, str, str]:
    return row.instance, row.service, row.host, row.auditor


def _once(found: Iterable[CoverageRow]) -> Iterator[CoverageRow]:
    """What several deployments of an instance place on one host stands there once, and is covered where any of them
    brings the auditor.
    """
    told: dict[tuple[str, str, str, str], dict[str | None, CoverageRow]] = {}
    for row in found:
        told.setdefault(_stands(row), {}).setdefault(row.by, row)
    for by in told.values():
        yield from (row for host, row in by.items() if host is not None or len(by) == 1)


def list_live_services(reader: Reader, at: Moment) -> QuerySet[DeployedService]:
    """The deployed services that are live at a moment. No SQL."""
    is_live = Q(start__lte=at.as_of) & (Q(end=None) | Q(end__gt=at.as_of))  # said so that indexes answer
    return restrict(reader, DeployedService.objects.filter(is_live, deactivated=False))


def find_names(which: CoverageFilter, reader: Reader, at: Moment) -> Mapping[str, str]:
    """The addresses of what a filter names, by kind; 1 SQL statement for each. Raises `NotFound`."""
    return {kind: find_subject(name, (kind,), reader, at)[1] for kind, name in _names(which)}


def _names(which: CoverageFilter) -> Iterator[tuple[str, str]]:
    for kind in ("customer", "app", "instance", "host", "service"):
        name: str | None = getattr(which, kind)
        if name is not None:
            yield kind, name


def is_owned(known: Mapping[str, str], reader: Reader, at: Moment, of: str = "deployment__") -> Q:
    """The condition for deployed services, or for what else ``of`` leads to a deployment from, of the owners that are
    named. No SQL."""
    del reader, at  # it narrows only what is seen anyhow
    wanted = Q()
    if "customer" in known:
        wanted &= Q(**{f"{of}instance__customer__key": known["customer"]})
    if "app" in known:
        customer, _, app = known["app"].partition("/")
        wanted &= Q(**{f"{of}instance__app__key": app, f"{of}instance__app__customer__key": customer})
    return wanted & Q(**{f"{of}instance__path": known["instance"]}) if "instance" in known else wanted


def _asked(snapshot: Snapshot) -> Mapping[str, list[tuple[str, Audit]]]:
    """By service, the auditors that a snapshot asks for about it."""
    asked: dict[str, list[tuple[str, Audit]]] = {}
    for auditor in snapshot.services:
        for audit in auditor.audits:
            asked.setdefault(audit.service, []).append((auditor.key, audit))
    return asked


def _named(where: Where, host_keys: Mapping[str, str]) -> Where:
    """Snapshots know hosts by key, people by name."""
    return replace(where, name=host_keys.get(str(where.name), where.name)) if where.kind is WhereKind.HOST else where


def _row(
    row: DeployedService,
    auditor: str,
    where: Where,
    names: Mapping[int, str],
    serving: Mapping[tuple[str, str, str, int], str],
) -> CoverageRow:
    by = serving.get((row.deployment_id, auditor, row.service_key, row.host_id))
    lacks = ((lack[:3], lack[3]) for lack in row.deployment.uncovered)
    why = next((why for lack, why in lacks if lack == [auditor, row.service_key, row.host_id]), _ENDED)
    return CoverageRow(
        row.deployment_id,
        row.deployment.instance.path,
        row.service_key,
        names[row.host_id],
        auditor,
        where,
        by,
        auditor in row.deployment.place,
        "" if by is not None else why,
    )
