"""A promise is a rule about many rows at once; the guards of a database keep it, whoever writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class NoOverlap:
    """Rows of ``table`` with equal ``lane`` columns have intervals [start, end) that share no moment."""

    name: str
    table: str
    lane: tuple[str, ...]
    live: str | None = None
    """The column that is null while a row counts."""


@dataclass(frozen=True, slots=True)
class NoCircle:
    """Nobody who follows ``table`` from ``source`` to ``target`` comes back; a null target leads nowhere."""

    name: str
    table: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class AppendOnly:
    """Rows of ``table`` are neither changed nor removed.

    While the gate is open (gate.py), rows may change in all columns but those that are ``kept`` (none given: in none),
    and may be removed where they are ``replaced``.
    """

    name: str
    table: str
    kept: tuple[str, ...] = ()
    replaced: bool = False


GATE_IS_OPEN = "EXISTS (SELECT 1 FROM larry_estate WHERE redacting_id IS NOT NULL)"


Promise: TypeAlias = NoOverlap | NoCircle | AppendOnly

PROMISES: tuple[Promise, ...] = (
    NoOverlap(
        "live_deployments_of_a_lane_do_not_overlap", "larry_deployment", ("instance_id", "host_id"), "deactivated_at"
    ),
    NoOverlap("segments_of_a_node_do_not_overlap", "larry_nodesegment", ("host_id",)),
    # Who needs and who audits starts later than what it needs or audits: every edge points to what comes first.
    NoCircle("service_graph_has_no_circle", "larry_edge", "service_id", "target_id"),
    NoCircle("templates_follow_in_no_circle", "larry_instance", "id", "template_id"),
    AppendOnly(
        "activity_is_append_only",
        "larry_activity",
        kept=("id", "at", "actor", "verb", "noun", "address", "reason", "rollout_id"),
    ),
    AppendOnly("deployable_is_append_only", "larry_deployable", replaced=True),
    AppendOnly("deployment_version_is_append_only", "larry_deploymentversion"),
    AppendOnly("edge_version_is_append_only", "larry_edgeversion"),
)


PieceKind: TypeAlias = Literal["trigger", "function", "constraint"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing in a database that helps to keep a promise, and the statement that creates it."""

    kind: PieceKind
    name: str
    table: str
    create: str
