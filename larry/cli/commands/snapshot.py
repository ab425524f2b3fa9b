"""`larry snapshot`: freeze an instance."""

from __future__ import annotations

import click

from larry.cli.option import act_options
from larry.cli.printing import print_document
from larry.cli.session import open_session


@click.command()
@click.argument("instance")
@act_options
def snapshot(*, instance: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Freeze an INSTANCE (customer/app/instance) as it is described now; prints the digest, then whether it is new.

    \b
    Examples:
      larry snapshot acme/shop/production
      larry snapshot acme/shop/production --dry-run --format json
    """
    session = open_session()

    from larry.actions.snapshot import snapshot as take

    taken = session.call(take)(instance, session.author(reason), dry_run=dry_run)
    if form == "json":
        print_document(taken.document, form)
        return
    click.echo(taken.digest)
    if dry_run:
        click.echo("new: it would be kept" if taken.is_new else "not new: it is kept already")
    else:
        click.echo("new" if taken.is_new else "not new: nothing has changed since it was taken")
    for unknown in taken.resolved.unknown:
        owner = f"{unknown.whence.level} {unknown.whence.owner}"
        click.echo(f"note: no service needs {unknown.name}, set by {owner}", err=True)
