"""A Plan for a template: what changes, drawn and told; why not; and how each host's configuration would differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from larry.core.document import Json, canonical_text
from larry.core.interval import Interval
from larry.core.node import Node
from larry.core.node_difference import compare_nodes
from larry.core.node_text import mask_node
from larry.core.plan import NodeChange, Notice, Plan, PlannedService
from larry.core.plan_map import map_plan
from larry.queries.moment import Moment
from larry.queries.node import get_nodes
from larry.queries.reader import Reader
from larry.web.frame import Frame
from larry.web.interval_picture import InlineMap, draw_map

MOST_CHANGES, MOST_SERVICES, MOST_HOSTS, MOST_PATHS = 200, 200, 40, 60
LONGEST_VALUE = 160


@dataclass(frozen=True, slots=True)
class ChangeLine:
    kind: str
    instance: str
    host: str
    deployment: str
    is_new: bool
    before: Interval | None
    after: Interval | None
    why: str


@dataclass(frozen=True, slots=True)
class PathLine:
    """One path at which a configuration differs."""

    path: str
    kind: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class NodeLine:
    """From ``start`` on a host is configured otherwise; ``agrees``: as it was to be anyway."""

    host: str
    start: datetime
    agrees: bool
    paths: tuple[PathLine, ...]
    more: int


@dataclass(frozen=True, slots=True)
class PlanView:
    """What `plan.html` shows."""

    digest: str
    changes: tuple[ChangeLine, ...]
    services: tuple[PlannedService, ...]
    warnings: tuple[Notice, ...]
    refusals: tuple[Notice, ...]
    nodes: tuple[NodeLine, ...]
    map: InlineMap | None
    more_changes: int
    more_services: int
    more_nodes: int

    @property
    def changes_nothing(self) -> bool:
        return not self.changes

    @property
    def can_be_done(self) -> bool:
        return bool(self.changes) and not self.refusals


def view_plan(plan: Plan, reader: Reader, frame: Frame) -> PlanView:
    """The Plan as values; 1 SQL statement for the nodes that are there now."""
    nodes = plan.nodes[:MOST_HOSTS]
    known = get_nodes({each.before for each in nodes if each.before}, reader, Moment(frame.asked.now))
    changes = tuple(
        ChangeLine(c.kind.value, c.instance, c.host, c.deployment, c.before is None, c.before, c.after, c.why)
        for c in plan.changes[:MOST_CHANGES]
    )
    return PlanView(
        plan.digest,
        changes,
        plan.deployed_services[:MOST_SERVICES],
        plan.warnings,
        plan.refusals,
        tuple(_node_line(each, known.get(each.before or ""), plan.foreseen.get(each.after or "")) for each in nodes),
        draw_map(map_plan(plan), frame, name="plan") if plan.changes else None,
        len(plan.changes[MOST_CHANGES:]),
        len(plan.deployed_services[MOST_SERVICES:]),
        len(plan.nodes[MOST_HOSTS:]),
    )


def _node_line(change: NodeChange, before: Node | None, after: Node | None) -> NodeLine:
    if change.agrees or before is None or after is None:
        return NodeLine(change.host, change.start, change.agrees, (), 0)
    found = compare_nodes(before, mask_node(after))
    lines = tuple(PathLine(each.path, each.kind, _show(each.old), _show(each.new)) for each in found[:MOST_PATHS])
    return NodeLine(change.host, change.start, change.agrees, lines, len(found[MOST_PATHS:]))


def join_refusals(texts: Iterable[str]) -> tuple[Notice, ...]:
    """Refusals for which no Plan could be made, told as those of a Plan are."""
    return tuple(Notice("refused", text) for text in texts)


def _show(value: Json) -> str:
    text = value if isinstance(value, str) else "" if value is None else canonical_text(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
