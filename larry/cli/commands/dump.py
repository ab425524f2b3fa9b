"""`larry dump`: the estate as files that `larry plan` finds no change in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from larry.cli.option import as_of_option
from larry.cli.output_file import put_file, replace_file
from larry.cli.progress import progress_shown
from larry.cli.session import Session, open_session
from larry.outside.half_file import clear_dead_halves

if TYPE_CHECKING:
    from larry.core.document import Json
    from larry.core.track import Track
    from larry.nouns.item import Item

FORMATS = ("yaml", "json")


@click.command()
@click.option("--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True)
@click.option("--output", metavar="FILE|FOLDER", help="Replace this file, or the files of this folder (ends with /).")
@click.option("--with-deployments", is_flag=True, help="Also what is, was and will be live, for an estate elsewhere.")
@as_of_option
def dump(*, form: str, output: str | None, with_deployments: bool, as_of: str | None) -> None:
    """Write the whole estate as an estate file. What equals its default is left out; secrets are their seals, which
    stand for what is there already.

    In a folder each section and each customer has a file of its own; files of an earlier dump that are no longer true
    are removed.

    \b
    Examples:
      larry dump --output estate.yaml
      larry dump --output estate/
      larry dump --format json | jq '.hosts[].name'
      larry dump | larry plan -
    """
    in_folder = output is not None and (output.endswith(os.sep) or Path(output).is_dir())
    if in_folder and form != FORMATS[0]:
        raise click.UsageError("an estate in a folder is YAML: leave --format out, or name a file")
    session = open_session()
    items, deployments = _read_estate(session, as_of, with_deployments=with_deployments)

    from larry.exports.estate import write_estate, write_estate_folder, write_estate_json

    if output is not None and in_folder:
        with progress_shown() as progress:
            _write_folder(Path(output), write_estate_folder(items, deployments), progress.track)
        return
    text = (write_estate if form == FORMATS[0] else write_estate_json)(items, deployments)
    _warn_of_size("this", text)
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(Path(output), text)


def _read_estate(
    session: Session, as_of: str | None, *, with_deployments: bool
) -> tuple[Sequence[Item], list[Mapping[str, Json]]]:
    """All nouns, and the deployments of those that have not retired, from one state of the database."""
    from larry.queries.deployment import DeploymentFilter, list_deployments
    from larry.queries.noun import get_estate
    from larry.queries.view import read_view

    at = session.at(as_of)
    with session.call(read_view)():
        estate = session.call(get_estate)(session.reader, at)
        listed = session.call(list_deployments)
        rows = listed(DeploymentFilter(), session.reader, at) if with_deployments else ()
    session.say_as_now("nouns", as_of)
    stated: list[Mapping[str, Json]] = [
        row.stated for row in rows if ("instance", row.instance) in estate and ("host", row.host) in estate
    ]
    if len(stated) < len(rows):
        left_out = len(rows) - len(stated)
        click.echo(f"note: {left_out} deployments of what has retired are left out", err=True)
    return tuple(estate.values()), stated


def _write_folder(folder: Path, files: Mapping[str, str], track: Track) -> None:
    from larry.exports.estate import is_estate_file_name

    folder.mkdir(parents=True, exist_ok=True)
    clear_dead_halves((folder / name).resolve() for name in files)
    for name, text in track(tuple(files.items()), "writing files"):
        _warn_of_size(name, text)
        put_file(folder / name, text)
    for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        if file.name in files:
            continue
        if is_estate_file_name(file.name) and file.read_bytes().startswith(b"larry: 1\n"):
            file.unlink()
            click.echo(f"note: {file} is no longer true, and has been removed", err=True)
        else:
            click.echo(f"note: {file} is none of Larry's; `larry plan {folder}` will read it too", err=True)


def _warn_of_size(what: str, text: str) -> None:
    from larry.nouns.yaml_text import LARGEST_FILE

    size = len(text.encode())
    if size > LARGEST_FILE:
        hint = "write a folder with --output FOLDER/" if what == "this" else "divide it by hand"
        click.echo(f"note: {what} has {size} bytes, and files of at most {LARGEST_FILE} are read: {hint}", err=True)
