"""Prints a host's variables, and the inventory of all hosts, as Ansible's dynamic inventory scripts answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from larry.core.document import Json, thaw
from larry.core.fleet import Fleet, FleetHost, agree_levels
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint
from larry.exports.ansible.variable import list_host_variables, mark_unsafe, name_group, name_level


def write_host_variables(dated: DatedNode, *, stop: bool = False) -> str:
    """What ``--host`` answers: all variables of the host, those of its customers, apps and instances among them."""
    return _write(list_host_variables(dated, dated.node.own, stop=stop))


def write_inventory(fleet: Fleet) -> str:
    """What ``--list`` answers: groups customer > app > instance, service, role and pool, and all hosts' variables.

    What a customer, app or instance sets is a variable of its group, or, where hosts disagree since their snapshots are
    of different moments, of each host. Raises `CannotPrint` where two groups would have one name.
    """
    groups = _Groups()
    agreed = agree_levels(fleet)
    hostvars: dict[str, Json] = {}
    for host in fleet.hosts:
        node = host.dated.node
        for path in sorted(node.own):
            groups.add_level(path, host.name)
        for kind, keys in _list_groups(host):
            for key in keys:
                groups.add(kind, key, host.name)
        levels = {path: values for path, values in node.own.items() if path not in agreed}
        hostvars[host.name] = list_host_variables(host.dated, levels)
    for path, values in agreed.items():
        groups.find(name_level(path))["vars"] = {f"larry_{name_level(path)}": mark_unsafe(values)}
    everybody = {"hosts": [host.name for host in fleet.hosts], "children": groups.tops}
    return _write({"_meta": {"hostvars": hostvars}, "all": everybody, **groups.found})


def _list_groups(host: FleetHost) -> tuple[tuple[str, Iterable[str]], ...]:
    services = dict.fromkeys(entry.service for entry in host.dated.node.services)
    return ("service", services), ("role", host.roles), ("pool", host.pools)


class _Groups:
    """Groups by name while they are gathered; each knows whose name it is."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        self.tops: list[str] = []
        self._owners: dict[str, str] = {}

    def add(self, kind: str, key: str, host: str) -> None:
        """Put a host into a group without parents."""
        name = self._open(name_group(kind, key), f"{kind} {key}", parent=None)
        self.found[name]["hosts"].append(host)

    def add_level(self, path: str, host: str) -> None:
        """Put a host into the group of an instance, below that of its app, below that of its customer."""
        parts = path.split("/")
        parent = None
        for length in range(1, len(parts) + 1):
            above = "/".join(parts[:length])
            parent = self._open(name_level(above), above, parent)
        if len(parts) == 3:
            self.found[name_level(path)]["hosts"].append(host)

    def find(self, name: str) -> dict[str, Any]:
        return self.found[name]

    def _open(self, name: str, owner: str, parent: str | None) -> str:
        if self._owners.setdefault(name, owner) != owner:
            raise CannotPrint(f"{owner} and {self._owners[name]} would both be Ansible's group {name}: change one key")
        if name not in self.found:
            self.found[name] = {"hosts": [], "children": []}
            (self.tops if parent is None else self.found[parent]["children"]).append(name)
        return name


def _write(document: Mapping[str, Any]) -> str:
    return json.dumps(thaw(document), ensure_ascii=False, indent=1) + "\n"
