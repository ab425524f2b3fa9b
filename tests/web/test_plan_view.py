"""A Plan on a page: what is alike on many hosts, or many times on one, is told once, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from html import unescape
from random import Random

import pytest
from django.test import Client

from larry.core.interval import Interval
from larry.core.merge import build_node
from larry.core.node import Node
from larry.core.node_difference import compare_nodes
from larry.core.node_text import mask_node
from larry.core.plan import Change, NodeChange, Plan
from larry.core.plan_map import map_plan
from larry.core.timeline import Kind
from larry.web import node_view
from larry.web.node_view import NodeGroup, group_nodes
from tests.api.scene import ESTATE, LIVE, lay
from tests.core.host_scene import make_scene
from tests.core.hours import GRID, at

HOSTS = tuple(f"n{number:02}.example.com" for number in range(12))


def nodes_of(random: Random) -> dict[str, Node]:
    """Nodes of one host at several hours as they are shown, by digest."""
    scene = make_scene(random)
    facts, presences = scene.estate.facts, scene.estate.presences(scene.host)
    made = (build_node(facts[scene.host], [p for p in presences if at(hour) in p.interval], facts)[0] for hour in GRID)
    return {node.digest: mask_node(node) for node in made}


def changes_of(random: Random, nodes: Mapping[str, Node], hosts: Collection[str]) -> list[NodeChange]:
    digests = sorted(nodes)
    return [
        NodeChange(host, at(hour), random.choice(digests), random.choice(digests))
        for host in hosts
        for hour in sorted(random.sample(GRID, 4))
    ]


def said(groups: Collection[NodeGroup]) -> Iterator[tuple[str, object, tuple[str, ...], bool]]:
    """(host, start, paths, whether it agrees) of each stretch of each host."""
    for group in groups:
        for host in (*group.first, *group.others):
            for each in group.stretches:
                yield host, each.start, tuple(line.path for line in each.paths), each.agrees


def test_every_change_of_every_host_is_told_as_it_is() -> None:
    for seed in range(30):
        random = Random(seed)
        nodes = nodes_of(random)
        few = changes_of(random, nodes, HOSTS[:1])
        changes = changes_of(random, nodes, HOSTS[:4]) + [replace(each, host="twin.example.com") for each in few]
        changes += [replace(each, host="other.example.com") for each in few]
        random.shuffle(changes)
        groups = group_nodes(changes, nodes, finder(nodes))
        together = [group for group in groups if "twin.example.com" in (*group.first, *group.others)]
        assert "other.example.com" in (*together[0].first, *together[0].others), "what is alike is one group"
        told = {(host, start): (paths, agrees) for host, start, paths, agrees in said(groups)}
        last = {}
        for change in sorted(changes, key=lambda change: (change.host, change.start)):
            found = compare_nodes(nodes[change.before or ""], nodes[change.after or ""])
            paths = tuple(bare(each.path) for each in found)
            if (change.host, change.start) in told:
                last[change.host] = told[change.host, change.start]
            shown, agrees = last[change.host]
            assert (tuple(map(bare, shown)), agrees) == (paths[: node_view.MOST_PATHS], change.agrees), seed
        counted = sum(group.hosts * sum(1 + each.later for each in group.stretches) for group in groups)
        assert counted == len(changes)


def finder(nodes: Mapping[str, Node]) -> Callable[[Collection[str]], Mapping[str, Node]]:
    return lambda wanted: {digest: nodes[digest] for digest in wanted}


def bare(path: str) -> str:
    """Without the deployment that an instance is there by, which each host has of its own."""
    parts = path.split(".")
    return ".".join(parts[:2]) if parts[0] == "instances" else path


def test_only_so_many_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(1)
    nodes = nodes_of(random)
    monkeypatch.setattr(node_view, "MOST_NODES", 6)
    asked: list[int] = []

    def find(digests: Collection[str]) -> Mapping[str, Node]:
        asked.append(len(digests))
        return {digest: nodes[digest] for digest in digests}

    groups = group_nodes(changes_of(random, nodes, HOSTS), nodes, find)
    assert len(asked) == 1
    assert asked[0] <= 6
    assert sum(group.hosts for group in groups) == len(HOSTS)
    unread = {h for g in groups for h in (*g.first, *g.others) if all(s.is_unread or s.agrees for s in g.stretches)}
    assert unread >= set(HOSTS[2:])


def test_of_many_lanes_the_first_are_drawn() -> None:
    changes = tuple(
        Change(Kind.ADD, f"d{number}", LIVE, host, "feed", None, Interval(at(1), None), "as asked")
        for number, host in enumerate(HOSTS)
    )
    whole, part = map_plan(Plan(at(0), changes)), map_plan(Plan(at(0), changes), 5)
    assert (len(whole.lanes), whole.left_out) == (24, 0)
    assert (part.lanes, part.left_out) == (whole.lanes[:10], 7)


def test_a_deploy_on_many_hosts_stays_short(db: None, client: Client) -> None:
    many = "".join(f"  - {{name: {host}, pools: [rack]}}\n" for host in HOSTS)
    guard = "  - {name: guard, audits: [{service: rails, where: same-host}]}\n"
    text = ESTATE.replace("customers:", f"{guard}customers:")
    lay(f"{text}{many}pools: [{{name: rack}}]\n")
    answer = client.post("/deploy", {"instance": LIVE, "pool": "rack"}, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert html.count('<tr><th scope="row">add') == 1
    assert html.count("Differences of ") == 1
    assert "9 more, 12 hosts in all" in html
    told = unescape(html).partition("Configurations that change")[2]
    assert "and 9 more hosts, alike" in told
    assert all(host in told for host in HOSTS)
    guards = html.partition('<tr><th scope="row">guard')[2].partition("</tr>")[0]
    assert "rails" in guards, "what an auditor audits there is said"
    assert html.count('<tr><th scope="row">guard') == 1
