"""A layered layout: what comes before stands further left, and lines run through columns without crossing boxes.

Ranks by longest path, order inside the columns by sweeps of barycentres, heights by least squares under the order
(Sugiyama, Tagawa and Toda 1981; pool adjacent violators). The same input gives the same layout, to the unit.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

SWEEPS = 8
STRAIGHTENINGS = 6
EFFORT = 24_000
"""Pieces of lines that may be looked at in all sweeps together; but two sweeps there are always."""

MOST_BENDS = 10_000
"""Lines that would bend more often than this together run straight from end to end, the longest ones first."""

_LEVEL = 2
_LINE_WEIGHT = 4.0
"""How much more a line likes to be straight than a box likes to stand in the middle of its neighbours."""


@dataclass(frozen=True, slots=True)
class Tie:
    """``before`` stands left of ``after``. Ties of one strand from one ``before`` run together for as long as they
    can.
    """

    before: str
    after: str
    strand: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands, in the units of ``arrange``'s heights.

    ``columns`` name the boxes from left to right, each from top to bottom; ``middles`` are the heights of their
    middles; ``routes`` say of each tie (in the order given) at which height it passes each column between its ends.
    A tie that had to be turned round to break a circle runs from right to left.
    """

    columns: tuple[tuple[str, ...], ...]
    ranks: Mapping[str, int]
    middles: Mapping[str, int]
    routes: tuple[tuple[int, ...], ...]
    height: int


def arrange(tiers: Mapping[str, int], ties: Sequence[Tie], *, box: int, line: int) -> Layout:
    """Lay out the boxes named in ``tiers``, which is also their tier: all of a tier stand right of all of lower ones.

    ``box`` and ``line`` are the heights that one box and one passing line take, their gaps included. Ties to unknown
    boxes raise KeyError. About O((boxes + ties) log boxes) for each sweep.
    """
    ordered = _put_in_order(tiers, ties)
    ranks = _rank(ordered, tiers, ties)
    grid = _Grid(ordered, ranks, ties)
    grid.sweep()
    heights = grid.settle(float(box), float(line))
    top = min(heights, default=0.0) - box / 2
    middles = grid.smooth([round(height - top) for height in heights])
    columns = tuple(tuple(grid.names[item] for item in column if item < grid.boxes) for column in grid.columns)
    return Layout(
        columns,
        MappingProxyType(ranks),
        MappingProxyType({name: middles[item] for item, name in enumerate(grid.names)}),
        tuple(tuple(middles[item] for item in route) for route in grid.routes),
        max(middles) + box // 2 if middles else 0,
    )


def stack(tracks: Sequence[Sequence[tuple[float, float]]]) -> tuple[tuple[int, ...], int]:
    """The row of each track, so that no two in one row overlap, and the number of rows.

    From the earliest on, each track takes the first row that is free for all of its spans. They rise and are half-open.
    """
    rows: list[list[tuple[float, float]]] = []
    usable: list[int] = []
    chosen = [0] * len(tracks)
    for number in sorted(range(len(tracks)), key=lambda number: tuple(tracks[number][:1])):
        track = tracks[number]
        begin = track[0][0] if track else -inf
        # Whoever comes now comes after what a row without an end began with: that row is full for good.
        usable = [row for row in usable if not (rows[row] and rows[row][-1][0] <= begin and rows[row][-1][1] == inf)]
        row = next((row for row in usable if all(_is_free(rows[row], span) for span in track)), len(rows))
        if row == len(rows):
            rows.append([])
            usable.append(row)
        rows[row] = sorted([*rows[row], *track])
        chosen[number] = row
    return tuple(chosen), len(rows)


def _is_free(taken: Sequence[tuple[float, float]], span: tuple[float, float]) -> bool:
    place = bisect_left(taken, span)
    before_ends = place == 0 or taken[place - 1][1] <= span[0]
    return before_ends and (place == len(taken) or span[1] <= taken[place][0])


def _put_in_order(tiers: Mapping[str, int], ties: Sequence[Tie]) -> tuple[str, ...]:
    """The boxes so that ties lead forwards, by tier first and by name where nothing else decides; of a circle, the box
    with the fewest others before it comes first, and the ties back to it are turned round.
    """
    followers: dict[str, list[str]] = {name: [] for name in tiers}
    waiting = dict.fromkeys(tiers, 0)
    for tie in ties:
        if tiers[tie.before] <= tiers[tie.after] and tie.before != tie.after:
            followers[tie.before].append(tie.after)
            waiting[tie.after] += 1
    ready = [(tier, name) for name, tier in tiers.items() if not waiting[name]]
    heapq.heapify(ready)
    placed: dict[str, None] = {}
    while len(placed) < len(tiers):
        if not ready:
            left = (name for name in tiers if name not in placed)
            ready = [min((tiers[name], waiting[name], name) for name in left)[::2]]
        _, name = heapq.heappop(ready)
        if name in placed:
            continue
        placed[name] = None
        for follower in followers[name]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, (tiers[follower], follower))
    return tuple(sorted(placed, key=tiers.__getitem__))


def _rank(ordered: Sequence[str], tiers: Mapping[str, int], ties: Sequence[Tie]) -> dict[str, int]:
    """The column of each box: one right of all before it, and right of all lower tiers."""
    place = {name: number for number, name in enumerate(ordered)}
    before: dict[str, list[str]] = {name: [] for name in ordered}
    for tie in ties:
        first, second = sorted((tie.before, tie.after), key=place.__getitem__)
        if first != second:
            before[second].append(first)
    ranks: dict[str, int] = {}
    floor, filled, tier = 0, -1, None
    for name in ordered:
        if tiers[name] != tier:
            tier, floor = tiers[name], filled + 1
        ranks[name] = max((ranks[other] + 1 for other in before[name]), default=floor)
        ranks[name] = max(ranks[name], floor)
        filled = max(filled, ranks[name])
    return ranks


class _Grid:
    """Boxes and the bends of lines as numbered items in columns: boxes come first, in the order given."""

    def __init__(self, ordered: Sequence[str], ranks: Mapping[str, int], ties: Sequence[Tie]) -> None:
        self.names = tuple(ordered)
        self.boxes = len(self.names)
        self.rank = [ranks[name] for name in self.names]
        self.left: list[list[int]] = [[] for _ in self.names]
        self.right: list[list[int]] = [[] for _ in self.names]
        self.routes = self._bend(ties)
        self.columns: list[list[int]] = [[] for _ in range(1 + max(self.rank, default=-1))]
        for item in self._walk():
            self.columns[self.rank[item]].append(item)

    def _bend(self, ties: Sequence[Tie]) -> list[tuple[int, ...]]:
        """Give every bundle (the ties of a strand from one box) one bend in each column that it passes."""
        number = {name: item for item, name in enumerate(self.names)}
        ends = [sorted((number[t.before], number[t.after]), key=self.rank.__getitem__) for t in ties]
        turned = [number[tie.before] != end[0] for tie, end in zip(ties, ends, strict=True)]
        bundles: dict[tuple[int, str], int] = {}
        for tie, (start, end) in zip(ties, ends, strict=True):
            bundles[start, tie.strand] = max(bundles.get((start, tie.strand), 0), self.rank[end] - self.rank[start] - 1)
        chains: dict[tuple[int, str], list[int]] = {}
        room = MOST_BENDS
        for bundle, length in sorted(bundles.items(), key=lambda pair: (pair[1], pair[0])):
            room -= length
            chains[bundle] = [self._add_bend(self.rank[bundle[0]] + 1 + step) for step in range(length * (room >= 0))]
        self.chains = tuple(chains.values())
        known: set[tuple[int, int]] = set()
        routes: list[tuple[int, ...]] = []
        for tie, (start, end), is_turned in zip(ties, ends, turned, strict=True):
            passed = tuple(chains[start, tie.strand][: max(0, self.rank[end] - self.rank[start] - 1)])
            routes.append(passed[::-1] if is_turned else passed)
            for pair in zip((start, *passed), (*passed, end), strict=True):
                if pair not in known and self.rank[pair[1]] - self.rank[pair[0]] == 1:
                    known.add(pair)
                    self.right[pair[0]].append(pair[1])
                    self.left[pair[1]].append(pair[0])
        return routes

    def _add_bend(self, rank: int) -> int:
        self.rank.append(rank)
        self.left.append([])
        self.right.append([])
        return len(self.rank) - 1

    def _walk(self) -> Iterable[int]:
        """All items, neighbours soon after one another: depth first, from the first boxes on."""
        seen = [False] * len(self.rank)
        for root in range(len(self.rank)):
            pending = [root]
            while pending:
                item = pending.pop()
                if not seen[item]:
                    seen[item] = True
                    yield item
                    pending.extend(reversed(self.left[item] + self.right[item]))

    def sweep(self) -> None:
        """Put each column in the order of its neighbours' middles, forth and back; the order with the fewest crossings
        is kept.
        """
        place = [0] * len(self.rank)
        for column in self.columns:
            _number(column, place)
        best, fewest = [list(column) for column in self.columns], self._count_crossings(place)
        for sweep in range(self._times(SWEEPS)):
            if not fewest:
                break
            forth = sweep % 2 == 0
            neighbours = self.left if forth else self.right
            for column in self.columns[1:] if forth else self.columns[-2::-1]:
                middles = {i: _middle(neighbours[i], place, place[i]) for i in column}
                column.sort(key=lambda item, of=middles: (of[item], place[item]))  # type: ignore[misc]  # a lambda's default has no type
                _number(column, place)
            crossings = self._count_crossings(place)
            if crossings < fewest:
                best, fewest = [list(column) for column in self.columns], crossings
        self.columns = best

    def _times(self, most: int) -> int:
        return max(2, min(most, EFFORT // (1 + sum(map(len, self.right)))))

    def _count_crossings(self, place: Sequence[int]) -> int:
        return sum(
            _count_inversions(
                [place[end] for item in column for end in sorted(self.right[item], key=place.__getitem__)], len(after)
            )
            for column, after in zip(self.columns, self.columns[1:], strict=False)
        )

    def settle(self, box: float, line: float) -> list[float]:
        """The height of each item: near its neighbours, in the order of its column, none too near the next."""
        heights = [0.0] * len(self.rank)
        gaps: list[list[float]] = []
        for column in self.columns:
            tall = [box if item < self.boxes else line for item in column]
            offsets, reached = [], 0.0
            for size in tall:
                offsets.append(reached + size / 2)
                reached += size
            gaps.append(offsets)
            for item, offset in zip(column, offsets, strict=True):
                heights[item] = offset - reached / 2
        for turn in range(self._times(STRAIGHTENINGS)):
            numbers = range(len(self.columns))
            for number in numbers if turn % 2 == 0 else reversed(numbers):
                column, offsets = self.columns[number], gaps[number]
                wished = [self._wish(item, heights) for item in column]
                settled = _keep_order(
                    [w - o for (w, _), o in zip(wished, offsets, strict=True)], [w for _, w in wished]
                )
                for item, height, offset in zip(column, settled, offsets, strict=True):
                    heights[item] = height + offset
        return heights

    def _wish(self, item: int, heights: Sequence[float]) -> tuple[float, float]:
        """Where an item wants to be, and how much."""
        total = weight = 0.0
        for other in (*self.left[item], *self.right[item]):
            pull = _LINE_WEIGHT if item >= self.boxes and other >= self.boxes else 1.0
            total += pull * heights[other]
            weight += pull
        return (total / weight, weight) if weight else (heights[item], 0.1)

    def smooth(self, middles: list[int]) -> list[int]:
        """Bends of a line that are all but level made level."""
        for chain in self.chains:
            level: int | None = None
            for item in chain:
                if level is None or abs(middles[item] - level) > _LEVEL:
                    level = middles[item]
                middles[item] = level
        return middles


def _number(column: Sequence[int], place: list[int]) -> None:
    for number, item in enumerate(column):
        place[item] = number


def _middle(neighbours: Sequence[int], place: Sequence[int], own: int) -> float:
    return sum(place[other] for other in neighbours) / len(neighbours) if neighbours else own


def _count_inversions(numbers: Sequence[int], size: int) -> int:
    """How many pairs stand in the wrong order, with a Fenwick tree: O(n log size)."""
    tree = [0] * (size + 1)
    inversions = 0
    for seen, number in enumerate(numbers):
        inversions += seen
        index = number + 1
        while index:
            inversions -= tree[index]
            index &= index - 1
        index = number + 1
        while index <= size:
            tree[index] += 1
            index += index & -index
    return inversions


def _keep_order(wished: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The rising numbers nearest to those wished, by weighted least squares: pool adjacent violators, O(n)."""
    pools: list[tuple[float, float, int]] = []
    for wish, weight in zip(wished, weights, strict=True):
        mean, heavy, count = wish, weight, 1
        while pools and pools[-1][0] > mean:
            other, other_weight, other_count = pools.pop()
            mean = (mean * heavy + other * other_weight) / (heavy + other_weight)
            heavy, count = heavy + other_weight, count + other_count
        pools.append((mean, heavy, count))
    return [mean for mean, _, count in pools for _ in range(count)]
