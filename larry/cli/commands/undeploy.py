"""`larry undeploy`: end deployments."""

from __future__ import annotations

import click

from larry.cli.change import print_plan, refused_plan_printed
from larry.cli.option import act_options, expect_option, require_reason
from larry.cli.session import open_session


@click.command()
@click.argument("deployments", nargs=-1, required=True, metavar="DEPLOYMENT...")
@click.option("--at", "at", metavar="T", help="End them then; now unless given.")
@expect_option
@act_options
def undeploy(
    *, deployments: tuple[str, ...], at: str | None, expect: str | None, reason: str | None, dry_run: bool, form: str
) -> int:
    """End each DEPLOYMENT (an id from `larry deployments`), now or at a moment. What has not begun is deactivated.

    \b
    Examples:
      larry undeploy k3hq7d2mzv4xa --reason "the trial is over"
      larry undeploy k3hq7d2mzv4xa --at 2026-12-31 --dry-run
    """
    require_reason(reason, dry_run=dry_run)
    session = open_session()
    moment = session.find_moment(at, "--at")

    from larry.actions.undeploy import undeploy as act

    with refused_plan_printed(form):
        plan = session.call(act)(deployments, session.author(reason), at=moment, expect=expect, dry_run=dry_run)
    return print_plan(plan, form, dry_run=dry_run)
