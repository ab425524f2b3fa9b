"""`larry undo`: take a rollout back, as far as it lies in the future."""

from __future__ import annotations

import click

from larry.cli.change import print_plan, refused_plan_printed
from larry.cli.option import act_options, expect_option, require_reason
from larry.cli.session import open_session


@click.command()
@click.argument("rollout", type=click.IntRange(1, 2**63 - 1))
@expect_option
@act_options
def undo(*, rollout: int, expect: str | None, reason: str | None, dry_run: bool, form: str) -> int:
    """Give the lanes of a ROLLOUT (a number from `larry activity`) back, from now on, what they held before it.

    What has passed stays as it was. A rollout that later ones came upon is undone after those.

    \b
    Examples:
      larry undo 17 --dry-run
      larry undo 17 --reason "the new release is broken"
    """
    require_reason(reason, dry_run=dry_run)
    session = open_session()

    from larry.actions.undo import undo as act

    with refused_plan_printed(form):
        plan = session.call(act)(rollout, session.author(reason), expect=expect, dry_run=dry_run)
    return print_plan(plan, form, dry_run=dry_run)
