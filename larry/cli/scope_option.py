"""The scope of a grant, as options: one customer, app or pool, or everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from larry.actions.grant import GrantRequest

F = TypeVar("F", bound=Callable[..., Any])

ROLES = ("viewer", "reviewer", "planner", "operator", "administrator", "machine")


def grant_options(command: F) -> F:
    """``ROLE`` and ``--customer``, ``--app``, ``--pool``."""
    for option in (
        click.option("--pool", metavar="KEY", help="Only the hosts of this pool, with all that is on them."),
        click.option("--app", metavar="PATH", help="Only this app: customer/app."),
        click.option("--customer", metavar="KEY", help="Only this customer, with all its apps."),
    ):
        command = option(command)
    return click.argument("role", type=click.Choice(ROLES))(command)


def read_grant(to: str, name: str, role: str, said: dict[str, str | None]) -> GrantRequest:
    """What is to be granted; wrong usage when two scopes are given."""
    from larry.actions.grant import GrantRequest
    from larry.core.rights import PersonRole, ScopeKind

    given = [(kind, address) for kind, address in said.items() if address]
    if len(given) > 1:
        raise click.UsageError("a grant has one scope: --customer, --app or --pool, or none of them for everything")
    if not given:
        return GrantRequest(to, name, PersonRole(role))
    ((kind, address),) = given
    return GrantRequest(to, name, PersonRole(role), ScopeKind(kind), address or "")


def print_outcome(text: str, form: str, *, dry_run: bool) -> None:
    """What an act about people came to."""
    from larry.cli.printing import print_document, show_plain

    if form == "json":
        print_document({"dry_run": dry_run, "done": text}, "json")
    else:
        click.echo(show_plain(text) + ("; nothing has been changed: this was a dry run" if dry_run else ""))
