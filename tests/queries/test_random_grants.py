"""Random grants against an oracle that looks at every row by itself: what a reader sees is what they were granted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

import pytest

from larry.core.rights import PERMITS, Narrowing, Permission, PersonRole, Right, Rights, ScopeKind, narrow, rights_of
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


def draw_narrowing(choose: Random, ids: Mapping[ScopeKind, tuple[int, ...]], customers: Mapping[int, int]) -> Narrowing:
    """What a token may be narrowed to; often to nothing less."""
    role = choose.choice([None, None, *PersonRole])
    kind = choose.choice(list(ScopeKind))
    id_ = choose.choice(ids[kind])
    return Narrowing(role, kind, id_, customers[id_] if kind is ScopeKind.APP else 0, choose.random() < 0.5)


class World:
    """All rows, read once."""

    def __init__(self) -> None:
        self.instances = list(Instance.objects.all())
        self.deployments = list(Deployment.objects.select_related("instance", "host"))
        self.standing = list(DeployedService.objects.select_related("deployment__instance", "host"))
        self.pools = {host.name: {pool.id for pool in host.pools.all()} for host in Host.objects.all()}


class Oracle:
    """Every row looked at by itself, in words as plain as the guide's."""

    def __init__(self, rights: Rights, world: World, to: Narrowing | None, customers: Mapping[int, int]) -> None:
        self.world, self.role, self.customers = world, to.role if to else None, customers
        self.rights = [cut for right in rights.of if (cut := self.cut(right, to)) is not None]

    def cut(self, right: Right, to: Narrowing | None) -> Right | None:
        """The right within a token: the smaller of the two scopes, if one is within the other."""
        if to is None:
            return right
        mine, theirs = self.chain(right.kind, right.id), self.chain(to.kind, to.id)
        if theirs[0] in mine:
            return right
        return Right(right.role, to.kind, to.id) if mine[0] in theirs else None

    def chain(self, kind: ScopeKind, id_: int) -> list[tuple[ScopeKind, int]]:
        """A scope, and those that it is within."""
        above = [(ScopeKind.CUSTOMER, self.customers[id_])] if kind is ScopeKind.APP else []
        return [(kind, id_), *above, (ScopeKind.EVERYTHING, 0)]

    def over(self, permission: Permission) -> Iterator[Right]:
        is_left = self.role is None or permission in PERMITS[self.role]
        return (right for right in self.rights if is_left and permission in PERMITS[right.role])

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
    customers = dict(App.objects.values_list("id", "customer"))
    for seed in range(cases):
        choose = Random(seed)
        rights = draw(choose, ids)
        to = draw_narrowing(choose, ids, customers) if seed % 2 else None
        reader = Reader("somebody", rights if to is None else narrow(rights, to, customers))
        oracle = Oracle(rights, world, to, customers)
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
