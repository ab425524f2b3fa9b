"""`larry demo`: the demonstration estate, from nothing to what a host gets."""

from __future__ import annotations

import click

from larry.cli.address import bind_option, read_address


@click.command()
@click.option("--no-serve", is_flag=True, help="Stop after printing, without serving the web pages.")
@bind_option
def demo(*, no_serve: bool, bind: str | None) -> None:
    """Make a fresh example estate with a database of its own, deploy it, print what a host gets, and serve the pages.

    \b
    Examples:
      larry demo
      larry demo --no-serve
      larry demo --bind 127.0.0.1:8080
    """
    from larry.cli.demo import play

    play(serve=not no_serve, address=read_address(bind))
