"""Prints a graph as SVG: boxes in columns, needs and audits told apart by line and by the mark at their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from larry.core.layout import Layout, Tie, arrange
from larry.core.picture import MARKS, Bond, BondKind, Box, BoxKind, Condition, Picture, escape_xml, find_href, gravest
from larry.core.svg_text import (
    MARGIN,
    Frame,
    link_or_group,
    list_marks,
    put_kind,
    put_legend,
    put_patterns,
    put_shape,
    put_sign,
    put_text,
)

WIDE, HIGH = 208, 46
ACROSS, DOWN = 72, 14
LINE = 13
LEAST = 600
KEPT_LAYOUTS = 16

_TIERS = MappingProxyType(
    {BoxKind.SERVICE: 0, BoxKind.HOST: 1, BoxKind.INSTANCE: 2, BoxKind.APP: 3, BoxKind.CUSTOMER: 4}
)
"""Where a picture shows who owns what, everything of a kind stands in columns of its own."""

_SHAPES: Mapping[BoxKind, str] = MappingProxyType(
    {
        BoxKind.SERVICE: "M8 0H200Q208 0 208 8V38Q208 46 200 46H8Q0 46 0 38V8Q0 0 8 0Z",
        BoxKind.INSTANCE: "M20 0H188Q208 0 208 23Q208 46 188 46H20Q0 46 0 23Q0 0 20 0Z",
        BoxKind.HOST: "M0 0H208V46H0ZM5 0V46",
        BoxKind.APP: "M0 0H196L208 12V46H0Z",
        BoxKind.CUSTOMER: "M10 0H198L208 10V36L198 46H10L0 36V10Z",
    }
)
_FINDINGS = frozenset({Condition.CONFLICT, Condition.UNCOVERED, Condition.DIRTY})
"""Conditions that colour a box; the others are told by their sign alone."""

_HEADS: Mapping[BondKind, str] = MappingProxyType(
    {
        BondKind.NEEDS: "M0 0L9 -4.5V4.5Z",
        BondKind.AUDITS: "M0 0A4.5 4.5 0 1 1 0 .01M4 0H5",
        BondKind.REQUIRES: "M0 0L6 -4.5L12 0L6 4.5Z",
        BondKind.AFTER: "M8 -4.5L1 0L8 4.5",
        BondKind.RUNS_ON: "M0 -4H8V4H0Z",
        BondKind.HAS: "M0 0H1",
    }
)
"""The mark at the target's end of a line that comes from the right."""

_PORTS: Mapping[BondKind, int] = MappingProxyType(
    {
        BondKind.NEEDS: -7,
        BondKind.AUDITS: 8,
        BondKind.REQUIRES: -2,
        BondKind.AFTER: 3,
        BondKind.RUNS_ON: 8,
        BondKind.HAS: 0,
    }
)
"""How far from the middle of its box each kind of line ends, so that no two kinds run together."""


def render(picture: Picture, *, prefix: str | None = "", standalone: bool = True, name: str = "larry") -> str:
    """The picture; ``prefix`` stands before the path of every link (None: no links), ``name`` begins every id.

    Raises `UnsafePrefix` and `NotAnIdentifier`. About 0.4 s for 1,000 boxes and 3,000 bonds.
    """
    return _Drawing(picture, prefix, Frame(picture.title, picture.about, name, standalone, prefix is not None)).draw()


@dataclass(frozen=True, slots=True)
class _Line:
    """A bond from its left end to its right end, in the layout's own direction."""

    bond: Bond
    left: str
    right: str
    heights: tuple[int, ...]


class _Drawing:
    def __init__(self, picture: Picture, prefix: str | None, frame: Frame) -> None:
        self.picture, self.prefix, self.frame = picture, prefix, frame
        tiers = {box.id: 0 if picture.in_order else _TIERS[box.kind] for box in picture.boxes}
        self.bonds = [bond for bond in picture.bonds if bond.source != bond.target]
        ties = [Tie(bond.target, bond.source, bond.kind) for bond in self.bonds]
        self.layout = _lay_out(tuple(tiers.items()), tuple(ties))
        columns = len(self.layout.columns)
        self.inner = max(columns * (WIDE + ACROSS) - ACROSS, 0)
        self.width = max(self.inner + 2 * MARGIN, LEAST)
        self.top = self.frame.heading

    def draw(self) -> str:
        boxes = [self._box(box) for box in self.picture.boxes]
        conditions = {condition for box in self.picture.boxes for condition in box.conditions}
        below = self.top + self.layout.height + MARGIN
        legend, height = put_legend(self._legend(conditions), below, self.width)
        parts = [
            put_patterns(conditions, self.frame.name),
            '<g aria-hidden="true">',
            *self._lines(),
            *self._heads(),
            "</g>",
            *boxes,
            *([] if boxes else [put_text(MARGIN, self.top + 16, LEAST - 2 * MARGIN, 13, "There is nothing here.")]),
            '<g aria-hidden="true">',
            *legend,
            "</g>",
        ]
        return self.frame.wrap(parts, self.width, below + height)

    def _x(self, rank: int) -> int:
        """The left side of a column; where ownership is shown, the layout is looked at from behind."""
        number = rank if self.picture.in_order else len(self.layout.columns) - 1 - rank
        return MARGIN + number * (WIDE + ACROSS)

    def _lines(self) -> Iterator[str]:
        names = {box.id: box.name for box in self.picture.boxes}
        for bond, route in zip(self.bonds, self.layout.routes, strict=True):
            told = f"{names[bond.source]} {bond.kind} {names[bond.target]}" + (f": {bond.note}" if bond.note else "")
            yield (
                f'<path class="lp-bond lp-{_word(bond.kind)}" data-source="{escape_xml(bond.source)}" '
                f'data-target="{escape_xml(bond.target)}" d="{self._path(bond, route)}">'
                f"<title>{escape_xml(told)}</title></path>"
            )

    def _path(self, bond: Bond, route: tuple[int, ...]) -> str:
        """From the target's side to the source's: curves between columns, level lines through them."""
        ranks, middles = self.layout.ranks, self.layout.middles
        step = 1 if ranks[bond.source] > ranks[bond.target] else -1
        facing = step if self.picture.in_order else -step
        port = _PORTS[bond.kind]

        def leaving(rank: int) -> int:
            return self._x(rank) + (WIDE if facing > 0 else 0)

        def reaching(rank: int) -> int:
            return self._x(rank) + (0 if facing > 0 else WIDE)

        x, y = leaving(ranks[bond.target]), self.top + middles[bond.target] + port
        path = [f"M{x} {y}"]
        for number, height in enumerate(route, start=1):
            rank = ranks[bond.target] + step * number
            path.append(_curve(x, y, reaching(rank), self.top + height))
            x, y = leaving(rank), self.top + height
            path.append(f"H{x}")
        end = self.top + middles[bond.source] + port
        return "".join([*path, _curve(x, y, reaching(ranks[bond.source]), end)])

    def _heads(self) -> Iterator[str]:
        drawn: set[tuple[str, str, int]] = set()
        for bond in self.bonds:
            forth = self.layout.ranks[bond.source] > self.layout.ranks[bond.target]
            side = 1 if forth == self.picture.in_order else -1
            if (bond.target, bond.kind, side) in drawn:
                continue
            drawn.add((bond.target, bond.kind, side))
            x = self._x(self.layout.ranks[bond.target]) + (WIDE if side > 0 else 0)
            y = self.top + self.layout.middles[bond.target] + _PORTS[bond.kind]
            turn = f"translate({x} {y})" + ("" if side > 0 else " scale(-1 1)")
            yield _head(bond.kind, turn, f' data-head="{escape_xml(bond.target)}"')

    def _box(self, box: Box) -> str:
        worst = gravest(box.conditions)
        finding = worst if worst in _FINDINGS else None
        x, y = self._x(self.layout.ranks[box.id]), self.top + self.layout.middles[box.id] - HIGH // 2
        order = str(box.order) if box.order is not None else ""
        signs = [condition for condition in Condition if condition in box.conditions]
        after_name, after_detail = 8 + (8 + 8 * len(order) if order else 0), 8 + 15 * len(signs)
        look = " ".join(["lp-plain", f"lp-{finding}" if finding else "", "lp-focus" if box.is_focus else ""]).split()
        inside = [
            put_shape(_SHAPES[box.kind], finding, self.frame.name),
            put_kind(box.kind, 11, 9),
            put_text(29, 20, WIDE - 29 - after_name, 13, box.name, "lp-name lp-ink"),
            put_text(29, 37, WIDE - 29 - after_detail, 11, box.detail, "lp-small lp-ink"),
            put_text(WIDE - 10 - 8 * len(order), 20, 8 * len(order), 11, order, "lp-small lp-ink lp-end")
            if order
            else "",
            *(put_sign(sign, WIDE - after_detail + 2 + 15 * number, 27) for number, sign in enumerate(signs)),
        ]
        href = find_href(box.link, self.prefix) if self.prefix is not None else None
        more = f' transform="translate({x} {y})" data-id="{escape_xml(box.id)}"'
        return link_or_group(href, " ".join(look), f"{box.kind} {box.name}", _tell(box), "".join(inside), more)

    def _legend(self, conditions: set[Condition]) -> list[tuple[str, str]]:
        kinds = {bond.kind for bond in self.bonds}
        entries = [(_swatch(kind), kind.value) for kind in BondKind if kind in kinds]
        return [*entries, *list_marks(conditions, self.frame.name)]


@lru_cache(KEPT_LAYOUTS)
def _lay_out(tiers: tuple[tuple[str, int], ...], ties: tuple[Tie, ...]) -> Layout:
    """Where everything stands follows from these alone, and is asked for again whenever somebody looks."""
    return arrange(dict(tiers), ties, box=HIGH + DOWN, line=LINE)


def _swatch(kind: BondKind) -> str:
    return f'<path class="lp-bond lp-{_word(kind)}" d="M2 1H34"/>{_head(kind, "translate(34 1) scale(-1 1)")}'


def _head(kind: BondKind, transform: str, more: str = "") -> str:
    return f'<path class="lp-head lp-{_word(kind)}" transform="{transform}"{more} d="{_HEADS[kind]}"/>'


def _word(kind: BondKind) -> str:
    return kind.replace(" ", "-")


def _curve(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    return f"H{to_x}" if y == to_y else f"C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def _tell(box: Box) -> str:
    """All about a box in sentences; nothing that is drawn is only drawn."""
    told = [box.detail, box.about, f"starts at place {box.order}" if box.order is not None else ""]
    told += [f"{condition}: {MARKS[condition].says}" for condition in Condition if condition in box.conditions]
    return ". ".join(part for part in told if part)
