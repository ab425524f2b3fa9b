"""`larry graph`: the picture of what depends on what."""

from __future__ import annotations

import click

from larry.cli.option import as_of_option
from larry.cli.picture_option import link_option, refuse_unsafe_prefix
from larry.cli.session import open_session

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

    from larry.exports import graph_dot, graph_json, graph_svg
    from larry.queries.picture import get_graph
    from larry.queries.subject import find_subject

    at = session.at(as_of)
    found = find_subject(subject, (kind,) if kind else KINDS, session.reader, at)
    picture = get_graph(*found, session.reader, at)
    printer = {"svg": graph_svg.render, "dot": graph_dot.render, "json": graph_json.render}[form]
    click.echo(printer(picture, prefix=link_prefix), nl=False)
