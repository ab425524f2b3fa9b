"""`larry plan` and `larry apply`: the estate as files say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.estate_argument import read_files
from larry.cli.option import ACT_FORMATS, act_options, expect_option
from larry.cli.session import open_session

if TYPE_CHECKING:
    from larry.nouns.item import Item

THERE_ARE_CHANGES = 3

files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")


@click.command()
@files_argument
@click.option("--format", "form", type=click.Choice(ACT_FORMATS), default=ACT_FORMATS[0], show_default=True)
def plan(*, files: tuple[str, ...], form: str) -> int:
    """Show what estate files would change. Exit code 0 for no change, 3 for changes. A FILE may be a folder of *.yaml,
    or - for standard input.

    \b
    Examples:
      larry plan estate.yaml
      larry plan estate/ --format json
      generate-estate | larry plan -
    """
    contents = read_files(files)
    session = open_session()
    items = _parse(contents)

    from larry.actions.apply import apply as act
    from larry.cli.change import print_change

    change = act(items, session.author(None), dry_run=True)
    print_change(change, form, dry_run=True)
    return 0 if change.changes_nothing else THERE_ARE_CHANGES


@click.command()
@files_argument
@click.option("--with-deployments", is_flag=True, help="Also what the files say is deployed (not there yet).")
@expect_option
@act_options
def apply(
    *,
    files: tuple[str, ...],
    with_deployments: bool,
    expect: str | None,
    reason: str | None,
    dry_run: bool,
    form: str,
) -> None:
    """Change the estate to what files say, in one transaction. What they do not mention stays as it is.

    What is live stays as it is, too: instances that the change touches become dirty until they are deployed again.

    \b
    Examples:
      larry apply estate.yaml --reason "the new customer"
      larry apply estate/ --dry-run
      generate-estate | larry apply -
    """
    if with_deployments:
        raise click.ClickException("--with-deployments is not there yet: apply the estate, then use `larry deploy`")
    contents = read_files(files)
    session = open_session()
    items = _parse(contents)

    from larry.actions.apply import apply as act
    from larry.cli.change import print_change

    change = act(items, session.author(reason), dry_run=dry_run, expect=expect)
    print_change(change, form, dry_run=dry_run)


def _parse(contents: tuple[tuple[str, bytes], ...]) -> tuple[Item, ...]:
    from larry.nouns.estate import parse_estate

    estate = parse_estate(contents)
    if estate.deployments:
        count = len(estate.deployments)
        click.echo(f"note: {count} deployments in the files are left aside; use `larry deploy`", err=True)
    return estate.items
