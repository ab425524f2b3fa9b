"""Which Larry the command asks: the one here, or one elsewhere, named by `--server` or LARRY_SERVER."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from larry.client.remote import RemoteLarry

F = TypeVar("F", bound=Callable[..., Any])

_WHERE_IT_RUNS = "is done where Larry runs, with its database"

ONLY_HERE: Mapping[str, str] = MappingProxyType(
    {
        "demo": "makes an estate of its own on this machine",
        "migrate": f"changes the database itself, and {_WHERE_IT_RUNS}",
        "serve": f"is what a Larry elsewhere does; it {_WHERE_IT_RUNS}",
        "backup": f"copies the database itself, and {_WHERE_IT_RUNS}",
        "restore": f"replaces the database itself, and {_WHERE_IT_RUNS}",
        "worker": f"sends what the database holds, and {_WHERE_IT_RUNS}",
        "webhook": "is done where Larry runs; elsewhere by /api/v1/webhooks",
        "generate": f"fills an empty database, and {_WHERE_IT_RUNS}",
        "rotate-secrets": f"needs the keys of the secrets, and {_WHERE_IT_RUNS}",
        "publish": f"follows the database from boundary to boundary, and {_WHERE_IT_RUNS}",
        "token": "is done where Larry runs; elsewhere by the pages, or by POST /api/v1/tokens",
    }
)
"""Commands that are not asked of a Larry elsewhere, and why."""

ASKS_NOBODY = frozenset({"schema", "completion"})
"""Commands that print the same whatever Larry there is."""


@dataclass(frozen=True, slots=True)
class ChosenServer:
    """A Larry elsewhere, and where the token for it is."""

    url: str
    token_file: str | None = None
    ca_file: str | None = None

    def connect(self) -> RemoteLarry:
        """Raises `BadServer`, `NoToken`; `CannotStart` without a token."""
        from larry.cli.failure import CannotStart
        from larry.client.remote import RemoteLarry
        from larry.client.token import find_token

        if find_token(None, self.token_file) is None:
            raise CannotStart(f"{self.url} is asked with a token: say LARRY_TOKEN, LARRY_TOKEN_FILE or --token-file")
        in_clear = os.environ.get("LARRY_SERVER_IN_CLEAR", "") == "1"
        return RemoteLarry(self.url, token_file=self.token_file, ca_file=self.ca_file, in_clear=in_clear)


def server_options(command: F) -> F:
    """``--server``, ``--token-file`` and ``--ca-file``."""
    for option in (
        click.option("--ca-file", metavar="FILE", help="With --server: trust the authorities in this file."),
        click.option("--token-file", metavar="FILE", help="With --server: the file that holds the token."),
        click.option(
            "--server", metavar="URL", envvar="LARRY_SERVER", help="Ask the Larry there instead of a database here."
        ),
    ):
        command = option(command)
    return command


def choose_server(ctx: click.Context, server: str | None, token_file: str | None, ca_file: str | None) -> None:
    """Remember which Larry is asked. Wrong usage for what is only done here."""
    if not server:
        if token_file is not None or ca_file is not None:
            raise click.UsageError("--token-file and --ca-file belong to --server")
        return
    reason = ONLY_HERE.get(ctx.invoked_subcommand or "")
    if reason is not None:
        raise click.UsageError(f"larry {ctx.invoked_subcommand} {reason}: leave out --server and LARRY_SERVER")
    ctx.obj = ChosenServer(server, token_file, ca_file)


def find_chosen() -> ChosenServer | None:
    """The Larry elsewhere that the command was told of, if any."""
    context = click.get_current_context(silent=True)
    return context.find_object(ChosenServer) if context is not None else None


def read_zone(environment: Mapping[str, str]) -> str:
    """The time zone of the variable LARRY_TIME_ZONE, else UTC. Raises `CannotStart` for one that there is not."""
    from larry.cli.failure import CannotStart

    name = environment.get("LARRY_TIME_ZONE", "").strip() or "UTC"
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise CannotStart(f"LARRY_TIME_ZONE: there is no time zone {name!r}; one is Europe/Berlin") from None
