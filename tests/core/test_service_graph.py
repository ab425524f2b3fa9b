"""The service graph: closures, orders, waves and circles against oracles that only repeat the definition."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.service_graph import (
    Audit,
    CircleInServices,
    ServiceGraph,
    ServiceSpec,
    Sharing,
    Where,
    WhereKind,
    close,
    find_circle,
    order_by,
    reach,
    wave,
)
from tests.core.budget import cases, dice
from tests.core.specimen import Graph, has_circle, make_graph

Edges = Mapping[str, frozenset[str]]


def naive_closure(required: list[str], graph: Graph) -> set[str]:
    """Repeat the sentence until it adds nothing: what they need, every auditor of anything so far."""
    closure = set(required)
    while True:
        needed = {need for key in closure for need in graph[key].needs}
        auditors = {key for key, spec in graph.items() if any(audit.service in closure for audit in spec.audits)}
        if needed | auditors <= closure:
            return closure
        closure |= needed | auditors


def naive_order(edges: Edges) -> list[str] | None:
    """Take the smallest key of those that wait for nothing, again and again; None when all that are left wait."""
    left, order = set(edges), []
    while left:
        ready = [key for key in left if not (edges[key] & left)]
        if not ready:
            return None
        order.append(min(ready))
        left.remove(min(ready))
    return order


def make_edges(random: Random, odds: float, acyclic: bool = False) -> dict[str, frozenset[str]]:
    """For each key the keys before it, some of which are not among the keys."""
    keys = random.sample("abcdefghij", random.randrange(9))
    return {
        key: frozenset(
            other
            for number, other in enumerate((*keys, "outside"))
            if random.random() < odds and not (acyclic and number >= place and other != "outside")
        )
        for place, key in enumerate(keys)
    }


def among(edges: Edges) -> dict[str, frozenset[str]]:
    return {key: before & edges.keys() for key, before in edges.items()}


def test_closure_is_the_naive_fixpoint() -> None:
    for seed, random in dice(2000):
        graph = make_graph(random, edges=random.choice((0.1, 0.3, 0.6)))
        required = random.sample(sorted(graph), random.randrange(len(graph) + 1))
        assert close(required, graph) == naive_closure(required, graph), f"seed {seed}"


def test_closure_grows_with_what_is_required_and_is_closed() -> None:
    for seed, random in dice(500):
        graph = make_graph(random)
        fewer = random.sample(sorted(graph), random.randrange(len(graph)))
        closure = close(fewer, graph)
        assert close(closure, graph) == closure, f"seed {seed}"
        assert closure <= close([*fewer, random.choice(sorted(graph))], graph), f"seed {seed}"


def test_order_is_the_repeated_choice_of_the_smallest_ready_key() -> None:
    circles = 0
    for seed, random in dice(4000):
        edges = make_edges(random, random.choice((0.05, 0.15, 0.4)), acyclic=random.random() < 0.6)
        wanted = naive_order(among(edges))
        if wanted is None:
            circles += 1
            with pytest.raises(CircleInServices) as refusal:
                order_by(edges, edges.__getitem__)
            check_circle(tuple(str(refusal.value).split(" -> ")), edges)
        else:
            assert list(order_by(edges, edges.__getitem__)) == wanted, f"seed {seed}"
    assert circles > 200


def check_circle(circle: tuple[str, ...], edges: Edges) -> None:
    assert circle[0] == circle[-1]
    assert len(set(circle)) == len(circle) - 1 > 0
    assert all(later in edges[earlier] for earlier, later in pairwise(circle))


def test_circles_spelled_out_are_real_and_none_is_missed() -> None:
    for seed, random in dice(3000):
        edges = make_edges(random, random.choice((0.02, 0.1, 0.2)))
        circle = find_circle(edges)
        assert bool(circle) == (naive_order(among(edges)) is None), f"seed {seed}"
        if circle:
            check_circle(circle, edges)


def test_nothing_depends_on_the_order_of_the_input() -> None:
    for seed, random in dice(500):
        edges = make_edges(random, 0.15)
        keys = random.sample(sorted(edges), len(edges))
        mixed = {key: random.sample(sorted(edges[key]), len(edges[key])) for key in keys}
        assert find_circle(mixed) == find_circle(edges), f"seed {seed}"
        if not find_circle(edges):
            assert order_by(keys, mixed.__getitem__) == order_by(edges, edges.__getitem__), f"seed {seed}"
            assert wave(keys, mixed.__getitem__) == wave(edges, edges.__getitem__), f"seed {seed}"


def test_every_edge_is_respected_and_stopping_respects_it_in_reverse() -> None:
    for _, random in dice(300):
        edges = make_edges(random, 0.3, acyclic=True)
        order = order_by(edges, edges.__getitem__)
        assert sorted(order) == sorted(edges)
        stop = order[::-1]
        for key, before in among(edges).items():
            assert all(order.index(other) < order.index(key) for other in before)
            assert all(stop.index(other) > stop.index(key) for other in before)


def test_waves_are_the_earliest_that_every_edge_allows() -> None:
    for seed, random in dice(1000):
        edges = among(make_edges(random, 0.25, acyclic=True))
        waves = wave(edges, edges.__getitem__)
        done: set[str] = set()
        for members in waves:
            ready = {key for key in edges if key not in done and edges[key] <= done}
            assert list(members) == sorted(ready), f"seed {seed}"
            done |= ready
        assert done == set(edges), f"seed {seed}"


def test_services_follow_what_they_need_and_what_they_audit() -> None:
    for _, random in dice(300):
        graph = make_graph(random)
        assert not has_circle(graph)
        order = order_by(graph, lambda key: graph[key].before)  # noqa: B023 (called at once)
        for key, spec in graph.items():
            for other in (*spec.needs, *(audit.service for audit in spec.audits)):
                assert order.index(other) < order.index(key)


@cases(200)
@given(st.dictionaries(st.integers(0, 8).map(str), st.sets(st.integers(0, 8).map(str), max_size=3), max_size=9))
def test_reach_is_what_paths_lead_to(edges: dict[str, set[str]]) -> None:
    for start in edges:
        reached = {start}
        for _ in range(10):
            reached |= {other for key in reached for other in edges.get(key, ())}
        assert reach([start], lambda key: edges.get(key, ())) == reached
    assert reach([], lambda key: ()) == frozenset()


def test_a_long_chain_is_no_problem() -> None:
    chain = {f"s{number:06}": frozenset({f"s{number - 1:06}"} if number else ()) for number in range(20_000)}
    assert order_by(chain, chain.__getitem__) == tuple(sorted(chain))
    assert find_circle(chain) == ()
    closed = {**chain, "s000000": frozenset({"s019999"})}
    assert len(find_circle(closed)) == 20_001
    services = {key: ServiceSpec(key, needs=tuple(before)) for key, before in chain.items()}
    assert len(close(["s019999"], services)) == 20_000


def test_a_service_that_needs_itself_is_a_circle() -> None:
    with pytest.raises(CircleInServices, match=r"^a -> a$"):
        order_by(["a", "b"], {"a": ["a"], "b": []}.__getitem__)


def test_the_circle_of_two_kinds_of_edges_is_spelled_out() -> None:
    services = {
        "postgres": ServiceSpec("postgres", needs=("backup",)),
        "backup": ServiceSpec("backup", audits=(Audit("postgres", Where(WhereKind.MANUAL)),)),
    }
    with pytest.raises(CircleInServices, match=r"^backup -> postgres -> backup$"):
        order_by(services, lambda key: services[key].before)


def test_the_example_of_the_first_page() -> None:
    services = {
        "linux": ServiceSpec("linux"),
        "postgres": ServiceSpec("postgres", needs=("linux",)),
        "rails": ServiceSpec("rails", Sharing.INSTANCE, needs=("postgres", "linux")),
        "pg_backup": ServiceSpec("pg_backup", audits=(Audit("postgres"),), needs=("cron",)),
        "cron": ServiceSpec("cron", needs=("linux",)),
        "nagios": ServiceSpec("nagios", audits=(Audit("cron"), Audit("rails"))),
        "mysql": ServiceSpec("mysql", needs=("linux",)),
    }
    closure = close(["rails"], services)
    assert closure == {"linux", "postgres", "rails", "pg_backup", "cron", "nagios"}
    before = {key: services[key].before for key in services}
    assert order_by(closure, before.__getitem__) == ("linux", "cron", "postgres", "pg_backup", "rails", "nagios")
    assert wave(closure, before.__getitem__) == (("linux",), ("cron", "postgres"), ("pg_backup", "rails"), ("nagios",))


def test_a_graph_that_is_asked_often_orders_each_closure_as_one_that_is_asked_once() -> None:
    """Once all are in order a closure takes its part of that, where nothing is missing that comes before."""
    parts = 0
    for seed, random in dice(400):
        graph = make_graph(random, edges=0.4)
        asked_often = ServiceGraph(graph)
        for _ in range(8):
            required = random.sample(sorted(graph), random.randrange(1, len(graph) + 1))
            closure = naive_closure(required, graph)
            wanted = naive_order({key: graph[key].before & closure for key in closure})
            assert list(asked_often.arrange(required)) == wanted, f"seed {seed}"
            parts += any(graph[key].before - closure for key in closure)
    assert parts > 100, "auditors whose subjects are elsewhere, which order nothing"


def test_a_circle_elsewhere_is_none_of_a_closures_business() -> None:
    graph = ServiceGraph(
        {
            "a": ServiceSpec("a", needs=("b",)),
            "b": ServiceSpec("b", needs=("a",)),
            "web": ServiceSpec("web", needs=("os",)),
            "os": ServiceSpec("os"),
        }
    )
    for _ in range(9):
        assert graph.arrange(["web"]) == ("os", "web")
    with pytest.raises(CircleInServices):
        graph.arrange(["a"])
