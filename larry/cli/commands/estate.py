"""`larry plan` and `larry apply`: the estate as files say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from larry.cli.estate_argument import read_files
from larry.cli.option import ACT_FORMATS, act_options, expect_option
from larry.cli.progress import progress_shown
from larry.cli.session import Session, open_session
from larry.core.moment_text import NotAMoment, read_moment

if TYPE_CHECKING:
    from larry.actions.adopt import Adopted, Stated
    from larry.nouns.deployment import DeploymentLine
    from larry.nouns.estate_file import StatedEstate
    from larry.nouns.item import Item

THERE_ARE_CHANGES = 3

files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")
prune_option = click.option("--prune", is_flag=True, help="What the files do not mention retires.")
with_deployments_option = click.option(
    "--with-deployments", is_flag=True, help="Also put in place what the files say is deployed, its past included."
)


@click.command()
@files_argument
@prune_option
@with_deployments_option
@click.option("--format", "form", type=click.Choice(ACT_FORMATS), default=ACT_FORMATS[0], show_default=True)
def plan(*, files: tuple[str, ...], prune: bool, with_deployments: bool, form: str) -> int:
    """Show what estate files would change. Exit code 0 for no change, 3 for changes. A FILE may be a folder of *.yaml,
    or - for standard input.

    \b
    Examples:
      larry plan estate.yaml
      larry plan estate/ --prune --format json
      generate-estate | larry plan -
    """
    contents = read_files(files)
    session = open_session()

    from larry.actions.apply import apply as act
    from larry.cli.change import print_change

    estate = _read(contents, session, form, with_deployments=with_deployments)
    if with_deployments:
        adopted = _adopt(estate, session, None, prune=prune, dry_run=True, form=form)
        return 0 if adopted.changes_nothing else THERE_ARE_CHANGES
    with progress_shown(form, size=len(estate.items)) as progress:
        progress.wait("finding out what would change")
        change = act(estate.items, session.author(None), prune=prune, dry_run=True)
    print_change(change, form, dry_run=True)
    return 0 if change.changes_nothing else THERE_ARE_CHANGES


@click.command()
@files_argument
@prune_option
@with_deployments_option
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
    """
    if how["with_deployments"] and expect is not None:
        raise click.UsageError("--expect and --with-deployments do not go together")
    contents = read_files(files)
    session = open_session()

    from larry.actions.apply import apply as act
    from larry.cli.change import print_change

    estate = _read(contents, session, form, with_deployments=how["with_deployments"])
    if how["with_deployments"]:
        _adopt(estate, session, reason, prune=how["prune"], dry_run=dry_run, form=form)
        return
    with progress_shown(form, size=len(estate.items)) as progress:
        progress.wait("changing the estate")
        change = act(estate.items, session.author(reason), prune=how["prune"], dry_run=dry_run, expect=expect)
    print_change(change, form, dry_run=dry_run)


def _read(
    contents: Sequence[tuple[str, bytes]], session: Session, form: str, *, with_deployments: bool
) -> StatedEstate:
    """The nouns as stated: `apply` completes them in its transaction. Deployments with references resolved."""
    from larry.nouns.estate import parse_estate, resolve_deployments
    from larry.queries.noun import get_estate

    def existing() -> Mapping[tuple[str, str], Item]:
        return get_estate(session.reader, session.at(None))

    with progress_shown(form, size=sum(content.count(b"\n") for _, content in contents)) as progress:
        progress.wait("reading the files")
        estate = parse_estate(contents, existing=existing)
    if estate.deployments:
        estate = replace(estate, deployments=resolve_deployments(estate, existing(), contents))
    if estate.deployments and not with_deployments:
        count = len(estate.deployments)
        text = f"note: {count} deployments in the files are left aside; --with-deployments puts them in place"
        click.echo(text, err=True)
    return estate


def _adopt(
    estate: StatedEstate, session: Session, reason: str | None, *, prune: bool, dry_run: bool, form: str
) -> Adopted:
    from larry.actions.adopt import adopt
    from larry.cli.change import print_adopted

    stated = _stated(estate.deployments, session)
    with progress_shown(form, size=len(estate.items) + len(stated)) as progress:
        adopted = adopt(
            estate.items, stated, session.author(reason or "adopted"), prune=prune, dry_run=dry_run,
            track=progress.track,
        )  # fmt: skip
    print_adopted(adopted, form, dry_run=dry_run)
    return adopted


def _stated(lines: Sequence[DeploymentLine], session: Session) -> list[Stated]:
    """Lines of files with their moments put into the time zone of the settings; every wrong one in one answer."""
    from larry.actions.adopt import Stated
    from larry.nouns.estate import EstateFaults
    from larry.nouns.fault import Fault

    stated: list[Stated] = []
    faults: list[Fault] = []
    for line in lines:
        try:
            start = read_moment(line.start, now=session.now, zone=session.zone)
            end = read_moment(line.end, now=session.now, zone=session.zone) if line.end is not None else None
        except NotAMoment as fault:
            faults.append(Fault(str(fault), subject="deployment", position=line.position))
            continue
        stated.append(Stated(line.instance, line.host, start, end, line.reason))
    if faults:
        raise EstateFaults(faults)
    return stated
