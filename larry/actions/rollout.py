"""Carrying out a Plan: plan without locks, lock whom it touches, plan again, write it, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from larry.actions.activity import activity_of, record, record_all
from larry.actions.author import Author, GroundMoved, NoReason, Refused
from larry.actions.permit import permit_plan
from larry.actions.planning import Planned
from larry.actions.sight import show_plan
from larry.actions.stale import refuse_stale
from larry.actions.timeline import write_timelines
from larry.actions.transaction import Ground, begin_on_ground, look_back, not_backwards, transact
from larry.core.document import Json
from larry.core.interval import Interval, iso
from larry.core.plan import Change, NewDeployment, Plan
from larry.core.rollout import fit_interval
from larry.core.timeline import Kind
from larry.queries.former_key import get_former_keys
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
    considered = _consider(planner, look_back(author), known)
    plan = considered.planned.plan
    if _is_locked(considered.planned, known.planned) and plan.changes and not plan.refusals:
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
    permit_plan(planned.plan, planned.instances, placed, author, is_act=is_act)


def _is_locked(planned: Planned, known: Planned) -> bool:
    return planned.instances <= known.instances and planned.hosts.keys() <= known.hosts.keys()


def _lock(planned: Planned) -> None:
    """Lock lanes' parents, then hosts, each in sorted order, so that two actions never wait for one another in a
    circle.
    """
    list(
        Instance.objects.select_for_update(no_key=True)
        .filter(id__in=planned.instances)
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
    instances = dict(Instance.objects.filter(path__in=paths.values()).values_list("path", "id"))
    Deployable.objects.bulk_create(
        [
            Deployable(
                digest=digest,
                instance_id=instances[path],
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
    writes = planned.writes
    store_snapshots(planned, author)
    rollout = Rollout.objects.create(
        reason=author.reason, actor=author.actor, recorded_at=author.now, plan_digest=planned.plan.digest
    )
    _write_changes([change for change in writes.changes if change.before is not None], rollout, author)
    _write_additions(writes.additions, planned, rollout, author)
    write_timelines(writes.timelines, planned.hosts, author, planned.since, planned.kept)
    record(author, verb, "rollout", str(rollout.id), after=_rollout_document(planned.plan), rollout=rollout)
    record_all([_change_activity(change, author, rollout) for change in writes.changes])


def _write_changes(changes: Iterable[Change], rollout: Rollout, author: Author) -> None:
    changes = list(changes)
    rows = {row.id: row for row in Deployment.objects.filter(id__in=[change.deployment for change in changes])}
    services: dict[str, list[DeployedService]] = {}
    for service in DeployedService.objects.filter(deployment__in=rows):
        services.setdefault(service.deployment_id, []).append(service)
    for change in changes:
        row = rows[change.deployment]
        if change.after is None:
            row.deactivated_at, row.is_deleted = author.now, change.kind is Kind.DELETE
        else:
            row.start, row.end = change.after.start, change.after.end
        row.version, row.recorded_at = row.version + 1, author.now
        row.save(update_fields=["start", "end", "deactivated_at", "is_deleted", "version", "recorded_at"])
        for service in services.get(row.id, []):
            during = fit_interval(Interval(service.start, service.end), change.before, change.after)
            service.deactivated = service.deactivated or during is None
            service.start, service.end = (during.start, during.end) if during else (service.start, service.end)
    changed = [service for of_one in services.values() for service in of_one]
    DeployedService.objects.bulk_update(changed, ["start", "end", "deactivated"], batch_size=200)
    DeploymentVersion.objects.bulk_create([_version(row, rollout) for row in rows.values()])


def _write_additions(additions: Iterable[NewDeployment], planned: Planned, rollout: Rollout, author: Author) -> None:
    additions = sorted(additions, key=lambda addition: addition.continues is not None)
    instances = dict(Instance.objects.filter(id__in=planned.instances).values_list("path", "id"))
    rows = [_deployment(addition, planned, instances, rollout, author) for addition in additions]
    Deployment.objects.bulk_create(rows)
    DeploymentVersion.objects.bulk_create([_version(row, rollout) for row in rows])
    keys = {footing.service for addition in additions for footing in addition.footings}
    former = get_former_keys(author.reader, author.moment)  # of a snapshot that is older than a change of a key
    ids = dict(Service.objects.filter(key__in=[former.find("service", key) for key in keys]).values_list("key", "id"))
    services = {key: ids[former.find("service", key)] for key in keys}
    DeployedService.objects.bulk_create(
        [row for addition in additions for row in _deployed_services(addition, services, planned.hosts)], batch_size=500
    )


def _deployment(
    addition: NewDeployment, planned: Planned, instances: Mapping[str, int], rollout: Rollout, author: Author
) -> Deployment:
    hosts = planned.hosts
    return Deployment(
        id=addition.id,
        instance_id=instances[addition.instance],
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
