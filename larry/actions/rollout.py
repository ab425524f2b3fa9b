"""Carrying out a Plan: plan without locks, lock whom it touches, plan again, write it, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from larry.actions.activity import activity_of, record_all
from larry.actions.announce import find_wanted
from larry.actions.author import Author, GroundMoved, NoReason, Refused
from larry.actions.permit import permit_plan
from larry.actions.planning import Planned
from larry.actions.sight import show_plan
from larry.actions.stale import refuse_stale
from larry.actions.timeline import write_timelines
from larry.actions.transaction import Ground, begin_on_ground, is_alone, look_back, not_backwards, transact
from larry.core.document import Json
from larry.core.interval import Interval, iso
from larry.core.plan import Change, NewDeployment, Plan
from larry.core.rollout import fit_interval
from larry.core.timeline import Kind
from larry.queries.reader import WHOLE
from larry.queries.statement import KeptStatement
from larry.queries.view import read_view
from larry.records.activity import Activity
from larry.records.deployable import Deployable
from larry.records.deployment import DeployedService, Deployment, DeploymentVersion
from larry.records.gate import keep_gate_shut
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.rollout import Rollout
from larry.records.service import Service

_ROUNDS = 20

_FEW = 20
"""So many groups of services that change alike are written one by one; of more, each service by itself in batches."""


@dataclass(frozen=True, slots=True)
class _Considered:
    """What was planned, and the ground that it was planned on."""

    planned: Planned
    ground: Ground


def preview(planner: Callable[[Author], Planned], author: Author) -> Plan:
    """The Plan, not applied, from one state of the database."""
    with read_view():
        planned = planner(not_backwards(author))
        _permit(planned, author, is_act=False)
        return show_plan(planned.plan, author)


def carry_out(
    planner: Callable[[Author], Planned], author: Author, *, expect: str | None = None, verb: str = "deploy"
) -> Plan:
    """Apply what ``planner`` plans, in one transaction with one rollout and its activity, where ``verb`` names the act.

    Raises `Refused` with the Plan when it has refusals, `GroundMoved` with the new Plan when ``expect`` (a Plan's
    digest) no longer holds.
    """
    if not author.reason.strip():
        raise NoReason("a deployment needs a reason: say why")
    with read_view():
        known = _consider(planner, look_back(author))
    for _ in range(_ROUNDS):
        done, known = transact(lambda known=known: _attempt(planner, known, author, expect, verb))  # type: ignore[misc]  # a lambda's default has no type
        if done:
            return known.planned.plan
    raise Refused("the hosts that this touches keep changing: try again")


def _consider(planner: Callable[[Author], Planned], ground: Ground, known: _Considered | None = None) -> _Considered:
    """What is planned on this ground; what was planned on the same is not planned again."""
    if known is not None and ground == known.ground:
        return known
    return _Considered(planner(ground.author), ground)


def _attempt(
    planner: Callable[[Author], Planned], known: _Considered, author: Author, expect: str | None, verb: str
) -> tuple[bool, _Considered]:
    """One transaction: (True, what was written), or (False, what is touched now) when more is touched than was
    locked.
    """
    keep_gate_shut()
    _lock(known.planned)
    # Who is not alone plans before his turn, so that others wait for what he writes and not for what he thinks.
    considered = known if is_alone() else _consider(planner, look_back(author), known)
    plan = considered.planned.plan
    if is_alone() or (_is_locked(considered.planned, known.planned) and plan.changes and not plan.refusals):
        # Others may have recorded meanwhile, elsewhere: this begins after it, and is planned so.
        considered = _consider(planner, begin_on_ground(author), considered)
    author, planned = considered.ground.author, considered.planned
    _permit(planned, author, is_act=True)
    if expect is not None and expect != planned.plan.digest:
        shown = show_plan(planned.plan, author)
        raise GroundMoved("the ground has moved: this is no longer the Plan that was expected", shown)
    if planned.plan.refusals:
        shown = show_plan(planned.plan, author)
        raise Refused("; ".join(refusal.text for refusal in shown.refusals), shown)
    if not _is_locked(planned, known.planned):
        return False, considered
    if planned.plan.changes:
        _write(planned, author, verb)
    return True, considered


def _permit(planned: Planned, author: Author, *, is_act: bool) -> None:
    placed = {host for addition in planned.writes.additions for host in addition.place.values()}
    permit_plan(planned.plan, planned.instances.values(), placed, author, is_act=is_act)


def _is_locked(planned: Planned, known: Planned) -> bool:
    return planned.instances.items() <= known.instances.items() and planned.hosts.keys() <= known.hosts.keys()


def _lock(planned: Planned) -> None:
    """Lock lanes' parents, then hosts, each in sorted order, so that two actions never wait for one another in a
    circle. No SQL where nobody else can write.
    """
    if is_alone():
        return
    list(
        Instance.objects.select_for_update(no_key=True)
        .filter(id__in=planned.instances.values())
        .order_by("id")
        .values_list("id")
    )
    list(
        Host.objects.select_for_update(no_key=True)
        .filter(id__in=planned.hosts.values())
        .order_by("id")
        .values_list("id")
    )


def store_snapshots(planned: Planned, author: Author) -> None:
    """Keep every snapshot that a new deployment refers to; one that is kept already is not kept twice.

    Raises `SealedMeanwhile` for one that holds in clear what has become a secret since it was taken.
    """
    paths = {addition.deployable: addition.instance for addition in planned.writes.additions}
    refuse_stale([planned.snapshots[digest] for digest in paths], author)
    Deployable.objects.bulk_create(
        [
            Deployable(
                digest=digest,
                instance_id=planned.instances[path],
                document=planned.snapshots[digest].text,
                taken_at=author.now,
                taken_by=author.actor,
            )
            for digest, path in sorted(paths.items())
        ],
        ignore_conflicts=True,
    )


def _write(planned: Planned, author: Author, verb: str) -> None:
    """Ends first, then moves, then additions, then what hosts deliver; the last lines say so."""
    writes, wanted = planned.writes, find_wanted()
    store_snapshots(planned, author)
    rollout = Rollout.objects.create(
        reason=author.reason, actor=author.actor, recorded_at=author.now, plan_digest=planned.plan.digest
    )
    changed = _write_changes([change for change in writes.changes if change.before is not None], planned, author)
    added = _write_additions(writes.additions, planned, rollout, author)
    DeploymentVersion.objects.bulk_create([_version(row, rollout) for row in (*changed, *added)], batch_size=500)
    write_timelines(writes.timelines, planned.hosts, author, planned.since, planned.kept, wanted)
    said = _rollout_document(planned.plan)
    line = activity_of(author, verb, "rollout", str(rollout.id), after=said, rollout=rollout)
    record_all([line, *(_change_activity(change, author, rollout) for change in writes.changes)], wanted)


def _write_changes(changes: Iterable[Change], planned: Planned, author: Author) -> Sequence[Deployment]:
    """Deployments that are there end, move or go, and their services with them; the rows as they are then."""
    rows = [_changed(change, planned, author) for change in changes]
    for row in rows:
        row.save(update_fields=["start", "end", "deactivated_at", "is_deleted", "version", "recorded_at"])
    services = [row for change in changes for row in _fit_services(change, planned)]
    alike: dict[tuple[object, ...], list[DeployedService]] = {}
    for service in services:
        alike.setdefault((service.start, service.end, service.deactivated), []).append(service)
    if len(alike) > _FEW:
        DeployedService.objects.bulk_update(services, ["start", "end", "deactivated"], batch_size=200)
        return rows
    for (start, end, deactivated), of_these in alike.items():
        which = DeployedService.objects.filter(id__in=[service.id for service in of_these])
        which.update(start=start, end=end, deactivated=deactivated)
    return rows


def _changed(change: Change, planned: Planned, author: Author) -> Deployment:
    """The row of a deployment that is there as it will be, with what is written of it."""
    row = Deployment(
        id=change.deployment,
        host_id=planned.hosts[change.host],
        version=planned.versions[change.deployment] + 1,
        recorded_at=author.now,
    )
    if change.after is None:
        row.deactivated_at, row.is_deleted = author.now, change.kind is Kind.DELETE
    interval = change.after or change.before
    if interval is not None:
        row.start, row.end = interval.start, interval.end
    return row


def _fit_services(change: Change, planned: Planned) -> Iterable[DeployedService]:
    """The services of a deployment that changes, with when they are there from then on."""
    for service in planned.standing.get(change.deployment, ()):
        during = fit_interval(service.interval, change.before, change.after)
        left = during or service.interval
        yield DeployedService(
            id=service.id, start=left.start, end=left.end, deactivated=service.is_deactivated or during is None
        )


_SERVICES = KeptStatement(lambda reader, keys: Service.objects.filter(key__in=keys).values_list("key", "id"))


def _write_additions(
    additions: Iterable[NewDeployment], planned: Planned, rollout: Rollout, author: Author
) -> Sequence[Deployment]:
    additions = sorted(additions, key=lambda addition: addition.continues is not None)
    rows = [_deployment(addition, planned, rollout, author) for addition in additions]
    if not rows:
        return rows
    Deployment.objects.bulk_create(rows)
    keys = {footing.service for addition in additions for footing in addition.footings}
    former = planned.former  # of a snapshot that is older than a change of a key
    ids: dict[str, int] = dict(_SERVICES.ask(WHOLE, keys={former.find("service", key) for key in keys}))
    services = {key: ids[former.find("service", key)] for key in keys}
    DeployedService.objects.bulk_create(
        [row for addition in additions for row in _deployed_services(addition, services, planned.hosts)], batch_size=500
    )
    return rows


def _deployment(addition: NewDeployment, planned: Planned, rollout: Rollout, author: Author) -> Deployment:
    hosts = planned.hosts
    return Deployment(
        id=addition.id,
        instance_id=planned.instances[addition.instance],
        host_id=hosts[addition.host],
        deployable_id=addition.deployable,
        start=addition.interval.start,
        end=addition.interval.end,
        reason=author.reason,
        rollout=rollout,
        continues_id=addition.continues,
        place={service: hosts[host] for service, host in addition.place.items() if host in hosts},
        uncovered=[[lack.auditor, lack.service, hosts[lack.host], lack.why] for lack in addition.uncovered],
        ordinal=planned.ordinals[addition.id],
        recorded_at=author.now,
    )


def _deployed_services(
    addition: NewDeployment, services: Mapping[str, int], hosts: Mapping[str, int]
) -> Iterable[DeployedService]:
    for footing in addition.footings:
        yield DeployedService(
            deployment_id=addition.id,
            service_id=services[footing.service],
            service_key=footing.service,
            host_id=hosts[footing.host],
            start=addition.interval.start,
            end=addition.interval.end,
            cause=footing.cause.value,
            subjects=[[service, hosts[host]] for service, host in footing.subjects],
            elsewhere=[[service, hosts[host]] for service, host in footing.elsewhere],
        )


def _version(row: Deployment, rollout: Rollout) -> DeploymentVersion:
    return DeploymentVersion(
        deployment_id=row.id,
        version=row.version,
        host_id=row.host_id,
        start=row.start,
        end=row.end,
        deactivated_at=row.deactivated_at,
        is_deleted=row.is_deleted,
        rollout=rollout,
        recorded_at=row.recorded_at,
    )


def _change_activity(change: Change, author: Author, rollout: Rollout) -> Activity:
    return activity_of(
        author, change.kind.value, "deployment", change.deployment, rollout=rollout,
        before=_span(change, change.before), after=_span(change, change.after),
    )  # fmt: skip


def _span(change: Change, interval: Interval | None) -> Json:
    if interval is None:
        return None
    return {
        "instance": change.instance,
        "host": change.host,
        "snapshot": change.deployable,
        "start": iso(interval.start),
        "end": iso(interval.end) if interval.end else None,
    }


def _rollout_document(plan: Plan) -> Json:
    counts = {kind.value: sum(change.kind is kind for change in plan.changes) for kind in Kind}
    return {"plan": plan.digest, **{kind: count for kind, count in counts.items() if count}}
