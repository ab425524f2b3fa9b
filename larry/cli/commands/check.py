"""`larry check`: strange situations, before they surprise somebody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from larry.cli.option import as_of_option, listing_option
from larry.cli.printing import Column, print_listing
from larry.cli.session import Session, open_session
from larry.core.document import Json

STRANGE = 3


@dataclass(frozen=True, slots=True)
class _Finding:
    what: str
    about: str
    text: str


@click.command()
@as_of_option
@listing_option
def check(*, as_of: str | None, form: str) -> int:
    """Look for missing guards of the database, uncovered audits and dirty instances. Exit code 3 if there are any.

    \b
    Examples:
      larry check
      larry check --format json
    """
    session = open_session()
    findings = tuple(_find(session, as_of))
    columns: tuple[Column[_Finding], ...] = (
        Column("what", lambda finding: finding.what),
        Column("about", lambda finding: finding.about),
        Column("", lambda finding: finding.text),
    )
    print_listing(findings, columns, _document, form, nothing="nothing is strange")
    return STRANGE if findings else 0


def _find(session: Session, as_of: str | None) -> Iterator[_Finding]:
    from larry.queries.deployment import DeploymentFilter, State, list_deployments
    from larry.queries.instance import list_dirty
    from larry.queries.readiness import get_readiness

    at = session.at(as_of)
    readiness = get_readiness(session.reader, at)
    for migration in readiness.pending_migrations:
        yield _Finding("migration", migration, "the database is not up to date: run `larry migrate`")
    if readiness.pending_migrations:
        return
    for guard in readiness.missing_guards:
        yield _Finding("guard", guard, "the database no longer keeps this promise: run `larry migrate`")
    live = DeploymentFilter(states=frozenset({State.CURRENT, State.FUTURE}))
    for row in list_deployments(live, session.reader, at):
        for auditor, audited, host, why in row.uncovered:
            yield _Finding("uncovered", f"{row.instance} on {row.host}", f"{audited} on {host} lacks {auditor}: {why}")
    for path in list_dirty(session.reader, at):
        yield _Finding("dirty", path, f"was edited since it was deployed: `larry diff {path}`")


def _document(finding: _Finding) -> dict[str, Json]:
    return {"what": finding.what, "about": finding.about, "text": finding.text}
