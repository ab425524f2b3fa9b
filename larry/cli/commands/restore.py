"""`larry restore`: the database as a backup says it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from larry.cli.option import reason_option
from larry.cli.session import Session, open_session
from larry.core.document import Json

if TYPE_CHECKING:
    from larry.outside.backup_file import BackupFile


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", is_flag=True, help="Read FILE to its end, hold it against its digests, and change nothing.")
@click.option(
    "--replace", is_flag=True, help="Overwrite a database that is not empty, and keep what it held in a file."
)
@click.option("--yes", is_flag=True, help="With --replace: do not ask.")
@click.option("--without-keys", is_flag=True, help="Even if no key of this Larry opens the secrets.")
@reason_option
def restore(
    *, file: Path, check: bool, replace: bool, yes: bool, without_keys: bool, reason: str | None
) -> None:  # fmt: skip
    """Fill an empty database with what FILE holds, on SQLite or PostgreSQL, whichever it came from. A damaged file is
    refused before anything is changed; what was written is read back and held against the digests in the file. A backup
    of an older Larry is upgraded.

    \b
    Examples:
      larry restore /var/backups/larry.backup --check
      larry restore /var/backups/larry.backup --reason "the disk of db1 died"
      larry restore yesterday.backup --replace --reason "back to yesterday"
    """
    session = open_session(needs_database=False)

    from larry.outside.backup_file import open_backup

    opened = open_backup(file)
    try:
        if check:
            _check(file, opened)
            return
        _restore(session, opened, reason, replace=replace, yes=yes, without_keys=without_keys)
    finally:
        opened.close()


def _check(file: Path, opened: BackupFile) -> None:
    from larry.core.backup import read_tables

    rows = 0
    for table in read_tables(opened.read_lines()):
        found = sum(1 for _ in table.rows)
        rows += found
        click.echo(f"{found:>10}  {table.name}")
    head = opened.head
    click.echo(
        f"{rows:>10}  rows in all: {file} is whole, made {head.made_at} by Larry {head.larry} on {head.database}"
    )
    if head.keys:
        click.echo(f"its secrets are sealed with {', '.join(head.keys)}")


def _restore(
    session: Session, opened: BackupFile, reason: str | None, *, replace: bool, yes: bool, without_keys: bool
) -> None:  # fmt: skip
    from django.conf import settings

    from larry.actions.restore import restore as restore_estate

    kept = settings.LARRY.home / f"before-restore-{session.now:%Y%m%dT%H%M%S}Z.backup"
    if replace and not yes:
        question = "This overwrites all that the database holds"
        click.confirm(f"{question}, which is kept in {kept}. Go on?", abort=True, err=True)

    def keep(lines: Iterator[Json]) -> None:
        from larry.core.backup import read_head
        from larry.outside.backup_file import replace_backup

        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_backup(kept, read_head(next(lines)), lines)
        click.echo(f"what was there is kept in {kept}", err=True)

    done = restore_estate(
        opened.head, opened.read_lines(), session.author(reason), keep=keep if replace else None,
        without_keys=without_keys,
    )  # fmt: skip
    upgraded = ", and were upgraded to the schema of this version" if done.was_upgraded else ""
    click.echo(f"{done.rows} rows of {done.tables} tables are as they were at {opened.head.made_at}{upgraded}")
