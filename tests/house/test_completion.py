"""Every argument and option of every command is completed from the estate, or known to be what only a person knows."""

from __future__ import annotations

from collections.abc import Iterator

import click

from larry.cli import main
from larry.cli.completion import KINDS, Completed

WITHOUT = {
    "actor", "as_of", "at", "bind", "cause", "delivery", "description", "email", "end", "every", "expect",
    "expires", "forms", "full_name", "host_count", "instance_count", "into", "key", "known_at", "largest", "leaving",
    "limit", "link_prefix", "lookups", "name", "number", "only", "reason", "seed", "service_count", "settings", "since",
    "start", "text", "time_zone", "until", "url", "verb", "width", "workers",
}  # fmt: skip
"""What only the person knows, or what stands in the help."""

ELSEWHERE = {"config form", "inventory form", "activity noun"}
"""Of a few words that their help names."""


def command_parameters() -> Iterator[tuple[str, click.Parameter]]:
    context = click.Context(main.larry)
    for name in main.larry.list_commands(context):
        command = main.larry.get_command(context, name)
        assert command is not None
        group = list(command.commands.values()) if isinstance(command, click.Group) else [command]
        yield from ((f"{name} {parameter.name}", parameter) for each in group for parameter in each.params)


def is_open(parameter: click.Parameter) -> bool:
    """Whether it takes a text that nothing but the estate could complete."""
    is_text = isinstance(parameter.type, type(click.STRING) | type(click.INT))
    return is_text and not (isinstance(parameter, click.Option) and parameter.is_flag)


def test_every_argument_and_option_is_completed_or_known_not_to_be() -> None:
    texts = [(where, parameter.name) for where, parameter in command_parameters() if is_open(parameter)]
    forgotten = [where for where, name in texts if name not in WITHOUT and where not in ELSEWHERE]
    assert forgotten == [], "name it in larry/cli/completion.py, or in this test if only a person knows it"


def test_every_name_that_is_completed_is_one_of_a_command() -> None:
    completed = {parameter.name for _, parameter in command_parameters() if isinstance(parameter.type, Completed)}
    assert completed >= KINDS.keys()
