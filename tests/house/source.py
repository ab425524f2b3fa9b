"""The house as the rules see it: its modules, parsed, with their places relative to the root."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("core", "nouns", "records", "exports", "outside", "queries", "actions")
"""The floors below the faces, from the ground up."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: `place` is its path from the root of the repository, with forward slashes."""

    place: PurePosixPath
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def floor(self) -> str:
        """`core` of larry/core/plan.py; the empty string for what lies on no floor."""
        return self.place.parts[1] if self.place.parts[0] == "larry" and len(self.place.parts) > 2 else ""

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.place.parts


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the house, with its why; `find` names every fault under a root, and nothing when there is none."""

    name: str
    why: str
    find: Callable[[Path], Iterator[str]]


def list_modules(root: Path, *tops: str) -> tuple[Module, ...]:
    """Every module under the given folders of the root, in order. A file that does not parse raises SyntaxError."""
    modules = []
    for top in tops:
        for path in sorted((root / top).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text, filename=str(path))
            modules.append(Module(PurePosixPath(path.relative_to(root)), text, tree))
    return tuple(modules)


def list_committed(root: Path) -> tuple[Path, ...]:
    """Every file that is or would be committed: what git knows or does not ignore; all files where git is not."""
    if not (root / ".git").exists():
        return tuple(sorted(path for path in root.rglob("*") if path.is_file()))
    asked = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(sorted(root / name for name in set(names) if name and (root / name).is_file()))
