"""Every public query, with a way to call it in an estate of any size; and those that have no statements to count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.fan_out import fan_out
from larry.actions.grant import GrantRequest, add_group, grant, join
from larry.actions.rename_key import rename_key
from larry.actions.token import NewToken, add_token
from larry.actions.user import NewUser, add_user
from larry.actions.webhook import ping_webhook
from larry.core.interval import Interval
from larry.core.lane_name import name_host_lane
from larry.core.rights import Narrowing, PersonRole, Scope, ScopeKind
from larry.core.service_graph import ServiceGraph
from larry.core.survey import Survey
from larry.nouns.table import NOUNS
from larry.queries.activity import get_latest_mark, list_activity, list_activity_of, list_key_changes
from larry.queries.address import list_addresses
from larry.queries.audit_situation import list_audit_situations
from larry.queries.backup import list_backup_lines
from larry.queries.coverage import (
    EVERYTHING,
    CoverageFilter,
    find_names,
    list_coverage,
    list_coverage_of,
    list_live_services,
)
from larry.queries.coverage_page import CoverageRequest, page_coverage
from larry.queries.deployable import find_digest, get_kept_snapshot, get_snapshots, list_kept_snapshots, list_taken
from larry.queries.deployment import DeploymentFilter, State, get_deployment, list_deployments, page_deployments
from larry.queries.dirty import find_dirty_deployments, list_dirty, list_dirty_among, list_dirty_causes
from larry.queries.edge import list_edges
from larry.queries.estate_map import get_estate_map
from larry.queries.explanation import get_explanation
from larry.queries.feed import get_activity_feed, get_upcoming_feed
from larry.queries.fleet import (
    get_fleet,
    get_fleet_outline,
    get_stored_fleet,
    get_timelines,
    list_masked_texts,
    list_stored_texts,
)
from larry.queries.former_key import explain_absence, get_former_keys
from larry.queries.gauge import get_gauges
from larry.queries.grant import (
    get_group,
    get_host_spots,
    get_instance_spots,
    get_owned_spots,
    get_pool_ids,
    get_rights,
    list_grants,
    list_groups,
)
from larry.queries.graph_part import get_graph_part
from larry.queries.hearing import get_listener, list_heard
from larry.queries.history import get_host_history, get_instance_history, get_service_history
from larry.queries.host import (
    get_facts,
    get_host_identities,
    get_host_ids,
    get_host_names,
    list_host_keys,
    list_hosts,
    list_hosts_of_pool,
    list_hosts_of_role,
    list_keys_of_hosts,
    list_names_by_host_key,
)
from larry.queries.instance import get_descriptions, get_standing, group_instances, list_following
from larry.queries.interval_map import get_interval_map
from larry.queries.kept_node import get_kept_nodes
from larry.queries.kept_survey import get_now
from larry.queries.lane import list_lane_keys, list_lanes, list_live_lanes, list_serving
from larry.queries.listing import ListingRequest, get_listing, get_stretch, list_related
from larry.queries.live import list_live
from larry.queries.live_situation import list_live_situations
from larry.queries.lookup import Asker, LookedUp, get_masked_node
from larry.queries.map_stay import MapSight, list_behind, list_map_stays
from larry.queries.moment import Moment
from larry.queries.node import (
    get_node,
    get_nodes,
    get_open_node,
    get_stored_node,
    list_next_changes,
    list_timeline,
)
from larry.queries.node_part import get_node_text, get_node_texts
from larry.queries.noun import get_estate, get_item, list_items, load_items
from larry.queries.outlook import look_after, open_outlook
from larry.queries.parameter_fault import list_parameter_faults
from larry.queries.picture import get_graph
from larry.queries.provenance import list_provenances
from larry.queries.reader import LOCAL, Reader
from larry.queries.readiness import get_readiness
from larry.queries.rollout import find_rollout, get_rollout, list_rollouts
from larry.queries.search import search_everything
from larry.queries.service import get_service_graph, list_sensitive_names, renew_service_graph
from larry.queries.situation import list_situations
from larry.queries.stock import survey_stock
from larry.queries.subject import find_subject
from larry.queries.survey import survey_instances
from larry.queries.tally import get_tally, list_boundaries
from larry.queries.token import find_token, get_narrowed_rights, get_token, list_tokens
from larry.queries.user import find_session_user, get_user, is_anybody_known, list_users
from larry.queries.webhook import (
    count_dead,
    count_deliveries,
    find_next_due,
    get_delivery,
    get_webhook,
    list_deliveries,
    list_webhooks,
)
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.node import NodeDocument
from larry.records.rollout import Rollout
from larry.records.service import Service
from larry.records.token import Token
from larry.records.user import User
from larry.records.webhook import Delivery, Webhook
from tests.actions.estate import author, change, day, lay
from tests.actions.hooked import hook
from tests.queries.stated import AT, OF_ACTS, TOUCHED, open_touched

PATH, HOST = "c0/a/i", "h0"
"""What is in an estate of any size; the instance is on every host, so that it has more rows in a larger one."""

SIGHT = MapSight(PATH, Q(deployment__instance__path=PATH), lambda f: name_host_lane(f.host), lambda f: f.reason)


def grow(size: int) -> None:
    """So many of everything: services, customers, apps, instances, hosts, deployments past, current, future, dirty."""
    numbers = range(size)
    services = ", ".join(
        f"{{name: s{n}, needs: [base], parameters: [{{name: p{n}, default: 1}}]}},"
        f" {{name: w{n}, audits: [{{service: s{n}, where: {{role: r}}}}, {{service: base, where: manual}}]}}"
        for n in numbers
    )
    instance = f"{{name: I, requires: [{', '.join(f's{n}' for n in numbers)}]}}"
    customers = ", ".join(
        f"{{name: C{n}, apps: [{{name: A, instances: [{instance}, {{name: T, template: c{n}/a/i}}]}}]}}"
        for n in numbers
    )
    hosts = ", ".join(f"{{name: h{n}, roles: [r], pools: [p], grade: g}}" for n in numbers)
    services += ", {name: vault, parameters: [{name: pin, sensitive: true}]}"
    lay(
        f"larry: 1\nroles: [{{name: r}}]\npools: [{{name: p}}]\ngrades: [{{name: g}}]\n"
        f"services: [{{name: base}}, {services}]\ncustomers: [{customers}]\nhosts: [{hosts}]"
    )
    hosts_of_all = tuple(f"h{n}" for n in numbers)
    for start, end in ((-3, -2), (-1, None), (9, None)):
        items = tuple(DeployItem(f"c{n}/a/i", hosts_of_all, place={"w0": "h0"}) for n in numbers)
        deploy(DeployRequest(items, day(start), day(end) if end else None), author(min(start, -1)))
    for n in numbers:
        add_user(NewUser(f"u{n}"), None, author())
        add_group(f"g{n}", "", author())
        grant(GrantRequest("group", f"g{n}", PersonRole.VIEWER, ScopeKind.CUSTOMER, f"c{n}"), author())
        join(f"g{n}", "u0", author())
        add_token(NewToken("u0", f"t{n}"), author())
        ping_webhook(hook(now=0), author())
    fan_out(author())
    Delivery.objects.update(state="dead", finished_at=day(0))
    change("app", "c0/a", 0, parameters={"p0": 2})
    change("host", HOST, 0, labels={"size": str(size)})
    for n in numbers:
        change("app", f"c{n}/former", 0, name="Former")
        rename_key("app", f"c{n}/former", "renamed", author(0))


@dataclass(frozen=True, slots=True)
class Census:
    """What there is in an estate, so that asking for it is no part of the count."""

    paths: tuple[str, ...]
    hosts: tuple[str, ...]
    host_ids: tuple[int, ...]
    deployments: tuple[str, ...]
    snapshots: tuple[tuple[str, str], ...]
    documents: tuple[str, ...]
    rollout: int
    plan: str
    user: tuple[int, str]
    instance_ids: tuple[int, ...]
    token: str
    webhook: int
    delivery: str
    services: tuple[int, ...]
    reader: Reader = LOCAL
    path: str = PATH
    host: str = HOST

    @property
    def lanes(self) -> set[tuple[str, str]]:
        return {(path, host) for path in self.paths for host in self.hosts}

    @property
    def subjects(self) -> set[tuple[str, str]]:
        hosts, paths = {("host", host) for host in self.hosts}, {("instance", path) for path in self.paths}
        return {*hosts, *paths, *(("deployment", id_) for id_ in self.deployments), ("app", "c0/a"), ("customer", "c0")}


def take_census() -> Census:
    return Census(
        tuple(Instance.objects.exclude(deployments=None).distinct().values_list("path", flat=True)),
        tuple(Host.objects.values_list("name", flat=True)),
        tuple(Host.objects.values_list("id", flat=True)),
        tuple(Deployment.objects.values_list("id", flat=True)),
        tuple(Deployable.objects.values_list("digest", "instance__path")),
        tuple(NodeDocument.objects.values_list("digest", flat=True)),
        Rollout.objects.latest("id").id,
        Rollout.objects.latest("id").plan_digest,
        next((user.id, user.get_session_auth_hash()) for user in User.objects.filter(name="u0")),
        tuple(Instance.objects.values_list("id", flat=True)),
        Token.objects.values_list("digest", flat=True)[0],
        Webhook.objects.values_list("id", flat=True)[0],
        Delivery.objects.values_list("key", flat=True)[0],
        tuple(Service.objects.values_list("id", flat=True)),
    )


_FOUND = LookedUp(Asker("u0", day(1), None, False, Scope(everything=True)), True, day(-1), None, "", day(-1), None)


QUERIES: Mapping[str, Callable[[Census], object]] = {
    **OF_ACTS,
    "list_backup_lines": lambda all_: sum(1 for _ in list_backup_lines(all_.reader, AT)),
    "list_addresses": lambda all_: list_addresses("host", "h", all_.reader, AT),
    "page_coverage": lambda all_: page_coverage(CoverageRequest(EVERYTHING, size=1000), all_.reader, AT),
    "list_coverage_of": lambda all_: list_coverage_of(Q(), all_.reader, AT),
    "list_live_services": lambda all_: list_live_services(all_.reader, AT).first(),
    "list_live": lambda all_: list_live(all_.reader, AT).first(),
    "find_names": lambda all_: find_names(CoverageFilter(instance=all_.path), all_.reader, AT),
    "list_live_situations": lambda all_: list_live_situations(all_.reader, AT),
    "list_audit_situations": lambda all_: (list_audit_situations(all_.reader, AT),),
    "list_parameter_faults": lambda all_: list_parameter_faults(all_.reader, AT),
    "list_coverage": lambda all_: list_coverage(EVERYTHING, all_.reader, AT),
    "list_activity": lambda all_: list_activity(all_.reader, AT),
    "list_activity_of": lambda all_: list_activity_of([("instance", all_.path), ("host", all_.host)], all_.reader, AT),
    "list_key_changes": lambda all_: list_key_changes(all_.reader, AT),
    "get_former_keys": lambda all_: get_former_keys(all_.reader, AT).present,
    "explain_absence": lambda all_: explain_absence("instance", ["c0/former/i"], all_.reader, AT),
    "get_snapshots": lambda all_: get_snapshots({digest for digest, _ in all_.snapshots}, all_.reader, AT),
    "find_digest": lambda all_: find_digest(*all_.snapshots[0], all_.reader, AT),
    "get_kept_snapshot": lambda all_: get_kept_snapshot(all_.snapshots[0][0], all_.reader, AT),
    "list_kept_snapshots": lambda all_: list_kept_snapshots(all_.reader, AT),
    "list_taken": lambda all_: list_taken(all_.path, all_.reader, AT),
    "list_deployments": lambda all_: list_deployments(DeploymentFilter(states=frozenset(State)), all_.reader, AT),
    "page_deployments": lambda all_: page_deployments(
        DeploymentFilter(states=frozenset(State)), all_.reader, AT, sought="a"
    ),
    "get_deployment": lambda all_: get_deployment(all_.deployments[0], all_.reader, AT),
    "list_hosts_of_pool": lambda all_: list_hosts_of_pool("p", all_.reader, AT),
    "list_rollouts": lambda all_: list_rollouts(all_.reader, AT),
    "find_dirty_deployments": lambda all_: find_dirty_deployments(
        list_deployments(DeploymentFilter(states=frozenset(State)), all_.reader, AT), all_.reader, AT
    ),
    "list_dirty": lambda all_: list_dirty(all_.reader, AT),
    "list_dirty_among": lambda all_: list_dirty_among(all_.paths, all_.reader, AT),
    "list_dirty_causes": lambda all_: list_dirty_causes(all_.reader, AT),
    "list_edges": lambda all_: list_edges(all_.reader, AT),
    "get_fleet": lambda all_: get_fleet(all_.reader, AT),
    "get_fleet_outline": lambda all_: get_fleet_outline(all_.reader, AT),
    "list_masked_texts": lambda all_: tuple(list_masked_texts(get_fleet_outline(all_.reader, AT), all_.reader, AT)),
    "list_stored_texts": lambda all_: tuple(list_stored_texts(get_fleet_outline(all_.reader, AT), all_.reader, AT)),
    "get_stored_fleet": lambda all_: get_stored_fleet(all_.reader, AT),
    "get_timelines": lambda all_: get_timelines(all_.reader, AT),
    "get_latest_mark": lambda all_: get_latest_mark(all_.reader, AT),
    "get_explanation": lambda all_: get_explanation(all_.host, "s0", "p0", all_.reader, AT),
    "list_provenances": lambda all_: list_provenances(
        {d: (s, day(-1)) for d, s in get_snapshots([all_.snapshots[0][0]], all_.reader, AT).items()},
        "s0",
        "p0",
        all_.reader,
        AT,
    ),
    "get_host_history": lambda all_: get_host_history(all_.host, all_.reader, AT),
    "get_instance_history": lambda all_: get_instance_history(all_.path, all_.reader, AT),
    "get_service_history": lambda all_: get_service_history("base", all_.reader, AT),
    "list_hosts": lambda all_: list_hosts(all_.reader, AT),
    "get_host_identities": lambda all_: get_host_identities(all_.hosts, all_.reader, AT),
    "get_host_ids": lambda all_: get_host_ids(all_.hosts, all_.reader, AT),
    "get_host_names": lambda all_: get_host_names(all_.host_ids, all_.reader, AT),
    "list_host_keys": lambda all_: list_host_keys(all_.reader, AT),
    "list_keys_of_hosts": lambda all_: list_keys_of_hosts(all_.hosts, all_.reader, AT),
    "list_names_by_host_key": lambda all_: list_names_by_host_key(all_.reader, AT),
    "get_facts": lambda all_: get_facts(all_.host_ids, all_.reader, AT),
    "list_hosts_of_role": lambda all_: list_hosts_of_role("r", Interval(day(1)), all_.paths[:1], all_.reader, AT),
    "get_descriptions": lambda all_: get_descriptions(
        [*all_.paths, f"{all_.path.rpartition('/')[0]}/t"], all_.reader, AT
    ),
    "group_instances": lambda all_: group_instances(all_.paths, all_.reader, AT),
    "survey_instances": lambda all_: survey_instances(all_.paths, all_.reader, AT),
    "list_following": lambda all_: list_following(all_.paths, all_.reader, AT),
    "open_outlook": lambda all_: (open_outlook(TOUCHED, lambda: all_.paths, all_.reader, AT),),
    "look_after": lambda all_: look_after(open_touched(all_.paths, all_.reader, AT), TOUCHED, all_.reader, AT),
    "survey_stock": lambda all_: survey_stock(
        frozenset(all_.paths), Survey(services := get_service_graph(all_.reader, AT)), services, all_.reader, AT
    ),
    "renew_service_graph": lambda all_: renew_service_graph(ServiceGraph({}), ["base"], all_.reader, AT),
    "get_standing": lambda all_: get_standing(all_.path, all_.reader, AT),
    "get_estate_map": lambda all_: get_estate_map(all_.reader, AT, since=day(-9), until=day(20), most=1, most_hosts=2),
    "list_map_stays": lambda all_: list_map_stays(SIGHT, all_.reader, AT)[1],
    "get_now": lambda all_: get_now((PATH,), all_.reader, AT).digests,
    "list_behind": lambda all_: list_behind(list_map_stays(SIGHT, all_.reader, AT)[1], all_.reader, AT),
    "get_interval_map": lambda all_: get_interval_map("host", all_.host, all_.reader, AT),
    "list_serving": lambda all_: list_serving(all_.paths, all_.reader, AT),
    "list_lane_keys": lambda all_: list_lane_keys(all_.deployments, all_.reader, AT),
    "list_lanes": lambda all_: list_lanes(all_.lanes, all_.reader, AT),
    "list_live_lanes": lambda all_: list_live_lanes(all_.paths, AT, all_.reader, AT),
    "get_nodes": lambda all_: get_nodes(all_.documents, all_.reader, AT),
    "get_node": lambda all_: get_node(all_.host, all_.reader, AT),
    "get_open_node": lambda all_: get_open_node(all_.host, all_.reader, AT),
    "get_stored_node": lambda all_: get_stored_node(all_.host, all_.reader, AT),
    "list_next_changes": lambda all_: list_next_changes(all_.reader, AT),
    "list_timeline": lambda all_: list_timeline(all_.host, all_.reader, Moment(day(-20))),
    "get_estate": lambda all_: get_estate(all_.reader, AT),
    "get_item": lambda all_: get_item("instance", all_.path, all_.reader, AT),
    "load_items": lambda all_: load_items("host", all_.host_ids, all_.reader, AT),
    "get_listing": lambda all_: [get_listing(ListingRequest(noun, most=2), all_.reader, AT) for noun in NOUNS],
    "get_stretch": lambda all_: [
        get_stretch(
            ListingRequest(noun, most=2),
            get_stretch(ListingRequest(noun, most=1), None, all_.reader, AT).last,
            all_.reader,
            AT,
        )
        for noun in NOUNS
    ],
    "list_related": lambda all_: [list_related(noun, "base", all_.reader, AT) for noun in NOUNS],
    "list_items": lambda all_: [list_items(noun, all_.reader, AT) for noun in NOUNS],
    "get_graph": lambda all_: get_graph("host", all_.host, all_.reader, AT),
    "get_readiness": lambda all_: get_readiness(all_.reader, AT),
    "find_rollout": lambda all_: find_rollout(all_.plan, all_.reader, AT),
    "get_rollout": lambda all_: get_rollout(all_.rollout, all_.reader, AT),
    "list_sensitive_names": lambda all_: list_sensitive_names(all_.reader, AT),
    "get_kept_nodes": lambda all_: get_kept_nodes(all_.documents, all_.reader, AT),
    "get_node_texts": lambda all_: get_node_texts(["{}"], all_.reader, AT),
    "get_node_text": lambda all_: get_node_text("{}", all_.reader, AT),
    "get_graph_part": lambda all_: get_graph_part(all_.services, all_.reader, AT),
    "get_service_graph": lambda all_: get_service_graph(all_.reader, AT),
    "list_situations": lambda all_: list_situations(all_.reader, AT),
    "get_rights": lambda all_: get_rights(all_.user[0], False, all_.reader, AT),
    "list_grants": lambda all_: list_grants(all_.reader, AT, user="u0"),
    "get_group": lambda all_: get_group("g0", all_.reader, AT),
    "list_groups": lambda all_: list_groups(all_.reader, AT),
    "get_instance_spots": lambda all_: get_instance_spots(all_.instance_ids, all_.reader, AT),
    "get_host_spots": lambda all_: get_host_spots(all_.hosts, all_.reader, AT),
    "get_owned_spots": lambda all_: get_owned_spots(all_.reader, AT),
    "get_pool_ids": lambda all_: get_pool_ids(all_.reader, AT),
    "search_everything": lambda all_: search_everything("a", all_.reader, AT),
    "get_gauges": lambda all_: get_gauges(all_.reader, AT),
    "get_tally": lambda all_: get_tally(all_.reader, AT),
    "get_activity_feed": lambda all_: get_activity_feed(all_.reader, AT),
    "get_upcoming_feed": lambda all_: get_upcoming_feed(all_.reader, AT),
    "list_boundaries": lambda all_: list_boundaries(all_.reader, AT),
    "list_users": lambda all_: list_users(all_.reader, AT),
    "get_user": lambda all_: get_user("u0", all_.reader, AT),
    "is_anybody_known": lambda all_: [is_anybody_known(all_.reader, AT)],
    "find_session_user": lambda all_: find_session_user(*all_.user, all_.reader, AT),
    "get_masked_node": lambda all_: get_masked_node(
        _FOUND._replace(digest=next(iter(all_.documents))), all_.reader, AT
    ),
    "get_listener": lambda all_: get_listener(all_.webhook, all_.reader, AT),
    "list_heard": lambda all_: list_heard(all_.subjects, all_.reader, AT),
    "list_webhooks": lambda all_: list_webhooks(all_.reader, AT),
    "get_webhook": lambda all_: get_webhook(all_.webhook, all_.reader, AT),
    "list_deliveries": lambda all_: list_deliveries(all_.webhook, all_.reader, AT),
    "count_deliveries": lambda all_: count_deliveries(all_.webhook, all_.reader, AT),
    "get_delivery": lambda all_: get_delivery(all_.delivery, all_.reader, AT),
    "count_dead": lambda all_: count_dead(all_.reader, AT),
    "find_next_due": lambda all_: find_next_due(all_.reader, AT),
    "find_token": lambda all_: find_token(all_.token, all_.reader, AT),
    "get_narrowed_rights": lambda all_: get_narrowed_rights(all_.user[0], False, Narrowing(), all_.reader, AT),
    "get_token": lambda all_: get_token("u0/t0", all_.reader, AT),
    "list_tokens": lambda all_: list_tokens(all_.reader, AT, user="u0"),
    "find_subject": lambda all_: find_subject(all_.host, ("host", "instance"), all_.reader, AT),
}
"""By name: how it is called, as `all_.reader`."""

WITHOUT_STATEMENTS = frozenset(
    "restrict list_sorts look_up find_direct_node is_owned get_kept_faults get_stock freshen keep_node".split()
)
"""The choke point narrows what others ask for, and so does an owner; sorts stand in the specs; a lookup is one
statement that the driver is asked by itself, who reads is a part of it, and tests/site/test_lane.py holds it against
the view, as tests/cli/test_direct.py does where the command does the same; inside a transaction, as here, nothing is
kept, and tests/queries/test_kept_survey.py counts what is; a node is kept without asking."""
