"""Sight: what an act tells its author, without what others have; and which of the estate an author can speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from larry.actions.author import Author
from larry.core.plan import Notice, Plan
from larry.nouns.item import Item
from larry.queries.address import list_addresses
from larry.queries.noun import get_estate

_PATH = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
_OWNED = ("customer", "app", "instance", "host")
_BETWEEN_OTHERS = (
    "what is asked for and what others have contradict each other on a host that they share: "
    "whoever sees everything is told which, and can deploy both in one rollout"
)


def show_plan(plan: Plan, author: Author) -> Plan:
    """The Plan as its author may see it, under the digest of the whole; 2 SQL statements, or none for who sees
    everything.

    What a refusal says of others is replaced by a sentence that names nobody.
    """
    if author.sees.sees_everything:
        return plan
    paths = {each.address for each in list_addresses("instance", "", author.sees, author.moment)}
    hosts = {each.address for each in list_addresses("host", "", author.sees, author.moment)}
    own = {change.host for change in plan.changes if change.instance in paths}
    shown = replace(
        plan,
        changes=tuple(change for change in plan.changes if change.instance in paths),
        deployed_services=tuple(service for service in plan.deployed_services if service.instance in paths),
        warnings=_shown(plan.warnings, paths),
        refusals=_shown(plan.refusals, paths),
        nodes=tuple(node for node in plan.nodes if node.host in hosts | own),
    )
    shown.__dict__["digest"] = plan.digest  # so that what was seen can be expected
    return shown


def keep_known(existing: Mapping[tuple[str, str], Item], author: Author) -> Mapping[tuple[str, str], Item]:
    """The estate as an author can speak of it: what others own is not there, but for templates that theirs
    follow, and the owners of what stands on their hosts.

    No SQL for who sees everything, else what reading the estate costs.
    """
    if author.sees.sees_everything:
        return existing
    seen = get_estate(author.sees, author.moment)
    kept = {place for place in existing if place[0] not in _OWNED or place in seen}
    kept |= {("host", host) for item in existing.values() if item.noun == "service" for host in _audit_hosts(item)}
    paths = [address for noun, address in kept if noun == "instance"]
    while paths:
        path = paths.pop()
        app = path.rpartition("/")[0]
        kept |= {("instance", path), ("app", app), ("customer", app.partition("/")[0])}
        template = existing["instance", path].values["template"]
        if isinstance(template, str) and ("instance", template) not in kept:
            paths.append(template)
    return MappingProxyType({place: item for place, item in existing.items() if place in kept})


def _audit_hosts(service: Item) -> Iterable[str]:
    """The hosts that a service's audits name, which everybody who sees services sees."""
    stated: Any = service.values["audits"]
    return [
        str(audit["where"]["host"])
        for audit in stated
        if isinstance(audit["where"], Mapping) and "host" in audit["where"]
    ]


def find_named(text: str) -> frozenset[str]:
    """The paths of instances that a sentence names."""
    return frozenset(_PATH.findall(text))


def _shown(notices: Iterable[Notice], paths: set[str]) -> tuple[Notice, ...]:
    return tuple(dict.fromkeys(_show(notice, paths) for notice in notices))


def _show(notice: Notice, paths: set[str]) -> Notice:
    if notice.code != "conflict":
        return notice  # it is about what was asked for
    named = find_named(notice.text)
    return notice if named and named <= paths else Notice(notice.code, _BETWEEN_OTHERS)
