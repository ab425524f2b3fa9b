"""`larry serve`: the web pages and the configuration of every host."""

from __future__ import annotations

import click

from larry.cli.address import Address, bind_option, read_address


@click.command()
@bind_option
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes answer.")
@click.option(
    "--lookups",
    type=click.IntRange(0, 256),
    default=0,
    help="So many processes more, on the next port, for a proxy to send /configuration/ to.",
)
def serve(*, bind: str | None, workers: int, lookups: int) -> None:
    """Serve the web pages, and the configuration of every host under /configuration/HOST.FORMAT.

    Every process answers everything. With --lookups some have a port of their own: what tools ask there never waits for
    a slow page.

    \b
    Examples:
      larry serve
      larry serve --bind 0.0.0.0:8000 --workers 4
      larry serve --workers 2 --lookups 2
      PORT=8080 larry serve
    """
    from larry.cli.session import open_session

    address = read_address(bind)
    session = open_session()

    from larry.cli.server import refuse_unready, run_server

    refuse_unready(session)
    _warn_of_hosts(address)
    run_server(address, workers, lookups)


def _warn_of_hosts(address: Address) -> None:
    from django.conf import settings

    here = {"127.0.0.1", "::1", "[::1]", "localhost"}
    if address.host not in here and here.issuperset(settings.ALLOWED_HOSTS):
        text = "note: pages answer to localhost only until LARRY_ALLOWED_HOSTS names how others call this machine"
        click.echo(text, err=True)
