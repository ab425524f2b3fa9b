"""`larry explain`: where a value on a host came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from larry.cli.mark import mark_line
from larry.cli.option import as_of_option, document_option
from larry.cli.printing import Column, print_document, print_table, show_plain
from larry.cli.session import Session, open_session
from larry.core.document import canonical_text
from larry.core.moment_text import show_moment

if TYPE_CHECKING:
    from datetime import datetime

    from larry.core.parameters import Origin
    from larry.queries.explanation import ExplainedEntry, Source


@click.command()
@click.argument("host")
@click.argument("service")
@click.argument("parameter")
@as_of_option
@document_option
def explain(*, host: str, service: str, parameter: str, as_of: str | None, form: str) -> None:
    """Tell where the value of a PARAMETER of a SERVICE on a HOST came from: the deployment and the snapshot that give
    it, which layer won and what each other layer said, whether today's description would give another value, and who
    touched it last. An auditor's settings are told for each of its subjects. Secrets are masked.

    \b
    Examples:
      larry explain web1.example.com rails workers
      larry explain web1.example.com rails workers --as-of 2026-12-01
      larry explain backup1.example.com pg-backup backup_target --format json
    """
    session = open_session()

    from larry.queries.explanation import get_explanation

    told = session.call(get_explanation)(host, service, parameter, session.reader, session.at(as_of))
    if form != "table":
        print_document(told.document, form)
        return
    until = _when(told.end, session) if told.end else "open"
    click.echo(show_plain(f"{told.parameter} of {told.service} on {told.host}"))
    click.echo(f"as it is from {_when(told.start, session)} until {until}")
    for entry in told.entries:
        _print_entry(entry, session)


def _print_entry(entry: ExplainedEntry, session: Session) -> None:
    value = canonical_text(entry.value) if entry.carries else "nothing itself: it is a setting of its subjects"
    default = ", the default that its service declares" if entry.declares else ""
    click.echo("\n" + show_plain(f"{entry.key}: {value}{default}, for {', '.join(entry.paths)}"))
    for source in entry.sources:
        click.echo()
        for line in _lines(source, session):
            shown = show_plain(f"  {line}")
            click.echo(mark_line(shown, "dirty") if line.startswith("dirty: ") else shown)
        if source.provenance.chain:
            print_table(_COLUMNS, tuple(_layers(source)))


def _lines(source: Source, session: Session) -> Iterator[str]:
    until = _when(source.end, session) if source.end else "open"
    gives = f"gives {canonical_text(source.value)}"
    yield f"{source.instance} {gives}" + (f" about {_subjects(source)}" if source.about else "")
    rollout = f"rollout {source.rollout}: {source.reason}"
    yield f"deployment {source.deployment} from {_when(source.start, session)} until {until}, {rollout}"
    yield f"snapshot {source.snapshot[:12]}, taken {_when(source.taken_at, session)}"
    if not source.provenance.is_recorded:
        yield "the record does not tell which template or default gave it: only what the snapshot froze is below"
    elif source.provenance.merge == "deep":
        yield "merged deep: maps key by key, lists without duplicates"
    yield _today(source)
    if (line := source.today.touched) is not None:
        why = f": {line.reason}" if line.reason else ""
        yield f"last touched by {line.actor}, {_when(line.at, session)} (activity {line.id}){why}"


def _today(source: Source) -> str:
    if source.today.gone:
        return f"dirty: as described today it would have none, {source.today.gone}"
    if source.today.is_dirty:
        return f"dirty: as described today it would be {canonical_text(source.today.value)}"
    return "today's description gives the same"


def _subjects(source: Source) -> str:
    return ", ".join(f"{service} on {host}" for service, host in source.about)


def _layers(source: Source) -> Iterator[tuple[str, Origin, str]]:
    """Each layer, the one that has the last word first: its part, and where in a merged value that stands."""
    told = source.provenance
    for origin in reversed(told.chain):
        parts = [part for part in told.parts if part.origin is origin or part.origin == origin]
        if not parts:
            yield "overridden" if told.parts else "", origin, ""
        elif all(not part.path for part in parts):
            yield "won", origin, ""
        else:
            yield "merged", origin, ", ".join(part.path for part in parts)


_COLUMNS: tuple[Column[tuple[str, Origin, str]], ...] = (
    Column("", lambda row: row[0]),
    Column("layer", lambda row: row[1].level),
    Column("of", lambda row: row[1].owner),
    Column("said", lambda row: canonical_text(row[1].value)),
    Column("gave", lambda row: row[2]),
)


def _when(moment: datetime, session: Session) -> str:
    return show_moment(moment.replace(microsecond=0), session.zone)
