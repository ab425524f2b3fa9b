"""Seen: a deployment is changed as it was read, or not at all, so that nobody's later change is undone unseen."""

from __future__ import annotations

from collections.abc import Callable

from larry.actions.author import Author
from larry.actions.describe import ChangedMeanwhile
from larry.actions.planning import Planned
from larry.queries.deployment import get_deployment


def plan_as_seen(planner: Callable[[Author], Planned], id_: str, seen: str | None) -> Callable[[Author], Planned]:
    """The planner, which raises `ChangedMeanwhile` where the deployment's digest is no longer ``seen``; 2 SQL
    statements, none where nothing was seen."""
    if seen is None:
        return planner

    def plan(now: Author) -> Planned:
        if get_deployment(id_, now.sees, now.moment).digest != seen:
            raise ChangedMeanwhile(f"the deployment {id_} was changed meanwhile: read it again")
        return planner(now)

    return plan
