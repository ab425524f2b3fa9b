"""Redeploy: new snapshots, deployed where the old ones are live at a moment, their ends kept, as one rollout."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from larry.actions.author import Author, Refused
from larry.actions.deploy import refuse_to_freeze, settle_moment
from larry.actions.planning import LaneWish, Planned, plan_wishes
from larry.actions.rollout import carry_out, preview
from larry.actions.sight import find_named
from larry.actions.stale import retake
from larry.core.deployable import Snapshot
from larry.core.interval import Interval, iso
from larry.core.plan import Notice, Plan
from larry.core.rollout import carry_over
from larry.core.track import Track, untracked
from larry.queries.dirty import list_dirty_to_come
from larry.queries.instance import get_descriptions
from larry.queries.lane import list_lanes, list_live_lanes
from larry.queries.moment import Moment
from larry.queries.service import get_service_graph
from larry.queries.view import read_view


def redeploy(
    paths: tuple[str, ...],
    author: Author,
    *,
    start: datetime | None = None,
    also_clean: bool = False,
    expect: str | None = None,
    dry_run: bool = False,
    track: Track = untracked,
) -> Plan:
    """Bring instances up to what they are described as now, where they are live at ``start`` (None: now).

    Lanes that already have the same snapshot are left alone, unless ``also_clean``: then they are laid out anew, so
    that auditors that had no host find one. Raises as `deploy` does.
    """

    def plan() -> Callable[[Author], Planned]:
        return _planner(paths, start, author, track, also_clean=also_clean)

    if dry_run:
        return preview(plan(), author)
    return retake(lambda: carry_out(plan(), author, expect=expect, verb="redeploy"))


def _planner(
    paths: tuple[str, ...], start: datetime | None, author: Author, track: Track, *, also_clean: bool
) -> Callable[[Author], Planned]:
    if not paths:
        raise Refused("nothing to redeploy: name at least one instance")
    with read_view():
        descriptions = get_descriptions(paths, author.sees, author.moment)
        required = {key for described in descriptions.values() for key in described.requires}
        services = get_service_graph(author.sees, author.moment, required)
    frozen: dict[str, Snapshot] = {}
    refusals: list[Notice] = []
    for path, description in track(sorted(descriptions.items()), "taking snapshots"):
        frozen[path], resolved = description.describe(services)
        refusals.extend(refuse_to_freeze(frozen[path], resolved))

    def plan(now: Author) -> Planned:
        moment = settle_moment(start, now.now)
        planned = plan_wishes(_wishes(frozen, moment, now, also_clean), now, refusals=refusals)
        told = (*planned.plan.refusals, *_say_what_would_do(planned.plan, moment, now))
        return planned if told == planned.plan.refusals else replace(planned, plan=replace(planned.plan, refusals=told))

    return plan


_MOST_NAMED = 5
_FIRST_FROM = re.compile(r"first redeploy from (\S+) on")


def find_first(refusals: Iterable[Notice]) -> str:
    """From when on, as text, refusals say that what is to come is to be redeployed before this; empty where none does.
    No SQL."""
    told = (_FIRST_FROM.search(each.text) for each in refusals if each.code == "dirty_to_come")
    return next((found[1] for found in told if found is not None), "")


def _say_what_would_do(plan: Plan, moment: datetime, author: Author) -> tuple[Notice, ...]:
    """Where what is to come may be what stands against this: it is not live yet, and so no part of it. The last of
    that has to be brought up to date first; each that comes before meets only what is as it is described then.
    """
    named = {path for refusal in plan.refusals if refusal.code == "conflict" for path in find_named(refusal.text)}
    coming = list_dirty_to_come(named, author.sees, Moment(moment)) if named else ()
    if not coming:
        return ()
    start, lanes = coming[-1]
    told = ", ".join(f"{path} on {host}" for path, host in lanes[:_MOST_NAMED])
    more = f" and {len(lanes) - _MOST_NAMED} more" if len(lanes) > _MOST_NAMED else ""
    text = (
        f"{told}{more} {'is' if len(lanes) == 1 else 'are'} to come at {iso(start)}, not as described now: where that "
        f"is what stands against this, first redeploy from {iso(start)} on what is dirty then"
    )
    return (Notice("dirty_to_come", text),)


def _wishes(frozen: dict[str, Snapshot], moment: datetime, author: Author, also_clean: bool) -> list[LaneWish]:
    """A wish for each lane that is live at the moment, with another snapshot where not all are asked for: from then
    until the old one's end."""
    keys = list_live_lanes(frozen, Moment(moment), author.sees, author.moment)
    lanes = list_lanes(keys, author.sees, author.moment)
    wishes: list[LaneWish] = []
    for (path, host), lane in lanes.items():
        stay = next((stay for stay in lane.stays if moment in stay.interval), None)
        if stay is not None and (also_clean or stay.deployable != frozen[path].digest):
            place = carry_over({}, [lane.places[stay.id]], frozen[path], lane.former.all_of("service"))
            wishes.append(LaneWish(path, host, frozen[path], Interval(moment, stay.interval.end), place))
    return wishes
