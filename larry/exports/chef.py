"""Prints nodes for Chef: node, roles and environments as JSON, which a Chef server and `knife` take."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from larry.core.document import Json, canonical_text, thaw
from larry.core.fleet import Fleet, agree_levels
from larry.core.node import HostFacts, NodeService
from larry.core.node_text import DatedNode, dated_document
from larry.exports import CannotPrint, refuse_stop

_RECIPE = re.compile(r"[A-Za-z0-9_-]+(?:::[A-Za-z0-9_-]+)?(?:@[0-9]+\.[0-9]+(?:\.[0-9]+)?)?")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9_-]+")
_LEVELS = ("customer", "app", "instance")
_DEFAULT = "_default"


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The host's node: everything under ``larry`` in its normal attributes; its run list is its roles, then the recipes
    of its services in start order. Raises `CannotPrint` for names that are none to Chef.
    """
    refuse_stop("chef", stop=stop)
    return _write(_node(dated))


def render_fleet(fleet: Fleet) -> str:
    """All nodes, and the roles and environments that they name."""
    return _write({kind: list(members.values()) for kind, members in _list_objects(fleet).items()})


def render_files(fleet: Fleet) -> Mapping[str, str]:
    """``nodes/HOST.json``, ``roles/NAME.json``, ``environments/NAME.json``: a folder that ``knife upload`` takes."""
    objects = _list_objects(fleet)
    return {f"{kind}/{name}.json": _write(of) for kind, members in objects.items() for name, of in members.items()}


def _list_objects(fleet: Fleet) -> dict[str, dict[str, Json]]:
    agreed = agree_levels(fleet)
    paths = sorted({path for host in fleet.hosts for path in host.dated.node.own})
    environments = {_read_environment(host.dated.node.facts) for host in fleet.hosts} - {_DEFAULT}
    return {
        "nodes": {host.name: _node(host.dated) for host in fleet.hosts},
        "roles": {_name_role(path): _role(path, agreed) for path in paths},
        "environments": {name: _environment(name) for name in sorted(environments)},
    }


def _node(dated: DatedNode) -> Json:
    node = dated.node
    recipes = dict.fromkeys(recipe for entry in node.services if (recipe := _read_recipe(entry)) is not None)
    return {
        "name": node.facts.name,
        "chef_type": "node",
        "json_class": "Chef::Node",
        "chef_environment": _read_environment(node.facts),
        "automatic": {},
        "default": {},
        "normal": {"larry": dated_document(dated)},
        "override": {},
        "run_list": [f"role[{_name_role(path)}]" for path in sorted(node.own)]
        + [f"recipe[{name}]" for name in recipes],
    }


def _role(path: str, agreed: Mapping[str, Mapping[str, Json]]) -> Json:
    """What is set at just that level, as far as all hosts that carry it say the same; a node knows for itself."""
    name = _name_role(path)
    return {
        "name": name,
        "chef_type": "role",
        "json_class": "Chef::Role",
        "description": f"{_LEVELS[path.count('/')]} {path}",
        "default_attributes": {"larry_levels": {name: agreed[path]}} if path in agreed else {},
        "override_attributes": {},
        "run_list": [],
        "env_run_lists": {},
    }


def _environment(name: str) -> Json:
    return {
        "name": name,
        "chef_type": "environment",
        "json_class": "Chef::Environment",
        "description": "named by hosts in Larry",
        "cookbook_versions": {},
        "default_attributes": {},
        "override_attributes": {},
    }


def _name_role(path: str) -> str:
    """``instance-acme-shop-production``: keys have no dashes, so no two paths have one name."""
    return "-".join((_LEVELS[path.count("/")], *path.split("/")))


def _read_recipe(entry: NodeService) -> str | None:
    tools = entry.tools if isinstance(entry.tools, Mapping) else {}
    settings = tools.get("chef", {})
    if not isinstance(settings, Mapping):
        raise CannotPrint(f"{entry.service}: tools.chef must be a map, such as {{recipe: ntp}}")
    if settings.get("skip") is True:
        return None
    recipe = settings.get("recipe", entry.service)
    if not isinstance(recipe, str) or not _RECIPE.fullmatch(recipe):
        raise CannotPrint(f"{entry.service}: tools.chef.recipe {canonical_text(recipe)} is no recipe")
    return recipe


def _read_environment(facts: HostFacts) -> str:
    settings = facts.data.get("chef")
    name = settings.get("environment", _DEFAULT) if isinstance(settings, Mapping) else _DEFAULT
    if not isinstance(name, str) or not _ENVIRONMENT.fullmatch(name):
        raise CannotPrint(f"{facts.name}: data.chef.environment {canonical_text(name)} is no environment")
    return name


def _write(document: Json) -> str:
    written: Any = thaw(document)
    return json.dumps(written, ensure_ascii=False, indent=1) + "\n"
