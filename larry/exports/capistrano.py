"""Prints a stage of Capistrano: hosts with their roles, and one task for each service with its prerequisites."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from larry.core.document import Json, thaw
from larry.core.fleet import Fleet, FleetHost, order_services
from larry.core.node import HostFacts
from larry.core.node_text import DatedNode, dated_document
from larry.core.service_graph import CircleInServices
from larry.exports import CannotPrint, refuse_stop

_LEVELS = ("customer", "app", "instance")
_OPTION = re.compile(r"[a-z][a-z0-9_]*")

_STAGE = """\
# Written by Larry. All values stand in one text in single quotes, which nothing expands.
require 'json'

larry = JSON.parse({document})
set :larry, larry

larry['hosts'].each do |host|
  options = host['options'].transform_keys(&:to_sym)
  server host['host'], **options, roles: host['groups'].map(&:to_sym), larry_services: host['services']
end

# The entries of a service on a host of Capistrano's, in start order: key, parameters, for, audits ...
def larry_entries(host, service)
  host.properties.larry_services.select {{ |entry| entry['service'] == service }}
end

namespace :larry do
  larry['tasks'].each do |of|
    desc "What is needed before #{{of['service']}}, then #{{of['service']}}"
    task of['service'] => of['after']
  end
  desc 'Every service, needed before needing, audited before auditor'
  task deploy: larry['tasks'].map {{ |of| of['service'] }}
end
"""


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The stage of one host."""
    refuse_stop("capistrano", stop=stop)
    return render_fleet(Fleet((FleetHost(dated),)))


def render_fleet(fleet: Fleet) -> str:
    """The stage of all hosts. Raises `CannotPrint` when services of different snapshots have no order in common."""
    document: Any = thaw({"hosts": [_host(host) for host in fleet.hosts], "tasks": _list_tasks(fleet)})
    # JSON in ASCII has no line ends in it, which Ruby would change; a quote and a backslash are all that it reads.
    text = json.dumps(document).replace("\\", "\\\\").replace("'", "\\'")
    return _STAGE.format(document=f"'{text}'")


def _host(host: FleetHost) -> Json:
    document = dated_document(host.dated)
    levels = [f"{_LEVELS[path.count('/')]}_{path.replace('/', '__')}" for path in sorted(host.dated.node.own)]
    services = dict.fromkeys(f"service_{entry.service}" for entry in host.dated.node.services)
    groups = [*levels, *services, *(f"role_{key}" for key in host.roles), *(f"pool_{key}" for key in host.pools)]
    return {**document, "groups": groups, "options": _read_options(host.dated.node.facts)}


def _read_options(facts: HostFacts) -> Mapping[str, Json]:
    said = facts.data.get("capistrano", {})
    taken = {"roles", "larry_services"}
    if not isinstance(said, Mapping) or not all(_OPTION.fullmatch(name) and name not in taken for name in said):
        raise CannotPrint(
            f"{facts.name}: data.capistrano must be a map of options of a server, such as {{user: deploy}}"
        )
    return said


def _list_tasks(fleet: Fleet) -> Json:
    try:
        order = order_services(fleet)
    except CircleInServices as circle:
        raise CannotPrint(
            f"hosts have snapshots that order their services in a circle, {circle}: redeploy what is dirty"
        ) from None
    before: dict[str, set[str]] = {service: set() for service in order}
    for spot, entry in fleet.entries.items():
        before[entry.service].update(fleet.entries[other].service for other in fleet.before[spot])
    if "deploy" in before:
        raise CannotPrint("the service deploy would be Capistrano's task larry:deploy, which runs all: change its key")
    return [{"service": service, "after": sorted(before[service] - {service})} for service in order]
