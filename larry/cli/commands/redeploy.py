"""`larry redeploy`: what is live, as it is described now."""

from __future__ import annotations

import click

from larry.cli.change import print_plan, refused_plan_printed
from larry.cli.option import act_options, expect_option, require_reason
from larry.cli.session import open_session


@click.command()
@click.argument("instances", nargs=-1, metavar="[INSTANCE]...")
@click.option("--dirty", is_flag=True, help="All instances that were edited since they were deployed.")
@click.option("--customer", metavar="C", help="With --dirty: only those of this customer.")
@click.option("--start", metavar="T", help="From then on; now unless given.")
@expect_option
@act_options
def redeploy(
    *,
    instances: tuple[str, ...],
    dirty: bool,
    customer: str | None,
    start: str | None,
    expect: str | None,
    reason: str | None,
    dry_run: bool,
    form: str,
) -> int:
    """Take new snapshots, and deploy them where the old ones are live, ends kept: one rollout.

    \b
    Examples:
      larry redeploy acme/shop/production --dry-run
      larry redeploy --dirty --customer acme --start 2026-12-01T03:00 --reason "the new mail relay"
    """
    if bool(instances) is dirty:
        raise click.UsageError("name instances, or say --dirty for all that were edited since they were deployed")
    if customer is not None and not dirty:
        raise click.UsageError("--customer belongs to --dirty")
    require_reason(reason, dry_run=dry_run)
    session = open_session()
    moment = session.find_moment(start, "--start")

    from larry.actions.redeploy import redeploy as act
    from larry.queries.instance import list_dirty

    if dirty:
        found = list_dirty(session.reader, session.at(None))
        instances = tuple(path for path in found if customer is None or path.startswith(f"{customer.lower()}/"))
        if not instances:
            click.echo("nothing is dirty", err=True)
            return 0
    with refused_plan_printed(form):
        plan = act(instances, session.author(reason), start=moment, expect=expect, dry_run=dry_run)
    return print_plan(plan, form, dry_run=dry_run)
