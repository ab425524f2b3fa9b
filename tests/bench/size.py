"""How large the estates are that are measured on: small by default, so that a run takes minutes; SIZE=full for all,
SIZE=hundred for 100,000 hosts at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """``hosts`` of the estate; the second one, to see growth, has ``growth`` times as many. ``instances`` are those of
    an estate that is kept (BENCH_HOME)."""

    hosts: int
    instances: int
    services: int
    years: float
    growth: int
    objects: int
    """Objects of the estate file that is applied (P9)."""
    graph: int
    """Services of the graph whose closure is looked for (P5)."""
    subjects: int
    """Subjects of one auditor on one host (P8)."""


SIZES = {
    "small": Size(hosts=120, instances=250, services=100, years=1, growth=2, objects=900, graph=20_000, subjects=500),
    "medium": Size(
        hosts=1_000, instances=2_100, services=300, years=3, growth=2, objects=10_000, graph=64_000, subjects=2_000
    ),
    "full": Size(
        hosts=10_000, instances=21_000, services=500, years=5, growth=10, objects=100_000, graph=64_000, subjects=2_000
    ),
    "hundred": Size(
        hosts=100_000, instances=100_000, services=500, years=5, growth=1, objects=100_000, graph=64_000, subjects=2_000
    ),
}
