"""`larry rename-key`: another key for a noun, as an act of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from larry.cli.noun_argument import noun_argument
from larry.cli.option import act_options, expect_option
from larry.cli.printing import json_text, show_plain
from larry.cli.session import open_session

if TYPE_CHECKING:
    from larry.actions.rename_key import KeyChange


@click.command("rename-key")
@noun_argument
@click.argument("address", metavar="KEY")
@click.argument("key", metavar="NEW")
@expect_option
@act_options
def rename_key(
    *, noun: str, address: str, key: str, expect: str | None, reason: str | None, dry_run: bool, form: str
) -> None:
    """Give a noun another key: what tools call it. KEY is the noun's key, path or name. For another name: `larry set`.

    What is live keeps the keys that it was frozen with. The instances that this makes dirty are listed; tools see the
    new key when they are deployed again. The old key stays the noun's own: nothing else ever gets it.

    \b
    Examples:
      larry rename-key customer acme acme_international --dry-run
      larry rename-key app acme/shop store --reason "the shop is a store now"
      larry rename-key service apache httpd --reason "as the package is called" --format json
    """
    session = open_session()

    from larry.actions.rename_key import rename_key as act

    change = session.call(act)(noun, address, key, session.author(reason), dry_run=dry_run, expect=expect)
    if form == "json":
        click.echo(json_text(change.document), nl=False)
        return
    for line in _lines(change):
        click.echo(show_plain(line))
    click.echo("nothing has been changed: this was a dry run" if dry_run else "the key is changed")


def _lines(change: KeyChange) -> Iterator[str]:
    yield f"~ {change.noun} {change.address[0]}"
    yield f"    key: {change.key[0]} -> {change.key[1]}"
    if change.address[0] != change.address[1]:
        yield f"    address: {change.address[0]} -> {change.address[1]}"
    for noun, before, after in change.moved:
        yield f"  moves    {noun} {before} -> {after}"
    for noun, address, field in change.references:
        yield f"  follows  {noun} {address}, which refers to it in {field}"
    for each in change.dirty:
        state = "dirty already, and now by this too" if each.was_dirty else "becomes dirty"
        yield f"  dirty    {each.path} on {', '.join(each.hosts)}: {state}, until it is deployed again"
    for path in change.clean:
        yield f"  clean    {path} is no longer dirty"
    yield f"The key {change.key[0]} stays its own. Until they are deployed again, hosts get what they have."
    yield f"Plan {change.digest}"
