"""Edit a deployment: its end, its times, its host, the places of its services; by the rules that newcomers obey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from larry.actions.author import Author, Refused
from larry.actions.deploy import settle_moment
from larry.actions.planning import (
    LaneWish,
    Moves,
    Planned,
    bounded_warning,
    changes_of,
    join_moves,
    make_moves,
    moves_of,
    plan_moves,
)
from larry.actions.rollout import carry_out, preview
from larry.actions.seen import plan_as_seen
from larry.core.interval import EndsBeforeItStarts, Interval, iso
from larry.core.plan import Plan
from larry.core.timeline import IsOver, StartsInThePast, Stay, Turn, change_stay, delete_stay, end_stay
from larry.queries.deployable import get_snapshots
from larry.queries.lane import Lane, list_lane_keys, list_lanes


@dataclass(frozen=True, slots=True)
class DeploymentEdit:
    """What to change of a deployment; None keeps what is. ``is_open`` takes the end away. ``place`` sends single
    services
    (and hand-placed auditors) to other hosts, from now on where the deployment has begun."""

    id: str
    start: datetime | None = None
    end: datetime | None = None
    is_open: bool = False
    host: str | None = None
    place: Mapping[str, str] | None = None


def edit_deployment(
    asked: DeploymentEdit,
    author: Author,
    *,
    resume: bool = True,
    expect: str | None = None,
    dry_run: bool = False,
    seen: str | None = None,
) -> Plan:
    """Change one deployment as one rollout, as it was ``seen`` (its digest); what is in its way makes room.
    Raises `Refused`, `GroundMoved`, `ChangedMeanwhile`, `NotFound`.

    Past: nothing can be changed. Current: the end, and from now on the places. Future: everything.
    """

    def planner(now: Author) -> Planned:
        try:
            return _plan(asked, now, resume=resume)
        except (IsOver, StartsInThePast, EndsBeforeItStarts) as reason:
            raise Refused(str(reason)) from reason

    plan = plan_as_seen(planner, asked.id, seen)
    return preview(plan, author) if dry_run else carry_out(plan, author, expect=expect, verb="edit")


def delete_deployments(
    ids: tuple[str, ...],
    author: Author,
    *,
    expect: str | None = None,
    dry_run: bool = False,
    seen: str | None = None,
) -> Plan:
    """Delete deployments that have not begun, with their deployed services; one as it was ``seen``. Raises `Refused`
    for those that have, `ChangedMeanwhile`."""

    def planner(now: Author) -> Planned:
        keys = list_lane_keys(ids, now.sees, now.moment)
        lanes = list_lanes(keys.values(), now.sees, now.moment)
        try:
            turns = [(lanes[keys[id_]], delete_stay(_find(lanes[keys[id_]], id_), now=now.now)) for id_ in sorted(keys)]
        except IsOver as reason:
            raise Refused(str(reason)) from reason
        changes = [change for lane, turn in turns for change in changes_of(lane, [turn])]
        return plan_moves(Moves(tuple(changes), {}, {}), list(lanes.values()), {}, now)

    plan = plan_as_seen(planner, ids[0] if ids else "", seen)
    return preview(plan, author) if dry_run else carry_out(plan, author, expect=expect, verb="delete")


def _plan(asked: DeploymentEdit, author: Author, *, resume: bool) -> Planned:
    id_ = asked.id.lower()
    path, old_host = list_lane_keys([id_], author.sees, author.moment)[id_]
    host = asked.host.lower() if asked.host is not None else old_host
    lanes = list_lanes([(path, old_host), (path, host)], author.sees, author.moment)
    lane = lanes[path, old_host]
    stay = _find(lane, id_)
    wish = _wish(asked, stay, author)
    if host != old_host or asked.place is not None:
        snapshot = get_snapshots([stay.deployable], author.sees, author.moment)[stay.deployable]
        place = {**lane.places[id_], **{key: there.lower() for key, there in (asked.place or {}).items()}}
        strange = sorted(key for key in place if key not in snapshot.by_key)
        if strange:
            raise Refused(f"{path} has no service {', '.join(strange)} to be placed")
        moves = _replace(
            lanes[path, host], lane, stay, LaneWish(path, host, snapshot, wish, place), author, resume=resume
        )
        return plan_moves(moves, list(lanes.values()), {}, author)
    others = [other for other in lane.stays if other.id != id_]
    room = change_stay(stay, wish, others, now=author.now, resume=resume)
    warnings = tuple(bounded_warning(path, host, room.bounded_by, others))
    return plan_moves(moves_of(lane, changes_of(lane, room.turns), {}, warnings), [lane], {}, author)


def _replace(there: Lane, here: Lane, stay: Stay, wish: LaneWish, author: Author, *, resume: bool) -> Moves:
    """Services cannot change hosts within a deployment: another one takes its place, here from now on or there
    instead.
    """
    if stay.interval.is_over(author.now):
        raise IsOver(f"the deployment {stay.id} is over: what has passed is not rewritten")
    if there is here:
        return _replace_here(here, stay, wish, author, resume=resume)
    if stay.interval.start <= author.now:
        raise Refused(
            f"the deployment {stay.id} began at {iso(stay.interval.start)}: it cannot change its host; "
            f"end it and deploy {wish.path} on {wish.host}"
        )
    gone = moves_of(here, changes_of(here, [delete_stay(stay, now=author.now)]), {})
    return join_moves([gone, make_moves(wish, there, author, resume=resume)])


def _replace_here(here: Lane, stay: Stay, wish: LaneWish, author: Author, *, resume: bool) -> Moves:
    """The stay leaves its lane, then its successor comes as a newcomer: now, or as asked where it has not begun."""
    if stay.interval.start > author.now:
        turn: Turn | None = delete_stay(stay, now=author.now)
    else:
        if wish.interval.start != stay.interval.start:
            raise StartsInThePast(f"the deployment {stay.id} began at {iso(stay.interval.start)}: its start is past")
        turn = end_stay(stay, author.now, now=author.now)
        wish = replace(wish, interval=Interval(author.now, wish.interval.end))
    others = replace(here, stays=tuple(other for other in here.stays if other.id != stay.id))
    gone = moves_of(here, changes_of(here, [turn] if turn else []), {})
    return join_moves([gone, make_moves(wish, others, author, resume=resume)])


def _wish(asked: DeploymentEdit, stay: Stay, author: Author) -> Interval:
    start = settle_moment(asked.start, author.now) if asked.start is not None else stay.interval.start
    end = None if asked.is_open else (asked.end if asked.end is not None else stay.interval.end)
    return Interval(start, end)


def _find(lane: Lane, id_: str) -> Stay:
    stay = next((stay for stay in lane.stays if stay.id == id_), None)
    if stay is None:
        raise IsOver(f"the deployment {id_} is over: what has passed is not rewritten")
    return stay
