"""The dialects that a node is printed in: one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from larry.core.node_text import DatedNode
from larry.exports import json, puppet, shell, yaml


class UnknownDialect(LookupError):
    """Nobody prints a dialect of that name."""


class Render(Protocol):
    """Prints a node; ``stop`` asks for the reverse order. Raises `CannotPrint` (of larry.exports) where it cannot."""

    def __call__(self, dated: DatedNode, *, stop: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """``name`` for the command line, ``suffix`` for the last label of a URL; ``can_stop``: has an order of stopping."""

    name: str
    suffix: str
    media_type: str
    render: Render
    can_stop: bool


DIALECTS: tuple[Dialect, ...] = (
    Dialect("json", "json", "application/json", json.render, can_stop=True),
    Dialect("yaml", "yaml", "application/yaml", yaml.render, can_stop=True),
    Dialect("enc", "enc", "application/yaml", puppet.enc.write_answer, can_stop=False),
    Dialect("puppet", "pp", "text/plain; charset=utf-8", puppet.manifest.write_manifest, can_stop=False),
    Dialect("hiera", "hiera", "application/yaml", puppet.hiera.write_data, can_stop=False),
    Dialect("shell", "sh", "text/x-shellscript; charset=utf-8", shell.render, can_stop=True),
)


def find_dialect(name_or_suffix: str) -> Dialect:
    """The dialect of that name or suffix; raises `UnknownDialect`, whose text names them all."""
    for dialect in DIALECTS:
        if name_or_suffix in (dialect.name, dialect.suffix):
            return dialect
    known = ", ".join(dialect.name for dialect in DIALECTS)
    raise UnknownDialect(f"there is no dialect {name_or_suffix!r}; there are {known}")
