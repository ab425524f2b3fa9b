"""Graphs of the estate: what a service reaches, what an instance starts, what a host runs, what a customer has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from larry.core.deployable import Snapshot
from larry.core.node import Node, NodeService
from larry.core.picture import Bond, BondKind, Box, BoxKind, Condition, Picture
from larry.core.service_graph import ServiceSpec, Sharing, Where, WhereKind, order_by, reach
from larry.queries.deployment import state_of
from larry.queries.host import list_host_keys
from larry.queries.instance import get_descriptions
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.noun import list_items
from larry.queries.reader import WHOLE, NotFound, Reader, restrict
from larry.queries.service import service_graph_of
from larry.queries.view import read_view
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployment import DeployedService, Deployment
from larry.records.host import Host
from larry.records.instance import Instance, Requirement
from larry.records.service import Service


def get_graph(kind: str, address: str, reader: Reader, at: Moment) -> Picture:
    """The graph of a noun by its address; a constant number of SQL statements (3 for a host, 7 to 12 for the others,
    and 1 for each step of templates following templates). Raises `NotFound`.
    """
    with read_view():
        return _GRAPHS[kind](address, reader, at)


@dataclass(frozen=True, slots=True)
class _Services:
    """The service graph as described now, with the names for people."""

    specs: Mapping[str, ServiceSpec]
    names: Mapping[str, str]
    hosts: Mapping[str, str]

    def box(
        self,
        key: str,
        detail: str | None = None,
        *,
        conditions: tuple[Condition, ...] = (),
        order: int | None = None,
        is_focus: bool = False,
    ) -> Box:
        sharing = "once on each host" if self.specs[key].sharing is Sharing.HOST else "once for each instance"
        about = f"key {key}" if detail is None else f"key {key}, {sharing}"
        link = ("services", key)
        return Box(
            f"service {key}",
            BoxKind.SERVICE,
            self.names[key],
            detail or sharing,
            about,
            link,
            conditions,
            order,
            is_focus,
        )

    def bonds(self, keys: Iterable[str]) -> tuple[Bond, ...]:
        """Needs and audits among some services."""
        among = frozenset(keys)
        found = []
        for key in sorted(among):
            source = f"service {key}"
            needs = (need for need in sorted(self.specs[key].needs) if need in among)
            found += [Bond(source, f"service {need}", BondKind.NEEDS) for need in needs]
            audits = (audit for audit in self.specs[key].audits if audit.service in among)
            found += [
                Bond(source, f"service {a.service}", BondKind.AUDITS, self.where(a.where))
                for a in sorted(audits, key=lambda audit: audit.service)
            ]
        return tuple(found)

    def where(self, where: Where) -> str:
        said = {
            WhereKind.SAME_HOST: "on the same host",
            WhereKind.HOST: f"on {self.hosts.get(str(where.name), where.name)}",
            WhereKind.ROLE: f"on a host of the role {where.name}",
            WhereKind.MANUAL: "on a host that a person names",
        }
        return said[where.kind]


def _services(reader: Reader, at: Moment) -> _Services:
    """4 SQL statements."""
    items = list_items("service", reader, at)
    hosts = list_host_keys(WHOLE, at)
    specs = service_graph_of(items, {name: key for key, name in hosts.items()})
    return _Services(specs, {item.address: str(item.values["name"]) for item in items}, hosts)


def _draw_service(address: str, reader: Reader, at: Moment) -> Picture:
    services = _services(reader, at)
    if address not in services.specs:
        raise NotFound(f"there is no service {address}")
    above: dict[str, list[str]] = {}
    for spec in services.specs.values():
        for other in spec.before:
            above.setdefault(other, []).append(spec.key)
    below = reach([address], lambda key: services.specs[key].before)
    over = reach([address], lambda key: above.get(key, ()))
    shown = order_by(below | over, lambda key: services.specs[key].before)
    wanting = restrict(reader, Requirement.objects.filter(service__key=address, instance__retired_at=None)).count()
    about = (
        f"It reaches {_count(len(below) - 1, 'service')}; {_count(len(over) - 1, 'service')} "
        f"{'reaches' if len(over) == 2 else 'reach'} it; {_count(wanting, 'instance')} "
        f"{'requires' if wanting == 1 else 'require'} it. What starts first stands left."
    )
    boxes = (services.box(key, is_focus=key == address) for key in shown)
    title = f"Service {services.names[address]}"
    return Picture(BoxKind.SERVICE, address, title, about, at.as_of, tuple(boxes), services.bonds(shown), in_order=True)


@dataclass(frozen=True, slots=True)
class _Situation:
    """Some instances at a moment: what each would be now, its conditions, what it lacks, what of it stands where."""

    snapshots: Mapping[str, Snapshot]
    conditions: Mapping[str, tuple[Condition, ...]]
    lacks: Mapping[str, frozenset[tuple[str, str, str]]]
    standing: Mapping[str, Mapping[str, frozenset[str]]]
    names: Mapping[str, str]

    def box(self, path: str, *, is_focus: bool = False) -> Box:
        lacking = (f"{audited} lacks {auditor}: {why}" for auditor, audited, why in sorted(self.lacks[path]))
        return Box(
            f"instance {path}", BoxKind.INSTANCE, self.names[path], path, ". ".join(lacking),
            ("instances", *path.split("/")), self.conditions[path], is_focus=is_focus,
        )  # fmt: skip

    def required(self, path: str) -> list[Bond]:
        requires = self.snapshots[path].requires
        return [Bond(f"instance {path}", f"service {key}", BondKind.REQUIRES) for key in requires]


def _situation(paths: Iterable[str], services: _Services, reader: Reader, at: Moment) -> _Situation:
    """5 SQL statements and those of templates."""
    descriptions = get_descriptions(paths, reader, at)
    snapshots = {path: description.describe(services.specs)[0] for path, description in descriptions.items()}
    names = dict(restrict(reader, Instance.objects.filter(path__in=descriptions)).values_list("path", "name"))
    conditions: dict[str, set[Condition]] = {path: set() for path in descriptions}
    lacks: dict[str, set[tuple[str, str, str]]] = {path: set() for path in descriptions}
    rows = restrict(reader, Deployment.objects.filter(instance__path__in=descriptions, deactivated_at=None))
    for path, start, end, digest, uncovered in rows.values_list(
        "instance__path", "start", "end", "deployable_id", "uncovered"
    ):
        state = Condition(state_of(start, end, None, at.as_of).value)
        conditions[path].add(state)
        if state is Condition.CURRENT:
            lacks[path] |= {(auditor, audited, why) for auditor, audited, _, why in uncovered}
            conditions[path] |= {Condition.UNCOVERED} if uncovered else set()
            conditions[path] |= {Condition.DIRTY} if digest != snapshots[path].digest else set()
    live = restrict(reader, DeployedService.objects.filter(deactivated=False, start__lte=at.as_of))
    standing: dict[str, dict[str, set[str]]] = {path: {} for path in descriptions}
    found = live.exclude(end__lte=at.as_of).filter(deployment__instance__path__in=descriptions)
    for path, key, host in found.values_list("deployment__instance__path", "service__key", "host__name").distinct():
        standing[path].setdefault(key, set()).add(host)
    return _Situation(
        snapshots,
        {path: _telling(had) for path, had in conditions.items()},
        {path: frozenset(found) for path, found in lacks.items()},
        {path: {key: frozenset(hosts) for key, hosts in found.items()} for path, found in standing.items()},
        names,
    )


def _telling(had: set[Condition]) -> tuple[Condition, ...]:
    """Every finding, and of the states in time the first that there is: what is live, else what will be."""
    times = [c for c in (Condition.CURRENT, Condition.FUTURE, Condition.PAST) if c in had]
    others = [c for c in Condition if c in had and c not in times]
    return (*others, *times[:1])


def _draw_instance(address: str, reader: Reader, at: Moment) -> Picture:
    services = _services(reader, at)
    now = _situation([address], services, reader, at)
    snapshot = now.snapshots[address]
    audited = {audited for _, audited, _ in now.lacks[address]}
    boxes = []
    for order, service in enumerate(snapshot.services, start=1):
        hosts = sorted(now.standing[address].get(service.key, ()))
        where = f"on {hosts[0]}" if len(hosts) == 1 else f"on {len(hosts)} hosts" if hosts else "on no host yet"
        conditions = (Condition.UNCOVERED,) if service.key in audited else ()
        boxes.append(services.box(service.key, where, order=order, conditions=conditions))
    keys = [service.key for service in snapshot.services]
    about = f"{_count(len(keys), 'service')} in start order, numbered; what starts first stands left. As described now."
    return Picture(
        BoxKind.INSTANCE, address, f"Instance {address}", about, at.as_of,
        (*boxes, now.box(address, is_focus=True)), (*services.bonds(keys), *now.required(address)), in_order=True,
    )  # fmt: skip


def _draw_host(address: str, reader: Reader, at: Moment) -> Picture:
    node = get_node(address, reader, at).node
    names = dict(restrict(reader, Service.objects.all()).values_list("key", "name"))
    lacking: dict[tuple[str, str], list[str]] = {}
    rows = restrict(reader, Deployment.objects.filter(deactivated_at=None, start__lte=at.as_of)).exclude(
        end__lte=at.as_of
    )
    here = rows.filter(id__in=[each.deployment for each in node.instances]).exclude(uncovered=[])
    host = restrict(reader, Host.objects.filter(name=address)).values_list("id", flat=True).first()
    for path, uncovered in here.values_list("instance__path", "uncovered"):
        for auditor, audited, on, why in uncovered:
            if on == host:
                lacking.setdefault((audited, path), []).append(f"lacks {auditor}: {why}")
    boxes = [_entry_box(entry, order, names, lacking) for order, entry in enumerate(node.services, start=1)]
    bonds = [bond for entry in node.services for bond in _entry_bonds(entry, node)]
    away = sorted({bond.target for bond in bonds} - {box.id for box in boxes})
    for target in away:
        _, service, other = target.split(" ")
        boxes.append(
            Box(target, BoxKind.HOST, names.get(service, service), f"on {other}", f"key {service}", ("hosts", other))
        )
    about = f"{_count(len(node.services), 'service')} for {_count(len({i.path for i in node.instances}), 'instance')}"
    about += ", numbered in start order; what starts first stands left."
    return Picture(BoxKind.HOST, address, f"Host {address}", about, at.as_of, tuple(boxes), tuple(bonds), in_order=True)


def _entry_box(
    entry: NodeService, order: int, names: Mapping[str, str], lacking: Mapping[tuple[str, str], list[str]]
) -> Box:
    paths = entry.paths
    whom = f"for {paths[0]}" if len(paths) == 1 else f"for {len(paths)} instances"
    lacks = [why for path in paths for why in lacking.get((entry.service, path), ())]
    about = ". ".join([f"key {entry.key}", *([f"for {', '.join(paths)}"] if len(paths) > 1 else []), *lacks])
    conditions = (Condition.UNCOVERED,) if lacks else ()
    name = names.get(entry.service, entry.service)
    link = ("services", entry.service)
    return Box(f"entry {entry.key}", BoxKind.SERVICE, name, whom, about, link, conditions, order)


def _entry_bonds(entry: NodeService, node: Node) -> Iterable[Bond]:
    """What an entry needs, audits, and else starts after; what is on other hosts has a box for each service there."""
    source = f"entry {entry.key}"
    yield from (Bond(source, f"entry {key}", BondKind.NEEDS) for key in entry.needs)
    for place in entry.needs_elsewhere:
        yield Bond(source, f"away {place.service} {place.host}", BondKind.NEEDS)
    audited: set[str] = set()
    for subject in entry.audits:
        targets = [f"away {subject.service} {subject.host}"]
        if subject.host == node.facts.name:
            targets = [
                f"entry {other.key}"
                for other in node.services
                if other.service == subject.service and set(other.paths) & set(subject.paths)
            ]
        yield from (Bond(source, t, BondKind.AUDITS) for t in targets if t not in audited)
        audited.update(targets)
    told = {*entry.needs, *(target.removeprefix("entry ") for target in audited)}
    yield from (Bond(source, f"entry {key}", BondKind.AFTER) for key in entry.after if key not in told)


def _draw_app(address: str, reader: Reader, at: Moment) -> Picture:
    customer, _, key = address.partition("/")
    apps = restrict(reader, App.objects.filter(customer__key=customer, key=key, retired_at=None))
    return _draw_estate(BoxKind.APP, address, apps.values_list("customer__key", "key", "name"), (), reader, at)


def _draw_customer(address: str, reader: Reader, at: Moment) -> Picture:
    name = (
        restrict(reader, Customer.objects.filter(key=address, retired_at=None)).values_list("name", flat=True).first()
    )
    if name is None:
        raise NotFound(f"there is no customer {address}")
    apps = restrict(reader, App.objects.filter(customer__key=address, retired_at=None))
    box = Box(f"customer {address}", BoxKind.CUSTOMER, name, address, "", ("customers", address), is_focus=True)
    return _draw_estate(BoxKind.CUSTOMER, address, apps.values_list("customer__key", "key", "name"), (box,), reader, at)


def _draw_estate(
    kind: BoxKind,
    address: str,
    apps: Iterable[tuple[str, str, str]],
    owner: tuple[Box, ...],
    reader: Reader,
    at: Moment,
) -> Picture:
    """Apps with their instances, all services of those, and the hosts on which they stand at the moment."""
    named = {f"{customer}/{key}": name for customer, key, name in sorted(apps)}
    if not owner and not named:
        raise NotFound(f"there is no {kind} {address}")
    theirs = restrict(reader, Instance.objects.filter(path__startswith=f"{address}/", retired_at=None))
    services = _services(reader, at)
    now = _situation(theirs.values_list("path", flat=True), services, reader, at)
    paths = sorted(now.snapshots)
    keys = {service.key for snapshot in now.snapshots.values() for service in snapshot.services}
    boxes, bonds = [*owner], []
    for app, name in named.items():
        focus = kind is BoxKind.APP
        boxes.append(Box(f"app {app}", BoxKind.APP, name, app, "", ("apps", *app.split("/")), is_focus=focus))
        bonds += [Bond(box.id, f"app {app}", BondKind.HAS) for box in owner]
    for path in paths:
        boxes.append(now.box(path))
        bonds += [Bond(f"app {path.rpartition('/')[0]}", f"instance {path}", BondKind.HAS), *now.required(path)]
        on: dict[str, list[str]] = {}
        for key, there in sorted(now.standing[path].items()):
            for host in there:
                on.setdefault(host, []).append(key)
        bonds += [Bond(f"instance {path}", f"host {h}", BondKind.RUNS_ON, ", ".join(on[h])) for h in sorted(on)]
    hosts = sorted({host for found in now.standing.values() for there in found.values() for host in there})
    boxes += [services.box(key) for key in sorted(keys)]
    boxes += [_host_box(host) for host in hosts]
    about = f"{_count(len(named), 'app')}, {_count(len(paths), 'instance')}, {_count(len(keys), 'service')}, "
    about += f"{_count(len(hosts), 'host')} at the moment. What owns stands left."
    title = f"{kind.capitalize()} {owner[0].name if owner else named[address]}"
    return Picture(kind, address, title, about, at.as_of, tuple(boxes), (*bonds, *services.bonds(keys)), in_order=False)


def _host_box(name: str) -> Box:
    """A host is drawn by the first label of its name, which is what people call it by; the whole name stands below."""
    return Box(f"host {name}", BoxKind.HOST, name.partition(".")[0], name, "", ("hosts", name))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_GRAPHS: Mapping[str, Callable[[str, Reader, Moment], Picture]] = MappingProxyType(
    {
        "service": _draw_service,
        "instance": _draw_instance,
        "host": _draw_host,
        "app": _draw_app,
        "customer": _draw_customer,
    }
)
