"""Random grants against an oracle that looks at every row by itself: what a reader sees is what they were granted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

import pytest

from larry.core.rights import PERMITS, Permission, PersonRole, Right, Rights, ScopeKind, rights_of
from larry.queries.deployment import DeploymentFilter, State, list_deployments
from larry.queries.fleet import get_fleet
from larry.queries.moment import Moment
from larry.queries.noun import list_items
from larry.queries.reader import Reader
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployment import DeployedService, Deployment
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.pool import Pool
from tests.actions.estate import day, lay, put

CASES, MANY = 300, 10_000
AT = Moment(day(1))
ESTATE = """
larry: 1
roles: [{name: r}]
pools: [{name: p0}, {name: p1}, {name: p2}]
services: [{name: base}, {name: web, needs: [base]}, {name: watch, audits: [{service: web, where: {host: h3}}]}]
customers:
  - {name: C0, apps: [{name: A, instances: [{name: I, requires: [web]}]}, {name: B, instances: [{name: I, requires: [web]}]}]}
  - {name: C1, apps: [{name: A, instances: [{name: I, requires: [web]}, {name: J, requires: [base]}]}]}
  - {name: C2, apps: [{name: A, instances: [{name: I, requires: [base]}]}]}
hosts: [{name: h0, pools: [p0]}, {name: h1, pools: [p0, p1]}, {name: h2, pools: [p1]}, {name: h3}, {name: h4, pools: [p2]}]
"""  # noqa: E501


@pytest.fixture
def _estate(db: None) -> None:
    lay(ESTATE)
    for path, *hosts in (
        ("c0/a/i", "h0", "h1"),
        ("c0/b/i", "h2"),
        ("c1/a/i", "h1", "h2"),
        ("c1/a/j", "h3"),
        ("c2/a/i", "h4"),
    ):
        put(path, *hosts)


def draw(choose: Random, ids: Mapping[ScopeKind, tuple[int, ...]]) -> Rights:
    """A few grants, often none that matter."""
    kinds = [*3 * (ScopeKind.CUSTOMER, ScopeKind.APP, ScopeKind.POOL), ScopeKind.EVERYTHING]
    drawn = [choose.choice(kinds) for _ in range(choose.randrange(4))]
    return rights_of(Right(choose.choice(list(PersonRole)), kind, choose.choice(ids[kind])) for kind in drawn)


class World:
    """All rows, read once."""

    def __init__(self) -> None:
        self.instances = list(Instance.objects.all())
        self.deployments = list(Deployment.objects.select_related("instance", "host"))
        self.standing = list(DeployedService.objects.select_related("deployment__instance", "host"))
        self.pools = {host.name: {pool.id for pool in host.pools.all()} for host in Host.objects.all()}


class Oracle:
    """Every row looked at by itself, in words as plain as the guide's."""

    def __init__(self, rights: Rights, world: World) -> None:
        self.rights, self.world = rights, world

    def over(self, permission: Permission) -> Iterator[Right]:
        return (right for right in self.rights.of if permission in PERMITS[right.role])

    def owns(self, instance: Instance) -> bool:
        wanted = {
            (ScopeKind.EVERYTHING, 0),
            (ScopeKind.CUSTOMER, instance.customer_id),
            (ScopeKind.APP, instance.app_id),
        }
        return any((right.kind, right.id) in wanted for right in self.over(Permission.LOOK))

    def has(self, host: str, permission: Permission) -> bool:
        return any(
            right.kind is ScopeKind.EVERYTHING or (right.kind is ScopeKind.POOL and right.id in self.world.pools[host])
            for right in self.over(permission)
        )

    def instances(self) -> set[str]:
        on_hosts = {s.deployment.instance.path for s in self.world.standing if self.has(s.host.name, Permission.LOOK)}
        return {row.path for row in self.world.instances if self.owns(row)} | on_hosts

    def deployments(self) -> set[str]:
        rows = self.world.deployments
        return {row.id for row in rows if self.owns(row.instance) or self.has(row.host.name, Permission.LOOK)}

    def hosts(self) -> set[str]:
        mine = {each.host.name for each in self.world.standing if self.owns(each.deployment.instance)}
        return mine | self.configured()

    def configured(self) -> set[str]:
        return {host for host in self.world.pools if self.has(host, Permission.CONFIGURE)}


def check(cases: int) -> None:
    seen: set[tuple[int, ...]] = set()
    world = World()
    ids = {
        ScopeKind.CUSTOMER: tuple(Customer.objects.values_list("id", flat=True)),
        ScopeKind.APP: tuple(App.objects.values_list("id", flat=True)),
        ScopeKind.POOL: tuple(Pool.objects.values_list("id", flat=True)),
        ScopeKind.EVERYTHING: (0,),
    }
    for seed in range(cases):
        rights = draw(Random(seed), ids)
        reader, oracle = Reader("somebody", rights), Oracle(rights, world)
        told = (
            {item.address for item in list_items("instance", reader, AT)},
            {row.id for row in list_deployments(DeploymentFilter(states=frozenset(State)), reader, AT)},
            {item.address for item in list_items("host", reader, AT)},
            {host.dated.node.facts.name for host in get_fleet(reader, AT).hosts},
        )
        assert told == (oracle.instances(), oracle.deployments(), oracle.hosts(), oracle.configured()), (seed, rights)
        seen.add(tuple(map(len, told)))
    assert len(seen) > 15, "the cases differ"


@pytest.mark.usefixtures("_estate")
def test_what_is_seen_is_what_was_granted() -> None:
    check(CASES)


@pytest.mark.slow
@pytest.mark.usefixtures("_estate")
def test_what_is_seen_is_what_was_granted_in_many_cases() -> None:
    check(MANY)
