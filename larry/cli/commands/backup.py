"""`larry backup`: everything in one file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from larry.cli.session import open_session


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
def backup(*, file: Path) -> None:
    """Write all that the database holds at this moment to FILE, or to standard output if FILE is -. Larry may go on
    working meanwhile. A backup that stands there is replaced when the new one is whole and on the disk.

    Secrets are in it as they are in the database, sealed. The keys that open them are not: keep those (keys.toml, or
    LARRY_SECRETS_KEYS) elsewhere, for without them the secrets are lost. Sessions are not in it either.

    \b
    Examples:
      larry backup /var/backups/larry.backup
      larry backup - | ssh backup.example.com 'cat > larry.backup'
    """
    session = open_session()

    from larry.core.backup import read_head
    from larry.outside.backup_file import replace_backup, write_backup
    from larry.queries.backup import list_backup_lines

    lines = list_backup_lines(session.reader, session.at(None))
    head = read_head(next(lines))
    if str(file) == "-":
        write_backup(sys.stdout.buffer, head, lines)
        sys.stdout.buffer.flush()
        return
    sha256 = replace_backup(file, head, lines)
    click.echo(f"{file}: {file.stat().st_size} bytes, as of {head.made_at}, SHA-256 {sha256}")
    if head.keys:
        click.echo(
            f"its secrets are sealed with {', '.join(head.keys)}, which the file does not hold: keep it elsewhere"
        )
