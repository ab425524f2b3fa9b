"""Planted faults: one condition of a core module is replaced in its text, and the module is loaded from that."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module of the core in which `before` reads `after`."""

    module: str
    name: str
    before: str
    after: str


class NoSuchText(Exception):
    """The text to be replaced is not in the module, or not just once: the mutant has to be written anew."""


def source_of(module: str) -> str:
    spec = find_spec(f"larry.core.{module}")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text()


def is_public_class(name: str, value: object) -> bool:
    return isinstance(value, type) and not name.startswith("_")


@contextmanager
def grown(mutant: Mutant) -> Iterator[ModuleType]:
    """The module with its fault, for as long as the context lasts; everything it imports is the real thing."""
    source = source_of(mutant.module)
    if source.count(mutant.before) != 1:
        raise NoSuchText(
            f"{mutant.name}: {mutant.before!r} is {source.count(mutant.before)} times in {mutant.module}.py"
        )
    name = f"mutant_of_{mutant.module}"
    module = ModuleType(name)
    sys.modules[name] = module  # where dataclasses look for the names in annotations
    try:
        exec(compile(source.replace(mutant.before, mutant.after), f"<{mutant.name}>", "exec"), module.__dict__)  # noqa: S102
        real = vars(import_module(f"larry.core.{mutant.module}"))
        # Its kinds, exceptions and values are the real ones, so that they can be recognized.
        vars(module).update({name: real[name] for name, own in vars(module).items() if is_public_class(name, own)})
        yield module
    finally:
        del sys.modules[name]
