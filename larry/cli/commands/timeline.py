"""`larry timeline`: the interval map of what was, is and will be live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from larry.cli.option import as_of_option
from larry.cli.picture_option import link_option, refuse_unsafe_prefix
from larry.cli.session import open_session
from larry.core.interval import EndsBeforeItStarts
from larry.core.moment_text import show_moment

if TYPE_CHECKING:
    from larry.queries.moment import Moment
    from larry.queries.reader import Reader

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

    asked = AskedTimeline(
        subject,
        kind,
        form,
        session.find_moment(since, "--from"),
        session.find_moment(until, "--until"),
        width,
        link_prefix,
        session.zone,
        as_of is None,
    )
    try:
        text = session.call(draw_timeline)(asked, session.reader, session.at(as_of))
    except EndsBeforeItStarts as fault:
        raise click.BadParameter(str(fault), param_hint="--until") from None
    click.echo(text, nl=False)


@dataclass(frozen=True, slots=True)
class AskedTimeline:
    """What the command was called with; ``zone`` is that of the times in the picture, ``is_now``: of this moment."""

    subject: str
    kind: str | None
    form: str
    since: datetime | None
    until: datetime | None
    width: int
    prefix: str
    zone: ZoneInfo
    is_now: bool


def draw_timeline(asked: AskedTimeline, reader: Reader, at: Moment) -> str:
    """The picture as text: svg or json. Raises `EndsBeforeItStarts`."""
    from larry.exports import interval_json, interval_svg
    from larry.queries.interval_map import get_interval_map
    from larry.queries.subject import find_subject

    found = find_subject(asked.subject, (asked.kind,) if asked.kind else KINDS, reader, at)
    interval_map = get_interval_map(*found, reader, at, since=asked.since, until=asked.until)
    if asked.form == "json":
        return interval_json.render(interval_map, prefix=asked.prefix)
    shown = show_moment(at.as_of.replace(second=0, microsecond=0), asked.zone)
    name = "now" if asked.is_now else f"as of {shown}"
    return interval_svg.render(interval_map, zone=asked.zone, width=asked.width, now_name=name, prefix=asked.prefix)
