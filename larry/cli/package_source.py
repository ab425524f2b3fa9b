"""`larry import debian-packages`: an index of packages becomes an estate file of services, or a folder of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from larry.cli.estate_argument import STANDARD_INPUT
from larry.cli.output_file import replace_folder

DEBIAN_PACKAGES = "debian-packages"

_MOST_TOLD = 20
_HEAD = "larry: 1\nservices:\n"


def tell_packages(name: str, only: Sequence[str], output: str | None) -> None:
    """Print services that stand for the packages of an index, or write them into a folder; say what is left out."""
    from larry.core.document import thaw
    from larry.nouns.package import propose_services
    from larry.nouns.package_index import read_index
    from larry.nouns.yaml_text import LARGEST_FILE

    packages = read_index(_read(name), name)
    unknown = [each for each in only if each not in packages]
    if unknown:
        raise click.UsageError(f"{name} has no {', '.join(unknown)}")
    proposed = propose_services(packages, only)
    _tell("would close a circle", (f"{who} needs {whom}" for who, whom in proposed.circles), len(proposed.circles))
    _tell("no package answers", (f"{who} needs {what}" for who, what in proposed.missing), len(proposed.missing))
    lines = [f"- {json.dumps(thaw(service), ensure_ascii=False)}\n" for service in proposed.services]
    if output is None:
        text = _HEAD + "".join(lines)
        size = len(text.encode())
        if size > LARGEST_FILE:
            hint = "write a folder with --output, or take less with --only"
            click.echo(f"note: this has {size} bytes, and files of at most {LARGEST_FILE} are read: {hint}", err=True)
        click.echo(text, nl=False)
        return
    files = _divide(lines, LARGEST_FILE)
    replace_folder(Path(output), files)
    click.echo(f"{len(lines)} services in {len(files)} {'file' if len(files) == 1 else 'files'} in {output}", err=True)


def _read(name: str) -> bytes:
    from larry.nouns.package_index import LARGEST_INDEX
    from larry.outside.packed_file import unpack_all

    if name == STANDARD_INPUT:
        return unpack_all(sys.stdin.buffer, "<standard input>", LARGEST_INDEX)
    path = Path(name)
    if not path.is_file():
        raise click.UsageError(f"there is no file {name}")
    with path.open("rb") as file:
        return unpack_all(file, name, LARGEST_INDEX)


def _tell(why: str, lines: Iterator[str], count: int) -> None:
    for _, line in zip(range(_MOST_TOLD), lines, strict=False):
        click.echo(f"larry: {line}: left out, {why}", err=True)
    if count > _MOST_TOLD:
        click.echo(f"larry: and {count - _MOST_TOLD} more, left out: {why}", err=True)


def _divide(lines: Sequence[str], largest: int) -> Mapping[str, str]:
    """Files none of which is too large to be read again."""
    files: list[list[str]] = [[]]
    size = len(_HEAD)
    for line in lines:
        size += len(line.encode())
        if size > largest:
            files.append([])
            size = len(_HEAD) + len(line.encode())
        files[-1].append(line)
    return {f"services-{number}.yaml": _HEAD + "".join(each) for number, each in enumerate(files, start=1)}
