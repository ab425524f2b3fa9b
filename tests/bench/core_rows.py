"""P5, and making room: pure computation against the plainest code that does as much."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.bench.measure import Row, compare
from tests.bench.size import Size

if TYPE_CHECKING:
    from larry.core.service_graph import ServiceSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = tuple(f"p{n}" for n in range(1000))
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
    for _ in range(2):
        graph.arrange(needs)  # the graph keeps its order once it has been asked for as much as there is in it

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


def make_services(dice: random.Random) -> dict[str, ServiceSpec]:
    """A thousand services with three parameters each, and a few auditors, in which most closures are of some dozens."""
    from larry.core.parameters import Declaration
    from larry.core.service_graph import Audit, ServiceSpec

    return {
        f"s{n}": ServiceSpec(
            f"s{n}",
            declarations=tuple(Declaration(name, has_default=True, default=n) for name in dice.sample(NAMES, 3)),
            needs=tuple(sorted({f"s{int(n * dice.random())}" for _ in range(min(n, dice.choice((1, 1, 2, 2))))})),
            audits=(Audit(f"s{int(n * dice.random())}"),) if n > 960 else (),
            tools={},
        )
        for n in range(1000)
    }


def survey_rows(size: Size) -> Iterator[Row]:
    """P6 without a database: the digests of ten times as many instances as there are hosts, against describing each
    anew (a part, and multiplied)."""
    from larry.core.deployable import describe
    from larry.core.parameters import Layer
    from larry.core.service_graph import ServiceGraph
    from larry.core.survey import Survey

    dice, count = random.Random(6), size.hosts * 10
    services = make_services(dice)
    sets = [tuple(dice.sample(sorted(services), dice.randint(1, 3))) for _ in range(400)]
    owners = [Layer("customer", f"c{n}", dict.fromkeys(dice.sample(NAMES, 8), n)) for n in range(count // 20 + 1)]
    instances = [
        (owners[n // 20], Layer("instance", f"c{n // 20}/a/i{n}", {dice.choice(NAMES): n}), dice.choice(sets))
        for n in range(count)
    ]
    part = dice.sample(instances, 60)
    mean = sum(len(ServiceGraph(services).close(requires)) for *_, requires in part) // len(part)
    graph = ServiceGraph(services)

    def naive() -> None:
        for customer, own, requires in part:
            vars(graph)["_outlines"] = {}
            _ = describe(("c", "a", own.owner), (customer, own), requires, graph)[0].digest

    def survey() -> None:
        surveyed = Survey(ServiceGraph(services))
        for customer, own, requires in instances:
            surveyed.digest(("c", "a", own.owner), (customer, own), requires)

    mine, theirs = compare(survey, naive, rounds=3)
    said = f"{count:,} instances, mean closure {mean}"
    yield Row("P6 digests of all", said, mine, theirs * count / len(part), "each described by itself", 1 / 30)


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
