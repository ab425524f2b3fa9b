"""The options that commands share, each said once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

LISTING_FORMATS = ("table", "json", "yaml", "csv")
DOCUMENT_FORMATS = ("table", "json", "yaml")
ACT_FORMATS = ("text", "json")


def as_of_option(command: F) -> F:
    """``--as-of T``: every reading command has it."""
    about = "As of this moment instead of now, past or future."
    return click.option("--as-of", "as_of", metavar="T", help=about)(command)


def listing_option(command: F) -> F:
    """``--format`` of a listing, as ``form``."""
    return _format(LISTING_FORMATS)(command)


def document_option(command: F) -> F:
    """``--format`` of what is one document, as ``form``."""
    return _format(DOCUMENT_FORMATS)(command)


def reason_option(command: F) -> F:
    """``--reason``, where it may be left out."""
    return click.option("--reason", metavar="TEXT", help="Why; kept with the activity.")(command)


def act_options(command: F) -> F:
    """``--reason``, ``--dry-run`` and ``--format text|json`` of a writing command."""
    dry = click.option("--dry-run", is_flag=True, help="Print the Plan and change nothing.")
    return reason_option(dry(_format(ACT_FORMATS)(command)))


def from_option(command: F) -> F:
    """``--from DIR``: read a published tree, as ``folder``, instead of the database."""
    folder = click.Path(path_type=Path, exists=True, file_okay=False)
    about = "Read what was published to DIR, instead of the database."
    return click.option("--from", "folder", type=folder, metavar="DIR", help=about)(command)


def expect_option(command: F) -> F:
    """``--expect PLAN``: act only if the Plan is still the one that was shown."""
    about = "Act only if the Plan still has this digest; otherwise print the new one and change nothing."
    return click.option("--expect", metavar="PLAN", help=about)(command)


def require_reason(reason: str | None, *, dry_run: bool) -> None:
    """Wrong usage when a deployment is to be made without a reason."""
    if not dry_run and not (reason or "").strip():
        raise click.UsageError('a deployment needs a reason: add --reason "why", or --dry-run to see the Plan first')


def _format(choices: tuple[str, ...]) -> Callable[[F], F]:
    return click.option("--format", "form", type=click.Choice(choices), default=choices[0], show_default=True)
