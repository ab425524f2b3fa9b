"""`larry diff`: what differs between what is live, what was frozen and what is described now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from larry.cli.mark import mark_line
from larry.cli.option import as_of_option, document_option
from larry.cli.printing import Column, print_document, print_table, show_plain
from larry.cli.session import Session, open_session
from larry.core.document import Json, canonical_text, is_sealed
from larry.core.node_text import MASK

if TYPE_CHECKING:
    from larry.core.deployable import Difference
    from larry.queries.instance import Standing
    from larry.queries.moment import Moment
    from larry.queries.reader import Reader

NOW = "now"
NO_CAUSES: Mapping[str, str] = MappingProxyType({})


@click.command()
@click.argument("instance")
@click.argument("digests", nargs=-1, metavar="[DIGEST [DIGEST]]")
@as_of_option
@document_option
def diff(*, instance: str, digests: tuple[str, ...], as_of: str | None, form: str) -> None:
    """Show what differs: without a DIGEST between what is live and INSTANCE as described now; with one between that
    snapshot and now; with two between them. The first characters of a digest will do.

    \b
    Examples:
      larry diff acme/shop/production
      larry diff acme/shop/production 4f2a
      larry diff acme/shop/production 4f2a 91c0 --format json
    """
    if len(digests) > 2:
        raise click.UsageError("at most two snapshots can be compared")
    session = open_session()

    from larry.queries.instance import get_standing

    if digests:
        _compare(instance, digests, as_of, session, form)
        return
    standing = session.call(get_standing)(instance, session.reader, session.at(as_of))
    if form != "table":
        print_document(standing.document, form)
        return
    for live in standing.live:
        state = "dirty" if live.is_dirty else "as described now"
        line = show_plain(f"{live.deployment} on {live.host}: snapshot {live.digest[:12]}, {state}")
        mark = "dirty" if live.is_dirty else "current" if live.is_current else "future"
        click.echo(mark_line(line, mark))
    alike = {live.digest: live.differences for live in standing.live if live.is_dirty}
    causes = _causes(standing, session) if alike else {}
    for digest, differences in alike.items():
        click.echo(f"\n{digest[:12]} -> {NOW}")
        _print_differences(differences, causes)
    if not standing.live:
        click.echo(show_plain(f"{standing.path} is not deployed; its snapshot now would be {standing.snapshot.digest}"))


@dataclass(frozen=True, slots=True)
class Compared:
    """Two snapshots by their digests, the second maybe that of now, and what differs."""

    path: str
    old: str
    new: str
    differences: tuple[Difference, ...]


def compare_kept(path: str, digests: Sequence[str], reader: Reader, at: Moment) -> Compared:
    """One or two snapshots of an instance, by their first characters; one is compared with what is described now."""
    from larry.core.deployable import compare_snapshots
    from larry.queries.deployable import find_digest, get_snapshots
    from larry.queries.instance import get_standing

    standing = get_standing(path, reader, at)
    full = [find_digest(prefix, standing.path, reader, at) for prefix in digests]
    known = get_snapshots(full, reader, at)
    old = known[full[0]]
    new = known[full[1]] if len(full) == 2 else standing.snapshot
    return Compared(standing.path, old.digest, new.digest, compare_snapshots(old, new))


def _compare(instance: str, digests: Sequence[str], as_of: str | None, session: Session, form: str) -> None:
    found = session.call(compare_kept)(instance, digests, session.reader, session.at(as_of))
    if form != "table":
        document: dict[str, Json] = {
            "instance": found.path,
            "old": found.old,
            "new": found.new,
            "differences": [each.document for each in found.differences],
        }
        print_document(document, form)
        return
    click.echo(f"{found.old[:12]} -> {found.new[:12] if len(digests) == 2 else NOW}")
    _print_differences(found.differences)


def _causes(standing: Standing, session: Session) -> Mapping[str, str]:
    """By path, who touched it last and why; the number is that of the activity."""
    from larry.queries.dirty import list_dirty_causes

    customer = standing.path.partition("/")[0]
    return {
        cause.difference.path: f"{line.actor}: {line.reason} (activity {line.id})"
        for dirty in session.call(list_dirty_causes)(session.reader, session.at(None), customer=customer)
        if dirty.path == standing.path
        for cause in dirty.causes
        if (line := cause.activity) is not None
    }


def _print_differences(differences: Sequence[Difference], causes: Mapping[str, str] = NO_CAUSES) -> None:
    if not differences:
        click.echo("no difference")
        return
    columns: tuple[Column[Difference], ...] = (
        Column("", lambda each: {"added": "+", "removed": "-"}.get(each.kind, "~")),
        Column("path", lambda each: each.path),
        Column("old", lambda each: "" if each.kind == "added" else _show(each.old)),
        Column("new", lambda each: "" if each.kind == "removed" else _show(each.new)),
        Column("owner", lambda each: each.ownership),
        *([Column("last touched by", lambda each: causes.get(each.path))] if causes else []),
    )
    print_table(columns, differences)


def _show(value: Json) -> str:
    return MASK if is_sealed(value) else canonical_text(value)
