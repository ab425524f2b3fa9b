"""Every example in every help is understood by the command that it is an example of."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from larry.cli import main


def list_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, those of groups too."""
    context = click.Context(main.larry)
    for name in main.larry.list_commands(context):
        command = main.larry.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {each}", under) for each, under in command.commands.items())


COMMANDS = dict(list_commands())


def find_examples(command: click.Command) -> list[str]:
    """The lines under the heading, those that go on joined."""
    _, _, told = (command.help or "").partition("Example")
    lines = [line.strip() for line in told.replace("\\\n", " ").splitlines()[1:]]
    return [line for line in lines if line]


def read_calls(line: str) -> Iterator[list[str]]:
    """The words of each call of larry in a line of shell, without where its streams go."""
    calls: list[list[str]] = [[]]
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>&;")
    lexer.whitespace_split = True
    for word in lexer:
        if re.fullmatch(r"[|&;]+", word):
            calls.append([])
        else:
            calls[-1].append(word)
    for words in calls:
        if words[:1] == ["larry"]:
            kept = words[1:]
            for sign in (">", ">>", "<", "2>"):
                kept = kept[: kept.index(sign)] if sign in kept else kept
            yield kept


def parse(words: list[str]) -> str:
    """Have click read the words as it would, and do nothing; the command that they call."""
    command: click.Command = main.larry
    context = main.larry.make_context("larry", list(words))
    called: list[str] = []
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None, words
        assert name is not None
        command = found
        context = command.make_context(name, rest, parent=context)
        called.append(name)
    return " ".join(called)


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_understood(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click.Path, "convert", lambda self, value, param, ctx: value)  # files of nobody here
    command = COMMANDS[name]
    if isinstance(command, click.Group):
        return
    examples = find_examples(command)
    calls = [words for line in examples for words in read_calls(line)]
    assert calls, "an example is what people read first"
    assert name in {parse(words) for words in calls}


@pytest.mark.parametrize("words", [["deploy", "--fly"], ["deployments", "--customer"], ["list", "unicorns"]])
def test_an_example_that_is_wrong_is_found(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parse(words)


def test_a_line_of_shell_is_taken_apart() -> None:
    line = "larry list hosts --format csv | sed 's/a/b/' | larry import hosts - --dry-run > out.txt"
    assert list(read_calls(line)) == [["list", "hosts", "--format", "csv"], ["import", "hosts", "-", "--dry-run"]]
