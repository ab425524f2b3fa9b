"""`larry worker`: what happens with nobody watching."""

from __future__ import annotations

import os
import sys

import click


@click.command()
@click.option("--once", is_flag=True, help="Do what there is to do, and leave.")
def worker(*, once: bool) -> None:
    """Tell webhooks what happens: boundaries that pass, deployments, nodes, what is dirty or strange.

    Runs until it is told to stop (Ctrl-C, SIGTERM), and finishes what it began. As many as you like may run at once.

    \b
    Examples:
      larry worker
      larry worker --once
    """
    from larry.cli.session import open_session

    session = open_session()

    from larry.cli.server import refuse_unready

    refuse_unready(session)
    if not once:
        click.echo("The worker is at work (stop with Ctrl-C)")
    sys.stdout.flush()

    from django.db import connections

    connections.close_all()
    # The worker is a face of its own, and this process becomes it.
    os.execv(sys.executable, [sys.executable, "-m", "larry.worker", *(["--once"] if once else [])])  # noqa: S606 — our own interpreter and words
