"""Prints a graph in Graphviz's language, for whoever wants another layout."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.core.picture import (
    MARKS,
    Bond,
    BondKind,
    Box,
    BoxKind,
    Condition,
    Picture,
    find_href,
    gravest,
    show_harmless,
)

_SHAPES: Mapping[BoxKind, str] = MappingProxyType(
    {
        BoxKind.SERVICE: 'shape=box, style="rounded,filled"',
        BoxKind.INSTANCE: "shape=ellipse, style=filled",
        BoxKind.HOST: "shape=box3d, style=filled",
        BoxKind.APP: "shape=note, style=filled",
        BoxKind.CUSTOMER: "shape=octagon, style=filled",
    }
)

_LINES: Mapping[BondKind, str] = MappingProxyType(
    {
        BondKind.NEEDS: "style=solid, arrowhead=normal",
        BondKind.AUDITS: "style=dashed, arrowhead=odot",
        BondKind.REQUIRES: "style=bold, arrowhead=diamond",
        BondKind.AFTER: "style=dotted, arrowhead=vee",
        BondKind.RUNS_ON: "style=dotted, arrowhead=obox",
        BondKind.HAS: "style=solid, arrowhead=none",
    }
)

_FINDINGS = frozenset({Condition.CONFLICT, Condition.UNCOVERED, Condition.DIRTY})


def render(picture: Picture, *, prefix: str | None = "") -> str:
    """A directed graph; nodes are numbered, so that no name can be mistaken for anything. Raises `UnsafePrefix`."""
    numbers = {box.id: f"n{number}" for number, box in enumerate(picture.boxes)}
    direction = "RL" if picture.in_order else "LR"
    lines = [
        "digraph larry {",
        f"  graph [label={_quote(picture.title)}, labelloc=t, rankdir={direction}, tooltip={_quote(picture.about)}];",
        '  node [fontname="sans-serif", fontsize=11, fillcolor=white];',
        '  edge [fontname="sans-serif", fontsize=9];',
    ]
    lines += [f"  {numbers[box.id]} [{_box(box, prefix)}];" for box in picture.boxes]
    lines += [f"  {numbers[bond.source]} -> {numbers[bond.target]} [{_bond(bond)}];" for bond in picture.bonds]
    return "\n".join([*lines, "}", ""])


def _box(box: Box, prefix: str | None) -> str:
    order = f"{box.order}. " if box.order is not None else ""
    marks = "".join(f" [{MARKS[condition].letter}]" for condition in Condition if condition in box.conditions)
    label = (f"{order}{box.name}{marks}", *([box.detail] if box.detail else []))
    told = ". ".join(part for part in (f"{box.kind} {box.name}", box.detail, box.about) if part)
    worst = gravest(box.conditions)
    stated = [f"label={_quote(*label)}", f"tooltip={_quote(told)}", _SHAPES[box.kind]]
    if worst in _FINDINGS:
        stated.append(f'fillcolor="{MARKS[worst].fill[0]}"')
    if box.is_focus:
        stated.append("penwidth=2.5")
    href = find_href(box.link, prefix) if prefix is not None else None
    return ", ".join([*stated, f"URL={_quote(href)}"] if href else stated)


def _bond(bond: Bond) -> str:
    told = f"{bond.kind}: {bond.note}" if bond.note else bond.kind.value
    return f"{_LINES[bond.kind]}, tooltip={_quote(told)}"


def _quote(*lines: str) -> str:
    r"""Lines of text as one quoted label. Graphviz reads escapes (\N, \n, \") and entities (&lt;) in labels: of the
    text's own, none is left to be read.
    """
    harmless = (show_harmless(line).replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in harmless) + '"'
