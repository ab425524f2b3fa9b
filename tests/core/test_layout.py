"""The layout of graphs: everything stands right of what comes before it, nothing stands on anything else, and soon."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from math import inf
from random import Random

import pytest

from larry.core.layout import MOST_BENDS, Layout, Tie, arrange, stack
from tests.core.budget import dice

BOX, LINE = 60, 13
SLACK = 5
"""Heights are rounded, and lines that are all but level are made level; a box leaves more room than that in its 60."""


def lay(names: Iterable[str], ties: Sequence[Tie]) -> Layout:
    return arrange(dict.fromkeys(names, 0), ties, box=BOX, line=LINE)


def ties_of(text: str) -> list[Tie]:
    """``a<b c<d``: what comes before what."""
    return [Tie(*pair) for pair in re.findall(r"(\w+)<(\w+)", text)]


def make(random: Random, boxes: int, ties: int) -> tuple[list[str], list[Tie]]:
    names = [f"n{number:04}" for number in range(boxes)]
    pairs = (sorted(random.sample(names, 2)) for _ in range(ties if boxes > 1 else 0))
    return names, [Tie(before, after, random.choice("na")) for before, after in pairs]


def longest_paths(names: Iterable[str], ties: Sequence[Tie]) -> dict[str, int]:
    """Said naively: raise whoever does not stand right of everything before it, until nobody has to be."""
    rank = dict.fromkeys(names, 0)
    while late := [tie for tie in ties if rank[tie.after] <= rank[tie.before]]:
        for tie in late:
            rank[tie.after] = max(rank[tie.after], rank[tie.before] + 1)
    return rank


def crossings(layout: Layout, ties: Sequence[Tie]) -> int:
    """Of straight ties between neighbouring columns."""
    pieces: set[tuple[int, int, int]] = set()
    for tie, route in zip(ties, layout.routes, strict=True):
        heights = [layout.middles[tie.before], *route, layout.middles[tie.after]]
        pieces |= {(layout.ranks[tie.before] + step, *pair) for step, pair in enumerate(pairwise(heights))}
    return sum(a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0 for a, b in combinations(pieces, 2))


def assert_nothing_overlaps(layout: Layout, ties: Sequence[Tie]) -> None:
    standing: dict[int, list[tuple[int, int]]] = {}
    for rank, column in enumerate(layout.columns):
        standing[rank] = [(layout.middles[name], BOX) for name in column]
    passing: dict[int, set[int]] = {}
    for tie, route in zip(ties, layout.routes, strict=True):
        step = 1 if layout.ranks[tie.after] > layout.ranks[tie.before] else -1
        for number, height in enumerate(route, start=1):
            passing.setdefault(layout.ranks[tie.before] + step * number, set()).add(height)
    for rank, heights in passing.items():
        standing[rank] += [(height, LINE) for height in heights]
    for things in standing.values():
        for (middle, size), (other, other_size) in pairwise(sorted(things)):
            assert other - middle >= (size + other_size) / 2 - SLACK
        assert all(size / 2 - SLACK <= middle <= layout.height - size / 2 + SLACK for middle, size in things)


def test_columns_are_longest_paths_and_nothing_overlaps() -> None:
    for seed, random in dice(60):
        names, ties = make(random, random.randrange(1, 30), random.randrange(60))
        layout = lay(names, ties)
        assert layout.ranks == longest_paths(names, ties), seed
        assert sorted(name for column in layout.columns for name in column) == names
        assert all(
            len(r) == layout.ranks[t.after] - layout.ranks[t.before] - 1
            for t, r in zip(ties, layout.routes, strict=True)
        )
        assert_nothing_overlaps(layout, ties)


def test_the_same_graph_has_the_same_layout_in_whatever_order_it_is_told() -> None:
    for _, random in dice(20):
        names, ties = make(random, 20, 40)
        shuffled = random.sample(names, len(names))
        assert lay(names, ties) == lay(shuffled, ties)
        assert lay(names, ties) == lay(names, list(ties))


def test_a_circle_is_drawn_all_the_same() -> None:
    ties = ties_of("a<b b<c c<a c<d d<d")
    layout = lay("abcd", ties)
    assert layout.ranks == {"a": 0, "b": 1, "c": 2, "d": 3}
    back = layout.routes[2]
    assert len(back) == 1, "from c back to a it passes the column of b"
    assert_nothing_overlaps(layout, ties)


def test_circles_everywhere_end_in_a_layout() -> None:
    for _, random in dice(30):
        names = [f"n{number}" for number in range(12)]
        ties = [Tie(*random.sample(names, 2)) for _ in range(40)]
        layout = lay(names, ties)
        assert sorted(layout.ranks) == sorted(names)
        assert all(layout.ranks[tie.before] != layout.ranks[tie.after] for tie in ties)
        assert_nothing_overlaps(layout, ties)


def test_tiers_stand_in_columns_of_their_own() -> None:
    ties = ties_of("linux<rails linux<ntp rails<shop web1<shop shop<acme")
    tiers = {"linux": 0, "rails": 0, "ntp": 0, "web1": 1, "shop": 2, "blog": 2, "acme": 3}
    layout = arrange(tiers, ties, box=BOX, line=LINE)
    assert layout.ranks == {"linux": 0, "rails": 1, "ntp": 1, "web1": 2, "shop": 3, "blog": 3, "acme": 4}


def test_a_tie_against_the_tiers_is_turned_round() -> None:
    layout = arrange({"host": 1, "service": 0}, [Tie("host", "service")], box=BOX, line=LINE)
    assert layout.ranks == {"service": 0, "host": 1}


def test_lines_that_can_be_kept_apart_do_not_cross() -> None:
    tree = [Tie(f"n{number // 3:03}", f"n{number:03}") for number in range(1, 120)]
    assert crossings(lay({t.after for t in tree} | {"n000"}, tree), tree) == 0
    twisted = ties_of("a<z b<y c<x d<w")
    assert crossings(lay("abcdwxyz", twisted), twisted) == 0


def test_more_sweeps_never_leave_more_crossings(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed, random in dice(8):
        names, ties = make(random, 25, 45)
        left = []
        for sweeps in range(2, 9):
            monkeypatch.setattr("larry.core.layout.SWEEPS", sweeps)
            left.append(crossings(lay(names, ties), ties))
        assert left == sorted(left, reverse=True), seed


def test_a_chain_is_a_straight_line() -> None:
    layout = lay("abcde", ties_of("a<b b<c c<d d<e"))
    assert len(set(layout.middles.values())) == 1
    long = lay("abcde", ties_of("a<b b<c c<d d<e a<e"))
    assert len(set(long.routes[4])) == 1, "what passes several columns does so in one line"


def test_ties_of_one_strand_run_together_and_of_two_apart() -> None:
    chain = ties_of("a<b b<c c<d")
    layout = lay("abcd", [*chain, Tie("a", "c", "needs"), Tie("a", "d", "needs"), Tie("a", "d", "audits")])
    near, far, other = layout.routes[3:]
    assert near == far[: len(near)]
    assert set(other).isdisjoint(far)


def test_nothing_and_one_thing() -> None:
    assert lay([], []) == Layout((), {}, {}, (), 0)
    assert lay(["a"], []).columns == (("a",),)
    with pytest.raises(KeyError):
        lay(["a"], ties_of("a<b"))


@pytest.mark.parametrize("kind", ["wide", "deep", "star", "chain"])
def test_a_thousand_boxes_and_three_thousand_ties_are_laid_out_soon(kind: str) -> None:
    random = Random(1)
    names, ties = make(random, 1000, 3000)
    numbers = range(1, 1000)
    if kind == "deep":
        ties = [Tie(names[n - random.randrange(1, min(n, 9) + 1)], names[n]) for n in [*numbers] * 3]
    elif kind == "star":
        ties = [Tie(names[0], names[n], str(n % 3)) for n in numbers]
    elif kind == "chain":
        ties = [Tie(names[n - 1], names[n]) for n in numbers] + [Tie(names[n // 2], names[n]) for n in numbers]
        assert sum(n - n // 2 - 1 for n in numbers) > MOST_BENDS, "more bends than are drawn"
    started = time.process_time()
    layout = lay(names, ties)
    assert time.process_time() - started < 0.9
    assert_nothing_overlaps(layout, ties)


def overlap(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> bool:
    return any(a[0] < b[1] and b[0] < a[1] for a in one for b in other)


def test_tracks_in_one_row_do_not_overlap_and_rows_are_not_wasted() -> None:
    for seed, random in dice(80):
        tracks = []
        for _ in range(random.randrange(8)):
            marks: list[float] = [*sorted(random.sample(range(30), 2 * random.randrange(4)))]
            if marks and random.random() < 0.4:
                marks[-1] = inf
            tracks.append(list(zip(marks[::2], marks[1::2], strict=True)))
        rows, count = stack(tracks)
        assert count == len(set(rows)), seed
        earlier: list[tuple[int, list[tuple[float, float]]]] = []
        for row, track in sorted(zip(rows, tracks, strict=True), key=lambda pair: pair[1][:1]):
            assert not any(overlap(track, other) for taken, other in earlier if taken == row), seed
            for lower in range(row):
                assert any(overlap(track, other) for taken, other in earlier if taken == lower), seed
            earlier.append((row, track))


def test_a_thousand_open_ends_are_stacked_soon() -> None:
    started = time.process_time()
    rows, count = stack([[(float(number), inf)] for number in range(2000)])
    assert (rows, count) == (tuple(range(2000)), 2000)
    assert time.process_time() - started < 0.3
