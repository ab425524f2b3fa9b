"""`larry edit-deployment`: change the times, the host or the places of one deployment."""

from __future__ import annotations

import click

from larry.cli.change import print_plan, refused_plan_printed
from larry.cli.option import act_options, expect_option, require_reason
from larry.cli.place import place_option, read_places
from larry.cli.session import open_session


@click.command("edit-deployment")
@click.argument("deployment")
@click.option("--start", metavar="T", help="It starts then (one that has not begun).")
@click.option("--end", metavar="T", help="It ends then.")
@click.option("--open", "is_open", is_flag=True, help="It has no end any more.")
@click.option("--host", metavar="H", help="It goes to this host (one that has not begun).")
@place_option
@click.option("--no-resume", is_flag=True, help="What it interrupts does not go on after it.")
@expect_option
@act_options
def edit_deployment(
    *,
    deployment: str,
    places: tuple[str, ...],
    reason: str | None,
    dry_run: bool,
    form: str,
    expect: str | None,
    **change: str | bool | None,
) -> int:
    """Change a DEPLOYMENT (an id from `larry deployments`): of a current one the end and the places, else all.

    \b
    Examples:
      larry edit-deployment k3hq7d2mzv4xa --end 2027-01-31 --reason "a month longer"
      larry edit-deployment k3hq7d2mzv4xa --host web2.example.com --dry-run
    """
    start, end, host = (_text(change[name]) for name in ("start", "end", "host"))
    if not (start or end or host or places or change["is_open"]):
        raise click.UsageError("nothing to change: say --start, --end, --open, --host or --place")
    if end is not None and change["is_open"]:
        raise click.UsageError("--end and --open contradict each other")
    require_reason(reason, dry_run=dry_run)
    placed = read_places(places)
    session = open_session()

    from larry.actions.edit_deployment import DeploymentEdit
    from larry.actions.edit_deployment import edit_deployment as act

    asked = DeploymentEdit(
        id=deployment,
        start=session.find_moment(start, "--start"),
        end=session.find_moment(end, "--end"),
        is_open=bool(change["is_open"]),
        host=host,
        place=placed or None,
    )
    with refused_plan_printed(form):
        plan = session.call(act)(
            asked, session.author(reason), resume=not change["no_resume"], expect=expect, dry_run=dry_run
        )
    return print_plan(plan, form, dry_run=dry_run)


def _text(value: str | bool | None) -> str | None:
    return value if isinstance(value, str) else None
