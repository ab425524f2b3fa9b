"""Completion: what could stand where somebody presses Tab, from the estate; silent where nothing can be said."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

MOST = 200
"""More than this nobody reads; a few more letters narrow it."""

FILE = "file"
_SETTINGS = "larry.site.settings"
_NO_SECRET = {
    "LARRY_SECRET_KEY": "completion needs no secret and so makes no key file",
    "LARRY_SECRETS_KEYS": "A" * 43 + "=",
}

_SUBJECTS = ("service", "instance", "host", "app", "customer", "pool")

KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "instance": ("instance",),
        "instances": ("instance",),
        "host": ("host",),
        "hosts": ("host",),
        "service": ("service",),
        "customer": ("customer",),
        "app": ("app",),
        "deployment": ("deployment",),
        "deployments": ("deployment",),
        "rollout": ("rollout",),
        "digests": ("snapshot",),
        "snapshot": ("snapshot",),
        "parameter": ("parameter",),
        "pool": ("pool",),
        "user": ("user",),
        "owner": ("user",),
        "token": ("token",),
        "subject": _SUBJECTS,
        "files": (FILE,),
        "file": (FILE,),
        "output": (FILE,),
    }
)
"""By the name of an argument or option, the sorts of things that it takes."""

_WITHIN = MappingProxyType({"snapshot": ("instance", "instances"), "parameter": ("service",)})
"""What is said before narrows what may follow."""

Find = Callable[[click.Context, str], "list[CompletionItem[str]]"]


class Completed(click.ParamType[Any]):
    """A type that is read as another is, and completed from the estate."""

    def __init__(self, inner: click.ParamType[Any], find: Find) -> None:
        self.inner, self.find, self.name = inner, find, inner.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self.inner.convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        return self.inner.get_metavar(param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        del param
        return self.find(ctx, incomplete)


@add_completion_class
class BashAtTheSign(BashComplete):
    """Bash cuts words at each ``=``, and puts what it is told in the place of the last piece only."""

    def get_completion_args(self) -> tuple[list[str], str]:
        args, incomplete = super().get_completion_args()
        joined: list[str] = []
        for word in (*args, incomplete):
            if joined and (word == "=" or joined[-1].endswith("=")):
                joined[-1] += word
            else:
                joined.append(word)
        *args, incomplete = joined
        self.cut = "" if incomplete.startswith("-") else incomplete[: incomplete.rfind("=") + 1]
        return args, incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{str(item.value).removeprefix(self.cut)}"


def complete_command(command: click.Command) -> click.Command:
    """The command, its arguments and options completed by what they are called."""
    subcommands = command.commands.values() if isinstance(command, click.Group) else ()
    for each in subcommands:
        complete_command(each)
    for parameter in command.params:
        find = _finder(parameter)
        if find is not None and not isinstance(parameter.type, Completed):
            parameter.type = Completed(parameter.type, find)
    return command


def _finder(parameter: click.Parameter) -> Find | None:
    name = parameter.name or ""
    if name in {"address", "like"}:
        return _find_addresses
    if name == "places":
        return _find_places
    kinds = KINDS.get(name, ())
    if not kinds:
        return None
    if kinds == (FILE,):
        return lambda ctx, incomplete: [CompletionItem(incomplete, type=FILE)]
    return lambda ctx, incomplete: _find(ctx, kinds, incomplete)


def _find_addresses(ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """Of the noun that is named before."""
    noun = ctx.params.get("noun")
    takes_one = any(isinstance(each, click.Argument) and each.name == "noun" for each in ctx.command.params)
    kinds = (noun,) if noun else () if takes_one else (*_SUBJECTS, "role", "grade", "deployment")
    return _find(ctx, kinds, incomplete)


def _find_places(ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """A service, and then after the sign the host that it goes to."""
    service, sign, host = incomplete.partition("=")
    if sign:
        return [CompletionItem(f"{service}={each.value}", help=each.help) for each in _find(ctx, ("host",), host)]
    return [CompletionItem(f"{each.value}=", help=each.help) for each in _find(ctx, ("service",), service)]


def _find(ctx: click.Context, kinds: tuple[str, ...], incomplete: str) -> list[CompletionItem[str]]:
    """Nobody who presses Tab wants to read of a fault: then there is nothing."""
    try:
        return list(_look(ctx, kinds, incomplete))
    except Exception:  # noqa: BLE001 — whatever is wrong will be told when the command is run
        return []


def _look(ctx: click.Context, kinds: tuple[str, ...], incomplete: str) -> Iterator[CompletionItem[str]]:
    if not _has_database():
        return
    from larry.cli.session import open_session

    session = open_session()
    _be_gentle()

    from larry.queries.address import list_addresses

    for kind in kinds:
        within = _said_before(ctx, kind)
        found = list_addresses(kind, incomplete, session.reader, session.at(None), within=within, limit=MOST)
        for each in found:
            yield CompletionItem(each.address, help=" ".join(each.about.split()))


def _said_before(ctx: click.Context, kind: str) -> str | None:
    """The one instance or service that was named before, if any; arguments are not yet sorted before an open option."""
    for name in _WITHIN.get(kind, ()):
        said = ctx.params.get(name)
        values = (said,) if isinstance(said, str) else tuple(said or ctx.args)
        if len(values) == 1:
            return str(values[0])
    return None


def _has_database() -> bool:
    """Whether there is one to ask, found out without making a folder or a key for it."""
    if _SETTINGS in sys.modules:
        return True
    for name, value in _NO_SECRET.items():
        os.environ.setdefault(name, value)
    database = importlib.import_module("larry.site.configuration").read_configuration(os.environ).database
    return bool(database.kind != "sqlite" or database.path.exists())


def _be_gentle() -> None:
    """Read only, and give up at once rather than wait for anybody: a person is waiting for a key to answer."""
    from django.db import connection

    if connection.connection is not None:
        return
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "sqlite":
        options.update(timeout=0.2, init_command="PRAGMA query_only=ON")
    else:
        patience = "-c lock_timeout=200 -c statement_timeout=1000 -c default_transaction_read_only=on"
        options.update(connect_timeout=2, options=patience)
