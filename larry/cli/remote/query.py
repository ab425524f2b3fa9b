"""The questions of the command, asked of a remote Larry. Each has the arguments of the query it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType

from larry.cli.remote.table import stands_for
from larry.cli.remote.value import (
    find_at,
    name_snapshot,
    read_activity,
    read_at,
    read_deployment,
    read_difference,
    read_item,
    read_node_difference,
    read_resolved,
    read_user,
)
from larry.client.remote import RemoteLarry
from larry.core.deployable import read_where
from larry.core.document import freeze
from larry.core.fleet import Fleet, FleetHost
from larry.core.key import fold
from larry.core.node_text import DatedNode, read_dated
from larry.core.rights import PersonRole, ScopeKind
from larry.core.situation import Situation
from larry.core.track import Track, untracked
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries import activity, coverage, deployment, dirty, edge, fleet, grant, history, instance, node, noun, view
from larry.queries import situation as situations
from larry.queries import user as users
from larry.queries.moment import Moment
from larry.queries.reader import Reader


@stands_for(view.read_view)
@contextmanager
def read_view(larry: RemoteLarry) -> Iterator[None]:
    """Each request is answered from a state of its own."""
    yield


@stands_for(activity.list_activity)
def list_activity(
    larry: RemoteLarry,
    reader: Reader,
    at: Moment,
    which: activity.ActivityFilter = activity.ALL_ACTIVITY,
    *,
    limit: int | None = 50,
) -> tuple[activity.ActivityRow, ...]:
    """Lines after a number are those before which the walk stops: the latest come first."""
    names = ("noun", "address", "actor", "verb", "text", "customer", "app", "instance", "rollout", "since", "until")
    asked = {name: getattr(which, name) for name in names}
    found = []
    for told in larry.activity(as_of=at.as_of, most=limit, **asked):
        if which.after is not None and told["id"] <= which.after:
            break
        found.append(read_activity(told))
    return tuple(found)


@stands_for(situations.list_situations)
def list_situations(
    larry: RemoteLarry, reader: Reader, at: Moment, *, track: Track = untracked
) -> tuple[Situation, ...]:
    """The same."""
    told = larry.situations(as_of=at.as_of)
    return tuple(Situation(each["what"], each["noun"], each["address"], each["text"]) for each in told)


@stands_for(coverage.list_coverage)
def list_coverage(
    larry: RemoteLarry, which: coverage.CoverageFilter, reader: Reader, at: Moment
) -> tuple[coverage.CoverageRow, ...]:
    """The same."""
    told = larry.coverage(
        customer=which.customer, app=which.app, instance=which.instance, host=which.host, service=which.service,
        as_of=at.as_of,
    )  # fmt: skip
    return tuple(
        coverage.CoverageRow(
            deployment=each["deployment"],
            instance=each["instance"],
            service=each["service"],
            host=each["host"],
            auditor=each["auditor"],
            where=read_where(each["where"]),
            by=each["from"],
            is_placed=each["placed"],
            why=each["why_not"] or "",
        )
        for each in told
    )


@stands_for(deployment.list_deployments)
def list_deployments(
    larry: RemoteLarry,
    which: deployment.DeploymentFilter,
    reader: Reader,
    at: Moment,
    *,
    after: deployment.DeploymentMark | None = None,
    limit: int | None = None,
) -> tuple[deployment.DeploymentRow, ...]:
    """All of them, page by page."""
    told = larry.deployments.list(
        states=[state.value for state in which.states],
        customer=which.customer,
        app=which.app,
        instance=which.instance,
        host=which.host,
        rollout=which.rollout,
        as_of=at.as_of,
        known_at=at.known_at,
    )
    return tuple(read_deployment(each) for each in told)


@stands_for(noun.list_items)
def list_items(larry: RemoteLarry, noun: str, reader: Reader, at: Moment) -> tuple[Item, ...]:
    """By name without regard to case, as here."""
    found = (read_item(each) for each in getattr(larry, NOUNS[noun].plural).list())
    return tuple(sorted(found, key=lambda item: (fold(str(item.values["name"])), item.address)))


@stands_for(noun.get_item)
def get_item(larry: RemoteLarry, noun: str, address: str, reader: Reader, at: Moment) -> Item:
    """By its address or its name."""
    return read_item(getattr(larry, NOUNS[noun].plural).get(address))


@stands_for(noun.get_estate)
def get_estate(larry: RemoteLarry, reader: Reader, at: Moment) -> Mapping[tuple[str, str], Item]:
    """Every noun."""
    return MappingProxyType(
        {(sort, item.address): item for sort in NOUNS for item in list_items(larry, sort, reader, at)}
    )


@stands_for(history.get_instance_history)
def get_instance_history(larry: RemoteLarry, path: str, reader: Reader, at: Moment) -> history.InstanceHistory:
    """The activity; deployments are listed elsewhere."""
    lines = tuple(read_activity(each) for each in larry.instance_history(path, as_of=at.as_of))
    return history.InstanceHistory(path.lower(), (), lines)


@stands_for(history.get_service_history)
def get_service_history(larry: RemoteLarry, key: str, reader: Reader, at: Moment) -> tuple[activity.ActivityRow, ...]:
    """The same."""
    return tuple(read_activity(each) for each in larry.service_history(key, as_of=at.as_of))


@stands_for(history.get_host_history)
def get_host_history(
    larry: RemoteLarry,
    host: str,
    reader: Reader,
    at: Moment,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[history.HostStep, ...]:
    """The same."""
    return tuple(
        history.HostStep(
            read_at(each["from"]),
            find_at(each["until"]),
            each["digest"],
            tuple(read_node_difference(one) for one in each["differences"]),
        )
        for each in larry.host_history(host, since=since, until=until)
    )


@stands_for(node.get_node)
def get_node(larry: RemoteLarry, host: str, reader: Reader, at: Moment) -> DatedNode:
    """The same, masked there already."""
    return read_dated(larry.node(host, as_of=at.as_of))


@stands_for(fleet.get_fleet)
def get_fleet(larry: RemoteLarry, reader: Reader, at: Moment) -> Fleet:
    """The same, masked there already."""
    told = larry.estate.fleet(as_of=at.as_of)
    hosts = tuple(
        FleetHost(read_dated(each["node"]), tuple(each["roles"]), tuple(each["pools"])) for each in told["hosts"]
    )
    return Fleet(hosts, find_at(told["start"]), find_at(told["end"]))


@stands_for(edge.list_edges)
def list_edges(
    larry: RemoteLarry, reader: Reader, at: Moment, *, service: str | None = None
) -> tuple[edge.EdgeRow, ...]:
    """The same."""
    told = larry.edges(service, known_at=at.known_at)
    return tuple(
        edge.EdgeRow(
            service=each["service"], kind=each["kind"], target=each["target"], where=freeze(each["where"]),
            since=find_at(each["since"]), activity=each["activity"], actor=each["actor"], reason=each["reason"],
        )
        for each in told
    )  # fmt: skip


@stands_for(instance.get_standing)
def get_standing(larry: RemoteLarry, path: str, reader: Reader, at: Moment) -> instance.Standing:
    """What would be frozen now is known by its digest only."""
    told = larry.diff(path, as_of=at.as_of)
    waves = larry.waves(path, as_of=at.as_of)
    return instance.Standing(
        told["instance"],
        name_snapshot(told["instance"], told["now"]),
        read_resolved(larry.parameters(path, as_of=at.as_of)),
        tuple(larry.order(path, as_of=at.as_of)),
        tuple(tuple(wave) for wave in waves),
        tuple(told["snapshots"]),
        tuple(
            instance.Live(
                each["deployment"],
                each["host"],
                each["snapshot"],
                each["current"],
                each["dirty"],
                tuple(read_difference(one) for one in each["differences"]),
            )
            for each in told["live"]
        ),
    )


@stands_for(dirty.list_dirty_causes)
def list_dirty_causes(
    larry: RemoteLarry,
    reader: Reader,
    at: Moment,
    *,
    customer: str | None = None,
    instance: str | None = None,
    activity: int | None = None,
    track: Track = untracked,
) -> tuple[dirty.Dirty, ...]:
    """The same."""
    told = larry.dirty(customer=customer, cause=activity, as_of=at.as_of)
    return tuple(
        dirty.Dirty(
            each["instance"],
            tuple(each["hosts"]),
            tuple(
                dirty.DirtyCause(read_difference(one), read_activity(one["activity"]) if one["activity"] else None)
                for one in each["causes"]
            ),
        )
        for each in told
        if instance is None or each["instance"] == instance.lower()
    )


@stands_for(users.list_users)
def list_users(larry: RemoteLarry, reader: Reader, at: Moment) -> tuple[users.UserRow, ...]:
    """The same."""
    return tuple(read_user(each) for each in larry.people.users())


@stands_for(users.get_user)
def get_user(larry: RemoteLarry, name: str, reader: Reader, at: Moment) -> users.UserRow:
    """The same."""
    return read_user(larry.people.user(name))


@stands_for(grant.list_grants)
def list_grants(
    larry: RemoteLarry, reader: Reader, at: Moment, *, user: str | None = None, group: str | None = None
) -> tuple[grant.GrantRow, ...]:
    """The same."""
    return tuple(
        grant.GrantRow(
            0,
            each["to"],
            each["name"],
            PersonRole(each["role"]),
            ScopeKind(each["scope"]),
            each["address"],
            read_at(each["since"]),
            each["from"],
        )
        for each in larry.people.grants(user)
        if group is None or (each["to"] == "group" and each["name"].casefold() == group.casefold())
    )


@stands_for(grant.list_groups)
def list_groups(larry: RemoteLarry, reader: Reader, at: Moment) -> tuple[grant.GroupRow, ...]:
    """The same."""
    told = larry.people.groups()
    return tuple(grant.GroupRow(each["name"], each["description"], tuple(each["members"])) for each in told)
