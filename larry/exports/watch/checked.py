"""What is to be checked, each once whoever asks for it: hosts, services and their groups, for Nagios and for Icinga."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from larry.core.fleet import Fleet, Spot
from larry.exports import CannotPrint
from larry.exports.watch.dependency import list_dependencies
from larry.exports.watch.watched import Watched

Told = TypeVar("Told")
"""What a dialect says of a host or of a service; two auditors must say the same."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[Told]):
    """Hosts by name, services by host and name, the groups of each; which service depends on which."""

    hosts: Mapping[str, Told]
    services: Mapping[Spot, Told]
    host_groups: Mapping[str, tuple[str, ...]]
    service_groups: Mapping[Spot, tuple[str, ...]]
    dependencies: tuple[tuple[Spot, Spot], ...]


def gather(
    fleet: Fleet, watched: Iterable[Watched],
    tell_host: Callable[[Watched], Told], tell_service: Callable[[Watched], Told],
) -> Checked[Told]:  # fmt: skip
    """Raises `CannotPrint` where two auditors want one thing checked in different ways."""
    watched = tuple(watched)
    told: dict[Spot, Told] = {}
    owners: dict[Spot, str] = {}
    groups: dict[Spot, dict[str, None]] = {}
    for each in watched:
        host, service = (each.subject.host, ""), (each.subject.host, each.name)
        for spot, said in ((host, tell_host(each)), (service, tell_service(each))):
            owner = f"{each.auditor.service} on {each.watcher}"
            if told.setdefault(spot, said) != said:
                raise CannotPrint(
                    f"{' '.join(spot).strip()} is to be checked in one way by {owners[spot]} and in another by {owner}:"
                    " make them alike, let one skip it, or write a file for each host (--into)"
                )
            owners.setdefault(spot, owner)
        groups.setdefault(host, {})[f"service-{each.subject.service}"] = None
        groups.setdefault(service, {}).update(_list_groups(each))
    return Checked(
        {host: said for (host, name), said in told.items() if not name},
        {spot: said for spot, said in told.items() if spot[1]},
        {host: tuple(names) for (host, name), names in groups.items() if not name},
        {spot: tuple(names) for spot, names in groups.items() if spot[1]},
        list_dependencies(fleet, watched),
    )


def _list_groups(watched: Watched) -> dict[str, None]:
    """The groups of what is checked: those of its customers, their apps and instances."""
    found: dict[str, None] = {}
    for path in watched.subject.paths:
        keys = path.split("/")
        for depth, level in enumerate(("customer", "app", "instance"), start=1):
            found["-".join((level, *keys[:depth]))] = None
    return found
