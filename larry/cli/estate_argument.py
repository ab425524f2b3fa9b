"""Estate files as arguments: files, folders of *.yaml, or `-` for standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

STANDARD_INPUT = "-"
LARGEST = 64 * 2**20
"""What a reader of many files is to bear; each file has its own, smaller limit in `larry.nouns.yaml_text`."""


def read_files(names: Sequence[str], largest: int = LARGEST) -> tuple[tuple[str, bytes], ...]:
    """(name, content) of every file, folders opened in order of name; of one that has more than ``largest`` bytes, that
    many and one more. Wrong usage when one is not there."""
    if names.count(STANDARD_INPUT) > 1:
        raise click.UsageError("standard input can be read once")
    return tuple(each for name in names for each in _read(name, largest + 1))


def read_one_file(name: str) -> tuple[str, bytes]:
    """(name, content) of one file or of standard input. Wrong usage when it is not there."""
    if name != STANDARD_INPUT and Path(name).is_dir():
        raise click.UsageError(f"{name} is a folder, not a file")
    ((shown, content),) = _read(name, LARGEST)
    return shown, content


def _read(name: str, most: int) -> Iterator[tuple[str, bytes]]:
    if name == STANDARD_INPUT:
        yield "<standard input>", sys.stdin.buffer.read(most)
        return
    path = Path(name)
    if path.is_dir():
        found = sorted(file for pattern in ("*.yaml", "*.yml") for file in path.glob(pattern) if file.is_file())
        if not found:
            raise click.UsageError(f"the folder {name} holds no *.yaml")
        for file in found:
            yield str(file), _content(file, most)
    elif path.exists():
        yield name, _content(path, most)
    else:
        raise click.UsageError(f"there is no file {name}")


def _content(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)
