"""Merging against the book at every hour: nodes, boundaries, conflicts, subjects."""

from __future__ import annotations

from larry.core.merge import compile_timeline
from tests.core.budget import dice, many
from tests.core.host_scene import check_timeline, make_scene


def test_timelines_are_by_the_book_at_every_hour() -> None:
    seen: dict[str, int] = {}
    for seed, random in dice(700):
        scene = make_scene(random)
        try:
            found = check_timeline(compile_timeline, scene, random)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault
        for conflict in found.conflicts:
            about = conflict.about.split()[0]
            seen[about] = seen.get(about, 0) + 1
        if not found.conflicts:
            seen["peace"] = seen.get("peace", 0) + 1
    print(seen)
