"""Every public query, with a way to call it in an estate of any size; and those that have no statements to count."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.core.interval import Interval
from larry.nouns.table import NOUNS
from larry.queries.activity import list_activity, list_activity_of
from larry.queries.deployable import find_digest, get_snapshots
from larry.queries.deployment import DeploymentFilter, State, list_deployments
from larry.queries.dirty import list_dirty_causes
from larry.queries.edge import list_edges
from larry.queries.history import get_host_history, get_instance_history, get_service_history
from larry.queries.host import get_facts, get_host_ids, list_host_keys, list_hosts, list_hosts_of_role
from larry.queries.instance import get_descriptions, get_standing, list_dirty
from larry.queries.interval_map import get_interval_map
from larry.queries.lane import count_live, get_serving, list_lane_keys, list_lanes, list_live_lanes
from larry.queries.moment import Moment
from larry.queries.node import (
    get_documents,
    get_node,
    get_open_node,
    get_stored_node,
    list_next_changes,
    list_timeline,
)
from larry.queries.noun import get_estate, get_item, list_items
from larry.queries.picture import get_graph
from larry.queries.presence import get_scene, list_hosts_beside, list_serving_hosts, list_standing
from larry.queries.reader import LOCAL
from larry.queries.readiness import get_readiness
from larry.queries.rollout import get_rollout
from larry.queries.service import get_service_graph
from larry.queries.situation import list_situations
from larry.queries.subject import find_subject
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.host import Host
from larry.records.node import NodeDocument
from larry.records.rollout import Rollout
from tests.actions.estate import author, change, day, lay

AT = Moment(day(1))
PATH, HOST = "c0/a/i", "h0"
"""What is in an estate of any size; the instance is on every host, so that it has more rows in a larger one."""


def grow(size: int) -> None:
    """So many of everything: services, customers, apps, instances, hosts, deployments past, current, future, dirty."""
    numbers = range(size)
    services = ", ".join(
        f"{{name: s{n}, needs: [base], parameters: [{{name: p{n}, default: 1}}]}},"
        f" {{name: w{n}, audits: [{{service: s{n}, where: {{role: r}}}}, {{service: base, where: manual}}]}}"
        for n in numbers
    )
    requires = ", ".join(f"s{n}" for n in numbers)
    customers = ", ".join(
        f"{{name: C{n}, apps: [{{name: A, instances: [{{name: I, requires: [{requires}]}}, {{name: T, template: c{n}/a/i}}]}}]}}"
        for n in numbers
    )
    hosts = ", ".join(f"{{name: h{n}, roles: [r], pools: [p], grade: g}}" for n in numbers)
    lay(
        f"larry: 1\nroles: [{{name: r}}]\npools: [{{name: p}}]\ngrades: [{{name: g}}]\n"
        f"services: [{{name: base}}, {services}]\ncustomers: [{customers}]\nhosts: [{hosts}]"
    )
    hosts_of_all = tuple(f"h{n}" for n in numbers)
    for start, end in ((-3, -2), (-1, None), (9, None)):
        items = tuple(DeployItem(f"c{n}/a/i", hosts_of_all, place={"w0": "h0"}) for n in numbers)
        deploy(DeployRequest(items, day(start), day(end) if end else None), author(min(start, -1)))
    change("app", "c0/a", 0, parameters={"p0": 2})
    change("host", HOST, 0, labels={"size": str(size)})


def _deployments() -> list[str]:
    return list(Deployment.objects.values_list("id", flat=True))


def _paths() -> list[str]:
    return sorted({row.instance.path for row in Deployment.objects.select_related("instance")})


def _lanes() -> set[tuple[str, str]]:
    return {(path, host) for path in _paths() for host in Host.objects.values_list("name", flat=True)}


Call = Callable[[], object]

QUERIES: Mapping[str, Callable[[], Call]] = {
    "list_activity": lambda: lambda: list_activity(LOCAL, AT),
    "list_activity_of": lambda: lambda: list_activity_of([("instance", PATH), ("host", HOST)], LOCAL, AT),
    "get_snapshots": lambda: (lambda digests: lambda: get_snapshots(digests, LOCAL, AT))(
        set(Deployable.objects.values_list("digest", flat=True))
    ),
    "find_digest": lambda: (lambda one: lambda: find_digest(one.digest[:9], one.instance.path, LOCAL, AT))(
        Deployable.objects.select_related("instance")[0]
    ),
    "list_deployments": lambda: lambda: list_deployments(DeploymentFilter(states=frozenset(State)), LOCAL, AT),
    "list_dirty_causes": lambda: lambda: list_dirty_causes(LOCAL, AT),
    "list_edges": lambda: lambda: list_edges(LOCAL, AT),
    "get_host_history": lambda: lambda: get_host_history(HOST, LOCAL, AT),
    "get_instance_history": lambda: lambda: get_instance_history(PATH, LOCAL, AT),
    "get_service_history": lambda: lambda: get_service_history("base", LOCAL, AT),
    "list_hosts": lambda: lambda: list_hosts(LOCAL, AT),
    "get_host_ids": lambda: (lambda names: lambda: get_host_ids(names, LOCAL, AT))(
        list(Host.objects.values_list("name", flat=True))
    ),
    "list_host_keys": lambda: lambda: list_host_keys(LOCAL, AT),
    "get_facts": lambda: (lambda ids: lambda: get_facts(ids, LOCAL, AT))(
        list(Host.objects.values_list("id", flat=True))
    ),
    "list_hosts_of_role": lambda: lambda: list_hosts_of_role("r", Interval(day(1)), LOCAL, AT),
    "get_descriptions": lambda: (lambda paths: lambda: get_descriptions([*paths, "c0/a/t"], LOCAL, AT))(_paths()),
    "get_standing": lambda: lambda: get_standing(PATH, LOCAL, AT),
    "list_dirty": lambda: lambda: list_dirty(LOCAL, AT),
    "get_interval_map": lambda: lambda: get_interval_map("host", HOST, LOCAL, AT),
    "count_live": lambda: (lambda paths: lambda: count_live(paths, AT, LOCAL, AT))(_paths()),
    "get_serving": lambda: (lambda paths: lambda: get_serving(paths, LOCAL, AT))(_paths()),
    "list_lane_keys": lambda: (lambda ids: lambda: list_lane_keys(ids, LOCAL, AT))(_deployments()),
    "list_lanes": lambda: (lambda lanes: lambda: list_lanes(lanes, LOCAL, AT))(_lanes()),
    "list_live_lanes": lambda: (lambda paths: lambda: list_live_lanes(paths, AT, LOCAL, AT))(_paths()),
    "get_documents": lambda: (lambda digests: lambda: get_documents(digests, LOCAL, AT))(
        list(NodeDocument.objects.values_list("digest", flat=True))
    ),
    "get_node": lambda: lambda: get_node(HOST, LOCAL, AT),
    "get_open_node": lambda: lambda: get_open_node(HOST, LOCAL, AT),
    "get_stored_node": lambda: lambda: get_stored_node(HOST, LOCAL, AT),
    "list_next_changes": lambda: lambda: list_next_changes(LOCAL, AT),
    "list_timeline": lambda: lambda: list_timeline(HOST, LOCAL, Moment(day(-20))),
    "get_estate": lambda: lambda: get_estate(LOCAL, AT),
    "get_item": lambda: lambda: get_item("instance", PATH, LOCAL, AT),
    "list_items": lambda: lambda: [list_items(noun, LOCAL, AT) for noun in NOUNS],
    "get_graph": lambda: lambda: get_graph("host", HOST, LOCAL, AT),
    "get_scene": lambda: (lambda names: lambda: get_scene(names, LOCAL, AT))(
        list(Host.objects.values_list("name", flat=True))
    ),
    "list_hosts_beside": lambda: lambda: list_hosts_beside([HOST], LOCAL, AT),
    "list_serving_hosts": lambda: (lambda ids: lambda: list_serving_hosts(ids, LOCAL, AT))(_deployments()),
    "list_standing": lambda: (lambda ids: lambda: list_standing(ids, LOCAL, AT))(_deployments()),
    "get_readiness": lambda: lambda: get_readiness(LOCAL, AT),
    "get_rollout": lambda: (lambda number: lambda: get_rollout(number, LOCAL, AT))(Rollout.objects.latest("id").id),
    "get_service_graph": lambda: lambda: get_service_graph(LOCAL, AT),
    "list_situations": lambda: lambda: list_situations(LOCAL, AT),
    "find_subject": lambda: lambda: find_subject(HOST, ("host", "instance"), LOCAL, AT),
}
"""By name: what prepares a call (its statements do not count) and returns it."""

WITHOUT_STATEMENTS = frozenset({"restrict", "read_view", "state_of", "service_graph_of"})
"""Public functions of queries that ask the database nothing of their own."""
