"""A rivalry is two writes of which either is right, and both together are wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from larry.records.models import Deployment, Edge, Instance, NodeSegment, Service
from tests.records.rows import (
    add_deployable,
    add_deployment,
    add_edge,
    add_host,
    add_instance,
    add_rollout,
    add_segment,
    add_service,
    hour,
)


@dataclass(frozen=True, slots=True)
class Rivalry:
    """What one and the other write, and how to see that what they wrote cannot be."""

    one: Callable[[], object]
    other: Callable[[], object]
    is_broken: Callable[[], bool]


def has_circle(steps: Iterable[tuple[int, int]]) -> bool:
    """Whether one who follows the steps can come back: what cannot be peeled off from the end lies on a circle."""
    following: dict[int, set[int]] = defaultdict(set)
    for start, target in steps:
        following[start].add(target)
    while free := {target for targets in following.values() for target in targets} - set(following):
        following = defaultdict(set, {start: left for start, targets in following.items() if (left := targets - free)})
    return bool(following)


def find_overlaps(stays: Iterable[tuple[object, datetime, datetime | None]]) -> list[tuple[object, datetime]]:
    """Where a lane is taken twice: sorted by start, each has to end by the start of the next."""
    lanes: dict[object, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for lane, start, end in stays:
        lanes[lane].append((start, end))
    return [
        (lane, later)
        for lane, spans in lanes.items()
        for (_, end), (later, _) in zip(sorted(spans, key=_by_start), sorted(spans, key=_by_start)[1:], strict=False)
        if end is None or end > later
    ]


def _by_start(span: tuple[datetime, datetime | None]) -> datetime:
    return span[0]


def graph_is_broken() -> bool:
    return has_circle(Edge.objects.values_list("service_id", "target_id"))


def templates_are_broken() -> bool:
    return has_circle(Instance.objects.exclude(template=None).values_list("id", "template_id"))


def lanes_are_broken() -> bool:
    rows = Deployment.objects.filter(deactivated_at=None).values_list("instance_id", "host_id", "start", "end")
    return bool(find_overlaps(((instance, host), start, end) for instance, host, start, end in rows))


def nodes_are_broken() -> bool:
    return bool(find_overlaps(NodeSegment.objects.values_list("host_id", "start", "end")))


def _halves(length: int, one: str, other: str) -> Rivalry:
    """Two chains; each writer ties the end of one to the beginning of the other."""
    services: list[Service] = [add_service() for _ in range(length)]
    half = length // 2
    for number in range(length - 1):
        if number != half - 1:
            add_edge(services[number], services[number + 1])
    return Rivalry(
        lambda: add_edge(services[half - 1], services[half], one),
        lambda: add_edge(services[-1], services[0], other),
        graph_is_broken,
    )


def _turned() -> Rivalry:
    a, b = add_service(), add_service()
    first, second = add_edge(a, add_service()), add_edge(b, add_service())
    return Rivalry(
        lambda: Edge.objects.filter(pk=first.pk).update(target=b),
        lambda: Edge.objects.filter(pk=second.pk).update(target=a),
        graph_is_broken,
    )


def _templates() -> Rivalry:
    a, b = add_instance(), add_instance()
    return Rivalry(
        lambda: Instance.objects.filter(pk=a.pk).update(template=b),
        lambda: Instance.objects.filter(pk=b.pk).update(template=a),
        templates_are_broken,
    )


def _newcomers(one: tuple[float, float | None], other: tuple[float, float | None]) -> Rivalry:
    instance = add_instance()
    lane: dict[str, Any] = {
        "instance": instance,
        "host": add_host(),
        "deployable": add_deployable(instance=instance),
        "rollout": add_rollout(),
    }
    return Rivalry(lambda: add_deployment(*one, **lane), lambda: add_deployment(*other, **lane), lanes_are_broken)


def _changes(**change: object) -> Rivalry:
    """One moves into free time, the other changes so that it needs the same."""
    first = add_deployment(0, 10)
    lane = {"instance": first.instance, "host": first.host, "deployable": first.deployable, "rollout": first.rollout}
    moved = add_deployment(40, 50, **lane)
    asleep = add_deployment(12, 18, **lane, deactivated_at=hour(1))
    changing = asleep if "deactivated_at" in change else first
    return Rivalry(
        lambda: Deployment.objects.filter(pk=moved.pk).update(start=hour(15), end=hour(20)),
        lambda: Deployment.objects.filter(pk=changing.pk).update(**change),
        lanes_are_broken,
    )


def _rehosted() -> Rivalry:
    first, host = add_deployment(0, 10), add_host()
    lane = {"instance": first.instance, "deployable": first.deployable, "rollout": first.rollout}
    second = add_deployment(5, 15, host=add_host(), **lane)
    return Rivalry(
        lambda: Deployment.objects.filter(pk=first.pk).update(host=host),
        lambda: Deployment.objects.filter(pk=second.pk).update(host=host),
        lanes_are_broken,
    )


def _segments() -> Rivalry:
    host = add_segment(0, 1).host
    return Rivalry(lambda: add_segment(1, 5, host=host), lambda: add_segment(4, 6, host=host), nodes_are_broken)


CIRCLES: dict[str, Callable[[], Rivalry]] = {
    "there and back, both need": lambda: _halves(2, "needs", "needs"),
    "there and back, one audits": lambda: _halves(2, "needs", "audits"),
    "a circle of six": lambda: _halves(6, "audits", "needs"),
    "edges that are turned": _turned,
    "templates of each other": _templates,
}

LANES: dict[str, Callable[[], Rivalry]] = {
    "newcomers that share an hour": lambda: _newcomers((0, 5), (4, 8)),
    "newcomers without an end": lambda: _newcomers((0, None), (7, None)),
    "moved, and prolonged": lambda: _changes(end=hour(16)),
    "moved, and opened": lambda: _changes(end=hour(30)),
    "moved, and reactivated": lambda: _changes(deactivated_at=None),
    "both to one host": _rehosted,
    "segments of a node": _segments,
}

RIVALRIES = CIRCLES | LANES
