"""Specimens: small random estates, wild enough that everything that can disagree sometimes does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType
from typing import Any

from larry.core.deployable import Snapshot, take_snapshot
from larry.core.document import Json, freeze
from larry.core.footprint import Footprint, lay_out
from larry.core.node import HostFacts, Presence
from larry.core.parameters import Declaration, Layer, Merge
from larry.core.service_graph import Audit, ServiceSpec, Sharing, Where, WhereKind
from tests.core.hours import Span, between, pick_span

KEYS = ("ant", "bee", "cat", "dog", "eel", "fox", "gnu")
NAMES = ("alpha", "beta", "gamma", "delta")
HOSTS = ("h1", "h2", "h3")
ROLES = ("r1", "r2", "r3")
VALUES: tuple[Any, ...] = (
    1,
    2,
    True,
    None,
    "x",
    [1, 2],
    [2, 3],
    {"a": 1},
    {"b": [1]},
    {"sealed": "aa"},
    {"sealed": "bb"},
)
PATHS = (
    ("acme", "shop", "production"),
    ("acme", "shop", "staging"),
    ("acme", "blog", "production"),
    ("globex", "shop", "production"),
)
ALL_WHERES = (
    Where(),
    *(Where(WhereKind.HOST, host) for host in HOSTS[:2]),
    *(Where(WhereKind.ROLE, role) for role in ROLES),
    Where(WhereKind.MANUAL),
)

Graph = Mapping[str, ServiceSpec]


def some(random: Random, members: Iterable[Any], odds: float) -> list[Any]:
    return [member for member in members if random.random() < odds]


def make_declarations(random: Random, odds: float = 0.4) -> tuple[Declaration, ...]:
    return tuple(
        Declaration(
            name,
            has_default=(has_default := random.random() < 0.5),
            default=freeze(random.choice(VALUES)) if has_default else None,
            merge=random.choice((Merge.REPLACE, Merge.REPLACE, Merge.DEEP)),
        )
        for name in some(random, NAMES, odds)
    )


def make_graph(random: Random, edges: float = 0.3) -> dict[str, ServiceSpec]:
    """Services whose needs and audits follow a hidden order that is not that of their names: no circles."""
    hidden = random.sample(KEYS, random.randrange(2, len(KEYS) + 1))
    return {
        key: ServiceSpec(
            key,
            sharing=random.choice((Sharing.HOST, Sharing.INSTANCE)),
            declarations=make_declarations(random),
            needs=tuple(some(random, hidden[:place], edges)),
            audits=tuple(Audit(other, random.choice(ALL_WHERES)) for other in some(random, hidden[:place], edges)),
            tools=freeze(random.choice((None, None, {"puppet": {"class": key}}))),
        )
        for place, key in enumerate(hidden)
    }


def has_circle(graph: Graph) -> bool:
    """Said naively: take away whatever has nothing before it, until nothing can be taken."""
    left = set(graph)
    while free := {key for key in left if not (graph[key].before & left)}:
        left -= free
    return bool(left)


def edit_graph(random: Random, graph: Graph) -> dict[str, ServiceSpec]:
    """The graph after an edit of a service or two; no circle by itself, though there may be with the graph before."""
    edited = dict(graph)
    for key in random.sample(sorted(graph), min(len(graph), random.choice((1, 1, 2)))):
        spec = edited[key]
        match random.randrange(8):
            case 0:
                flipped = Sharing.HOST if spec.sharing is Sharing.INSTANCE else Sharing.INSTANCE
                edited[key] = replace(spec, sharing=flipped)
            case 1:
                edited[key] = replace(spec, declarations=make_declarations(random))
            case 2:
                edited[key] = replace(spec, tools=freeze({"shell": {"script": "other"}}))
            case 3:
                edited[key] = replace(spec, audits=())
            case _ if spec.needs:
                other = spec.needs[0]
                edited[key] = replace(spec, needs=spec.needs[1:])
                edited[other] = replace(edited[other], needs=(*edited[other].needs, key))
            case _:
                pass
    return dict(graph) if has_circle(edited) else edited


def turn_graph(random: Random, graph: Graph) -> dict[str, ServiceSpec]:
    """The graph with its needs turned round: no circle by itself, one with the graph wherever two services meet."""
    turned = {
        key: replace(
            spec,
            needs=tuple(other for other in graph if key in graph[other].needs),
            audits=spec.audits if random.random() < 0.3 else (),
        )
        for key, spec in graph.items()
    }
    return dict(graph) if has_circle(turned) else turned


def make_layers(random: Random, path: tuple[str, str, str], wild: float) -> tuple[Layer, ...]:
    """Layers of which the customer's sets every name; ``wild`` says how often values differ."""
    customer, app, instance = path

    def values(odds: float) -> dict[str, Json]:
        return {
            name: freeze(random.choice(VALUES)) if random.random() < wild else place
            for place, name in enumerate(NAMES)
            if random.random() < odds
        }

    return (
        Layer("template", "acme/shop/template", values(0.2)),
        Layer("customer", customer, {**dict.fromkeys(NAMES, 7), **values(1.0)}),
        Layer("app", f"{customer}/{app}", values(0.3)),
        Layer("instance", f"{customer}/{app}/{instance}", values(0.3)),
    )


def make_place(random: Random, graph: Graph, odds: float = 0.15) -> dict[str, str]:
    return {key: random.choice(HOSTS) for key in some(random, sorted(graph), odds)}


def choose_by_name(_auditor: str, audited: str, role: str) -> str | None:
    """Who serves an audit edge to a role: r3 has no hosts, and the others depend on the audited service too."""
    return None if role == "r3" else HOSTS[(len(role) + ord(audited[0]) + ord(role[1])) % len(HOSTS)]


@dataclass(frozen=True, slots=True)
class Deployed:
    """One deployment of a specimen, with all that it came from."""

    id: str
    graph: Graph
    layers: tuple[Layer, ...]
    snapshot: Snapshot
    host: str
    span: Span
    place: Mapping[str, str]
    footprint: Footprint


@dataclass(frozen=True, slots=True)
class Estate:
    """Deployments of a few instances, on a few hosts, at a few times."""

    deployments: tuple[Deployed, ...]
    facts: Mapping[str, HostFacts]
    is_restless: bool = False

    def presences(self, host: str) -> list[Presence]:
        """What is deployed on a host; in some estates the services of a deployment come and go within it."""
        return [
            Presence(
                each.id,
                each.snapshot,
                footing.service,
                footing.host,
                between(*(_within(each.span, number) if self.is_restless else each.span)),
                footing.cause,
                footing.subjects,
                footing.elsewhere,
            )
            for each in self.deployments
            for number, footing in enumerate(each.footprint.footings)
            if footing.host == host
        ]


def _within(span: Span, number: int) -> Span:
    start, end = span
    return (start, end) if number % 4 or end == start + 1 else (start + 1, end)


def make_estate(random: Random) -> Estate:
    """Calm estates agree on nearly everything, so that they merge; wild ones conflict."""
    wild = random.choice((0.0, 0.03, 0.5))
    is_crowded = random.random() < 0.3
    graphs = [make_graph(random)]
    for _ in range(random.choice((0, 1, 2)) if wild else 0):
        edit = turn_graph if random.random() < 0.3 else edit_graph
        graphs.append(edit(random, graphs[-1]))
    deployments: list[Deployed] = []
    for path in random.sample(PATHS, random.randrange(1, len(PATHS) + 1)):
        layers = make_layers(random, path, 0.0 if is_crowded else wild)
        for host in HOSTS[:1] if is_crowded else random.sample(HOSTS, random.choice((1, 1, 2))):
            graph = random.choice(graphs)
            if random.random() < wild and not is_crowded:
                layers = make_layers(random, path, wild)
            requires = random.sample(sorted(graph), random.randrange(1, 4) if len(graph) > 2 else 1)
            snapshot, _ = take_snapshot(path, layers, requires, graph)
            place = make_place(random, graph, 0.05 if is_crowded else 0.15)
            footprint = lay_out(snapshot, host, place, choose_by_name)
            id_ = f"d{random.randrange(10**6):06}{len(deployments)}"
            deployments.append(
                Deployed(
                    id_,
                    graph,
                    layers,
                    snapshot,
                    host,
                    pick_span(random, open_odds=0.7 if is_crowded else 0.2),
                    place,
                    footprint,
                )
            )
    facts = {
        host: HostFacts(host, (f"10.0.0.{number}",), MappingProxyType({"site": host}))
        for number, host in enumerate(HOSTS)
    }
    return Estate(tuple(deployments), facts, is_restless=random.random() < 0.2)
