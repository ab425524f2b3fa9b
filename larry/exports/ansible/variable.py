"""The variables of a host, under names of their own, with values that Ansible never takes for templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from larry.core.document import Json, canonical_text
from larry.core.node import HostFacts, NodeService
from larry.core.node_text import DatedNode, dated_document
from larry.exports import CannotPrint

UNSAFE = "__ansible_unsafe"
"""Marks a text as one that is no template, to readers of JSON (ansible-core 2.18 and later know no other way)."""

_ROLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)*")
_VARIABLE = re.compile(r"[a-z][a-z0-9_]*")
_LEVELS = ("customer", "app", "instance")

_TAKEN = frozenset(
    "action any_errors_fatal args async become block check_mode collections connection debugger delegate_to diff "
    "environment failed_when gather_facts group_names groups handlers hosts hostvars ignore_errors inventory_dir "
    "inventory_file inventory_hostname inventory_hostname_short item loop module_defaults name no_log notify omit "
    "order play_hosts playbook_dir poll port post_tasks pre_tasks register remote_user retries role_name role_names "
    "role_path roles run_once serial strategy tags tasks throttle until vars vars_files vars_prompt when".split()
)
"""Names that mean something of their own in a play or a task, or that Ansible itself sets."""


def name_group(kind: str, path: str) -> str:
    """``instance_acme__shop__production``: letters, digits and underscores, as Ansible wants its groups."""
    return f"{kind}_{path.replace('/', '__')}"


def name_level(path: str) -> str:
    """The group of a customer, app or instance by its path."""
    return name_group(_LEVELS[path.count("/")], path)


def list_host_variables(
    dated: DatedNode, levels: Mapping[str, Mapping[str, Json]], *, stop: bool = False
) -> dict[str, Json]:
    """Name to value: everything begins with ``larry_``, so that nothing of one instance can shadow another's.

    ``levels`` are the customers, apps and instances that speak for themselves here. What the host's free data say under
    ``ansible`` becomes Ansible's own variables: ``{user: deploy}`` is ``ansible_user``.
    """
    document: dict[str, Any] = dated_document(dated)
    document.pop("own_parameters")
    services = [{**entry, **_settle(of)} for entry, of in zip(document["services"], dated.node.services, strict=True)]
    document["services"] = services[::-1] if stop else services
    return {
        **_connection(dated.node.facts),
        **{f"larry_{name}": mark_unsafe(value) for name, value in document.items()},
        **{f"larry_{name_level(path)}": mark_unsafe(values) for path, values in levels.items()},
    }


def mark_unsafe(value: Json) -> Json:
    """The value with every text marked, so that it stays what it is. Raises `CannotPrint` for a map that Ansible would
    take for one of its own marks.
    """
    if isinstance(value, str):
        return {UNSAFE: value}
    if isinstance(value, Mapping):
        for key in value:
            if key.startswith("__ansible_"):
                raise CannotPrint(f"Ansible takes a map with the key {key} for a mark of its own: rename the key")
        return {key: mark_unsafe(member) for key, member in value.items()}
    if isinstance(value, Sequence):
        return [mark_unsafe(member) for member in value]
    return value


def _settle(entry: NodeService) -> dict[str, Json]:
    role, prefix = read_role(entry)
    return {"role": role, "prefix": prefix}


def read_role(entry: NodeService) -> tuple[str | None, str | None]:
    """(role, prefix of its variables) by ``tools.ansible``: the role is the service's key if nothing is said, and None
    when the service is not Ansible's business.
    """
    tools = entry.tools if isinstance(entry.tools, Mapping) else {}
    settings = tools.get("ansible", {})
    if not isinstance(settings, Mapping):
        raise CannotPrint(f"{entry.service}: tools.ansible must be a map, such as {{role: ntp}}")
    if settings.get("skip") is True:
        return None, None
    role, prefix = settings.get("role", entry.service), settings.get("prefix")
    if not isinstance(role, str) or not _ROLE.fullmatch(role):
        raise CannotPrint(f"{entry.service}: tools.ansible.role {canonical_text(role)} is no name of a role")
    if prefix is None:
        return role, None
    if not isinstance(prefix, str) or not _VARIABLE.fullmatch(prefix) or prefix.startswith(("ansible_", "larry_")):
        raise CannotPrint(
            f"{entry.service}: tools.ansible.prefix {canonical_text(prefix)} cannot begin the name of a role's variable"
        )
    for name in entry.parameters:
        if f"{prefix}{name}" in _TAKEN or not _VARIABLE.fullmatch(name):
            raise CannotPrint(f"{entry.service}: {prefix}{name} can be no variable of a role: choose another prefix")
    return role, prefix


def _connection(facts: HostFacts) -> dict[str, Json]:
    said = facts.data.get("ansible", {})
    if not isinstance(said, Mapping) or not all(_VARIABLE.fullmatch(name) for name in said):
        raise CannotPrint(f"{facts.name}: data.ansible must be a map of names to values, such as {{user: deploy}}")
    return {f"ansible_{name}": mark_unsafe(value) for name, value in said.items()}
