"""`larry import`: many nouns of one sort at once, from CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.estate_argument import read_one_file
from larry.cli.noun_argument import noun_argument
from larry.cli.option import act_options, expect_option
from larry.cli.progress import progress_shown
from larry.cli.session import Session, open_session

if TYPE_CHECKING:
    from larry.actions.apply import EstateChange
    from larry.actions.author import Author


@click.command("import")
@noun_argument
@click.argument("file", metavar="FILE.csv")
@expect_option
@act_options
def import_nouns(*, noun: str, file: str, expect: str | None, reason: str | None, dry_run: bool, form: str) -> None:
    """Create and change nouns of one sort from CSV: a line of field names, then one noun a line. An empty cell leaves a
    field as it is. Lists are written a;b, maps a=1;b=2, anything deeper as JSON. All or nothing. FILE may be - for
    standard input.

    What `larry list NOUN --format csv` writes is read as it is.

    \b
    Examples:
      larry import hosts hosts.csv --dry-run
      larry import hosts hosts.csv --reason "the new racks"
      larry list hosts --format csv | sed 's/old.example/new.example/' | larry import hosts - --dry-run
      printf 'name,was\\nweb7.example.com,web1.example.com\\n' | larry import hosts -
    """
    name, content = read_one_file(file)
    session = open_session()

    from larry.cli.change import print_change

    change = _act(noun, name, content, session, session.author(reason), dry_run=dry_run, expect=expect)
    print_change(change, form, dry_run=dry_run)


def _act(
    noun: str, file: str, content: bytes, session: Session, author: Author, *, dry_run: bool, expect: str | None
) -> EstateChange:
    from larry.actions.apply import apply
    from larry.nouns.csv_text import parse_csv
    from larry.nouns.table import NOUNS
    from larry.queries.noun import get_estate

    with progress_shown(content.count(b"\n")) as progress:
        items = parse_csv(
            NOUNS[noun],
            file,
            content,
            track=lambda rows: progress.track(rows, f"reading {NOUNS[noun].plural}"),
            existing=lambda: get_estate(session.reader, session.at(None)),
        )
        progress.wait("changing the estate")
        return apply(items, author, dry_run=dry_run, expect=expect)
