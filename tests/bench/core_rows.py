"""P5, and making room: pure computation against the plainest code that does as much."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.bench.measure import Row, compare
from tests.bench.size import Size

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLOSURE = 1139
"""Services of the closure that is wanted: as many as of the one in Debian's package index that the goal is of."""


def closure_rows(size: Size) -> Iterator[Row]:
    """P5: closure and start order against a bare depth-first search over lists, in a graph with hubs, from a seed."""
    from larry.core.service_graph import ServiceGraph, ServiceSpec

    dice = random.Random(5)
    needs = {f"s{n}": tuple({f"s{int(n * dice.random() ** 2)}" for _ in range(min(n, 3))}) for n in range(size.graph)}
    graph = ServiceGraph({key: ServiceSpec(key, needs=of) for key, of in needs.items()})
    _ = graph.auditors
    start = min((f"s{n}" for n in range(0, size.graph, 97)), key=lambda key: abs(len(graph.close([key])) - CLOSURE))
    closure = graph.close([start])
    for key in list(needs)[-8:]:
        graph.arrange([key])  # the graph learns its order once it has been asked for as much as there is in it

    def search() -> list[str]:
        """Closure and an order (needed first), iterative."""
        seen, order = {start}, []
        stack = [(start, iter(needs[start]))]
        while stack:
            key, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                order.append(key)
                stack.pop()
            elif following not in seen:
                seen.add(following)
                stack.append((following, iter(needs[following])))
        return order

    assert set(search()) == closure
    mine, theirs = compare(lambda: graph.arrange([start]), search, rounds=9, times=5)
    said = f"{len(closure):,} of {size.graph:,} services"
    yield Row("P5 closure and start order", said, mine, theirs, "depth-first search over lists", 2)


def overlap_rows() -> Iterator[Row]:
    """Making room in a lane against sorting the same intervals."""
    from larry.core.interval import Interval
    from larry.core.timeline import Stay, make_room

    day = timedelta(days=1)
    stays = [Stay(str(n), "a", Interval(NOW + n * 2 * day, NOW + (n * 2 + 1) * day)) for n in range(1000)]
    wish = Interval(NOW + 100 * day, NOW + 200 * day)
    mine, theirs = compare(
        lambda: make_room(stays, "b", wish, now=NOW),
        lambda: sorted(stays, key=lambda stay: stay.interval.start),
        times=20,
    )
    yield Row("making room in a lane", "1,000 stays", mine, theirs, "sorting them", None)
