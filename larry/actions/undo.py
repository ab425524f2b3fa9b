"""Undo a rollout: a new Plan, and a new rollout, that gives its lanes their future back."""

from __future__ import annotations

from larry.actions.author import Author, Refused
from larry.actions.permit import permit_everything
from larry.actions.planning import Planned, changes_of, join_moves, moves_of, plan_moves
from larry.actions.rollout import carry_out, preview
from larry.core.plan import Plan
from larry.core.rights import Permission
from larry.core.undo import Made, take_back
from larry.queries.lane import list_lanes
from larry.queries.rollout import RolloutRow, get_rollout


def undo(number: int, author: Author, *, expect: str | None = None, dry_run: bool = False) -> Plan:
    """Restore, from now on, what a rollout changed. Raises `Refused` when later rollouts have come into its lanes
    (undo those first), `GroundMoved`, `NotFound`.
    """

    def planner(now: Author) -> Planned:
        rollout = get_rollout(number, now.sees, now.moment)
        _refuse_partly_seen(rollout, now)
        _refuse_overtaken(rollout)
        lanes = list_lanes({(each.path, each.host) for each in rollout.touched}, now.sees, now.moment)
        moves = []
        for (path, host), lane in lanes.items():
            made = [
                Made(each.deployment, each.deployable, each.before, each.after)
                for each in rollout.touched
                if (each.path, each.host) == (path, host)
            ]
            places = {each.deployment: each.place for each in rollout.touched}
            changes = changes_of(lane, take_back(made, now=now.now))
            restored = {change.deployment: places[change.continues] for change in changes if change.continues in places}
            moves.append(moves_of(lane, changes, restored))
        return plan_moves(join_moves(moves), list(lanes.values()), {}, now)

    return preview(planner, author) if dry_run else carry_out(planner, author, expect=expect, verb="undo")


def _refuse_partly_seen(rollout: RolloutRow, author: Author) -> None:
    """Half an undo is none: what others have in the rollout goes back with it."""
    whole = author.sees.sees_everything or get_rollout(rollout.id, author.reader, author.moment)
    if whole is not True and (len(whole.touched), len(whole.later)) != (len(rollout.touched), len(rollout.later)):
        permit_everything(author, Permission.DEPLOY, f"all that rollout {rollout.id} touched")


def _refuse_overtaken(rollout: RolloutRow) -> None:
    overtaken = {each.changed_since for each in rollout.touched if each.changed_since is not None}
    overtaken |= {number for *_, number in rollout.later}
    if overtaken:
        newer = ", ".join(str(number) for number in sorted(overtaken, reverse=True))
        raise Refused(
            f"rollout {rollout.id} cannot be undone by itself: {newer} came into its lanes since; undo that first"
        )
