"""Prints a playbook: one play for each service, needed before needing and audited before auditor, on all hosts."""

from __future__ import annotations

from collections.abc import Iterator

from larry.core.document import Json
from larry.core.fleet import Fleet, FleetHost, order_services
from larry.core.node import NodeService
from larry.core.node_text import DatedNode
from larry.core.service_graph import CircleInServices
from larry.exports import CannotPrint, yaml_block
from larry.exports.ansible.variable import name_group, read_role

_HEAD = """\
# Written by Larry: one play for each service, in the order of the services; for the inventory of the same moment.
# No value of anybody stands in it, only keys and the names of roles.
---
"""


def write_host_playbook(dated: DatedNode, *, stop: bool = False) -> str:
    """The plays of what is on one host; with ``stop`` in reverse order, with ``larry_do: stop``."""
    return _write_plays(Fleet((FleetHost(dated),)), dated.node.facts.name, stop=stop)


def write_playbook(fleet: Fleet) -> str:
    """The plays of all hosts. Raises `CannotPrint` when services of different snapshots have no order in common."""
    return _write_plays(fleet, "all", stop=False)


def _write_plays(fleet: Fleet, hosts: str, *, stop: bool) -> str:
    try:
        order = order_services(fleet)
    except CircleInServices as circle:
        raise CannotPrint(
            f"hosts have snapshots that order their services in a circle, {circle}: redeploy what is dirty"
        ) from None
    entries: dict[str, list[NodeService]] = {}
    for entry in fleet.entries.values():
        if read_role(entry)[0] is not None:
            entries.setdefault(entry.service, []).append(entry)
    facts = {"name": "facts", "hosts": hosts, "gather_facts": "{{ larry_gather_facts | default(true) }}", "tasks": []}
    plays = [_play(service, entries[service], hosts, stop=stop) for service in order if service in entries]
    return _HEAD + yaml_block([facts, *(plays[::-1] if stop else plays)]).lstrip("\n") + "\n"


def _play(service: str, entries: list[NodeService], hosts: str, *, stop: bool) -> Json:
    group = name_group("service", service)
    return {
        "name": service,
        "hosts": group if hosts == "all" else f"{group}:&{hosts}",
        "gather_facts": False,
        # What comes later may need this service on another host: then nobody may go on without it.
        "any_errors_fatal": "{{ larry_any_errors_fatal | default(true) }}",
        "vars": {"larry_do": "stop" if stop else "start"},
        "tasks": list(_tasks(service, entries)),
    }


def _tasks(service: str, entries: list[NodeService]) -> Iterator[Json]:
    """One task, unless snapshots of different moments disagree about the variables of the role."""
    prefixes = sorted({read_role(entry)[1] or "" for entry in entries})
    for prefix in prefixes:
        alike = [entry for entry in entries if (read_role(entry)[1] or "") == prefix]
        common = set.intersection(*(set(entry.parameters) for entry in alike)) if prefix else set()
        chosen = f"selectattr('prefix', 'equalto', '{prefix}')" if prefix else "rejectattr('prefix')"
        variables = {f"{prefix}{name}": f"{{{{ larry_service['parameters']['{name}'] }}}}" for name in sorted(common)}
        yield {
            "name": service if len(prefixes) == 1 else f"{service} with {prefix or 'no variables'}",
            "ansible.builtin.include_role": {"name": "{{ larry_service['role'] }}"},
            **({"vars": variables} if variables else {}),
            "loop": (
                f"{{{{ larry_services | selectattr('service', 'equalto', '{service}') | selectattr('role')"
                f" | {chosen} | list }}}}"
            ),
            "loop_control": {"loop_var": "larry_service", "label": "{{ larry_service['key'] }}"},
        }
