"""`larry rotate-secrets`: from now on the first key of the settings opens all secrets."""

from __future__ import annotations

import click

from larry.cli.option import reason_option
from larry.cli.session import open_session


@click.command("rotate-secrets")
@reason_option
def rotate_secrets(*, reason: str | None) -> None:
    """Encrypt every secret anew with the first key of LARRY_SECRETS_KEYS. Put the new key first, restart Larry, run
    this,
    then drop the old key. What is deployed, digests and snapshots stay as they are.

    \b
    Examples:
      larry rotate-secrets --reason "Anna left"
    """
    session = open_session()

    from larry.actions.rotate import rotate

    click.echo(f"{rotate(session.author(reason))} secrets are under the first key now")
