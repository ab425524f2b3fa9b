"""Every preview equals what the act then does, on random estates and for random sequences of acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, note
from hypothesis import strategies as st

from larry.actions.apply import EstateChange
from larry.actions.author import Author, Refused
from larry.core.interval import Interval
from larry.core.plan import Change, Plan
from larry.nouns.estate import EstateFaults
from larry.queries.reader import NotFound
from larry.records.activity import Activity
from larry.records.deployment import DeployedService, Deployment
from larry.records.rollout import Rollout
from tests.actions.estate import NOW, lay
from tests.actions.random_estate import Act, Draw, draw_act, draw_estate
from tests.actions.world import (
    Timeline,
    digest_at,
    find_faults,
    find_rewritten_past,
    read_timelines,
    read_world,
)
from tests.core.budget import cases

pytestmark = pytest.mark.django_db

ACTS = 12
"""How many acts follow one another in one estate: in a default run about two hundred."""


@cases(14)
@given(st.data())
def test_every_preview_equals_what_the_act_then_does(data: st.DataObject) -> None:
    with transaction.atomic():
        draw = Draw(data)
        lay(draw_estate(draw))
        now = NOW
        for _ in range(ACTS):
            now += timedelta(days=draw.one(0.0, 0.0, 0.25, 1.0, 3.0))
            compare(draw_act(draw, now), Author("ada", "because", now))
        transaction.set_rollback(True)


def compare(act: Act, author: Author) -> None:
    """Preview, act, and look at what has become of the world."""
    note(f"{author.now}: {act.title}")
    world, lanes, timelines = read_world(), read_deployments(), read_timelines()
    shown, why_not = attempt(lambda: act.preview(author))
    assert read_world() == world, "a preview writes nothing"
    refused = why_not is not None or (isinstance(shown, Plan) and bool(shown.refusals))
    done, why = attempt(lambda: act.do(author, shown.digest if shown is not None else None))
    if refused:
        assert done is None
        assert why_not in {None, why}
        assert read_world() == world, "what is refused changes nothing"
        return
    assert why is None
    assert (done, done and done.digest) == (shown, shown and shown.digest)
    plan = done.plan if isinstance(done, EstateChange) else done
    assert plan is not None
    if isinstance(done, EstateChange) and done.changes_nothing:
        assert read_world() == world
    check_deployments(lanes, plan)
    check_services(plan)
    check_nodes(timelines, plan)
    check_activity(plan)
    assert find_rewritten_past(timelines, read_timelines(), author.now) == []
    assert find_faults(author.now) == []


def attempt(act: Callable[[], Plan | EstateChange]) -> tuple[Plan | EstateChange | None, str | None]:
    """What came of it, or why it was refused; anything but a refusal is a fault of Larry's."""
    try:
        return act(), None
    except (Refused, NotFound, EstateFaults) as refusal:
        return None, str(refusal)


def read_deployments() -> dict[str, tuple[Any, ...]]:
    rows = Deployment.objects.values_list(
        "id", "instance__path", "host__name", "deployable", "start", "end", "deactivated_at", "continues"
    )
    return {row[0]: row[1:] for row in rows}


def check_deployments(before: Mapping[str, tuple[Any, ...]], plan: Plan) -> None:
    """What the deployments were, with the Plan's changes and no others, is what they are."""
    wanted = dict(before)
    for change in plan.changes:
        wanted[change.deployment] = _changed(change, before.get(change.deployment), plan.now)
    assert read_deployments() == wanted


def _changed(change: Change, row: tuple[Any, ...] | None, now: datetime) -> tuple[Any, ...]:
    if change.after is None:
        assert row is not None
        assert change.before == Interval(row[3], row[4])
        return (*row[:5], now, row[6])
    kept = (change.continues,) if row is None else row[6:]
    return (change.instance, change.host, change.deployable, change.after.start, change.after.end, None, *kept)


def check_services(plan: Plan) -> None:
    """The services of new deployments are those of the Plan, each where and when and about what it said."""
    new = [change.deployment for change in plan.changes if change.before is None]
    names = {row.id: row for row in DeployedService.objects.filter(deployment__in=new).select_related("host")}
    hosts = dict(DeployedService.objects.values_list("host_id", "host__name"))
    stored = {
        (
            row.deployment_id,
            row.service_key,
            row.host.name,
            row.start,
            row.end,
            tuple((s, hosts[h]) for s, h in row.subjects),
        )
        for row in names.values()
    }
    planned = {
        (each.deployment, each.service, each.host, each.during.start, each.during.end, each.audits)
        for each in plan.deployed_services
    }
    assert stored == planned
    assert len(names) == len(plan.deployed_services)


def check_nodes(before: Timeline, plan: Plan) -> None:
    """From now on the old and the new node of every host differ, and agree again, just where the Plan's nodes say."""
    after = read_timelines()
    told = {(each.host, each.start): (each.before, each.after) for each in plan.nodes}
    seen: dict[tuple[str, datetime], tuple[str | None, str | None]] = {}
    for host in before.keys() | after.keys():
        old, new = before.get(host, ()), after.get(host, ())
        moments = {plan.now, *(start for start, _, _ in (*old, *new) if start > plan.now)}
        last: tuple[str | None, str | None] = (None, None)
        for moment in sorted(moments):
            pair = digest_at(old, moment), digest_at(new, moment)
            if pair != last if pair[0] != pair[1] else last[0] != last[1]:
                seen[host, moment] = pair
            last = pair
    assert seen == told


def check_activity(plan: Plan) -> None:
    """A rollout leaves a line for itself and one for each change, and keeps its Plan's digest."""
    if not plan.changes:
        return
    rollout = Rollout.objects.order_by("-id")[0]
    assert (rollout.plan_digest, rollout.recorded_at) == (plan.digest, plan.now)
    lines = Activity.objects.filter(rollout=rollout).order_by("id").values_list("noun", "address", "verb")
    assert list(lines)[1:] == [("deployment", change.deployment, change.kind.value) for change in plan.changes]
