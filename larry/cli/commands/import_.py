"""`larry import`: many nouns of one sort at once, from CSV; and services, from the classes and roles of tools, or
from an index of packages.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from larry.cli.claim_source import CLAIM_SOURCES
from larry.cli.estate_argument import read_one_file
from larry.cli.noun_argument import NounArgument
from larry.cli.option import act_options, expect_option
from larry.cli.package_source import DEBIAN_PACKAGES, tell_packages
from larry.cli.progress import progress_shown
from larry.cli.session import open_session

if TYPE_CHECKING:
    from larry.nouns.claim import ToolClaim


_SOURCES = (*CLAIM_SOURCES, DEBIAN_PACKAGES)


class SortArgument(NounArgument):
    """A noun, a sort of claims, or packages."""

    name = "sort"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value) if value in _SOURCES else super().convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        nouns = super().shell_complete(ctx, param, incomplete)
        return [*nouns, *(CompletionItem(each) for each in _SOURCES if each.startswith(incomplete))]


@click.command("import")
@click.argument("noun", type=SortArgument(), metavar="NOUN")
@click.argument("file", metavar="FILE")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Of classes or roles: only this one. Of packages: this one and all it needs. More than once.",
)
@click.option("--check", is_flag=True, help="Of classes or roles: hold the services there are against them; exit 3.")
@click.option("--output", metavar="FOLDER", help="Of packages: write files into this folder instead of printing one.")
@expect_option
@act_options
def import_nouns(*, noun: str, file: str, only: tuple[str, ...], check: bool, output: str | None, **act: Any) -> None:
    """Create and change nouns of one sort from CSV: a line of field names, then one noun a line. An empty cell leaves a
    field as it is. Lists are written a;b, maps a=1;b=2, anything deeper as JSON. All or nothing. FILE may be - for
    standard input.

    What `larry list NOUN --format csv` writes is read as it is.

    NOUN may also be puppet-classes or ansible-roles, and FILE a folder of modules or roles. Then services that stand
    for them are printed as an estate file, with every parameter, its type and default; nothing is changed.

    Or NOUN is debian-packages, and FILE an index of packages as apt keeps them in /var/lib/apt/lists, packed or not.
    Then services with the needs of the packages are printed.

    \b
    Examples:
      larry import hosts hosts.csv --dry-run
      larry import hosts hosts.csv --reason "the new racks"
      larry list hosts --format csv | sed 's/old.example/new.example/' | larry import hosts - --dry-run
      larry import puppet-classes /etc/puppet/code/modules --only ntp | larry plan -
      larry import ansible-roles roles --check
      larry import debian-packages Packages.xz --only nginx | larry plan -
      printf 'name,was\\nweb7.example.com,web1.example.com\\n' | larry import hosts -
    """
    if noun == DEBIAN_PACKAGES and not check:
        tell_packages(file, only, output)
    elif output is not None:
        raise click.UsageError(f"--output is for {DEBIAN_PACKAGES}")
    elif noun in CLAIM_SOURCES:
        _tell_claims(noun, Path(file), frozenset(only), check=check)
    elif only or check:
        raise click.UsageError(f"--check is for {' and '.join(CLAIM_SOURCES)}, --only for these and {DEBIAN_PACKAGES}")
    else:
        _import(noun, file, **act)


def _import(noun: str, file: str, *, expect: str | None, reason: str | None, dry_run: bool, form: str) -> None:
    name, content = read_one_file(file)
    session = open_session()

    from larry.actions.state_files import state_table
    from larry.cli.change import print_change

    with progress_shown(form, size=content.count(b"\n")) as progress:
        change = session.call(state_table)(
            noun, (name, content), session.author(reason), dry_run=dry_run, expect=expect, track=progress.track,
            tell=progress.wait,
        )  # fmt: skip
    print_change(change, form, dry_run=dry_run)


def _tell_claims(sort: str, path: Path, only: frozenset[str], *, check: bool) -> None:
    """Print services that stand for what is claimed, or hold those there are against it."""
    if not path.exists():
        raise click.UsageError(f"there is no {path}")
    claims = list(CLAIM_SOURCES[sort](path))
    unknown = only - {claim.name for claim in claims}
    if unknown:
        raise click.UsageError(f"{path} has no {', '.join(sorted(unknown))}")
    chosen = [claim for claim in claims if not only or claim.name in only]
    if check:
        _check_claims(chosen if only else claims)
        return
    from larry.cli.printing import yaml_text
    from larry.nouns.claim import propose_service

    proposed = [propose_service(claim) for claim in chosen]
    for line in (line for _, lines in proposed for line in lines):
        click.echo(f"larry: {line}", err=True)
    click.echo(yaml_text({"larry": 1, "services": [service for service, _ in proposed]}), nl=False)


def _check_claims(claims: list[ToolClaim]) -> None:
    session = open_session()

    from larry.nouns.claim import check_claims
    from larry.queries.noun import list_items

    faults = list(check_claims(claims, session.call(list_items)("service", session.reader, session.at(None))))
    for service, fault in faults:
        click.echo(f"service {service}: {fault}")
    if faults:
        raise click.exceptions.Exit(3)
    click.echo("every service that names one of them agrees with it")
