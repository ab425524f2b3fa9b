"""Parts of a graph: what one box reaches and what reaches it, and the boxes that are nearest to one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from larry.core.picture import Picture
from larry.core.service_graph import reach


def narrow(picture: Picture, focus: str) -> Picture:
    """Only what the box named ``focus`` reaches and what reaches it."""
    below: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    for bond in picture.bonds:
        below.setdefault(bond.source, []).append(bond.target)
        above.setdefault(bond.target, []).append(bond.source)

    def follow(ways: dict[str, list[str]]) -> Iterable[str]:
        return reach([focus], lambda id_: ways.get(id_, ()))

    narrowed = _keep(picture, frozenset(follow(below)) | frozenset(follow(above)))
    return replace(narrowed, boxes=tuple(replace(box, is_focus=box.id == focus) for box in narrowed.boxes))


def crop(picture: Picture, most: int) -> Picture:
    """The boxes that are the fewest bonds away from the box in focus, or from the first one; at most so many."""
    if len(picture.boxes) <= most:
        return picture
    beside: dict[str, list[str]] = {box.id: [] for box in picture.boxes}
    for bond in picture.bonds:
        beside[bond.source].append(bond.target)
        beside[bond.target].append(bond.source)
    roots = sorted(picture.boxes, key=lambda box: not box.is_focus)
    kept: set[str] = set()
    for root in roots:
        waiting = deque([root.id])
        while waiting and len(kept) < most:
            id_ = waiting.popleft()
            if id_ not in kept:
                kept.add(id_)
                waiting.extend(beside[id_])
    return _keep(picture, kept)


def _keep(picture: Picture, kept: AbstractSet[str]) -> Picture:
    return replace(
        picture,
        boxes=tuple(box for box in picture.boxes if box.id in kept),
        bonds=tuple(bond for bond in picture.bonds if bond.source in kept and bond.target in kept),
    )
