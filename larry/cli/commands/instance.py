"""`larry parameters` and `larry order`: what an instance is given, and how its services start."""

from __future__ import annotations

import click

from larry.cli.option import as_of_option, document_option, listing_option
from larry.cli.printing import Column, print_document, print_listing
from larry.cli.session import open_session
from larry.core.document import Json, canonical_text, is_sealed
from larry.core.node_text import MASK
from larry.core.parameters import Origin, ParameterLine


@click.command()
@click.argument("instance")
@as_of_option
@listing_option
def parameters(*, instance: str, as_of: str | None, form: str) -> None:
    """List the parameters of an INSTANCE: matching, missing, of the wrong type, and unknown; and whence each comes.

    \b
    Examples:
      larry parameters acme/shop/production
      larry parameters acme/shop/production --format yaml
    """
    session = open_session()

    from larry.queries.instance import get_standing

    standing = session.call(get_standing)(instance, session.reader, session.at(as_of))
    columns: tuple[Column[ParameterLine], ...] = (
        Column("group", lambda line: f"{line.group}: not {line.expected}" if line.expected else line.group),
        Column("name", lambda line: line.name),
        Column("value", lambda line: "" if line.whence is None else _show(line.value)),
        Column("whence", lambda line: _spell(line.whence)),
        Column("overrode", lambda line: "; ".join(f"{_spell(o)}: {_show(o.value)}" for o in line.overrode)),
        Column("needed by", lambda line: ", ".join(line.needed_by)),
    )
    print_listing(standing.resolved.lines, columns, lambda line: line.document, form, nothing="no parameters")


@click.command()
@click.argument("instance")
@click.option("--reverse", is_flag=True, help="The order of stopping.")
@click.option("--waves", is_flag=True, help="What may go in parallel, wave by wave.")
@as_of_option
@document_option
def order(*, instance: str, reverse: bool, waves: bool, as_of: str | None, form: str) -> None:
    """Show the order in which the services of an INSTANCE start: what is needed before what needs it.

    \b
    Examples:
      larry order acme/shop/production
      larry order acme/shop/production --reverse
      larry order acme/shop/production --waves --format json
    """
    session = open_session()

    from larry.queries.instance import get_standing

    standing = session.call(get_standing)(instance, session.reader, session.at(as_of))
    found = standing.waves if waves else tuple((key,) for key in standing.order)
    turned = found[::-1] if reverse else found
    if form != "table":
        print_document(list(turned) if waves else [key for (key,) in turned], form)
        return
    for number, keys in enumerate(turned, start=1):
        click.echo(f"{number:3}  {', '.join(keys)}")


def _show(value: Json) -> str:
    return MASK if is_sealed(value) else canonical_text(value)


def _spell(origin: Origin | None) -> str:
    return "" if origin is None else f"{origin.level} {origin.owner}"
