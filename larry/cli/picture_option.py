"""What the commands that draw have in common: where the links of a picture lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from larry.core.picture import UnsafePrefix, find_href

F = TypeVar("F", bound=Callable[..., Any])


def link_option(command: F) -> F:
    """``--link-prefix``: what stands before the path of every link."""
    about = "What stands before every link's path, such as https://larry.example."
    return click.option("--link-prefix", metavar="URL", default="", help=about)(command)


def refuse_unsafe_prefix(prefix: str) -> None:
    """Wrong usage when the prefix is neither a path nor a web address."""
    try:
        find_href(("hosts",), prefix)
    except UnsafePrefix as fault:
        raise click.BadParameter(str(fault), param_hint="--link-prefix") from None
