"""Deployments by hand: a few instances of small graphs, put on hosts, and the node or the conflicts they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from larry.core.deployable import take_snapshot
from larry.core.footprint import lay_out
from larry.core.merge import build_node
from larry.core.node import HostFacts, Node, Presence
from larry.core.parameters import Declaration, Layer
from larry.core.service_graph import ServiceSpec, Sharing
from tests.core.hours import Span, between
from tests.core.specimen import HOSTS, Graph, choose_by_name

FACTS = {host: HostFacts(host, (f"10.0.0.{number}",)) for number, host in enumerate((*HOSTS, "mon1"))}


SIZED = (Declaration("size"),)


def graph_of(*specs: ServiceSpec) -> Graph:
    return {spec.key: spec for spec in specs}


WEB = graph_of(ServiceSpec("web", declarations=SIZED), ServiceSpec("app", Sharing.INSTANCE, SIZED, needs=("web",)))


class Site:
    """A few instances of one graph, deployed by hand."""

    def __init__(self) -> None:
        self.presences: list[Presence] = []

    def deploy(
        self,
        path: str,
        graph: Graph,
        requires: Sequence[str],
        values: Mapping[str, Any] | None = None,
        *,
        host: str = "h1",
        during: Span = (0, None),
        place: Mapping[str, str] | None = None,
        above: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
    ) -> Site:
        """``values`` are the instance's own, and what is ``above`` its customer's and its app's."""
        customer, app, instance = path.split("/")
        layers = [Layer(*each) for each in (("customer", customer, above[0]), ("app", f"{customer}/{app}", above[1]))]
        layers.append(Layer("instance", path, values or {}))
        snapshot, _ = take_snapshot((customer, app, instance), layers, requires, graph)
        id_ = f"d{len({presence.deployment for presence in self.presences})}"
        self.presences += [
            Presence(id_, snapshot, f.service, f.host, between(*during), f.cause, f.subjects, f.elsewhere)
            for f in lay_out(snapshot, host, place or {}, choose_by_name).footings
        ]
        return self

    def on(self, host: str) -> list[Presence]:
        return [presence for presence in self.presences if presence.host == host]

    def node(self, host: str = "h1") -> Node:
        node, conflicts = build_node(FACTS[host], self.on(host), FACTS)
        assert not conflicts
        return node

    def conflicts(self, host: str = "h1") -> list[str]:
        return [conflict.text for conflict in build_node(FACTS[host], self.on(host), FACTS)[1]]
