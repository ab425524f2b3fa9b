"""`larry completion`: the script by which a shell completes Larry's commands, options and values."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from larry.cli.main import COMPLETE, larry

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(*, shell: str) -> None:
    """Print the script by which SHELL completes commands, options, and what the estate holds: instances, hosts,
    services, customers, deployments, rollouts, digests. It asks the database that the settings name, only reads, and
    says nothing when there is none.

    \b
    Examples:
      larry completion bash > ~/.local/share/bash-completion/completions/larry
      larry completion zsh > "${fpath[1]}/_larry"
      larry completion fish > ~/.config/fish/completions/larry.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    printer = found(larry, {}, "larry", COMPLETE)
    click.echo(printer.source_template % printer.source_vars(), nl=False)
