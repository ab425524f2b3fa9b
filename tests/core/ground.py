"""A footprint by brute force: the sentences of the specification are asked of every service and host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from larry.core.deployable import Snapshot, take_snapshot
from larry.core.document import thaw
from larry.core.footprint import Footprint
from tests.core.specimen import HOSTS, PATHS, choose_by_name, make_graph, make_layers, make_place

Site = tuple[str, str]
Choose = Callable[[str, str, str], str | None]


@dataclass(frozen=True, slots=True)
class Ground:
    """What `lay_out` is asked."""

    snapshot: Snapshot
    host: str
    place: Mapping[str, str]


def make_ground(random: Random) -> Ground:
    graph = make_graph(random, edges=random.choice((0.15, 0.3, 0.5)))
    requires = random.sample(sorted(graph), random.randrange(1, len(graph) + 1))
    snapshot, _ = take_snapshot(PATHS[0], make_layers(random, PATHS[0], 0.0), requires, graph)
    return Ground(snapshot, random.choice(HOSTS), make_place(random, graph, random.choice((0.0, 0.2, 0.5))))


class Brute:
    """The services of a snapshot's document and the hosts, and which of them stand where."""

    def __init__(self, ground: Ground, choose: Choose) -> None:
        document: Any = thaw(ground.snapshot.document)
        self.requires: list[str] = document["instance"]["requires"]
        self.needs = {each["key"]: each["needs"] for each in document["services"]}
        self.audits = {each["key"]: {a["service"]: a["where"] for a in each["audits"]} for each in document["services"]}
        self.ground, self.choose = ground, choose
        hosts = {*HOSTS, ground.host, *ground.place.values()}
        self.everywhere = [(service, host) for service in self.needs for host in hosts]
        self.standing: set[Site] = set()
        while found := [site for site in self.everywhere if site not in self.standing and self.causes(site)]:
            self.standing.update(found)

    def host_of_need(self, need: str, host: str) -> str:
        return self.ground.place.get(need, host)

    def host_of_auditor(self, auditor: str, audited: Site) -> str | None:
        """Where an audit edge sends its auditor; None for nowhere."""
        where = self.audits[auditor][audited[0]]
        if auditor in self.ground.place:
            return self.ground.place[auditor]
        if where == "same-host":
            return audited[1]
        if where == "manual":
            return None
        if "host" in where:
            return str(where["host"])
        return self.choose(auditor, audited[0], where["role"])

    def causes(self, site: Site) -> list[str]:
        """Why a service stands on a host, given what stands so far; the strongest reason first."""
        service, host = site
        found = []
        if service in self.requires and host == self.ground.place.get(service, self.ground.host):
            found.append("required")
        if any(
            service in self.needs[other] and self.host_of_need(service, there) == host for other, there in self.standing
        ):
            found.append("needed")
        if self.subjects(site):
            found.append("audits")
        return found

    def subjects(self, site: Site) -> list[Site]:
        return sorted(
            audited
            for audited in self.standing
            if audited[0] in self.audits[site[0]] and self.host_of_auditor(site[0], audited) == site[1]
        )

    def elsewhere(self, site: Site) -> list[Site]:
        there = ((need, self.host_of_need(need, site[1])) for need in self.needs[site[0]])
        return sorted((need, host) for need, host in there if host != site[1])

    def uncovered(self) -> list[tuple[str, str, str]]:
        return sorted(
            (auditor, *audited)
            for audited in self.standing
            for auditor, edges in self.audits.items()
            if audited[0] in edges and self.host_of_auditor(auditor, audited) is None
        )


def check_footprint(lay_out: Callable[..., Any], ground: Ground, choose: Choose = choose_by_name) -> None:
    """The footprint is the brute one, and roles were asked for once an edge."""
    asked: list[tuple[str, str, str]] = []

    def remember(auditor: str, audited: str, role: str) -> str | None:
        asked.append((auditor, audited, role))
        return choose(auditor, audited, role)

    found: Footprint = lay_out(ground.snapshot, ground.host, ground.place, remember)
    brute = Brute(ground, choose)
    assert [(each.service, each.host) for each in found.footings] == sorted(brute.standing)
    for footing in found.footings:
        site = (footing.service, footing.host)
        assert footing.cause.value == brute.causes(site)[0], f"{footing}: {brute.causes(site)}"
        assert list(footing.subjects) == brute.subjects(site), str(footing)
        assert list(footing.elsewhere) == brute.elsewhere(site), str(footing)
    assert [(lack.auditor, lack.service, lack.host) for lack in found.uncovered] == brute.uncovered()
    assert all(lack.why for lack in found.uncovered)
    assert len(set(asked)) == len(asked), "a role was asked for twice"
    assert {(auditor, audited) for auditor, audited, _ in asked} <= {
        (a, s) for a, edges in brute.audits.items() for s in edges
    }
