"""What is strange about audits: who is uncovered, and whose auditor stands where its role has gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from django.db.models import Q

from larry.core.service_graph import WhereKind
from larry.core.situation import Situation
from larry.queries.coverage import list_coverage_of, list_live_services
from larry.queries.former_key import FormerKeys, get_former_keys
from larry.queries.host import get_host_names
from larry.queries.live import list_live
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.view import read_view
from larry.records.edge import Edge, EdgeVersion
from larry.records.host import Host


def list_audit_situations(reader: Reader, at: Moment) -> tuple[Situation, ...]:
    """Who is uncovered as of a moment, and which auditors stand on a host that has their role no more; 7 SQL
    statements, about 7 more where such a host may be.

    A deployment says itself whom it could give no auditor: its services come and go with it, all at once.
    """
    with read_view():
        return (*_list_uncovered(reader, at), *_list_left(reader, at))


def _list_uncovered(reader: Reader, at: Moment) -> Iterator[Situation]:
    rows = list_live(reader, at).exclude(uncovered=[])
    lacks = [(path, *lack) for path, told in rows.values_list("instance__path", "uncovered") for lack in told]
    names = get_host_names({host for *_, host, _ in lacks}, WHOLE, at)
    for path, auditor, service, host, why in lacks:
        text = f"{service} of {path} on {names[host]} is not covered by {auditor}: {why}"
        yield Situation("uncovered", "instance", path, text)


def _list_left(reader: Reader, at: Moment) -> Iterator[Situation]:
    """Audits that were sent to a host for its role, which it has no more: reported, never acted on."""
    former = get_former_keys(reader, at)
    asked = _list_roles(reader, former)
    standing = list_live_services(reader, at).filter(service__in=asked).order_by()
    unfit = [Q(service__in=asking) & ~_has_role(role, reader) for role, asking in _turn(asked).items()]
    doubtful = set(standing.filter(reduce(or_, unfit)).values_list("service_id", "host_id")) if unfit else set()
    if not doubtful:
        return
    ids = {host for _, host in doubtful}
    roles: dict[int, set[str]] = {}
    among = restrict(reader, Host.objects.filter(id__in=ids, roles__isnull=False, retired_at=None))
    for host, role in among.values_list("id", "roles__key"):
        roles.setdefault(host, set()).add(role)
    there = Q(service__in={service for service, _ in doubtful}, host__in={host for _, host in doubtful})
    deployments = list_live_services(reader, at).filter(there).order_by().values("deployment")
    names = get_host_names(ids, WHOLE, at)
    known = {name: roles.get(id_, set()) for id_, name in names.items()}
    for row in list_coverage_of(Q(deployment__in=deployments), reader, at):
        if row.by is None or row.is_placed or row.where.kind is not WhereKind.ROLE:
            continue
        if former.find("role", str(row.where.name)) not in known.get(row.by, set()):
            who = f"{row.auditor} audits {row.service} of {row.instance} from {row.by}"
            text = f"{who}, which no longer has the role {row.where.name}"
            yield Situation("role_left", "instance", row.instance, text)


def _has_role(role: str, reader: Reader) -> Q:
    """That the host of a deployed service is there and has a role; all that have it are found once."""
    return Q(host__in=restrict(reader, Host.objects.filter(roles__key=role, retired_at=None)).order_by().values("id"))


def _turn(asked: Mapping[int, set[str]]) -> Mapping[str, list[int]]:
    """By role, the services whose audits are sent to it."""
    found: dict[str, list[int]] = {}
    for service, roles in asked.items():
        for role in roles:
            found.setdefault(role, []).append(service)
    return found


def _list_roles(reader: Reader, former: FormerKeys) -> Mapping[int, set[str]]:
    """By service, the roles that its audits are or were ever sent to; 2 SQL statements."""
    found: dict[int, set[str]] = {}
    edges = restrict(reader, Edge.objects.filter(where_role__isnull=False))
    for service, role in edges.values_list("service_id", "where_role__key"):
        found.setdefault(service, set()).add(role)
    versions = restrict(reader, EdgeVersion.objects.filter(kind="audits", where__has_key="role"))
    for service, where in versions.order_by().values_list("service_id", "where"):
        found.setdefault(service, set()).add(former.find("role", str((where or {}).get("role"))))
    return found
