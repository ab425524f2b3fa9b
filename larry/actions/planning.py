"""Planning: wishes for lanes become a Plan. The preview and the act both come through here; neither knows the other's
way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from larry.actions.author import Author, Refused
from larry.actions.timeline import NOTHING_KEPT, get_stage
from larry.core.deployable import Snapshot
from larry.core.interval import Interval, iso
from larry.core.large_rollout import judge_large, leave_large
from larry.core.plan import EMPTY_WRITES, Change, NewDeployment, Notice, Plan, Writes
from larry.core.revision import NeedsAll
from larry.core.rollout import (
    AuditEdge,
    Grounds,
    carry_over,
    hosts_asked,
    judge,
    lay_out_additions,
    roles_asked,
    touched_hosts,
)
from larry.core.service_graph import Where, WhereKind
from larry.core.timeline import WRITTEN, Kind, Room, Stay, Turn, make_room
from larry.queries.deployable import get_snapshots
from larry.queries.former_key import FormerKeys
from larry.queries.host import get_host_ids, list_hosts_of_role, list_names_by_host_key
from larry.queries.lane import Lane, LaneKey, list_lanes, list_live_lanes, list_serving
from larry.queries.moment import Moment
from larry.queries.presence import Scene, StandingService, list_standing_services
from larry.queries.reader import NotFound


@dataclass(frozen=True, slots=True)
class LaneWish:
    """That a snapshot be live in a lane during an interval, with single services placed elsewhere."""

    path: str
    host: str
    snapshot: Snapshot
    interval: Interval
    place: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def lane(self) -> LaneKey:
        return self.path, self.host


@dataclass(frozen=True, slots=True)
class Planned:
    """A Plan, what applying it writes, and whom it touches: the lanes and hosts to be locked.

    ``since`` is the moment from which hosts deliver something else: now, or earlier where an estate is adopted; then
    ``kept`` says what by host was delivered since, and stays. ``instances`` are ids of the lanes' instances by path;
    of deployments that are there ``standing`` are the services and ``versions`` the versions, as they were read.
    """

    plan: Plan
    since: datetime
    writes: Writes = EMPTY_WRITES
    snapshots: Mapping[str, Snapshot] = field(default_factory=lambda: MappingProxyType({}))
    instances: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    hosts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    ordinals: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    kept: Mapping[str, Interval] = field(default_factory=lambda: NOTHING_KEPT)
    standing: Mapping[str, tuple[StandingService, ...]] = field(default_factory=lambda: MappingProxyType({}))
    versions: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    former: FormerKeys = field(default_factory=FormerKeys)


@dataclass(frozen=True, slots=True)
class Moves:
    """The changes of many lanes, before it is known where services stand: with ids, places and ordinals by
    deployment.
    """

    changes: tuple[Change, ...]
    places: Mapping[str, Mapping[str, str]]
    ordinals: Mapping[str, int]
    warnings: tuple[Notice, ...] = ()


def plan_wishes(
    wishes: Sequence[LaneWish],
    author: Author,
    *,
    resume: bool = True,
    refusals: Sequence[Notice] = (),
    present: datetime | None = None,
) -> Planned:
    """Make room in every lane and judge the result as a whole; SQL: about 9 statements, 1 for the hosts of audits, 1
    and 3 for each role and interval. ``present`` is now, where the author's moment is an earlier one.
    """
    lanes = list_lanes([wish.lane for wish in wishes], author.sees, author.moment)
    if len(lanes) < len(wishes):
        twice = sorted({f"{w.path} on {w.host}" for w in wishes if sum(o.lane == w.lane for o in wishes) > 1})
        raise Refused(f"asked for twice in one rollout: {', '.join(twice)}")
    moves = join_moves(make_moves(wish, lanes[wish.lane], author, resume=resume) for wish in wishes)
    snapshots = {wish.snapshot.digest: wish.snapshot for wish in wishes}
    return plan_moves(moves, list(lanes.values()), snapshots, author, refusals, present)


def plan_moves(
    moves: Moves,
    lanes: Sequence[Lane],
    snapshots: Mapping[str, Snapshot],
    author: Author,
    refusals: Sequence[Notice] = (),
    present: datetime | None = None,
) -> Planned:
    """Lay out what is new, find every host that is touched, and judge all of it together."""
    stored = {change.deployable for change in moves.changes} - snapshots.keys()
    snapshots = {**snapshots, **get_snapshots(stored, author.reader, author.moment)}
    # Read once, with the lanes; where there is no lane nothing is asked of it.
    former = lanes[0].former if lanes else FormerKeys()
    additions = lay_out_additions(moves.changes, _grounds(moves, snapshots, former, author))
    changed = [c.deployment for c in moves.changes if c.before is not None]
    standing = list_standing_services(changed, author.reader, author.moment)
    present_on = {id_: frozenset(each.host for each in services) for id_, services in standing.items()}
    hosts = touched_hosts(moves.changes, additions, present_on)
    mentioned = {host for a in additions for f in a.footings for _, host in (*f.subjects, *f.elsewhere)}
    warnings = (*moves.warnings, *_too_few_copies(moves.changes, lanes, author))
    about = {change.instance for change in moves.changes}
    try:
        stage, scene = get_stage(hosts, author, mentioned, present, about, former)
        _refuse_unknown_hosts(additions, scene, author)
        plan, writes = judge(moves.changes, additions, snapshots, leave_large(stage), (warnings, refusals))
        plan, writes = judge_large(plan, writes, snapshots, stage)
    except NeedsAll:
        stage, scene = get_stage(hosts, author, mentioned, present, None, former)
        plan, writes = judge(moves.changes, additions, snapshots, stage, (warnings, refusals))
    return Planned(
        plan,
        author.now,
        writes,
        MappingProxyType(snapshots),
        MappingProxyType({lane.path: lane.instance_id for lane in lanes}),
        MappingProxyType({**scene.ids, **{lane.host: lane.host_id for lane in lanes}}),
        moves.ordinals,
        stage.kept,
        MappingProxyType(standing),
        MappingProxyType({id_: version for lane in lanes for id_, version in lane.versions.items()}),
        former,
    )


def _refuse_unknown_hosts(additions: Sequence[NewDeployment], scene: Scene, author: Author) -> None:
    """Services go to hosts that are there and not retired."""
    hosts = {footing.host for a in additions for footing in a.footings}
    unknown = sorted(hosts - (scene.ids.keys() - scene.retired))
    if unknown:
        raise Refused(f"there is no host {', '.join(unknown)}, where services are to go")
    if author.sees.sees_everything:
        return
    try:
        get_host_ids({host for a in additions for host in a.place.values()}, author.sees, author.moment)
    except NotFound as reason:
        raise Refused(f"{reason}, where services are to go") from reason


def changes_of(lane: Lane, turns: Iterable[Turn]) -> tuple[Change, ...]:
    """A lane's turns as changes of deployments; new ones get the ids that they will be written under."""
    changes: list[Change] = []
    new = 0
    for turn in turns:
        deployment = turn.stay
        if deployment is None:
            deployment, new = lane.new_id(new), new + 1
        changes.append(
            Change(
                turn.kind,
                deployment,
                lane.path,
                lane.host,
                turn.deployable,
                turn.before,
                turn.after,
                turn.why,
                turn.continues,
            )
        )
    return tuple(changes)


def make_moves(wish: LaneWish, lane: Lane, author: Author, *, resume: bool) -> Moves:
    """What becomes of a lane when the wish is granted. Raises `StartsInThePast`."""
    room = make_room(lane.stays, wish.snapshot.digest, wish.interval, now=author.now, resume=resume)
    changes = changes_of(lane, room.turns)
    newcomer = next(change for change in changes if change.before is None and change.continues is None)
    left = {change.deployment for change in changes if change.kind in {Kind.END, Kind.DEACTIVATE}}
    stays = sorted(
        (stay for stay in lane.stays if stay.id in left), key=lambda stay: wish.interval.start in stay.interval
    )
    replaced = [
        lane.places[stay.id] for stay in stays
    ]  # the one that is live where the newcomer starts has the last word
    place = carry_over(wish.place, replaced, wish.snapshot, lane.former.all_of("service"))
    return moves_of(lane, changes, {newcomer.deployment: place}, tuple(_lane_warnings(wish, lane, room, place)))


def moves_of(
    lane: Lane, changes: Sequence[Change], places: Mapping[str, Mapping[str, str]], warnings: tuple[Notice, ...] = ()
) -> Moves:
    """A lane's changes with what writing them takes; a continuation stands where the deployment that it continues
    does.
    """
    added = [change for change in changes if change.before is None]
    continued = {c.deployment: lane.places[c.continues] for c in added if c.continues and c.continues in lane.places}
    ordinals = {change.deployment: lane.used + 1 + number for number, change in enumerate(added)}
    return Moves(tuple(changes), {**continued, **places}, ordinals, warnings)


def _lane_warnings(wish: LaneWish, lane: Lane, room: Room, place: Mapping[str, str]) -> Iterable[Notice]:
    where = f"{wish.path} on {wish.host}"
    yield from bounded_warning(wish.path, wish.host, room.bounded_by, lane.stays)
    for service, host in place.items():
        if service not in wish.place:
            yield Notice("carried_over", f"{service} of {where} stays on {host}, as in the deployment that is replaced")


def bounded_warning(path: str, host: str, bounded_by: str | None, stays: Iterable[Stay]) -> Iterable[Notice]:
    """That an open-ended wish ends where a later deployment starts."""
    for stay in stays:
        if stay.id == bounded_by:
            text = f"{path} on {host} ends at {iso(stay.interval.start)}, where the deployment {stay.id} starts"
            yield Notice("bounded", text)


def join_moves(all_moves: Iterable[Moves]) -> Moves:
    """The moves of many lanes as those of one rollout, ends first, then moves, then additions."""
    moves = list(all_moves)
    changes = sorted(
        (change for each in moves for change in each.changes), key=lambda c: (WRITTEN.index(c.kind), c.instance, c.host)
    )
    return Moves(
        tuple(changes),
        {id_: place for each in moves for id_, place in each.places.items()},
        {id_: ordinal for each in moves for id_, ordinal in each.ordinals.items()},
        tuple(warning for each in moves for warning in each.warnings),
    )


def _grounds(moves: Moves, snapshots: Mapping[str, Snapshot], former: FormerKeys, author: Author) -> Grounds:
    additions = [change for change in moves.changes if change.before is None and change.after is not None]
    paths = {change.instance for change in additions}
    serving = _serving(additions, snapshots, author, former)
    asked = {
        (role, c.after)
        for c in additions
        if c.after
        for role in roles_asked(snapshots[c.deployable], c.instance, serving)
    }
    candidates = {
        (role, during): list_hosts_of_role(former.find("role", role), during, paths, author.reader, author.moment)
        for role, during in sorted(asked, key=lambda pair: (pair[0], pair[1].start, str(pair[1].end)))
    }
    keys = {key for c in additions for key in hosts_asked(snapshots[c.deployable])}
    names = list_names_by_host_key(author.reader, author.moment, keys, former)
    return Grounds(snapshots, moves.places, serving, candidates, names)


def _serving(
    additions: Sequence[Change], snapshots: Mapping[str, Snapshot], author: Author, former: FormerKeys
) -> Mapping[tuple[str, str, str], str]:
    """The hosts that serve audit edges already, where the edge goes to the same role now as when they were chosen; the
    same edge and the same role also where their keys have been changed since."""

    def same(edge: AuditEdge, where: Where | None) -> tuple[AuditEdge, Where | None]:
        path, auditor, audited = edge
        known = (path, former.find("service", auditor), former.find("service", audited))
        if where is None or where.kind is not WhereKind.ROLE:
            return known, where
        return known, replace(where, name=former.find("role", str(where.name)))

    if not any(roles_asked(snapshots[change.deployable]) for change in additions):
        return {}  # nobody chooses a host
    found = list_serving({change.instance for change in additions}, author.reader, author.moment)
    stored = get_snapshots({digest for *_, digest in found}, author.reader, author.moment)
    roles = {
        (change.instance, service.key, audit.service): audit.where
        for change in additions
        for service in snapshots[change.deployable].services
        for audit in service.audits
    }
    standing: dict[tuple[AuditEdge, Where | None], str] = {}
    for edge, host, digest in found:
        _, auditor, audited = edge
        then = next((a.where for a in stored[digest].by_key[auditor].audits if a.service == audited), None)
        standing.setdefault(same(edge, then), host)
    return {edge: standing[same(edge, where)] for edge, where in roles.items() if same(edge, where) in standing}


def _too_few_copies(changes: Sequence[Change], lanes: Sequence[Lane], author: Author) -> Iterable[Notice]:
    """Instances that have fewer copies than wanted at the moment from which on there are more or fewer of them; 1 SQL
    statement for each such moment, none where those that come are enough.
    """
    wanted = {lane.path: lane.copies for lane in lanes}
    of_path: dict[str, list[Change]] = {}
    moments: dict[str, datetime] = {}
    for change in changes:
        of_path.setdefault(change.instance, []).append(change)
        moment = _counts_from(change)
        if moment is not None:
            moments[change.instance] = min(moment, moments.get(change.instance, moment))
    for moment in sorted(set(moments.values())):
        there = {
            path: {c.host for c in of_path[path] if c.after is not None and moment in c.after}
            for path in sorted(moments)
            if moments[path] == moment
        }
        doubtful = [path for path, hosts in there.items() if len(hosts) < wanted[path]]
        live: dict[str, set[str]] = {path: set() for path in doubtful}
        for path, host in list_live_lanes(doubtful, Moment(moment), author.reader, author.moment) if doubtful else ():
            live[path].add(host)
        for path, hosts in live.items():
            gone = {c.host for c in of_path[path] if c.before is not None and moment in c.before}
            copies = len((hosts - gone) | there[path])
            if copies < wanted[path]:
                yield Notice("fewer_copies", f"{path} has {copies} of {wanted[path]} copies at {iso(moment)}")


def _counts_from(change: Change) -> datetime | None:
    """When a newcomer starts to count as a copy, or what ends earlier than it would have stops to."""
    if change.before is None:
        return change.after.start if change.after is not None and change.continues is None else None
    if change.after is None:
        return change.before.start
    return change.after.end if change.kind is Kind.END else None
