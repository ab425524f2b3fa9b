"""Nodes compared: no difference exactly where the digests are equal, and every difference is one of the documents."""

from __future__ import annotations

import json
from random import Random

from larry.core.merge import build_node
from larry.core.node import Node
from larry.core.node_difference import compare_nodes
from larry.core.node_text import write_node
from tests.core.budget import dice, many
from tests.core.host_scene import make_scene
from tests.core.hours import GRID, at


def make_pair(random: Random) -> tuple[Node, Node]:
    """The nodes of one host at two hours."""
    scene = make_scene(random)
    facts, presences = scene.estate.facts, scene.estate.presences(scene.host)
    one, other = (
        build_node(facts[scene.host], [p for p in presences if at(hour) in p.interval], facts)[0]
        for hour in (random.choice(GRID), random.choice(GRID))
    )
    return one, other


def test_two_nodes_differ_where_their_digests_do() -> None:
    different = 0
    for seed, random in dice(500):
        one, other = make_pair(random)
        differences = compare_nodes(one, other)
        assert (differences == ()) == (one.digest == other.digest), f"seed {seed}"
        different += bool(differences)
        assert [each.path for each in differences] == sorted({each.path for each in differences}), f"seed {seed}"
    assert different > many(150)


def test_differences_read_backwards() -> None:
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    for seed, random in dice(200):
        one, other = make_pair(random)
        there, back = compare_nodes(one, other), compare_nodes(other, one)
        assert [(each.path, each.kind) for each in back] == [(each.path, turned[each.kind]) for each in there], (
            f"seed {seed}"
        )


def test_entries_that_come_and_go_are_told_by_key() -> None:
    for seed, random in dice(200):
        one, other = make_pair(random)
        keys = [{entry["key"] for entry in json.loads(write_node(node))["services"]} for node in (one, other)]
        told = {
            kind: {
                each.path.split(".", 1)[1]
                for each in compare_nodes(one, other)
                if each.kind == kind and is_entry(each.path)
            }
            for kind in ("added", "removed")
        }
        assert told == {"added": keys[1] - keys[0], "removed": keys[0] - keys[1]}, f"seed {seed}"


def is_entry(path: str) -> bool:
    return path.startswith("services.") and path.count(".") == 1


def test_a_node_does_not_differ_from_itself() -> None:
    for _, random in dice(50):
        one, _ = make_pair(random)
        assert compare_nodes(one, one) == ()
