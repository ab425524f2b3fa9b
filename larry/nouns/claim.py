"""A claim is what a class of Puppet or a role of Ansible says of its parameters; declarations are proposed from it, and
checked against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from larry.core.document import Json, find_json_faults, freeze
from larry.core.key import RESERVED_KEYS
from larry.core.parameters import ParameterType
from larry.nouns.declaration import find_parameter_name_fault
from larry.nouns.item import Item, list_members


@dataclass(frozen=True, slots=True)
class ClaimedParameter:
    """``is_needed``: the tool has no value of its own. ``has_literal``: ``literal`` is what it would take."""

    name: str
    type: ParameterType = ParameterType.ANY
    is_needed: bool = False
    has_literal: bool = False
    literal: Json = None
    sensitive: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class ToolClaim:
    """``tool`` and ``word`` are where a service says that it stands for this: ``tools: {puppet: {class: NAME}}``."""

    tool: str
    word: str
    name: str
    parameters: tuple[ClaimedParameter, ...]


_HEADS: Mapping[str, ParameterType] = {
    **dict.fromkeys(("String", "Enum", "Pattern", "Regexp"), ParameterType.STRING),
    "Integer": ParameterType.INTEGER,
    **dict.fromkeys(("Float", "Numeric"), ParameterType.NUMBER),
    "Boolean": ParameterType.BOOLEAN,
    **dict.fromkeys(("Array", "Tuple"), ParameterType.LIST),
    **dict.fromkeys(("Hash", "Struct"), ParameterType.MAP),
}
_ALIASES: Mapping[str, ParameterType] = {
    "Stdlib::Port": ParameterType.INTEGER,
    **dict.fromkeys(
        (f"Stdlib::{each}" for each in ("Absolutepath", "Unixpath", "Host", "Fqdn", "Filemode", "Httpurl", "Httpsurl")),
        ParameterType.STRING,
    ),
}
_WRAPPED = re.compile(r"(?:Optional|NotUndef|Sensitive)\[(.*)\]", re.DOTALL)
_ALIAS = re.compile(r"(?:TypeReference\[')?((?:[A-Z]\w*::)+[A-Z]\w*)")
_ROLE_TYPES: Mapping[str, ParameterType] = {
    **dict.fromkeys(("str", "path", "bytes", "bits"), ParameterType.STRING),
    "int": ParameterType.INTEGER,
    "float": ParameterType.NUMBER,
    "bool": ParameterType.BOOLEAN,
    "list": ParameterType.LIST,
    "dict": ParameterType.MAP,
}


def read_puppet_claim(described: Mapping[str, Any], looked_up: frozenset[str]) -> ToolClaim:
    """From what Puppet says of one class; ``looked_up`` are the keys of its module's data."""
    name = str(described["name"])
    parameters = []
    for each in described.get("params", ()):
        kind = str(each.get("type", "Any"))
        literal, has_own = each.get("default_literal"), "default_source" in each
        has_literal = "default_literal" in each and not find_json_faults(freeze(literal))
        parameters.append(
            ClaimedParameter(
                str(each["name"]),
                read_puppet_type(kind),
                is_needed=not (has_own or kind.startswith("Optional[") or f"{name}::{each['name']}" in looked_up),
                has_literal=has_literal,
                literal=freeze(literal) if has_literal else None,
                sensitive=kind.startswith(("Sensitive", "Optional[Sensitive")),
            )
        )
    return ToolClaim("puppet", "class", name, tuple(parameters))


def read_puppet_type(text: str) -> ParameterType:
    """The type of values that a data type of Puppet takes, as near as Larry's types say it; else ``any``."""
    inner = text
    while (found := _WRAPPED.fullmatch(inner)) is not None:
        inner = found.group(1)
    alias = _ALIAS.match(inner)
    if alias is not None:
        return _ALIASES.get(alias.group(1), ParameterType.ANY)
    return _HEADS.get(inner.partition("[")[0], ParameterType.ANY)


def read_role_claim(name: str, options: Mapping[str, Any]) -> ToolClaim:
    """From the argument specification of one role: its ``options``."""
    parameters = []
    for option, told in options.items():
        said = told if isinstance(told, Mapping) else {}
        has_literal = "default" in said and not find_json_faults(freeze(said["default"]))
        about = said.get("description", "")
        parameters.append(
            ClaimedParameter(
                str(option),
                _ROLE_TYPES.get(str(said.get("type", "str")), ParameterType.ANY),
                is_needed=said.get("required") is True and "default" not in said,
                has_literal=has_literal,
                literal=freeze(said["default"]) if has_literal else None,
                sensitive=said.get("no_log") is True,
                description=" ".join(map(str, about)) if isinstance(about, list) else str(about),
            )
        )
    return ToolClaim("ansible", "role", name, tuple(parameters))


def propose_service(claim: ToolClaim) -> tuple[Mapping[str, Json], tuple[str, ...]]:
    """A service as an estate file states it, and a line for each parameter that cannot be declared.

    What the tool computes or looks up itself gets the default null, which asks the tool for its own.
    """
    declared: list[Json] = []
    left: list[str] = []
    for each in claim.parameters:
        fault = find_parameter_name_fault(each.name)
        if fault is not None:
            left.append(f"{claim.name}: {each.name} is left out: {fault}")
            continue
        stated: dict[str, Json] = {"name": each.name}
        if each.type is not ParameterType.ANY:
            stated["type"] = each.type.value
        if each.sensitive:
            stated["sensitive"] = True
        elif not each.is_needed:
            stated["default"] = each.literal if each.has_literal else None
        if each.description:
            stated["description"] = each.description
        declared.append(stated)
    key = re.sub(r"[^a-z0-9]+", "_", claim.name.lower()).strip("_")
    if key in RESERVED_KEYS:
        key = f"{key}_{claim.word}"
    tools: Json = {claim.tool: {claim.word: claim.name}}
    return {"name": claim.name.replace("::", " "), "key": key, "parameters": declared, "tools": tools}, tuple(left)


def check_claims(claims: Iterable[ToolClaim], services: Iterable[Item]) -> Iterator[tuple[str, str]]:
    """(key of a service, what does not agree) for every service that says it stands for something of what is claimed.

    A class of a module of which nothing is claimed says nothing about the service that names it.
    """
    known = {(claim.tool, claim.word, claim.name): claim for claim in claims}
    modules = {(claim.tool, claim.word, claim.name.partition("::")[0]) for claim in known.values()}
    for service in services:
        for tool, word, name in _names(service.values["tools"]):
            claim = known.get((tool, word, name))
            if claim is not None:
                yield from ((str(service.values["key"]), fault) for fault in _check(claim, service))
            elif (tool, word, name.partition("::")[0]) in modules:
                yield str(service.values["key"]), f"there is no {word} {name}"


def _names(tools: Json) -> Iterator[tuple[str, str, str]]:
    """(tool, class or role, its name) of what a service says it is to its tools."""
    for tool, word in (("puppet", "class"), ("ansible", "role")):
        settings = tools.get(tool) if isinstance(tools, Mapping) else None
        name = settings.get(word) if isinstance(settings, Mapping) else None
        if isinstance(name, str):
            yield tool, word, name.removeprefix("::")


def _check(claim: ToolClaim, service: Item) -> Iterator[str]:
    declared = {
        str(each["name"]): each for each in list_members(service.values["parameters"]) if isinstance(each, Mapping)
    }
    claimed = {each.name: each for each in claim.parameters}
    for name, each in declared.items():
        if name not in claimed:
            yield f"{claim.name} has no parameter {name}"
            continue
        wanted, kind = claimed[name].type.value, str(each["type"])
        if ParameterType.ANY.value not in (wanted, kind) and wanted != kind:
            yield f"parameter {name} is declared {kind}, but {claim.name} takes {wanted}"
        if claimed[name].sensitive and not each["sensitive"]:
            yield f"parameter {name} is sensitive to {claim.name}, but not declared so"
    for name, need in claimed.items():
        if need.is_needed and name not in declared:
            yield f"{claim.name} needs a parameter {name}, which is not declared"
