"""`larry schema`: the JSON Schema of the estate file."""

from __future__ import annotations

from pathlib import Path

import click

from larry.cli.output_file import replace_file
from larry.cli.printing import json_text


@click.command()
@click.option("--output", metavar="FILE", help="Replace this file.")
def schema(*, output: str | None) -> None:
    """Print the JSON Schema of the estate file, with which editors complete words and mark mistakes.

    \b
    Examples:
      larry schema --output estate.schema.json
      sed -i '1i # yaml-language-server: $schema=./estate.schema.json' estate.yaml
    """
    from larry.nouns.schema import estate_schema

    text = json_text(estate_schema())
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(Path(output), text)
