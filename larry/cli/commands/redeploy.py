"""`larry redeploy`: what is live, as it is described now."""

from __future__ import annotations

from typing import Any

import click

from larry.cli.change import print_plan, refused_plan_printed
from larry.cli.option import act_options, expect_option, require_reason
from larry.cli.progress import CLOSURES_WORTH_A_BAR, progress_shown
from larry.cli.session import open_session


@click.command()
@click.argument("instances", nargs=-1, metavar="[INSTANCE]...")
@click.option("--dirty", is_flag=True, help="All instances that are dirty at T: edited since they were deployed.")
@click.option("--customer", metavar="C", help="With --dirty: only those of this customer.")
@click.option("--cause", type=int, metavar="ID", help="With --dirty: only those that this activity made so.")
@click.option("--also-clean", is_flag=True, help="Also what is as it is described: auditors without a host find one.")
@click.option("--start", metavar="T", help="From then on; now unless given.")
@expect_option
@act_options
def redeploy(
    *,
    instances: tuple[str, ...],
    dirty: bool,
    start: str | None,
    expect: str | None,
    reason: str | None,
    dry_run: bool,
    form: str,
    **which: Any,
) -> int:
    """Take new snapshots, and deploy them where the old ones are live, ends kept: one rollout.

    \b
    Examples:
      larry redeploy acme/shop/production --dry-run
      larry redeploy acme/shop/production --also-clean --reason "monitoring has a host now"
      larry redeploy --dirty --customer acme --start 2026-12-01T03:00 --reason "the new mail relay"
    """
    customer, cause = which["customer"], which["cause"]
    if bool(instances) is dirty:
        raise click.UsageError("name instances, or say --dirty for all that were edited since they were deployed")
    if (customer is not None or cause is not None) and not dirty:
        raise click.UsageError("--customer and --cause belong to --dirty")
    require_reason(reason, dry_run=dry_run)
    session = open_session()
    moment = session.find_moment(start, "--start")

    from larry.actions.deploy import settle_moment
    from larry.actions.redeploy import redeploy as act
    from larry.queries.dirty import list_dirty_causes
    from larry.queries.moment import Moment

    how: dict[str, Any] = {"start": moment, "also_clean": which["also_clean"], "expect": expect, "dry_run": dry_run}
    with refused_plan_printed(form), progress_shown(form, least=CLOSURES_WORTH_A_BAR) as progress:
        if dirty:
            at = Moment(settle_moment(moment, session.now))
            found = session.call(list_dirty_causes)(
                session.reader, at, customer=customer, activity=cause, track=progress.track
            )
            instances = tuple(each.path for each in found)
        if not instances:
            click.echo("nothing is dirty", err=True)
            return 0
        plan = session.call(act)(instances, session.author(reason), track=progress.track, **how)
    return print_plan(plan, form, dry_run=dry_run)
