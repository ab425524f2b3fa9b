"""Undeploy: end deployments now or at a moment, as one rollout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from larry.actions.author import Author, Refused
from larry.actions.deploy import settle_moment
from larry.actions.planning import Moves, Planned, changes_of, plan_moves
from larry.actions.rollout import carry_out, preview
from larry.actions.seen import plan_as_seen
from larry.core.plan import Change, Plan
from larry.core.timeline import IsOver, StartsInThePast, end_stay
from larry.queries.lane import list_lane_keys, list_lanes


def undeploy(
    ids: tuple[str, ...],
    author: Author,
    *,
    at: datetime | None = None,
    expect: str | None = None,
    dry_run: bool = False,
    seen: str | None = None,
) -> Plan:
    """End deployments at a moment (None: now), a single one as it was ``seen`` (its digest). One that has not begun by
    then is deactivated and kept.

    Raises `Refused` for what is over, `NotFound`, `GroundMoved`, `ChangedMeanwhile`.
    """
    planner = plan_as_seen(_planner(ids, at), ids[0], seen) if ids else _planner(ids, at)
    return preview(planner, author) if dry_run else carry_out(planner, author, expect=expect, verb="undeploy")


def _planner(ids: tuple[str, ...], at: datetime | None) -> Callable[[Author], Planned]:
    if not ids:
        raise Refused("nothing to undeploy: name at least one deployment")
    wanted = tuple(sorted({each.lower() for each in ids}))

    def plan(author: Author) -> Planned:
        keys = list_lane_keys(wanted, author.sees, author.moment)
        lanes = list_lanes(keys.values(), author.sees, author.moment)
        changes: list[Change] = []
        for id_ in wanted:
            lane = lanes[keys[id_]]
            stay = next((stay for stay in lane.stays if stay.id == id_), None)
            if stay is None:
                raise Refused(f"the deployment {id_} is over: what has passed is not rewritten")
            try:
                turn = end_stay(stay, settle_moment(at, author.now, "end"), now=author.now)
            except (IsOver, StartsInThePast) as reason:
                raise Refused(str(reason)) from reason
            changes.extend(changes_of(lane, [turn] if turn else []))
        ordered = tuple(sorted(changes, key=lambda change: (change.kind != "end", change.instance, change.host)))
        return plan_moves(Moves(ordered, {}, {}), list(lanes.values()), {}, author)

    return plan
