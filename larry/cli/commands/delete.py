"""`larry delete`: take planned deployments back before they begin."""

from __future__ import annotations

import click

from larry.cli.change import print_plan, refused_plan_printed
from larry.cli.option import act_options, expect_option, require_reason
from larry.cli.session import open_session


@click.command()
@click.argument("deployments", nargs=-1, required=True, metavar="DEPLOYMENT...")
@expect_option
@act_options
def delete(*, deployments: tuple[str, ...], expect: str | None, reason: str | None, dry_run: bool, form: str) -> int:
    """Delete each DEPLOYMENT (an id from `larry deployments`) that has not begun, with its services. What has begun can
    only be ended: see `larry undeploy`.

    \b
    Examples:
      larry delete k3hq7d2mzv4xa --reason "planned on the wrong host"
      larry delete k3hq7d2mzv4xa --dry-run
    """
    require_reason(reason, dry_run=dry_run)
    session = open_session()

    from larry.actions.edit_deployment import delete_deployments as act

    with refused_plan_printed(form):
        plan = session.call(act)(deployments, session.author(reason), expect=expect, dry_run=dry_run)
    return print_plan(plan, form, dry_run=dry_run)
