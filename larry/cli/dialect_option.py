"""What the commands that print dialects have in common: which dialect, and the folder of files that some have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from larry.exports.dialect import Dialect, RenderFiles


def choose_dialect(name: str) -> Dialect:
    """The dialect that ``--format`` names; wrong usage if there is none."""
    from larry.exports.dialect import UnknownDialect, find_dialect

    try:
        return find_dialect(name)
    except UnknownDialect as fault:
        raise click.BadParameter(str(fault), param_hint="--format") from None


def choose_folder(dialect: Dialect) -> RenderFiles:
    """How the dialect fills a folder; wrong usage when it is one text."""
    from larry.exports.dialect import DIALECTS

    if dialect.render_files is None:
        having = ", ".join(each.name for each in DIALECTS if each.render_files is not None)
        raise click.UsageError(f"{dialect.name} has no folder of files, only {having} have: leave out --into")
    return dialect.render_files


def write_folder(files: Mapping[str, str], into: str) -> None:
    """Write the files into the folder, and say how many changed."""
    from larry.cli.output_file import replace_folder

    changed = replace_folder(Path(into), files)
    click.echo(f"{into}: {len(files)} files, {changed} changed", err=True)
