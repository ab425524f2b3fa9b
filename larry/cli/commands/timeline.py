"""`larry timeline`: the interval map of what was, is and will be live."""

from __future__ import annotations

import click

from larry.cli.option import as_of_option
from larry.cli.picture_option import link_option, refuse_unsafe_prefix
from larry.cli.session import Session, open_session
from larry.core.interval import EndsBeforeItStarts
from larry.core.moment_text import show_moment

KINDS = ("host", "instance", "customer", "pool")


@click.command()
@click.argument("subject", metavar="HOST|INSTANCE|CUSTOMER|POOL")
@click.option("--kind", type=click.Choice(KINDS), help="Which is meant, where a name may be several.")
@click.option("--format", "form", type=click.Choice(("svg", "json")), default="svg", show_default=True)
@click.option("--from", "since", metavar="T", help="Where the map begins; else all that was has room.")
@click.option("--until", metavar="T", help="Where the map ends; else all that is planned has room.")
@click.option("--width", type=click.IntRange(320, 10_000), default=1200, show_default=True, help="Pixels, of the SVG.")
@link_option
@as_of_option
def timeline(
    *,
    subject: str,
    kind: str | None,
    form: str,
    since: str | None,
    until: str | None,
    width: int,
    link_prefix: str,
    as_of: str | None,
) -> None:
    """Print the interval map of a HOST (a lane for each instance), of an INSTANCE (a lane for each host), of a CUSTOMER
    (a lane for each instance) or of a POOL (a lane for each host). Deactivated deployments are left out.

    \b
    Examples:
      larry timeline web1.example.com > web1.svg
      larry timeline acme/shop/production --from 2026-12-01 --until 2027-01-01 > december.svg
      larry timeline acme --as-of 2026-12-24 --width 800 > acme.svg
      larry timeline production --kind pool --format json
    """
    refuse_unsafe_prefix(link_prefix)
    session = open_session()

    from larry.exports import interval_json, interval_svg
    from larry.queries.interval_map import get_interval_map
    from larry.queries.subject import find_subject

    at = session.at(as_of)
    start, end = session.find_moment(since, "--from"), session.find_moment(until, "--until")
    found = find_subject(subject, (kind,) if kind else KINDS, session.reader, at)
    try:
        interval_map = get_interval_map(*found, session.reader, at, since=start, until=end)
    except EndsBeforeItStarts as fault:
        raise click.BadParameter(str(fault), param_hint="--until") from None
    if form == "json":
        click.echo(interval_json.render(interval_map, prefix=link_prefix), nl=False)
        return
    name = "now" if as_of is None else f"as of {_spell(session, as_of)}"
    drawn = interval_svg.render(interval_map, zone=session.zone, width=width, now_name=name, prefix=link_prefix)
    click.echo(drawn, nl=False)


def _spell(session: Session, as_of: str) -> str:
    moment = session.at(as_of).as_of
    return show_moment(moment.replace(second=0, microsecond=0), session.zone)
