"""A host's timeline beside the views of all its hours: no gaps, exact boundaries, every conflict told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from larry.core.merge import HostTimeline
from larry.core.node import Presence
from tests.core.host_view import Disagreement, View, as_disagreement, check_document, check_own, check_texts, view
from tests.core.hours import GRID, HORIZON, Span, at, between, holds, span_of
from tests.core.specimen import Estate, make_estate


@dataclass(frozen=True, slots=True)
class Scene:
    """What `compile_timeline` is asked of one host."""

    estate: Estate
    host: str
    during: Span


def make_scene(random: Random) -> Scene:
    start = random.choice((0, 0, random.randrange(HORIZON)))
    end = random.choice((None, None, random.randrange(start + 1, HORIZON + 1)))
    estate = make_estate(random)
    busy = [footing.host for each in estate.deployments for footing in each.footprint.footings]
    return Scene(estate, random.choice(busy), (start, end))


def check_timeline(compile_timeline: Callable[..., Any], scene: Scene, random: Random) -> HostTimeline:
    """At every hour the node is the one by the book; segments have no gaps; neighbours differ; conflicts are told."""
    presences = scene.estate.presences(scene.host)
    random.shuffle(presences)
    facts = scene.estate.facts
    found: HostTimeline = compile_timeline(facts[scene.host], presences, facts, between(*scene.during))
    spans = [span_of(segment.interval) for segment in found.segments]
    assert (spans[0][0], spans[-1][1]) == scene.during
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert all(one.node.digest != other.node.digest for one, other in pairwise(found.segments))

    told: set[Disagreement] = set()
    views: dict[frozenset[int], View] = {}
    hours = [hour for hour in GRID if holds(scene.during, hour)]
    shown: list[View] = []
    for hour in hours:
        live = [presence for presence in presences if at(hour) in presence.interval]
        who = frozenset(id(presence) for presence in live)
        (segment,) = [s for s, span in zip(found.segments, spans, strict=True) if holds(span, hour)]
        if who not in views:
            views[who] = look(scene, live)
            told |= views[who].disagreements
            check_document(segment.node, views[who])
            check_own(segment.node.own, live)
        shown.append(views[who])
    circles = [conflict for conflict in found.conflicts if "circle" in conflict.about]
    assert bool(circles) == any(each.in_circle for each in views.values())
    assert {as_disagreement(conflict) for conflict in found.conflicts if conflict not in circles} == told
    check_texts(found.conflicts, scene.host)
    changed = {
        hour for hour, (one, other) in zip(hours[1:], pairwise(shown), strict=True) if one.document != other.document
    }
    if told:
        assert {span[0] for span in spans[1:]} <= changed
    else:
        assert {span[0] for span in spans[1:]} == changed
    return found


def look(scene: Scene, live: list[Presence]) -> View:
    graphs = {each.id: each.graph for each in scene.estate.deployments}
    return view(scene.estate.facts[scene.host], live, scene.estate.facts, graphs)
