"""`larry history`: every change of what a host or an instance was, is and will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.commands.activity import print_activity
from larry.cli.mark import mark_line
from larry.cli.option import as_of_option, listing_option
from larry.cli.printing import Column, json_text, print_document, print_listing, show_plain
from larry.cli.session import Session, open_session
from larry.core.document import Json, canonical_text
from larry.core.interval import iso
from larry.core.moment_text import show_moment

if TYPE_CHECKING:
    from larry.core.node_difference import NodeDifference
    from larry.queries.history import HostStep


@click.command()
@click.argument("subject", metavar="HOST|INSTANCE|SERVICE")
@click.option("--from", "since", metavar="T", help="Of a host: from then on; from its beginning unless given.")
@click.option("--until", metavar="T", help="Of a host: until then; for ever unless given.")
@as_of_option
@listing_option
def history(*, subject: str, since: str | None, until: str | None, as_of: str | None, form: str) -> None:
    """Tell every change of a host (a DNS name) with what differs, past and future; of an instance (a path) or a service
    (a key) what was done to it, by whom and why.

    \b
    Examples:
      larry history web1.example.com --from 2026-01-01 --until 2027-01-01
      larry history acme/shop/production
      larry history postgres --format json
    """
    session = open_session()
    if "/" in subject:
        from larry.queries.history import get_instance_history

        told = session.call(get_instance_history)(subject, session.reader, session.at(as_of))
        print_activity(told.activity, session.zone, form)
    elif "." in subject:
        _print_host(subject, since, until, session, form)
    else:
        from larry.queries.history import get_service_history

        print_activity(
            session.call(get_service_history)(subject, session.reader, session.at(as_of)), session.zone, form
        )


def _print_host(host: str, since: str | None, until: str | None, session: Session, form: str) -> None:
    from larry.queries.history import get_host_history

    steps = session.call(get_host_history)(
        host,
        session.reader,
        session.at(None),
        since=session.find_moment(since, "--from"),
        until=session.find_moment(until, "--until"),
    )
    if form == "table":
        for step in steps:
            _print_step(step, session)
    elif form == "csv":
        columns: tuple[Column[HostStep], ...] = ()
        print_listing(steps, columns, _step_line, form, nothing="no history")
    else:
        print_document([step.document for step in steps], form)


def _print_step(step: HostStep, session: Session) -> None:
    start = show_moment(step.start.replace(microsecond=0), session.zone)
    end = show_moment(step.end.replace(microsecond=0), session.zone) if step.end else "open"
    when = "past" if step.end and step.end <= session.now else "future" if step.start > session.now else "now"
    line = f"{start} until {end}  {when}  {step.digest[:12]}"
    click.echo(mark_line(line, "current" if when == "now" else when))
    for each in step.differences:
        click.echo(show_plain(f"  {_sign(each)} {each.path}{_values(each)}"))


def _sign(difference: NodeDifference) -> str:
    return {"added": "+", "removed": "-"}.get(difference.kind, "~")


def _values(difference: NodeDifference) -> str:
    if difference.kind == "changed":
        return f": {canonical_text(difference.old)} -> {canonical_text(difference.new)}"
    value = difference.new if difference.kind == "added" else difference.old
    return f": {canonical_text(value)}" if isinstance(value, str | int | float | bool) else ""


def _step_line(step: HostStep) -> dict[str, Json]:
    return {
        "from": iso(step.start),
        "until": iso(step.end) if step.end else None,
        "digest": step.digest,
        "differences": json_text([each.path for each in step.differences]).strip(),
    }
