"""Where to listen: an address and a port, said by an option or by the variable PORT."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from larry.cli.failure import CannotStart

F = TypeVar("F", bound=Callable[..., Any])

LAST_PORT = 65535

_BIND = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+):|:)?(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Address:
    host: str = "127.0.0.1"
    port: int = 8000

    @property
    def url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 — what to open, not to bind
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    @property
    def next(self) -> Address:
        """The next port of the same host. Raises `CannotStart` where there is none."""
        if self.port == LAST_PORT:
            raise CannotStart(f"there is no port after {self.port} for lookups: choose another with --bind or PORT")
        return Address(self.host, self.port + 1)


def bind_option(command: F) -> F:
    """``--bind HOST:PORT``."""
    about = "Listen there instead of on 127.0.0.1 and the port in $PORT, else 8000."
    return click.option("--bind", metavar="[HOST:]PORT", help=about)(command)


def read_address(bind: str | None) -> Address:
    """The address that ``--bind`` or the variable PORT names; wrong usage if it names none."""
    said = bind if bind is not None else os.environ.get("PORT", "").strip()
    if not said:
        return Address()
    found = _BIND.fullmatch(said)
    if found is None or not 1 <= int(found["port"]) <= LAST_PORT:
        hint = "--bind" if bind is not None else "PORT"
        text = f"{said!r} is not a port or HOST:PORT, such as 8000 or 127.0.0.1:8000"
        raise click.BadParameter(text, param_hint=hint)
    return Address((found["host"] or "127.0.0.1").strip("[]"), int(found["port"]))


def refuse_taken(address: Address) -> None:
    """Raise `CannotStart` when nothing can listen there."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # With this a port just left is free again, one that somebody listens on is not.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen(1)
    except OSError as fault:
        why = fault.strerror or str(fault)
        text = f"cannot listen on {address.host} port {address.port} ({why}): choose another with --bind or PORT"
        raise CannotStart(text) from fault
