"""`larry deploy`: instances onto hosts, as one rollout."""

from __future__ import annotations

import click

from larry.cli.change import print_plan, refused_plan_printed
from larry.cli.option import act_options, expect_option, require_reason
from larry.cli.place import place_option, read_places
from larry.cli.session import open_session


@click.command()
@click.argument("instances", nargs=-1, required=True, metavar="INSTANCE...")
@click.option("--host", "hosts", multiple=True, required=True, metavar="H", help="On this host; may be repeated.")
@click.option("--start", metavar="T", help="Live from then on; now unless given.")
@click.option("--end", metavar="T", help="Live until then; without end unless given.")
@click.option("--snapshot", metavar="DIGEST", help="This snapshot (its first characters will do) instead of a new one.")
@place_option
@click.option("--no-resume", is_flag=True, help="What a bounded deployment interrupts does not go on after it.")
@expect_option
@act_options
def deploy(
    *,
    instances: tuple[str, ...],
    hosts: tuple[str, ...],
    places: tuple[str, ...],
    reason: str | None,
    dry_run: bool,
    form: str,
    **wish: str | bool | None,
) -> int:
    """Deploy each INSTANCE (customer/app/instance) on each host, as one rollout: all or nothing.

    \b
    Examples:
      larry deploy acme/shop/production --host web1.example.com --reason "go live"
      larry deploy acme/shop/production --host web1.example.com --host web2.example.com \\
          --start 2026-12-01T09:00Z --end 2027-01-01 --dry-run
      larry deploy acme/shop/ci --host ci1.example.com --place postgres=db1.example.com --reason "test it"
    """
    require_reason(reason, dry_run=dry_run)
    placed = read_places(places)
    session = open_session()

    from larry.actions import deploy as action

    digest = _text(wish["snapshot"])
    request = action.DeployRequest(
        items=tuple(action.DeployItem(path, hosts, digest, placed) for path in instances),
        start=session.find_moment(_text(wish["start"]), "--start"),
        end=session.find_moment(_text(wish["end"]), "--end"),
        resume=not wish["no_resume"],
        expect=_text(wish["expect"]),
    )
    author = session.author(reason)
    with refused_plan_printed(form):
        act = action.preview_deploy if dry_run else action.deploy
        plan = session.call(act)(request, author)
    return print_plan(plan, form, dry_run=dry_run)


def _text(value: str | bool | None) -> str | None:
    return value if isinstance(value, str) else None
