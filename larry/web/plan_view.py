"""A Plan for a template: what changes, drawn and told; why not; and how hosts' configurations would differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from larry.actions.redeploy import find_first
from larry.core.interval import Interval
from larry.core.plan import Change, Notice, Plan, PlannedService
from larry.core.plan_map import map_plan
from larry.queries.moment import Moment
from larry.queries.node import get_nodes
from larry.queries.reader import Reader
from larry.web.frame import Frame
from larry.web.interval_picture import InlineMap, draw_map
from larry.web.node_view import NodeGroup, group_nodes

MOST_LINES, MOST_GROUPS, MOST_WARNINGS = 200, 100, 200
FIRST_HOSTS, FIRST_AUDITED, FIRST_WARNINGS = 3, 6, 5
MOST_LANES = 30
"""Lanes that are drawn; the table of changes has all."""


@dataclass(frozen=True, slots=True)
class Names:
    """Some names: the first at once, the others on request."""

    first: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.first) + len(self.others)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """What becomes of deployments of one instance, the same on each of the hosts."""

    kind: str
    instance: str
    before: Interval | None
    after: Interval | None
    why: str
    hosts: Names


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service that comes to each of the hosts for an instance, and what it audits there."""

    service: str
    instance: str
    audited: Names
    hosts: Names


@dataclass(frozen=True, slots=True)
class PlanView:
    """What `plan.html` shows: what is alike on many hosts is one line."""

    digest: str
    changes: tuple[ChangeLine, ...]
    services: tuple[ServiceLine, ...]
    service_count: int
    warnings: tuple[Notice, ...]
    more_warnings: tuple[Notice, ...]
    refusals: tuple[Notice, ...]
    nodes: tuple[NodeGroup, ...]
    map: InlineMap | None
    more_changes: int
    more_services: int
    more_hosts: int

    @property
    def changes_nothing(self) -> bool:
        return not self.changes

    @property
    def has_conflicts(self) -> bool:
        return any(each.code == "conflict" for each in self.refusals)

    @property
    def dirty_at(self) -> str:
        """From when on what is to come has to be redeployed before this; empty where it is not known to."""
        return find_first(self.refusals)

    @property
    def can_be_done(self) -> bool:
        return bool(self.changes) and not self.refusals


def view_plan(plan: Plan, reader: Reader, frame: Frame) -> PlanView:
    """The Plan as values; 1 SQL statement for the nodes that are there now."""
    at = Moment(frame.asked.now)
    nodes = group_nodes(plan.nodes, plan.foreseen, lambda digests: get_nodes(digests, reader, at))
    changes, services = _group_changes(plan.changes), _group_services(plan.deployed_services)
    drawn = map_plan(plan, MOST_LANES) if plan.changes else None
    return PlanView(
        plan.digest,
        changes[:MOST_LINES],
        services[:MOST_LINES],
        len(plan.deployed_services),
        plan.warnings[:FIRST_WARNINGS],
        plan.warnings[FIRST_WARNINGS:MOST_WARNINGS],
        plan.refusals,
        nodes[:MOST_GROUPS],
        draw_map(drawn, frame, left_out=drawn.left_out, name="plan") if drawn else None,
        sum(line.hosts.total for line in changes[MOST_LINES:]),
        sum(line.hosts.total for line in services[MOST_LINES:]),
        sum(group.hosts for group in nodes[MOST_GROUPS:]),
    )


def _group_changes(changes: Iterable[Change]) -> tuple[ChangeLine, ...]:
    hosts: dict[tuple[str, str, Interval | None, Interval | None, str], list[str]] = {}
    for each in changes:
        hosts.setdefault((each.kind.value, each.instance, each.before, each.after, each.why), []).append(each.host)
    return tuple(ChangeLine(*alike, _names(found, FIRST_HOSTS)) for alike, found in hosts.items())


def _group_services(services: Iterable[PlannedService]) -> tuple[ServiceLine, ...]:
    hosts: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for each in services:
        audited = (name if host == each.host else f"{name} on {host}" for name, host in each.audits)
        hosts.setdefault((each.service, each.instance, tuple(audited)), []).append(each.host)
    return tuple(
        ServiceLine(service, instance, _names(audited, FIRST_AUDITED), _names(found, FIRST_HOSTS))
        for (service, instance, audited), found in hosts.items()
    )


def _names(names: Sequence[str], first: int) -> Names:
    """All at once where no more than one would be hidden."""
    shown = first if len(names) > first + 1 else len(names)
    return Names(tuple(names[:shown]), tuple(names[shown:]))


def join_refusals(texts: Iterable[str]) -> tuple[Notice, ...]:
    """Refusals for which no Plan could be made, told as those of a Plan are."""
    return tuple(Notice("refused", text) for text in texts)
