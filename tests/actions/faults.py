"""Faults to plant in actions, queries and the core beneath them, each with the check that must find it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Q

from larry.actions import activity, planning, rollout
from larry.actions.author import Author
from larry.actions.timeline import write_timelines
from larry.actions.transaction import Ground, look_back
from larry.core.timeline import make_room
from larry.records.activity import Activity
from tests.actions import checks

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class ActionFault:
    """What is wrong, how it is planted, and the check that finds it; some only matter where rows are locked."""

    title: str
    plant: Plant
    check: Callable[..., None]
    needs_row_locks: bool = False


def swap(name: str, replacement: object) -> Plant:
    """Replace a name of Larry's where it is looked up."""
    return lambda patch: patch.setattr(f"larry.{name}", replacement)


def swap_both(one: str, other: str, fault: object) -> Callable[[pytest.MonkeyPatch], None]:
    """Put one thing in two places at once."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        swap(one, fault)(patch)
        swap(other, fault)(patch)

    return plant


def _no_rows() -> SimpleNamespace:
    """A table that takes rows and forgets them."""
    return SimpleNamespace(objects=SimpleNamespace(bulk_create=lambda rows, **_: list(rows)))


def _version_keeper(patch: pytest.MonkeyPatch) -> None:
    def forget(**values: Any) -> None:
        return None

    forget.objects = _no_rows().objects  # type: ignore[attr-defined]
    patch.setattr(rollout, "DeploymentVersion", forget)


def _edge_keeper(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("larry.actions.edge.EdgeVersion", _no_rows())
    patch.setattr("larry.actions.edge._version", lambda *args, **kwargs: None)


def _act_on_the_first_plan(planner: Any, known: Any, author: Author, expect: Any, verb: str) -> tuple[bool, Any]:
    rollout._lock(known.planned)
    rollout._write(known.planned, author, verb)
    return True, known


def _without(argument: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, deaf to one argument."""
    return lambda *args, **kwargs: function(
        *args, **{name: value for name, value in kwargs.items() if name != argument}
    )


def _judge_leniently(*args: Any) -> Any:
    from larry.core.rollout import judge

    plan, writes = judge(*args)
    return replace(plan, refusals=()), writes


def _forgets_auditors(timelines: Any, ids: Any, author: Author, since: Any, *_: Any) -> None:
    write_timelines({host: segments for host, segments in timelines.items() if host != "mon"}, ids, author, since)


def _from_earlier(timelines: Any, ids: Any, author: Author, since: Any, *_: Any) -> None:
    write_timelines(timelines, ids, author, since - timedelta(days=1))


def _never_resumes(*args: Any, resume: bool, **kwargs: Any) -> Any:
    return make_room(*args, resume=False, **kwargs)


def _last_line_only(author: Author) -> Ground:
    last = Activity.objects.order_by("-id").values_list("at", flat=True).first()
    return Ground(author.not_before(last), 0, 0)


def _always_the_same_ground(author: Author) -> Ground:
    return Ground(look_back(author).author, 0, 0)


def _neither_locks_nor_looks(patch: pytest.MonkeyPatch) -> None:
    """Either alone is enough: who waits for the lock looks after it, and who has the turn looks once more."""
    patch.setattr(rollout, "_lock", lambda _: None)
    patch.setattr(rollout, "begin_on_ground", look_back)
    patch.setattr(rollout, "_consider", _keep_the_first)


def _keep_the_first(planner: Any, ground: Ground, known: Any = None) -> Any:
    return known or rollout._Considered(planner(ground.author), ground)


def _without_before(*args: Any, before: Any = None, **kwargs: Any) -> Any:
    return activity.activity_of(*args, **kwargs)


def _all_equally_busy(*args: Any) -> Any:
    from larry.core.rollout import Candidate
    from larry.queries.host import list_hosts_of_role

    return tuple(Candidate(each.host) for each in list_hosts_of_role(*args))


def _open_ended(*args: Any) -> Any:
    return replace(wish := planning.LaneWish(*args), interval=replace(wish.interval, end=None))


def _careless_expectation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("larry.actions.deploy.carry_out", _without("expect", rollout.carry_out))


def _same_service_interval(service: Any, before: Any, after: Any) -> Any:
    return service


NO_PRESENCE: Mapping[Any, Any] = {}

FAULTS: tuple[ActionFault, ...] = (
    ActionFault(
        "an act does not plan again",
        swap("actions.rollout._attempt", _act_on_the_first_plan),
        checks.somebody_is_quicker,
    ),
    ActionFault(
        "what was recorded meanwhile is not looked at",
        swap_both("actions.rollout.look_back", "actions.transaction.look_back", _always_the_same_ground),
        checks.somebody_is_quicker,
    ),
    ActionFault(
        "deployed services keep their intervals",
        swap("actions.rollout.fit_interval", _same_service_interval),
        checks.newcomer_makes_room,
    ),
    ActionFault(
        "nodes are compiled of old intervals",
        swap("core.rollout.fit_interval", _same_service_interval),
        checks.newcomer_makes_room,
    ),
    ActionFault("versions are forgotten", _version_keeper, checks.newcomer_makes_room),
    ActionFault("nothing is resumed", swap("actions.planning.make_room", _never_resumes), checks.newcomer_makes_room),
    ActionFault(
        "hosts of auditors are not compiled",
        swap("actions.rollout.write_timelines", _forgets_auditors),
        checks.auditors_follow_their_subjects,
    ),
    ActionFault(
        "an edited host is compiled alone",
        swap("actions.apply.list_hosts_beside", lambda hosts, *_: frozenset(hosts)),
        checks.auditors_follow_their_subjects,
    ),
    ActionFault(
        "timelines are written from yesterday on",
        swap("actions.rollout.write_timelines", _from_earlier),
        checks.past_is_kept,
    ),
    ActionFault(
        "the running segment does not end",
        swap("actions.timeline._carry_on", lambda row, segments, *_: segments),
        checks.past_is_kept,
    ),
    ActionFault(
        "a host's facts are not effective", swap("actions.apply._shows", lambda change: False), checks.past_is_kept
    ),
    ActionFault("expectations are ignored", _careless_expectation, checks.expectations_are_kept),
    ActionFault(
        "a preview acts", swap("actions.deploy.preview", rollout.carry_out), checks.previews_tell_all_and_write_nothing
    ),
    ActionFault(
        "ids are not known before",
        swap("queries.lane.Lane.new_id", lambda lane, number: uuid4().hex[:13]),
        checks.previews_tell_all_and_write_nothing,
    ),
    ActionFault("conflicts are not judged", swap("actions.planning.judge", _judge_leniently), checks.conflicts_refuse),
    ActionFault(
        "now runs backwards",
        swap_both("actions.rollout.look_back", "actions.transaction.look_back", lambda author: Ground(author, 0, 0)),
        checks.now_never_runs_backwards,
    ),
    ActionFault(
        "only the last line is looked at",
        swap_both("actions.rollout.look_back", "actions.transaction.look_back", _last_line_only),
        checks.now_never_runs_backwards,
    ),
    ActionFault(
        "no grace", swap("actions.deploy.GRACE", timedelta(0)), checks.starts_hardly_past_are_now_and_others_refused
    ),
    ActionFault(
        "a day of grace",
        swap("actions.deploy.GRACE", timedelta(days=1)),
        checks.starts_hardly_past_are_now_and_others_refused,
    ),
    ActionFault(
        "a dry run stays",
        swap("actions.apply.transaction", SimpleNamespace(set_rollback=lambda _: None)),
        checks.dry_runs_write_nothing,
    ),
    ActionFault(
        "secrets are not sealed", swap("actions.decision.seal_item", lambda item, _: item), checks.secrets_are_sealed
    ),
    ActionFault(
        "what was before is forgotten",
        swap("actions.apply.activity_of", _without_before),
        checks.acts_say_who_and_what_was_before,
    ),
    ActionFault(
        "changes leave no line",
        swap("actions.rollout.record_all", lambda *_: None),
        checks.acts_say_who_and_what_was_before,
    ),
    ActionFault("edges forget their versions", _edge_keeper, checks.edges_keep_their_versions),
    ActionFault(
        "roles do not look who is busy",
        swap("actions.planning.list_hosts_of_role", _all_equally_busy),
        checks.roles_spread_and_keep,
    ),
    ActionFault(
        "who serves already is forgotten",
        swap("actions.planning.list_serving", lambda *_: ()),
        checks.roles_spread_and_keep,
    ),
    ActionFault(
        "places are not carried over",
        swap("actions.planning.carry_over", lambda place, *_: place),
        checks.places_are_carried_over,
    ),
    ActionFault(
        "redeploying forgets the end",
        swap("actions.redeploy.LaneWish", _open_ended),
        checks.redeploying_keeps_ends_and_clean_lanes,
    ),
    ActionFault(
        "states are not asked for",
        swap("queries.deployment._in_states", lambda *_: Q()),
        checks.deployments_are_listed_by_state,
    ),
)
"""Found by one thread alone."""

THREADED_FAULTS: tuple[ActionFault, ...] = (
    ActionFault(
        "lanes and hosts are not locked, and nobody looks again in one's turn",
        _neither_locks_nor_looks,
        checks.two_conflicting_deployers_meet,
        needs_row_locks=True,
    ),
    ActionFault(
        "an edit locks no hosts",
        swap("actions.apply._lock", lambda *_: None),
        checks.an_edit_waits_for_a_deployment,
        needs_row_locks=True,
    ),
    ActionFault(
        "edits do not take turns",
        swap("actions.apply.take_turn", lambda: None),
        checks.two_creators_meet,
        needs_row_locks=True,
    ),
    ActionFault(
        "a snapshot reads two states", swap("actions.snapshot.read_view", nullcontext), checks.a_snapshot_sees_one_state
    ),
    ActionFault("an act is not tried again", swap("actions.transaction._TRIES", 0), checks.two_creators_meet),
)
"""Found only where two threads meet."""
