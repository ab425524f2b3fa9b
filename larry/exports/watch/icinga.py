"""Prints what auditors audit as objects of Icinga 2: hosts, services, their groups, and which depends on which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from ipaddress import IPv6Address, ip_address
from typing import TypeAlias

from larry.core.document import Json
from larry.core.fleet import Fleet, FleetHost, Spot
from larry.core.node_text import DatedNode
from larry.exports import refuse_stop
from larry.exports.watch.checked import gather
from larry.exports.watch.watched import Unfit, Watched, is_ip, list_watched

_FIELDS = ("address", "check", "host_template", "port", "service_template", "vars")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ODD = re.compile(r'[\x00-\x1f\x7f"\\]')
_HEAD = "// Written by Larry from what auditors audit. How to check stands in your own templates and commands.\n"

Attributes: TypeAlias = Mapping[str, Json]


def write_host_checks(dated: DatedNode, *, stop: bool = False) -> str:
    """The objects of the auditors of one host; what depends on what only as far as that host's own services do.

    Raises `CannotPrint` for what Icinga would misread, and for ``stop``.
    """
    refuse_stop("icinga", stop=stop)
    return _write(Fleet((FleetHost(dated),)), list_watched("icinga", dated, (), _FIELDS))


def write_checks(fleet: Fleet) -> str:
    """The objects of all auditors of all hosts, for one Icinga."""
    return _write(fleet, [each for host in fleet.hosts for each in list_watched("icinga", host.dated, (), _FIELDS)])


def write_check_files(fleet: Fleet) -> Mapping[str, str]:
    """``HOST.conf`` of every host that has auditors with something to check: an Icinga on each."""
    found = {host.name: list_watched("icinga", host.dated, (), _FIELDS) for host in fleet.hosts}
    return {f"{name}.conf": _write(fleet, watched) for name, watched in found.items() if watched}


def _write(fleet: Fleet, watched: Iterable[Watched]) -> str:
    found = gather(fleet, watched, _host, _service)
    host_groups = sorted({name for names in found.host_groups.values() for name in names})
    service_groups = sorted({name for names in found.service_groups.values() for name in names})
    objects = [
        *(_object("HostGroup", name, {"display_name": name}) for name in host_groups),
        *(_object("ServiceGroup", name, {"display_name": name}) for name in service_groups),
        *(_object("Host", host, {**said, "groups": found.host_groups[host]}) for host, said in found.hosts.items()),
        *(
            _object("Service", spot[1], {**said, "host_name": spot[0], "groups": found.service_groups[spot]})
            for spot, said in found.services.items()
        ),
        *(_object("Dependency", f"needs {on[1]} on {on[0]}", _depend(of, on)) for of, on in found.dependencies),
    ]
    return "\n".join([_HEAD, *objects])


def _host(watched: Watched) -> Attributes:
    address = watched.address()
    is_six = is_ip(address) and isinstance(ip_address(address), IPv6Address)
    template = watched.text("host_template", "generic-host", _NAME, "the name of a template")
    return {"import": template, "address6" if is_six else "address": address}


def _service(watched: Watched) -> Attributes:
    default = "ping" if watched.port() is None else "tcp"
    return {
        "import": watched.text("service_template", "generic-service", _NAME, "the name of a template"),
        "check_command": watched.text("check", default, _NAME, "the name of a command"),
        **{f'vars["{name}"]': value for name, value in _list_variables(watched)},
    }


def _list_variables(watched: Watched) -> Iterator[tuple[str, Json]]:
    """What the command is told; no dollar of theirs is one of Icinga's macros, no looked-up text an option."""
    port = watched.port()
    default: Json = {"tcp_port": port} if port is not None and "check" not in watched.fields else {}
    said = watched.get("vars", default, _admit)
    if not isinstance(said, Mapping):
        raise watched.refuse("vars", said, "must be a map, such as {http_uri: /status}")
    for name, value in said.items():
        if not _VARIABLE.fullmatch(name):
            raise watched.refuse("vars", name, "names of variables are letters, digits and _, with no digit in front")
        try:
            yield name, _escape_macros(value)
        except Unfit as reason:
            raise watched.refuse(f"vars.{name}", value, str(reason)) from None


def _admit(_field: str, text: str) -> str:
    if text.startswith("-"):
        raise Unfit("must not begin with -, which a check would take for an option")
    return text


def _escape_macros(value: Json) -> Json:
    if isinstance(value, str):
        if "\0" in value:
            raise Unfit("no check can be told a NUL")
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        if any("\0" in name for name in value):
            raise Unfit("no check can be told a NUL")
        return {name: _escape_macros(member) for name, member in value.items()}
    if isinstance(value, Sequence):
        return [_escape_macros(member) for member in value]
    return value


def _depend(dependent: Spot, on: Spot) -> Attributes:
    """No alarm for what cannot work since what it needs does not."""
    return {
        "parent_host_name": on[0],
        "parent_service_name": on[1],
        "child_host_name": dependent[0],
        "child_service_name": dependent[1],
        "disable_notifications": True,
    }


def _object(kind: str, name: str, attributes: Attributes) -> str:
    lines = [f"object {kind} {_print(name)} {{\n"]
    for attribute, value in attributes.items():
        if attribute == "import":
            lines.append(f"  import {_print(value)}\n\n")
        else:
            lines.append(f"  {attribute} = {_print(value)}\n")
    return "".join([*lines, "}\n"])


def _print(value: Json) -> str:
    """A literal of Icinga's language."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{_ODD.sub(_escape, value)}"'
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_print(name)} = {_print(member)}' for name, member in value.items())} }}"
    if isinstance(value, Sequence):
        return f"[ {', '.join(_print(member) for member in value)} ]"
    # Its language has no exponents.
    return f"{Decimal(repr(value)):f}"


def _escape(found: re.Match[str]) -> str:
    odd = found.group()
    return f"\\{odd}" if odd in '"\\' else f"\\{ord(odd):03o}"
