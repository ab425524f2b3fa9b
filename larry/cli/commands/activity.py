"""`larry activity`: who did what, when and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from larry.cli.change import tell_fields
from larry.cli.option import as_of_option, listing_option
from larry.cli.printing import Column, print_listing, show_plain
from larry.cli.session import Session, open_session
from larry.core.document import freeze_map, thaw
from larry.core.moment_text import show_moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from larry.queries.activity import ActivityFilter, ActivityRow


@click.command()
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many; the latest.")
@click.option("--noun", metavar="NOUN", help="Only about nouns of this sort: host, deployment, instance …")
@click.option("--address", metavar="ADDRESS", help="Only about this one: a key, a path, an id.")
@click.option("--actor", metavar="NAME", help="Only what this one did.")
@click.option("--verb", metavar="VERB", help="Only acts of this sort: create, update, deploy, undeploy …")
@click.option("--text", metavar="TEXT", help="Only what has this in its reason.")
@click.option("--customer", metavar="C", help="Of this customer, its apps, instances and deployments.")
@click.option("--app", metavar="C/A", help="Of this app, its instances and deployments.")
@click.option("--instance", metavar="C/A/I", help="Of this instance and its deployments.")
@click.option("--rollout", type=int, metavar="ID", help="Of this rollout.")
@click.option("--since", metavar="T", help="From then on.")
@click.option("--until", metavar="T", help="Before then.")
@click.option("--changes", is_flag=True, help="Also what was before and what is after; JSON and YAML always tell.")
@click.option(
    "--follow", is_flag=True, help="Go on printing what is done, as a table or as lines of JSON, until Ctrl-C."
)
@as_of_option
@listing_option
def activity(*, limit: int, since: str | None, until: str | None, as_of: str | None, form: str, **how: Any) -> None:
    """List the latest activity, newest first: who did what to what, when and why. With --follow the oldest is first,
    and what is done from now on comes after it, line by line.

    \b
    Examples:
      larry activity --limit 10
      larry activity --noun host --address web1.example.com --format json
      larry activity --customer acme --since -7d --changes
      larry activity --follow --verb deploy --format json | jq -r .reason
    """
    changes, is_followed = how.pop("changes"), how.pop("follow")
    if is_followed and (as_of is not None or until is not None):
        raise click.UsageError("--follow goes on from now: leave out --as-of and --until")
    if is_followed and form not in {"table", "json"}:
        raise click.UsageError("--follow prints a table or lines of JSON: --format table or json")
    session = open_session()

    from larry.queries.activity import ActivityFilter, list_activity

    start, end = session.find_moment(since, "--since"), session.find_moment(until, "--until")
    which = ActivityFilter(**how, since=start, until=end)
    tell = _teller(session.zone, form, changes=changes)
    if is_followed:
        _follow(which, limit, session, tell)
        return
    rows = session.call(list_activity)(session.reader, session.at(as_of), which, limit=limit)
    if changes and form == "table" and rows:
        for row in rows:
            tell(row)
    else:
        print_activity(rows, session.zone, form)


def _follow(which: ActivityFilter, limit: int, session: Session, tell: Callable[[ActivityRow], None]) -> None:
    from larry.cli.follow import follow
    from larry.queries.activity import list_activity
    from larry.queries.moment import Moment

    def read(now: datetime, asked: ActivityFilter, most: int | None) -> Sequence[ActivityRow]:
        return session.call(list_activity)(session.reader, Moment(now), asked, limit=most)

    follow(read, which, limit, tell)


def _teller(zone: ZoneInfo, form: str, *, changes: bool) -> Callable[[ActivityRow], None]:
    """How one line is printed by itself: as text, or as JSON in one line."""

    def tell(row: ActivityRow) -> None:
        if form == "json":
            click.echo(json.dumps(thaw(row.document), ensure_ascii=False))
            return
        click.echo(show_plain(_sentence(row, zone)))
        for line in _changed(row) if changes else ():
            click.echo(show_plain(f"    {line}"))

    return tell


def _sentence(row: ActivityRow, zone: ZoneInfo) -> str:
    rollout = f" in rollout {row.rollout}" if row.rollout is not None and row.noun != "rollout" else ""
    why = f": {row.reason}" if row.reason else ""
    when = show_moment(row.at.replace(microsecond=0), zone)
    return f"{row.id}  {when}  {row.actor}  {row.verb} {row.noun} {row.address}{rollout}{why}"


def _changed(row: ActivityRow) -> Iterator[str]:
    before, after = freeze_map(row.before or {}), freeze_map(row.after or {})
    fields = {name: (before.get(name), after.get(name)) for name in (*before, *after)}
    yield from tell_fields(fields, is_new=row.before is None)


def print_activity(rows: Sequence[ActivityRow], zone: ZoneInfo, form: str) -> None:
    """Lines of activity, in the order given."""
    columns: tuple[Column[ActivityRow], ...] = (
        Column("id", lambda row: row.id, is_number=True),
        Column("when", lambda row: show_moment(row.at.replace(microsecond=0), zone)),
        Column("who", lambda row: row.actor),
        Column("did", lambda row: row.verb),
        Column("to", lambda row: f"{row.noun} {row.address}"),
        Column("rollout", lambda row: row.rollout, is_number=True),
        Column("why", lambda row: row.reason),
    )
    print_listing(rows, columns, lambda row: row.document, form, nothing="no activity")
