"""Prints what auditors audit as objects of Nagios: hosts, services, their groups, and which depends on which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from larry.core.document import Json
from larry.core.fleet import Fleet, FleetHost, Spot
from larry.core.node_text import DatedNode
from larry.exports import refuse_stop
from larry.exports.watch.checked import gather
from larry.exports.watch.watched import Unfit, Watched, list_watched

_FIELDS = ("address", "arguments", "check", "host_template", "port", "service_template")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_TYPED = re.compile(r"[A-Za-z0-9._:/@%,=+~-]+(?: +[A-Za-z0-9._:/@%,=+~-]+)*")
_LOOKED_UP = re.compile(r"[A-Za-z0-9._:/@,+][A-Za-z0-9._:/@,+-]*")
_HEAD = (
    "# Written by Larry from what auditors audit. Names and addresses only; how to check stands in your own commands.\n"
)


def write_host_objects(dated: DatedNode, *, stop: bool = False) -> str:
    """The objects of the auditors of one host; what depends on what only as far as that host's own services do.

    Raises `CannotPrint` for what Nagios, or the shell that it calls, would misread, and for ``stop``.
    """
    refuse_stop("nagios", stop=stop)
    fleet = Fleet((FleetHost(dated),))
    return _write(fleet, list_watched("nagios", dated, (), _FIELDS))


def write_objects(fleet: Fleet) -> str:
    """The objects of all auditors of all hosts, for one Nagios."""
    return _write(fleet, [each for host in fleet.hosts for each in list_watched("nagios", host.dated, (), _FIELDS)])


def write_object_files(fleet: Fleet) -> Mapping[str, str]:
    """``HOST.cfg`` of every host that has auditors with something to check: a Nagios on each."""
    found = {host.name: list_watched("nagios", host.dated, (), _FIELDS) for host in fleet.hosts}
    return {f"{name}.cfg": _write(fleet, watched) for name, watched in found.items() if watched}


def _write(fleet: Fleet, watched: Iterable[Watched]) -> str:
    found = gather(fleet, watched, _host, _service)
    groups = [
        *(("hostgroup", name) for names in found.host_groups.values() for name in names),
        *(("servicegroup", name) for names in found.service_groups.values() for name in names),
    ]
    objects = [
        *(_define(kind, {f"{kind}_name": name, "alias": name}) for kind, name in sorted(set(groups))),
        *(_define("host", said | _join("hostgroups", found.host_groups[host])) for host, said in found.hosts.items()),
        *(
            _define("service", said | _join("servicegroups", found.service_groups[spot]))
            for spot, said in found.services.items()
        ),
        *(_define("servicedependency", _depend(*pair)) for pair in found.dependencies),
    ]
    return "\n".join([_HEAD, *objects])


def _host(watched: Watched) -> dict[str, str]:
    return {
        "use": watched.text("host_template", "linux-server", _NAME, "the name of a template"),
        "host_name": watched.subject.host,
        "alias": watched.subject.host,
        "address": watched.address(),
    }


def _service(watched: Watched) -> dict[str, str]:
    return {
        "use": watched.text("service_template", "generic-service", _NAME, "the name of a template"),
        "host_name": watched.subject.host,
        "service_description": watched.name,
        "check_command": "!".join((_command(watched), *_list_arguments(watched))),
    }


def _command(watched: Watched) -> str:
    default = "check_ping" if watched.port() is None else "check_tcp"
    return watched.text("check", default, _NAME, "the name of a command")


def _list_arguments(watched: Watched) -> Iterator[str]:
    """A shell reads what a command makes of them: nothing may be in them that it would take for anything else."""
    port = watched.port()
    default: Json = ()
    if "check" not in watched.fields:
        default = ("100.0,20%", "500.0,60%") if port is None else (port,)
    said = watched.get("arguments", default, _admit)
    if isinstance(said, str | Mapping) or not isinstance(said, Sequence):
        raise watched.refuse("arguments", said, "must be a list")
    for value in said:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise watched.refuse("arguments", value, "must have numbers and texts only")
        if not _TYPED.fullmatch(str(value)):
            reason = (
                "holds what Nagios or a shell would misread: put it into a command of your own, and name that in check"
            )
            raise watched.refuse("arguments", value, reason)
        yield str(value)


def _admit(_field: str, text: str) -> str:
    if _LOOKED_UP.fullmatch(text):
        return text
    raise Unfit("must be letters, digits and . _ : / @ , + -, with no - in front")


def _depend(dependent: Spot, on: Spot) -> dict[str, str]:
    """No alarm for what cannot work since what it needs does not."""
    return {
        "host_name": on[0],
        "service_description": on[1],
        "dependent_host_name": dependent[0],
        "dependent_service_description": dependent[1],
        "inherits_parent": "1",
        "notification_failure_criteria": "w,u,c",
    }


def _join(directive: str, names: Sequence[str]) -> dict[str, str]:
    return {directive: ",".join(names)}


def _define(kind: str, directives: Mapping[str, str]) -> str:
    return "".join([f"define {kind} {{\n", *(f"    {name} {value}\n" for name, value in directives.items()), "}\n"])
