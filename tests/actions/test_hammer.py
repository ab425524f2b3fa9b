"""Sixteen writers on a few lanes: what is acknowledged is there, and nothing is broken."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import pytest
from django.db import connection

from larry.actions.apply import EstateChange
from larry.actions.author import Author, Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.edit import edit
from larry.actions.redeploy import redeploy
from larry.actions.undeploy import undeploy
from larry.core.plan import Plan
from larry.queries.reader import NotFound
from larry.records.activity import Activity
from larry.records.deployment import Deployment
from larry.records.rollout import Rollout
from tests.actions.estate import author, day, lay, put, spans
from tests.actions.meeting import Act, Outcome, run_at_once
from tests.actions.repeats import crowd
from tests.actions.world import find_faults
from tests.core.budget import many

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 16
ACTS = many(10)
PATHS = ("c/a/i0", "c/a/j0", "c/a/i1")
HOSTS = ("h0", "k0")


def write(number: int) -> list[tuple[str, Outcome]]:
    """A writer's acts, one after another, and what came of each."""
    choose = random.Random(number)
    outcomes: list[tuple[str, Outcome]] = []
    for turn in range(ACTS):
        who = Author(f"writer-{number}", f"{number}:{turn}", day(turn / 10))
        act = choose.choice((do_deploy, do_deploy, do_undeploy, do_redeploy, do_edit))
        try:
            outcomes.append((who.reason, act(choose, who)))
        except (Refused, NotFound) as refusal:
            outcomes.append((who.reason, refusal))
    return outcomes


def do_deploy(choose: random.Random, who: Author) -> Plan:
    start = day(choose.choice((2, 3, 5, 8)))
    end = choose.choice((None, day(choose.choice((9, 12, 15)))))
    items = tuple(DeployItem(path, (choose.choice(HOSTS),)) for path in choose.sample(PATHS, choose.choice((1, 2))))
    return deploy(DeployRequest(items, start, end, choose.choice((True, False))), who)


def do_undeploy(choose: random.Random, who: Author) -> Plan:
    ids = sorted(Deployment.objects.filter(deactivated_at=None).values_list("id", flat=True))
    return undeploy((choose.choice(ids or ["nobody"]),), who, at=day(choose.choice((4, 6, 10))))


def do_redeploy(choose: random.Random, who: Author) -> Plan:
    return redeploy(PATHS, who, start=day(choose.choice((4, 7))))


def do_edit(choose: random.Random, who: Author) -> EstateChange:
    if choose.random() < 0.5:
        return edit("host", choose.choice(HOSTS), {"labels": {"by": who.reason}}, who)
    return edit("app", "c/a", {"parameters": {"size": choose.choice((1, 2))}}, who)


def test_sixteen_writers_leave_a_world_in_order() -> None:
    lay(crowd(2))
    for path in PATHS[:2]:
        put(path, "h0")
    writers = (partial(write, number) for number in range(WRITERS))
    told = [entry for each in run_at_once(*writers, seconds=many(120)) for entry in each]  # type: ignore[attr-defined]
    assert len(told) == WRITERS * ACTS
    check_acknowledged(told)
    assert find_faults(day(ACTS / 10)) == []
    plans = [outcome for _, outcome in told if isinstance(outcome, Plan) and outcome.changes]
    assert len(plans) > WRITERS, Counter(type(outcome).__name__ for _, outcome in told)


def check_acknowledged(told: list[tuple[str, Outcome]]) -> None:
    """Who was told that it is done is on record once, who was refused is not; and no guard was ever needed."""
    rollouts = dict(Rollout.objects.exclude(reason="because").values_list("reason", "plan_digest"))
    acknowledged = {reason: plan.digest for reason, plan in told if isinstance(plan, Plan) and plan.changes}
    assert rollouts == acknowledged
    edits = {reason for reason, outcome in told if isinstance(outcome, EstateChange) and outcome.changes}
    assert edits == set(Activity.objects.filter(verb="update").values_list("reason", flat=True))
    met = [str(outcome) for _, outcome in told if "database refuses" in str(outcome) or "try again" in str(outcome)]
    assert met == []


@pytest.mark.parametrize("level", ["REPEATABLE_READ", "SERIALIZABLE"])
def test_under_stricter_isolation_the_guards_hold_too(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larry asks for READ COMMITTED; where somebody configures more, an act may be refused, but nothing breaks."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows one level")
    from psycopg import IsolationLevel

    lay(crowd(2))
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", IsolationLevel[level])
    acts: list[Act] = [partial(put, path, "h0", start=start, end=9) for path in PATHS for start in (1, 4)]
    acts += [partial(edit, "host", "h0", {"labels": {"n": str(n)}}, author()) for n in range(2)]
    done = run_at_once(*acts)
    assert all(isinstance(each, Plan | EstateChange | Refused) for each in done), done
    assert find_faults(day(0)) == []
    acknowledged = sum(isinstance(each, Plan) for each in done)
    assert Rollout.objects.count() == acknowledged >= 1
    assert sum(len(spans(path, "h0")) for path in PATHS) >= 1
