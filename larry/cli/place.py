"""Where single services go, said by `--place SERVICE=HOST`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def place_option(command: F) -> F:
    """``--place SERVICE=HOST``, as ``places``."""
    about = "Send a single service to another host; may be repeated."
    return click.option("--place", "places", multiple=True, metavar="SERVICE=HOST", help=about)(command)


def read_places(places: Sequence[str]) -> dict[str, str]:
    """Hosts by service. Wrong usage when one is said twice or not as it should be."""
    read: dict[str, str] = {}
    for place in places:
        service, sign, host = place.partition("=")
        if not sign or not service or not host:
            raise click.BadParameter(f"{place!r} is not SERVICE=HOST", param_hint="--place")
        if service in read:
            raise click.BadParameter(f"{service} is placed twice", param_hint="--place")
        read[service] = host
    return read
