"""Deploy: put instances on hosts for a time, as one rollout, and make room where others are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from types import MappingProxyType

from larry.actions.author import Author, Refused
from larry.actions.permit import permit_everything
from larry.actions.planning import LaneWish, Planned, plan_wishes
from larry.actions.rollout import carry_out, preview
from larry.actions.stale import retake
from larry.core.deployable import CannotSnapshot, Snapshot, refuse_unready
from larry.core.interval import EndsBeforeItStarts, Interval, earlier_end, iso
from larry.core.parameters import Resolved
from larry.core.plan import Notice, Plan
from larry.core.rights import Permission
from larry.queries.deployable import find_digest, get_snapshots
from larry.queries.instance import get_descriptions
from larry.queries.lane import list_lanes
from larry.queries.moment import Moment
from larry.queries.service import get_service_graph
from larry.queries.view import read_view

GRACE = timedelta(seconds=60)
"""A start up to this long ago was meant as now."""


@dataclass(frozen=True, slots=True)
class DeployItem:
    """An instance on hosts: with a snapshot (its digest, or the first characters) or as it is now; ``place`` sends
    single
    services and hand-placed auditors to other hosts."""

    instance: str
    hosts: tuple[str, ...]
    snapshot: str | None = None
    place: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """What to deploy, from when (None: now) until when (None: open). ``expect`` is the digest of a Plan seen before.

    ``backdate`` lets the start lie in the past, for adopting an estate: it may only fill time that is empty.
    """

    items: tuple[DeployItem, ...]
    start: datetime | None = None
    end: datetime | None = None
    resume: bool = True
    expect: str | None = None
    backdate: bool = False


def preview_deploy(request: DeployRequest, author: Author) -> Plan:
    """What `deploy` would do, by the same code. Raises `Refused` where no Plan can be made, `NotFound`."""
    return preview(_planner(request, author), author)


def deploy(request: DeployRequest, author: Author) -> Plan:
    """Deploy as one rollout, all or nothing; returns the Plan that was applied.

    Raises `Refused` (with the Plan when there is one), `GroundMoved` when ``expect`` no longer holds, `NotFound`.
    """
    return retake(lambda: carry_out(_planner(request, author), author, expect=request.expect))


def _planner(request: DeployRequest, author: Author) -> Callable[[Author], Planned]:
    """Snapshots are taken as the first Plan is made, once, from one state of the database; lanes are planned anew each
    time."""
    if not request.items or not all(item.hosts for item in request.items):
        raise Refused("nothing to deploy: name at least one instance and one host for it")
    if request.backdate:
        permit_everything(author, Permission.DEPLOY, "in the past")
    freeze = cache(partial(_freeze, request.items, author))

    def plan(now: Author) -> Planned:
        if request.backdate and request.start is not None and request.start < now.now - GRACE:
            _refuse_taken_history(request, now)
            planned = plan_from(replace(now, now=request.start), now.now)
            return replace(planned, plan=replace(planned.plan, now=now.now))
        return plan_from(now)

    def plan_from(now: Author, present: datetime | None = None) -> Planned:
        frozen, refusals = freeze()
        interval = _interval(request, now.now)
        wishes = [
            LaneWish(item.instance.lower(), host, snapshot, interval, _place(item, snapshot))
            for item, snapshot in zip(request.items, frozen, strict=True)
            for host in (name.lower() for name in item.hosts)
        ]
        return plan_wishes(wishes, now, resume=request.resume, refusals=refusals, present=present)

    return plan


def _refuse_taken_history(request: DeployRequest, author: Author) -> None:
    """What has passed is not rewritten; where nothing was recorded it may be filled in."""
    whole = _interval(request, request.start or author.now)
    past = Interval(whole.start, earlier_end(author.now, whole.end))
    keys = [(item.instance.lower(), host.lower()) for item in request.items for host in item.hosts]
    for (path, host), lane in list_lanes(keys, author.sees, Moment(past.start)).items():
        for stay in lane.stays:
            if stay.interval.overlaps(past):
                raise Refused(
                    f"{path} on {host} cannot start at {iso(past.start)}: the deployment {stay.id} was live from "
                    f"{iso(stay.interval.start)}, and history is only filled in where it is empty"
                )


def settle_moment(moment: datetime | None, now: datetime, what: str = "start") -> datetime:
    """The moment that was meant: not given, or hardly past, it is now. Raises `Refused` for one in the past."""
    if moment is not None and moment < now - GRACE:
        raise Refused(f"the {what} {iso(moment)} is in the past (it is {iso(now)}): what has passed is not rewritten")
    return now if moment is None else max(moment, now)


def refuse_to_freeze(snapshot: Snapshot, resolved: Resolved) -> Iterator[Notice]:
    """Why an instance cannot be deployed as it is described now."""
    try:
        refuse_unready(snapshot.path, resolved)
    except CannotSnapshot as reason:
        yield Notice("not_ready", str(reason))
    if not snapshot.requires:
        yield Notice("requires_nothing", f"{snapshot.path} requires no service: there is nothing to deploy")


def _interval(request: DeployRequest, now: datetime) -> Interval:
    try:
        return Interval(settle_moment(request.start, now), request.end)
    except EndsBeforeItStarts as reason:
        raise Refused(str(reason)) from reason


def _freeze(items: Sequence[DeployItem], author: Author) -> tuple[list[Snapshot], list[Notice]]:
    """The snapshot of each item, and a refusal for each that is not ready."""
    reader, moment = author.sees, author.moment
    with read_view():
        fresh = {item.instance.lower() for item in items if item.snapshot is None}
        descriptions = get_descriptions(fresh, reader, moment) if fresh else {}
        required = {key for described in descriptions.values() for key in described.requires}
        services = get_service_graph(reader, moment, required) if fresh else {}
        digests = [
            find_digest(item.snapshot, item.instance.lower(), reader, moment) if item.snapshot is not None else None
            for item in items
        ]
        stored = get_snapshots({digest for digest in digests if digest is not None}, reader, moment)
    frozen: list[Snapshot] = []
    refusals: dict[Notice, None] = {}
    for item, digest in zip(items, digests, strict=True):
        if digest is not None:
            frozen.append(stored[digest])
            continue
        snapshot, resolved = descriptions[item.instance.lower()].describe(services)
        frozen.append(snapshot)
        refusals.update(dict.fromkeys(refuse_to_freeze(snapshot, resolved)))
    return frozen, list(refusals)


def _place(item: DeployItem, snapshot: Snapshot) -> Mapping[str, str]:
    strange = sorted(service for service in item.place if service not in snapshot.by_key)
    if strange:
        raise Refused(
            f"{item.instance} has no service {', '.join(strange)} to be placed; it has {', '.join(snapshot.by_key)}"
        )
    return MappingProxyType({service: host.lower() for service, host in item.place.items()})
