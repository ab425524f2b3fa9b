"""Faults to plant beneath the model of lanes: each must be found within a few hundred steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from larry.actions.timeline import write_timelines
from larry.actions.transaction import Ground
from larry.core.interval import Interval
from larry.core.rollout import judge
from larry.core.timeline import Kind, Stay, Turn, change_stay, end_stay, make_room
from larry.core.undo import take_back
from larry.queries.deployment import State
from tests.actions.faults import Plant, swap, swap_both
from tests.actions.lane_site import MONITOR


def _never_resumes(*args: Any, **kwargs: Any) -> Any:
    return make_room(*args, **{**kwargs, "resume": False})


def _is_never_bounded(stays: Iterable[Stay], deployable: str, wish: Interval, **kwargs: Any) -> Any:
    """An open wish takes the place of everything that comes after it."""
    if wish.end is None:
        wish = Interval(wish.start, wish.start + timedelta(days=1000))
    return make_room(stays, deployable, wish, **kwargs)


def _sees_nobody(stay: Stay, wish: Interval, others: Iterable[Stay], **kwargs: Any) -> Any:
    return change_stay(stay, wish, (), **kwargs)


def _deletes_anything(stay: Stay, *, now: datetime) -> Turn:
    return Turn(Kind.DELETE, stay.id, stay.deployable, stay.interval, None, "deleted")


def _ends_a_second_early(stay: Stay, at: datetime, *, now: datetime) -> Turn | None:
    turn = end_stay(stay, at, now=now)
    if turn is None or turn.after is None or turn.after.end is None or turn.after.end - turn.after.start < timedelta(1):
        return turn
    return replace(turn, after=Interval(turn.after.start, turn.after.end - timedelta(seconds=1)))


def _never_brings_back(made: Any, *, now: datetime) -> tuple[Turn, ...]:
    return tuple(turn for turn in take_back(made, now=now) if turn.kind is not Kind.RESUME)


def _only_takes_away(made: Any, *, now: datetime) -> tuple[Turn, ...]:
    return take_back([each for each in made if each.before is None], now=now)


def _forgets_the_monitor(timelines: Mapping[str, Any], *others: Any) -> None:
    write_timelines({host: of for host, of in timelines.items() if host != MONITOR}, *others)


def _judges_leniently(*args: Any) -> Any:
    plan, writes = judge(*args)
    return replace(plan, refusals=()), writes


def _late_state(start: datetime, end: datetime | None, deactivated: datetime | None, as_of: datetime) -> State:
    if deactivated is not None:
        return State.DEACTIVATED
    if end is not None and end < as_of:
        return State.PAST
    return State.FUTURE if start >= as_of else State.CURRENT


def _same(service: Interval, before: Any, after: Any) -> Interval:
    return service


LANE_FAULTS: Mapping[str, Plant] = {
    "nothing is resumed": swap("actions.planning.make_room", _never_resumes),
    "an open wish is never bounded": swap("actions.planning.make_room", _is_never_bounded),
    "an edit sees no neighbours": swap("actions.edit_deployment.change_stay", _sees_nobody),
    "what has begun is deleted": swap("actions.edit_deployment.delete_stay", _deletes_anything),
    "undeploying ends a second early": swap("actions.undeploy.end_stay", _ends_a_second_early),
    "undoing brings nothing back": swap("actions.undo.take_back", _never_brings_back),
    "undoing only takes away": swap("actions.undo.take_back", _only_takes_away),
    "undoing looks at nobody who came since": swap("actions.undo._refuse_overtaken", lambda rollout: None),
    "backdating looks at no history": swap("actions.deploy._refuse_taken_history", lambda request, author: None),
    "there is no grace": swap("actions.deploy.GRACE", timedelta(0)),
    "there is an hour of grace": swap("actions.deploy.GRACE", timedelta(hours=1)),
    "now runs backwards": swap_both(
        "actions.rollout.look_back", "actions.transaction.look_back", lambda author: Ground(author, 0, 0)
    ),
    "places are not carried over": swap("actions.planning.carry_over", lambda place, *_: place),
    "conflicts are not judged": swap("actions.planning.judge", _judges_leniently),
    "nodes are compiled of old intervals": swap("core.rollout.fit_interval", _same),
    "services keep their intervals": swap("actions.rollout.fit_interval", _same),
    "the auditor's host is forgotten": swap("actions.rollout.write_timelines", _forgets_the_monitor),
    "ends are in, and starts are out": swap("queries.deployment.state_of", _late_state),
}
