"""`larry publish`: the whole fleet as a tree of files, which goes on being right while the database is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from larry.cli.dialect_option import choose_dialect
from larry.cli.option import reason_option
from larry.cli.session import Session, open_session
from larry.core.document import Json
from larry.outside import clock

if TYPE_CHECKING:
    from larry.cli.published_tree import Timelines
    from larry.cli.publisher import Order, Published
    from larry.exports.puppet.hiera import Lock

SHORTEST, LONGEST = 0.2, 3600.0


@dataclass(frozen=True, slots=True)
class Task:
    """What one call of the command is to do."""

    session: Session
    order: Order
    certificate: Path | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is published, and the mark of the record it was taken from; none while the database is away."""

    published: Published
    mark: tuple[int, int] | None


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--format", "forms", multiple=True, default=("json", "enc"), show_default=True,
    help="A dialect; its inventory and its folder of files, where it has them, as well. May be given more than once.",
)  # fmt: skip
@click.option("--watch", is_flag=True, help="Stay, and publish at every change and at every boundary.")
@click.option(
    "--every", type=click.FloatRange(SHORTEST, LONGEST), default=2.0, show_default=True, metavar="SECONDS",
    help="With --watch: how often to ask whether anything was recorded.",
)  # fmt: skip
@click.option("--secrets", is_flag=True, help="With secrets in clear, for the owner's eyes only; activity records it.")
@click.option(
    "--eyaml-public-key", "certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="PEM",
    help="Lock the secrets in Hiera's tree for whoever has the private key.",
)  # fmt: skip
@reason_option
def publish(
    *, folder: Path, forms: tuple[str, ...], watch: bool, every: float, secrets: bool, certificate: Path | None,
    reason: str | None,
) -> None:  # fmt: skip
    """Write the configuration of every host to DIR, for now and for every boundary that is known.

    Each file is replaced in one step, durably; beside it lie its checksum (.sum) and what stood there before (.prev).
    While the database is away, boundaries are passed from what was published.

    \b
    Examples:
      larry publish /srv/larry
      larry publish /srv/larry --watch --format json --format enc --format shell
      larry publish /srv/larry --format hiera --eyaml-public-key public_key.pkcs7.pem --reason "for Puppet"
    """
    if secrets and certificate is not None:
        raise click.UsageError("--secrets puts in clear what --eyaml-public-key is to lock: choose one of them")
    dialects = tuple(choose_dialect(form) for form in dict.fromkeys(forms))
    if certificate is not None and not any(dialect.render_locked for dialect in dialects):
        raise click.UsageError("--eyaml-public-key is for --format hiera")
    session = open_session()

    from larry.cli.publisher import Order, hold_folder

    order = Order(folder, dialects, secrets)
    task = Task(session, order, certificate, reason)
    with hold_folder(folder):
        standing = _publish(task, None)
        _say(standing.published, folder)
        if watch:
            with suppress(KeyboardInterrupt):
                _watch(task, standing, every)
        elif standing.mark is None or standing.published.faults:
            raise click.exceptions.Exit(1)


def _watch(task: Task, standing: Standing, every: float) -> None:
    """Publish for ever: at changes within ``every`` seconds, at boundaries to the moment."""
    while True:
        boundary = standing.published.next_change
        until = every if boundary is None else (boundary - clock.now()).total_seconds()
        clock.wait(min(every, until))
        if (boundary is None or clock.now() < boundary) and _find_mark(task) == standing.mark:
            continue
        again = _publish(task, standing)
        if again.published.written or again.published.faults != standing.published.faults:
            _say(again.published, task.order.folder)
        standing = again


def _publish(task: Task, before: Standing | None) -> Standing:
    """One publication: of what the database says, or else of what is known from it."""
    from larry.cli.publisher import publish as put

    now = clock.now()
    mark = _find_mark(task)
    if mark is None:
        timelines = before.published.timelines if before else _known_from_tree(task)
        if before is None or before.mark is not None:
            click.echo("larry: the database is away: boundaries are passed from what was published", err=True)
    elif before is not None and before.mark == mark:
        timelines = before.published.timelines
    else:
        timelines = _read_fleet(task)
    lock = _find_lock(task, timelines)
    return Standing(put(task.order, timelines, now, before.published if before else None, lock), mark)


def _find_mark(task: Task) -> tuple[int, int] | None:
    """The mark of what is recorded; None while the database is away. The connection is closed in between."""
    from django.db import DatabaseError, InterfaceError, connection

    from larry.queries.activity import get_latest_mark

    try:
        return get_latest_mark(task.session.reader, task.session.at(None))
    except (DatabaseError, InterfaceError):
        with suppress(DatabaseError, InterfaceError):
            connection.close()
        return None


def _read_fleet(task: Task) -> Timelines:
    from larry.cli.published_tree import list_secrets, open_timelines
    from larry.queries.fleet import get_timelines
    from larry.queries.moment import Moment

    timelines = get_timelines(task.session.reader, Moment(clock.now()))
    if not task.order.has_secrets:
        return timelines
    return open_timelines(timelines, _reveal(task, list_secrets(timelines)).__getitem__)


def _known_from_tree(task: Task) -> Timelines:
    from larry.cli.failure import CannotStart
    from larry.cli.publisher import read_tree
    from larry.outside.published_file import NotPublished

    try:
        return read_tree(task.order.folder, _warn)
    except NotPublished as fault:
        raise CannotStart(f"the database does not answer, and {fault}") from None


def _find_lock(task: Task, timelines: Timelines) -> Lock | None:
    if task.certificate is None:
        return None
    from larry.cli.eyaml_lock import make_lock
    from larry.cli.published_tree import list_secrets

    return make_lock(
        task.order.folder, task.certificate, list_secrets(timelines), lambda hmacs: _reveal(task, hmacs)
    )  # fmt: skip


def _reveal(task: Task, hmacs: Iterable[str]) -> Mapping[str, Json]:
    from larry.actions.reveal import reveal_secrets

    return reveal_secrets(hmacs, task.session.author(task.reason))


def _say(published: Published, folder: Path) -> None:
    """One line for what was done, and one for each file that could not be."""
    from larry.core.interval import iso

    for path, why in published.faults.items():
        _warn(f"{path} is left as it was: {why}")
    until = f"; the next change is at {iso(published.next_change)}" if published.next_change else ""
    click.echo(f"{len(published.timelines)} hosts in {folder}: {published.written} files written{until}")


def _warn(text: str) -> None:
    click.echo(f"larry: {text}", err=True)
