"""`larry plan` and `larry apply`: the estate as files say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from larry.cli.estate_argument import LARGEST, read_files
from larry.cli.option import ACT_FORMATS, act_options, expect_option
from larry.cli.progress import progress_shown
from larry.cli.server_option import find_chosen
from larry.cli.session import open_session

if TYPE_CHECKING:
    from larry.actions.state_files import StatedChange

THERE_ARE_CHANGES = 3
MEGABYTE = 2**20
MOST_MEGABYTES = 1024

files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")
prune_option = click.option("--prune", is_flag=True, help="What the files do not mention retires.")
with_deployments_option = click.option(
    "--with-deployments", is_flag=True, help="Also put in place what the files say is deployed, its past included."
)
largest_option = click.option(
    "--largest",
    type=click.IntRange(1, MOST_MEGABYTES),
    metavar="MIB",
    help="Trust the files, and read each of up to so many MiB; else of 8.",
)


@click.command()
@files_argument
@prune_option
@with_deployments_option
@largest_option
@click.option("--format", "form", type=click.Choice(ACT_FORMATS), default=ACT_FORMATS[0], show_default=True)
def plan(*, files: tuple[str, ...], form: str, **how: Any) -> int:
    """Show what estate files would change. Exit code 0 for no change, 3 for changes. A FILE may be a folder of *.yaml,
    or - for standard input.

    \b
    Examples:
      larry plan estate.yaml
      larry plan estate/ --prune --format json
      generate-estate | larry plan -
    """
    done = _state(files, None, form, dry_run=True, **how)
    return 0 if done.changes_nothing else THERE_ARE_CHANGES


@click.command()
@files_argument
@prune_option
@with_deployments_option
@largest_option
@expect_option
@act_options
def apply(
    *, files: tuple[str, ...], expect: str | None, reason: str | None, dry_run: bool, form: str, **how: Any
) -> None:
    """Change the estate to what files say, in one transaction. What they do not mention stays as it is, or retires with
    --prune. What is live stays as it is, too: instances that the change touches become dirty until they are deployed
    again. With --with-deployments an existing estate is adopted: its deployments fill empty time.

    \b
    Examples:
      larry apply estate.yaml --reason "the new customer"
      larry apply estate/ --prune --dry-run
      larry apply found.yaml --with-deployments --reason "the estate as we found it"
      larry apply everything.yaml --largest 64
    """
    if how["with_deployments"] and expect is not None:
        raise click.UsageError("--expect and --with-deployments do not go together")
    _state(files, reason, form, dry_run=dry_run, expect=expect, **how)


def _state(files: Sequence[str], reason: str | None, form: str, *, largest: int | None, **how: Any) -> StatedChange:
    """Make the estate what files say, or find out what that would change; told in the form asked for."""
    if largest is not None:
        if find_chosen() is not None:
            raise click.UsageError("--largest is for a database here: a Larry elsewhere has a limit of its own")
        how["largest"] = largest * MEGABYTE
    contents = read_files(files, max(LARGEST, how.get("largest", 0)))
    session = open_session()

    from larry.actions.state_files import HowStated, state_files
    from larry.cli.change import print_adopted, print_change

    asked = HowStated(session.zone, **how)
    with progress_shown(form, size=sum(content.count(b"\n") for _, content in contents)) as progress:
        act = session.call(state_files)
        done = act(contents, session.author(reason), asked, track=progress.track, tell=progress.wait)
    if done.left_aside:
        text = f"note: {done.left_aside} deployments in the files are left aside; --with-deployments puts them in place"
        click.echo(text, err=True)
    if done.plans is None:
        print_change(done.estate, form, dry_run=asked.dry_run)
    else:
        print_adopted(done, form, dry_run=asked.dry_run)
    return done
