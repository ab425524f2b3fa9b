"""`larry graph`: the picture of what depends on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from larry.cli.option import as_of_option
from larry.cli.picture_option import link_option, refuse_unsafe_prefix
from larry.cli.session import open_session

if TYPE_CHECKING:
    from larry.queries.moment import Moment
    from larry.queries.reader import Reader

KINDS = ("service", "instance", "host", "app", "customer")


@click.command()
@click.argument("subject", metavar="SERVICE|INSTANCE|HOST|APP|CUSTOMER")
@click.option("--kind", type=click.Choice(KINDS), help="Which is meant, where a name may be several.")
@click.option("--format", "form", type=click.Choice(("svg", "dot", "json")), default="svg", show_default=True)
@link_option
@as_of_option
def graph(*, subject: str, kind: str | None, form: str, link_prefix: str, as_of: str | None) -> None:
    """Print the graph of a SERVICE (what it reaches, and what reaches it), of an INSTANCE (all its services in start
    order), of a HOST (what runs there), of an APP or a CUSTOMER (their instances, services and hosts).

    Services and what they need are drawn as they are described now; what stands where, as of the moment.

    \b
    Examples:
      larry graph acme/shop/production > shop.svg
      larry graph web1.example.com --as-of 2026-12-01 > web1.svg
      larry graph postgres --format dot | dot -Tpdf > postgres.pdf
      larry graph acme --kind customer --format json
    """
    refuse_unsafe_prefix(link_prefix)
    session = open_session()

    asked = AskedGraph(subject, kind, form, link_prefix)
    click.echo(session.call(draw_graph)(asked, session.reader, session.at(as_of)), nl=False)


@dataclass(frozen=True, slots=True)
class AskedGraph:
    """What the command was called with."""

    subject: str
    kind: str | None
    form: str
    prefix: str


def draw_graph(asked: AskedGraph, reader: Reader, at: Moment) -> str:
    """The picture as text: svg, dot or json."""
    from larry.exports import graph_dot, graph_json, graph_svg
    from larry.queries.picture import get_graph
    from larry.queries.subject import find_subject

    found = find_subject(asked.subject, (asked.kind,) if asked.kind else KINDS, reader, at)
    printer = {"svg": graph_svg.render, "dot": graph_dot.render, "json": graph_json.render}[asked.form]
    return printer(get_graph(*found, reader, at), prefix=asked.prefix)
