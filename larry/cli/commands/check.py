"""`larry check`: strange situations, before they surprise somebody."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from larry.cli.option import as_of_option, listing_option
from larry.cli.printing import Column, print_listing
from larry.cli.progress import CLOSURES_WORTH_A_BAR, progress_shown
from larry.cli.session import open_session

if TYPE_CHECKING:
    from larry.core.situation import Situation

STRANGE = 3
_MARKED = MappingProxyType(
    {
        "uncovered": "uncovered",
        "role_left": "uncovered",
        "dirty": "dirty",
        "guard_missing": "conflict",
        "migration": "conflict",
        "parameter_missing": "conflict",
        "parameter_of_wrong_type": "conflict",
    }
)


@click.command()
@as_of_option
@listing_option
def check(*, as_of: str | None, form: str) -> int:
    """Look for strange situations: missing guards of the database, uncovered audits, dirty instances, missing and
    unknown
    parameters, fewer copies than wanted, customers and apps of which nothing is live, idle hosts, deployments that end
    within a week with nothing after, roles that audits did not follow. Exit code 3 if there are any.

    \b
    Examples:
      larry check
      larry check --as-of +7d --format json
    """
    session = open_session()

    from larry.queries.situation import list_situations

    with progress_shown(form, least=CLOSURES_WORTH_A_BAR) as progress:
        found = session.call(list_situations)(session.reader, session.at(as_of), track=progress.track)
    columns: tuple[Column[Situation], ...] = (
        Column("what", lambda each: each.code, state=lambda each: _MARKED.get(each.code)),
        Column("about", lambda each: f"{each.noun} {each.address}"),
        Column("", lambda each: each.text),
    )
    print_listing(found, columns, lambda row: row.document, form, nothing="nothing is strange")
    return STRANGE if found else 0
