"""A deploy costs what it changes: it reads the part of the service graph that comes along, and plans once where nothing
was recorded meanwhile.
"""

from __future__ import annotations

import cProfile
import json
import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.actions import deploy, planning, rollout
from larry.actions.apply import apply
from larry.actions.author import Author
from larry.actions.redeploy import redeploy
from larry.actions.transaction import look_back
from larry.core import rollout as core_rollout
from larry.core.large_node import LargeNode
from larry.core.merge import HostTimeline, compile_timeline
from larry.core.node import HostFacts
from larry.core.node_part import is_divided
from larry.core.service_graph import ServiceGraph
from larry.queries.deployable import _parsed
from larry.queries.instance import get_descriptions
from larry.queries.moment import Moment
from larry.queries.node import get_stored_node
from larry.queries.reader import LOCAL
from larry.queries.service import get_service_graph
from larry.records.node import NodeDocument
from tests.actions.estate import LIVE, SMALL, TEST, author, change, day, lay, put, state
from tests.actions.test_node_part import make_estate
from tests.actions.world import find_faults

pytestmark = pytest.mark.django_db


DECLARED: tuple[dict[str, Any], ...] = (
    {"default": None},
    {"default": 7, "type": "integer", "description": "how many"},
    {"default": {"deep": [1, {"x": 2.5}]}, "type": "map", "merge": "deep"},
    {"default": "s", "type": "string"},
    {"default": False},
)


def make_services(number: int, chance: random.Random) -> list[dict[str, Any]]:
    """Services that need and audit earlier ones."""
    made: list[dict[str, Any]] = []
    for each in range(number):
        earlier = [f"s{other}" for other in range(each)]
        needs = chance.sample(earlier, min(len(earlier), chance.choice((0, 0, 1, 2))))
        audited = chance.sample(earlier, min(len(earlier), chance.choice((0, 0, 0, 1, 2))))
        audits = [{"service": key, "where": chance.choice(("same-host", {"host": "mon"}))} for key in audited]
        made.append({"name": f"s{each}", "needs": needs, "audits": audits})
    return made


def declare(services: list[dict[str, Any]], chance: random.Random) -> None:
    """Parameters and all else that a service has."""
    for each in services:
        named = [f"p{each['name']}_{n}" for n in range(chance.choice((0, 1, 3)))]
        each["parameters"] = [{"name": name, **chance.choice(DECLARED)} for name in named]
        each["tools"] = chance.choice(({}, {"puppet": {"class": each["name"], "order": [1, 2]}}))
        each["sharing"] = chance.choice(("host", "host", "instance"))


def lay_services(services: list[dict[str, Any]]) -> None:
    instances = [{"name": each["name"], "requires": [each["name"]]} for each in services]
    stated = {
        "larry": 1,
        "services": services,
        "customers": [{"name": "c", "apps": [{"name": "a", "instances": instances}]}],
        "hosts": [{"name": "mon"}],
    }
    apply(state(json.dumps(stated)), author(-30))


@pytest.mark.parametrize("seed", range(6))
def test_the_part_of_the_graph_that_is_reached_describes_the_same(seed: int) -> None:
    services = make_services(24, random.Random(seed))
    declare(services, random.Random(seed))
    lay_services(services)
    at = Moment(day(0))
    whole = get_service_graph(LOCAL, at)
    sizes = set()
    for description in get_descriptions([f"c/a/{each['name']}" for each in services], LOCAL, at).values():
        part = get_service_graph(LOCAL, at, description.requires)
        assert dict(part) == {key: whole[key] for key in whole.close(description.requires)}
        assert description.describe(part)[0].text == description.describe(whole)[0].text
        sizes.add(len(part))
    assert min(sizes) < len(whole) / 2, "most of it is left alone"


def test_nothing_is_reached_from_nothing_and_what_has_retired_is_not_there() -> None:
    lay(SMALL)
    at = Moment(day(0))
    assert dict(get_service_graph(LOCAL, at, ())) == {}
    assert set(get_service_graph(LOCAL, at, ["app"])) == {"app", "linux", "watch"}
    assert set(get_service_graph(LOCAL, at, ["linux"])) == {"linux"}
    assert isinstance(get_service_graph(LOCAL, at, ["nobody"]), ServiceGraph)


def count_statements(now: float) -> int:
    change("instance", LIVE, now, parameters={"size": int(now) + 10})
    _parsed.clear()  # what this process has read before is read again
    with CaptureQueriesContext(connection) as captured:
        put(LIVE, "web1", now=now)
    return len(captured)


def test_what_else_there_is_takes_no_statement_more() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    put(TEST, "web2")
    before = count_statements(1)
    lay_services(make_services(30, random.Random(1)))
    for n in range(12):
        put(f"c/a/s{n}", "web2", now=1)
        put(TEST, "web2", now=1)
    assert count_statements(2) == before


def count_calls(path: str, host: str, now: float) -> int:
    """What a preview and a deploy of an instance that has been edited calls, of Python and of C."""
    change("instance", path, now, parameters={"size": now})
    request = deploy.DeployRequest((deploy.DeployItem(path, (host,)),))
    profile = cProfile.Profile()
    with profile:
        deploy.preview_deploy(request, author(now))
        deploy.deploy(request, author(now))
    return sum(entry.callcount for entry in profile.getstats())


def test_who_watches_many_is_not_looked_at_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that watches four times as many: hardly more is called for it, and its node is neither read nor written
    whole."""
    calls: dict[int, int] = {}
    now, deployed = 0.0, 0
    for subjects in (150, 600):
        lay(make_estate(subjects), now)
        lanes = [deploy.DeployItem(f"c/a/i{number}", (f"w{number}",)) for number in range(deployed, subjects)]
        deploy.deploy(deploy.DeployRequest(tuple(lanes)), author(now))
        count_calls("c/a/i0", "w0", now + 0.1)
        with monkeypatch.context() as patch:
            patch.setattr(LargeNode, "read", None)
            patch.setattr(LargeNode, "text", None)
            calls[subjects] = sorted(count_calls(f"c/a/i{n}", f"w{n}", now + n / 100) for n in (11, 70, 149))[1]
        now, deployed = now + 2, subjects
        document = NodeDocument.objects.get(digest=get_stored_node("mon", LOCAL, Moment(day(now))).digest)
        assert is_divided(document.body)
        assert find_faults(day(now)) == []
    assert calls[600] - calls[150] < 10 * (600 - 150), "to read, merge and write each of them takes some hundred"


SHARED = """
larry: 1
services:
  - {name: linux}
  - {name: web, needs: [linux]}
  - {name: php, sharing: instance, needs: [web]}
  - {name: app, sharing: instance, needs: [php], parameters: [{name: size, default: 1}]}
"""


def make_shared_host(instances: int) -> str:
    """All on one host, each customer with three of them."""
    stated = [f"{{name: I{n}, requires: [app]}}" for n in range(instances)]
    customers = [
        f"{{name: C{n}, parameters: {{note: {n}}}, apps: [{{name: A, instances: [{', '.join(stated[n : n + 3])}]}}]}}"
        for n in range(0, instances, 3)
    ]
    return f"{SHARED}customers: [{', '.join(customers)}]\nhosts: [{{name: web1}}]\n"


def test_who_shares_a_host_with_many_is_deployed_without_looking_at_each_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: dict[int, int] = {}
    now, deployed = 0.0, 0
    for instances in (60, 240):
        lay(make_shared_host(instances), now)
        paths = [f"c{n - n % 3}/a/i{n}" for n in range(instances)]
        lanes = [deploy.DeployItem(path, ("web1",)) for path in paths[deployed:]]
        deploy.deploy(deploy.DeployRequest(tuple(lanes)), author(now))
        count_calls(paths[0], "web1", now + 0.1)
        with monkeypatch.context() as patch:
            patch.setattr(LargeNode, "read", None)
            patch.setattr(LargeNode, "text", None)
            patch.setattr(core_rollout, "compile_timeline", None)
            calls[instances] = sorted(count_calls(paths[n], "web1", now + n / 100) for n in (11, 31, 59))[1]
        now, deployed = now + 2, instances
        assert find_faults(day(now)) == []
    assert calls[240] - calls[60] < 400 * (240 - 60), "to read, merge and write what one has takes more than a thousand"


POINTS = {"nowhere": 1, "_lock": 2, "begin_on_ground": 2}
"""Before which step something is recorded, and how often is planned then."""


@pytest.mark.parametrize("point", POINTS)
def test_what_is_planned_on_the_same_ground_is_not_planned_again(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something is recorded between the plan and the locks, or behind them, the plan is made again: even where it
    is of a moment before the act's own."""
    lay(SMALL)
    planned: list[Author] = []
    plan_wishes = planning.plan_wishes

    def count(wishes: Any, now: Author, **how: Any) -> Any:
        planned.append(now)
        return plan_wishes(wishes, now, **how)

    def come_between(*args: Any) -> Any:
        change("instance", TEST, 0, parameters={"size": 4})
        return step(*args)

    monkeypatch.setattr(deploy, "plan_wishes", count)
    if point != "nowhere":
        step = getattr(rollout, point)
        monkeypatch.setattr(rollout, point, come_between)
    done = put(LIVE, "web1", now=5)
    assert done.changes
    assert len(planned) == POINTS[point]


def test_many_changes_at_once_compile_each_host_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An estate file that edits every host, and a rollout of every instance: each host, also the one that all others
    are watched from, is compiled once."""
    lay(SMALL)
    put(LIVE, "web1")
    put(TEST, "web2")
    compiled: list[str] = []

    def count(facts: HostFacts, *args: Any) -> HostTimeline:
        compiled.append(facts.name)
        return compile_timeline(facts, *args)

    monkeypatch.setattr(core_rollout, "compile_timeline", count)
    hosts = [{"name": name, "addresses": [f"10.9.0.{number}"]} for number, name in enumerate(("web1", "web2", "mon"))]
    apply(state(json.dumps({"larry": 1, "hosts": hosts})), author(1))
    assert sorted(compiled) == ["mon", "web1", "web2"]
    compiled.clear()
    change("service", "app", 2, parameters=[{"name": "size", "default": 7}])
    redeploy((LIVE, TEST), author(3))
    assert sorted(compiled) == ["mon", "web1", "web2"]


def test_another_moment_is_another_ground() -> None:
    lay(SMALL)
    assert look_back(author(1)) == look_back(author(1))
    assert look_back(author(1)) != look_back(author(2))
    before = look_back(author(1))
    change("instance", LIVE, 0, parameters={"size": 2})
    assert before != look_back(author(1))
    assert isinstance(look_back(author(1)).author, Author)
