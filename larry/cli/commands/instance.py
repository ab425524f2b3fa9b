"""`larry parameters` and `larry order`: what an instance is given, and how its services start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from larry.cli.option import as_of_option, document_option, listing_option
from larry.cli.printing import Column, print_document, print_listing
from larry.cli.session import open_session
from larry.core.document import Json, canonical_text, is_sealed
from larry.core.node_text import MASK
from larry.core.parameters import Origin, Resolved


@dataclass(frozen=True, slots=True)
class _Line:
    group: str
    name: str
    value: Json
    whence: Origin | None
    overrode: tuple[Origin, ...]
    needed_by: tuple[str, ...]


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

    standing = get_standing(instance, session.reader, session.at(as_of))
    columns: tuple[Column[_Line], ...] = (
        Column("group", lambda line: line.group),
        Column("name", lambda line: line.name),
        Column("value", lambda line: "" if line.whence is None else _show(line.value)),
        Column("whence", lambda line: _spell(line.whence)),
        Column("overrode", lambda line: "; ".join(f"{_spell(o)}: {_show(o.value)}" for o in line.overrode)),
        Column("needed by", lambda line: ", ".join(line.needed_by)),
    )
    print_listing(tuple(_lines(standing.resolved)), columns, _document, form, nothing="no parameters")


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

    standing = get_standing(instance, session.reader, session.at(as_of))
    found = standing.waves if waves else tuple((key,) for key in standing.order)
    turned = found[::-1] if reverse else found
    if form != "table":
        print_document(list(turned) if waves else [key for (key,) in turned], form)
        return
    for number, keys in enumerate(turned, start=1):
        click.echo(f"{number:3}  {', '.join(keys)}")


def _lines(resolved: Resolved) -> Iterator[_Line]:
    for missing in resolved.missing:
        yield _Line("missing", missing.name, None, None, (), missing.needed_by)
    for wrong in resolved.wrong:
        yield _Line(f"wrong: not {wrong.expected}", wrong.name, wrong.value, wrong.whence, (), wrong.needed_by)
    for match in resolved.matching:
        yield _Line("matching", match.name, match.value, match.whence, match.overrode, match.needed_by)
    for unknown in resolved.unknown:
        yield _Line("unknown", unknown.name, unknown.value, unknown.whence, (), ())


def _document(line: _Line) -> dict[str, Json]:
    def origin(of: Origin) -> Json:
        return {"level": of.level, "owner": of.owner, "value": of.value}

    return {
        "group": line.group.partition(":")[0],
        "name": line.name,
        "value": line.value,
        "whence": origin(line.whence) if line.whence else None,
        "overrode": [origin(each) for each in line.overrode],
        "needed_by": line.needed_by,
    }


def _show(value: Json) -> str:
    return MASK if is_sealed(value) else canonical_text(value)


def _spell(origin: Origin | None) -> str:
    return "" if origin is None else f"{origin.level} {origin.owner}"
