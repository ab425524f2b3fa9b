"""A graph on a page: drawn without a style of its own, and told as a table."""

from __future__ import annotations

from dataclasses import dataclass

from larry.core.picture import Box, Picture, find_href
from larry.exports.graph_svg import render
from larry.web.frame import Frame
from larry.web.interval_picture import carry_moment

MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One box as a row: where it leads, and its bonds, of each kind the names of what they go to with their notes."""

    box: Box
    href: str
    bonds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class InlineGraph:
    """What `graph.html` shows."""

    title: str
    about: str
    drawn: str
    rows: tuple[BoxLine, ...]
    more: int
    name: str


def draw_graph(picture: Picture, frame: Frame, *, name: str = "graph") -> InlineGraph:
    """The graph with its links as of the page's moment."""
    drawn = render(picture, standalone=False, name=name)
    names = {box.id: box.name for box in picture.boxes}
    bonds: dict[str, dict[str, list[str]]] = {}
    for bond in picture.bonds:
        told = f"{names[bond.target]} ({bond.note})" if bond.note else names[bond.target]
        bonds.setdefault(bond.source, {}).setdefault(bond.kind.value, []).append(told)
    rows = tuple(
        BoxLine(
            box, find_href(box.link) or "", tuple((kind, ", ".join(to)) for kind, to in bonds.get(box.id, {}).items())
        )
        for box in picture.boxes[:MOST_ROWS]
    )
    more = len(picture.boxes[MOST_ROWS:])
    return InlineGraph(picture.title, picture.about, carry_moment(drawn, frame.asked.query), rows, more, name)
