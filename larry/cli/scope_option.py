"""The scope of a grant or of a token, as options: one customer, app or pool, or everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from larry.actions.grant import GrantRequest
    from larry.core.rights import ScopeKind

F = TypeVar("F", bound=Callable[..., Any])

ROLES = ("viewer", "reviewer", "planner", "operator", "administrator", "machine")


def scope_options(command: F) -> F:
    """``--customer``, ``--app``, ``--pool``."""
    for option in (
        click.option("--pool", metavar="KEY", help="Only the hosts of this pool, with all that is on them."),
        click.option("--app", metavar="PATH", help="Only this app: customer/app."),
        click.option("--customer", metavar="KEY", help="Only this customer, with all its apps."),
    ):
        command = option(command)
    return command


def grant_options(command: F) -> F:
    """``ROLE`` and its scope."""
    return click.argument("role", type=click.Choice(ROLES))(scope_options(command))


def read_scope(said: dict[str, str | None]) -> tuple[ScopeKind, str]:
    """Kind and address of what is said; wrong usage when two scopes are given."""
    from larry.core.rights import ScopeKind

    given = [(kind, address) for kind, address in said.items() if address]
    if len(given) > 1:
        raise click.UsageError("there is one scope: --customer, --app or --pool, or none of them for everything")
    return (ScopeKind(given[0][0]), given[0][1] or "") if given else (ScopeKind.EVERYTHING, "")


def read_grant(to: str, name: str, role: str, said: dict[str, str | None]) -> GrantRequest:
    """What is to be granted; wrong usage when two scopes are given."""
    from larry.actions.grant import GrantRequest
    from larry.core.rights import PersonRole

    return GrantRequest(to, name, PersonRole(role), *read_scope(said))


def print_outcome(text: str, form: str, *, dry_run: bool) -> None:
    """What an act about people came to."""
    from larry.cli.printing import print_document, show_plain

    if form == "json":
        print_document({"dry_run": dry_run, "done": text}, "json")
    else:
        click.echo(show_plain(text) + ("; nothing has been changed: this was a dry run" if dry_run else ""))
