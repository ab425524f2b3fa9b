"""The pages that an instance or a host has besides its first one, as tabs beneath its name."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

_INSTANCE = (
    ("Overview", "instance"),
    ("Parameters", "instance-parameters"),
    ("Services", "instance-services"),
    ("Snapshots", "instance-snapshots"),
    ("Deployments", "instance-deployments"),
)
_HOST = (
    ("Overview", "host"),
    ("Configuration", "host-configuration"),
    ("History", "host-history"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    href: str
    is_here: bool


def list_instance_tabs(path: str, here: str) -> tuple[Tab, ...]:
    """The pages of an instance; ``here`` is the route of the one that is shown."""
    return _list_tabs(_INSTANCE, path, here)


def list_host_tabs(name: str, here: str) -> tuple[Tab, ...]:
    """The pages of a host."""
    return _list_tabs(_HOST, name, here)


def _list_tabs(tabs: tuple[tuple[str, str], ...], address: str, here: str) -> tuple[Tab, ...]:
    found = []
    for label, route in tabs:
        try:
            found.append(Tab(label, reverse(route, args=[address]), route == here))
        except NoReverseMatch:
            continue  # this Larry has no such page
    return tuple(found)
