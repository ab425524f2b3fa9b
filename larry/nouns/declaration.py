"""A declaration is a parameter that a Service needs; a value is what a Customer, App or Instance sets for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from larry.core.document import Json, find_json_faults, freeze, is_sealed
from larry.core.key import KEY_PATTERN, RESERVED_PARAMETER_NAMES
from larry.core.parameters import Merge, ParameterType
from larry.nouns.fault import Fault, describe_value, did_you_mean, shorten
from larry.nouns.text import find_text_fault, read_list

TYPES = tuple(kind.value for kind in ParameterType)
MERGES = tuple(merge.value for merge in Merge)
UNSTATED: Mapping[str, Json] = MappingProxyType(
    {"type": ParameterType.ANY.value, "merge": Merge.REPLACE.value, "sensitive": False, "description": ""}
)
_KEYS = {key: key for key in ("name", "type", "merge", "sensitive", "description", "default")}


def find_parameter_name_fault(name: object) -> str | None:
    """Why no tool could take a parameter of that name, or None."""
    if not isinstance(name, str):
        return f"{name!r} is no parameter name: it must be text"
    if not KEY_PATTERN.fullmatch(name):
        return f"{shorten(name)} is no parameter name: a to z first, then a-z, 0-9 and _, at most 63 in all"
    if name in RESERVED_PARAMETER_NAMES:
        return f"the parameter name {name!r} is a reserved word of the tools; take another, such as '{name}_1'"
    return None


def parse_parameter_values(value: Json) -> tuple[Json, tuple[Fault, ...]]:
    """Read the values that a layer sets: a map of parameter names to JSON."""
    if not isinstance(value, Mapping):
        return None, (Fault(f"must be a map of parameters, not {describe_value(value)}"),)
    faults: list[Fault] = []
    for name, member in value.items():
        name_fault = find_parameter_name_fault(name)
        if name_fault:
            faults.append(Fault(name_fault, (name,), at_key=True))
        else:
            faults.extend(Fault(text, (name,)) for text in find_json_faults(member))
    return (None, tuple(faults)) if faults else (freeze(value), ())


def parse_declarations(value: Json) -> tuple[Json, tuple[Fault, ...]]:
    """Read what a service declares: names, or maps of name, type, merge, sensitive, description, default."""
    members, faults = read_list(value, "parameters, such as [port, {name: workers, type: integer}]")
    normal: list[Json] = []
    seen: set[str] = set()
    for index, member in members:
        declaration, member_faults = _parse_declaration(member)
        faults.extend(fault.under(index) for fault in member_faults)
        name = declaration.get("name")
        if isinstance(name, str) and name in seen:
            faults.append(Fault(f"the parameter {name!r} is declared twice", (index, "name")))
        elif isinstance(name, str):
            seen.add(name)
            normal.append(MappingProxyType(declaration))
    return (None, tuple(faults)) if faults else (tuple(normal), ())


def _parse_declaration(member: Json) -> tuple[dict[str, Json], list[Fault]]:
    if isinstance(member, str):
        member = {"name": member}
    if not isinstance(member, Mapping):
        return {}, [Fault(f"must be the name of a parameter, or a map with its name, not {describe_value(member)}")]
    faults = [
        Fault(f"a parameter has no {shorten(key)}{did_you_mean(key, _KEYS)}", (key,), at_key=True)
        for key in member
        if key not in _KEYS
    ]
    if "name" not in member:
        return {}, [*faults, Fault("a parameter needs a name")]
    for key, find_fault in _CHECKS.items():
        text = find_fault(member[key]) if key in member else None
        if text:
            faults.append(Fault(text, (key,)))
    declaration = {"name": member["name"], **{key: member.get(key, unstated) for key, unstated in UNSTATED.items()}}
    if "default" in member:
        faults.extend(Fault(text, ("default",)) for text in find_json_faults(member["default"]))
        if is_sealed(member["default"]):
            faults.append(
                Fault("a seal stands for a secret that is there already, and a default is none", ("default",))
            )
        declaration["default"] = freeze(member["default"]) if not faults else None
    return declaration, faults


def _find_type_fault(value: Json) -> str | None:
    if value in TYPES:
        return None
    guess = did_you_mean(value, {name: name for name in TYPES}) if isinstance(value, str) else ""
    return f"there is no type {describe_value(value)}{guess}; types are {', '.join(TYPES)}"


def _find_merge_fault(value: Json) -> str | None:
    return None if value in MERGES else f"must be {' or '.join(MERGES)}, not {describe_value(value)}"


def _find_flag_fault(value: Json) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, not {describe_value(value)}"


_CHECKS: Mapping[str, Callable[[Json], str | None]] = MappingProxyType(
    {
        "name": find_parameter_name_fault,
        "type": _find_type_fault,
        "merge": _find_merge_fault,
        "sensitive": _find_flag_fault,
        "description": find_text_fault,
    }
)
