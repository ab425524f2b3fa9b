"""Entrances: without the statements that are named a service is not there, and each of them is news."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from larry.core.deployable import Snapshot, describe
from larry.core.entrance import Entrance, find_entrances
from larry.core.service_graph import Audit, ServiceSpec
from tests.core.budget import dice, many
from tests.core.specimen import Graph, make_graph

ACME = ("acme", "shop", "live")


def snapshot(graph: Graph, requires: list[str]) -> Snapshot:
    return describe(ACME, [], requires, graph)[0]


def thin(random: Random, graph: Graph) -> Graph:
    """The same services with some of their edges."""
    return {
        key: replace(
            spec,
            needs=tuple(need for need in spec.needs if random.random() < 0.7),
            audits=tuple(audit for audit in spec.audits if random.random() < 0.7),
        )
        for key, spec in graph.items()
    }


def without(graph: Graph, requires: list[str], links: frozenset[Entrance]) -> tuple[Graph, list[str]]:
    cut = {
        key: replace(
            spec,
            needs=tuple(need for need in spec.needs if Entrance("needs", key, need) not in links),
            audits=tuple(audit for audit in spec.audits if Entrance("audits", key, audit.service) not in links),
        )
        for key, spec in graph.items()
    }
    return cut, [key for key in requires if Entrance("requires", "", key) not in links]


def test_a_service_is_there_by_its_links_and_each_leads_from_what_was_there() -> None:
    seen = 0
    for seed, random in dice(300):
        graph = make_graph(random, edges=random.choice((0.2, 0.4)))
        requires = random.sample(sorted(graph), random.randrange(1, len(graph)))
        old = snapshot(thin(random, graph), random.sample(requires, random.randrange(1, len(requires) + 1)))
        new = snapshot(graph, requires)
        found = find_entrances(old, new)
        assert found.keys() == new.by_key.keys() - old.by_key.keys(), f"seed {seed}"
        for key, links in found.items():
            seen += 1
            assert links, f"seed {seed}: {key}"
            assert key not in snapshot(*without(graph, requires, links)).by_key, f"seed {seed}: {key} is there anyway"
            for link in links:
                held = {link.holder, link.target} & old.by_key.keys()
                assert held or link.kind == "requires", f"seed {seed}: {link} is between newcomers"
    assert seen > many(200)


def test_links_by_hand() -> None:
    graph = {
        "app": ServiceSpec("app", needs=("cache",)),
        "cache": ServiceSpec("cache", needs=("disk",)),
        "disk": ServiceSpec("disk"),
        "probe": ServiceSpec("probe", audits=(Audit("disk"), Audit("app"))),
    }
    old = snapshot({"app": ServiceSpec("app")}, ["app"])
    by_app = Entrance("needs", "app", "cache")
    new = snapshot(graph, ["app"])
    assert find_entrances(old, new) == {
        "cache": {by_app}, "disk": {by_app}, "probe": {by_app, Entrance("audits", "probe", "app")},
    }  # fmt: skip
    assert find_entrances(new, old) == {}
    assert find_entrances(old, snapshot(graph, ["app", "disk"]))["disk"] == {by_app, Entrance("requires", "", "disk")}
