"""A noun as an argument: in the singular or the plural."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from larry.core.document import Json

F = TypeVar("F", bound=Callable[..., Any])


class NounArgument(click.ParamType[str]):
    """``host`` or ``hosts``; the value is the singular."""

    name = "noun"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from larry.nouns.table import NOUNS

        asked = str(value).casefold()
        for noun in NOUNS.values():
            if asked in {noun.name, noun.plural}:
                return noun.name
        return self.fail(f"there is no noun {value!r}; there are {', '.join(NOUNS)}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        del ctx, param
        from larry.nouns.table import NOUNS

        return [CompletionItem(noun) for noun in NOUNS if noun.startswith(incomplete.casefold())]


def noun_argument(command: F) -> F:
    """The argument ``NOUN``."""
    return click.argument("noun", type=NounArgument(), metavar="NOUN")(command)


def read_settings(settings: tuple[str, ...]) -> Mapping[str, Json]:
    """``field=JSON`` as a map; what is no JSON and looks like none is a text. Wrong usage when it will not do."""
    values: dict[str, Json] = {}
    for setting in settings:
        name, sign, text = setting.partition("=")
        if not sign or not name:
            raise click.UsageError(f"{setting!r} is not FIELD=VALUE, such as description='the web' or rank=2")
        if name in values:
            raise click.UsageError(f"{name} is given twice")
        values[name] = _read_value(name, text)
    return values


def _read_value(name: str, text: str) -> Json:
    from larry.nouns.json_text import NotJson, NotJsonAtAll, read_json

    try:
        return read_json(text)
    except NotJson as fault:
        if isinstance(fault, NotJsonAtAll) and text[:1] not in ("[", "{", '"'):
            return text
        raise click.UsageError(f"{name}: {fault}") from None
