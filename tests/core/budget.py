"""How many cases a generated test runs: enough for every day, far more in the deep profile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random

from hypothesis import HealthCheck, settings

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"


def many(daily: int, on_request: int | None = None) -> int:
    """In the deep profile as many as were promised on request, or twenty times as many."""
    if not DEEP:
        return daily
    return daily * 20 if on_request is None else on_request


def cases(daily: int) -> settings:
    """Hypothesis settings for a property: so many examples, and no deadline, for machines are noisy."""
    slow = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
    return settings(max_examples=many(daily), deadline=None, suppress_health_check=slow)


def dice(daily: int, first: int = 0) -> Iterator[tuple[int, Random]]:
    """Seeds with their random generators: where speed matters more than shrinking, and a failure names its seed."""
    for seed in range(first, first + many(daily)):
        yield seed, Random(seed)
