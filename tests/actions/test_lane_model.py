"""The interval model: random lives of lanes through the real actions are just what an oracle of the specification says.

A failure is shrunk, and printed with its seed: `play(lay_site(), draw_steps(SEED, LENGTH))` does it again.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from larry.core.large_node import LargeNode
from tests.actions.lane_faults import LANE_FAULTS
from tests.actions.lane_run import LENGTH, fails, play, shrink
from tests.actions.lane_site import lay_site
from tests.actions.lane_step import KINDS, draw_steps
from tests.core.small_parts import make_every_node_large

pytestmark = pytest.mark.django_db

BATCHES = 10
STEPS_OF_A_BATCH = 500
RUNS_TO_FIND_A_FAULT = 20
SEEN_AT = {
    "an edit sees no neighbours": 4,
    "backdating looks at no history": 5,
    "there is no grace": 1,
    "conflicts are not judged": 7,
}
"""Where to look first: the seed of the run that has found a fault before."""
BATCHES_ON_REQUEST = 100
STEPS_ON_REQUEST = 2000


@pytest.fixture(autouse=True)
def _nobody_collects_garbage() -> Iterator[None]:
    """Looking for circles among so many short-lived rows takes a third of the time."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def live_through(first_seed: int, steps: int) -> Counter[str]:
    """That many steps, run after run; how often each kind was done and refused."""
    site, seen = lay_site(), Counter[str]()
    for seed in range(first_seed, first_seed + steps // LENGTH):
        sequence = draw_steps(seed, LENGTH)
        try:
            seen += play(site, sequence).seen
        except Exception as fault:
            shorter, shown = shrink(site, sequence)
            told = "\n".join([*shown.__notes__, *(repr(step) for step in shorter)])
            raise AssertionError(f"seed {seed}: {shown}\n{told}") from fault
        gc.collect(1)
    return seen


@pytest.mark.parametrize("batch", range(BATCHES))
def test_five_thousand_steps_are_as_the_oracle_says(batch: int) -> None:
    seen = live_through(batch * 1000, STEPS_OF_A_BATCH)
    assert seen.total() == STEPS_OF_A_BATCH
    assert seen.keys() == {*KINDS, *(f"{kind} refused" for kind in KINDS)}, seen


def test_large_nodes_live_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are revised where others are compiled."""
    make_every_node_large(monkeypatch)
    revised = 0
    splice = LargeNode.splice

    def count(*args: Any) -> LargeNode:
        nonlocal revised
        revised += 1
        return splice(*args)

    monkeypatch.setattr(LargeNode, "splice", count)
    assert live_through(2_000_000, STEPS_OF_A_BATCH).total() == STEPS_OF_A_BATCH
    assert revised > STEPS_OF_A_BATCH


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES_ON_REQUEST))
def test_two_hundred_thousand_steps_are_as_the_oracle_says(batch: int) -> None:
    assert live_through(1_000_000 + batch * 1000, STEPS_ON_REQUEST).total() == STEPS_ON_REQUEST


@pytest.mark.parametrize("title", LANE_FAULTS)
def test_a_planted_fault_is_found(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site = lay_site()
    LANE_FAULTS[title](monkeypatch)
    seeds = sorted(range(RUNS_TO_FIND_A_FAULT), key=lambda seed: seed != SEEN_AT.get(title))
    found = next(filter(None, (fails(site, draw_steps(seed, LENGTH)) for seed in seeds)), None)
    assert found is not None, "survived"
    assert not isinstance(found, TypeError | AttributeError | NameError), "the fault is planted wrongly"


def test_a_failing_run_is_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    site = lay_site()
    LANE_FAULTS["there is an hour of grace"](monkeypatch)
    seed = next(seed for seed in range(RUNS_TO_FIND_A_FAULT) if fails(site, draw_steps(seed, LENGTH)))
    steps, fault = shrink(site, draw_steps(seed, LENGTH))
    assert len(steps) <= 3
    assert len(fault.__notes__[0].splitlines()) == len(steps)
