"""Names of lanes of interval maps: what a lane is of, as far as it is written beside it."""

from __future__ import annotations

from typing import TypeAlias

from larry.core.picture import BoxKind, Link

LaneName: TypeAlias = tuple[BoxKind, str, str, Link]
"""Of what, its short name, the rest of its name, where it leads."""

LONGEST_DETAIL = 23
"""Letters of the second line of a lane's name that surely fit beside the bars."""


def name_instance_lane(path: str, name: str) -> LaneName:
    """The lane of an instance, by its path."""
    customer, app, _ = path.split("/")
    return BoxKind.INSTANCE, name, f"{customer}/{app}", ("instances", *path.split("/"))


def name_host_lane(name: str) -> LaneName:
    """The lane of a host."""
    return BoxKind.HOST, shorten_host(name), name, ("hosts", name)


def shorten_host(host: str) -> str:
    """A host's name without its domain."""
    return host.partition(".")[0]


def shorten_path(path: str) -> str:
    """As much of the end of an instance's path as a lane has room for: the end is what tells it from others."""
    return path if len(path) <= LONGEST_DETAIL else f"…{path[1 - LONGEST_DETAIL :]}"
