"""Rules about the shape of a module: how long, what it is called, what it opens with, what it defines."""

from __future__ import annotations

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.house.source import FLOORS, Function, Module, Rule, list_modules

MODULE_CEILING = 400
FUNCTION_CEILING = 60
DRAWERS = frozenset("base common helper helpers lib libs misc services shared stuff util utils".split())
"""`service` is not among them: it is a noun of Larry, and has its file on every floor."""

SIBLINGS = (
    ("larry/exports/*.py", frozenset({"render", "render_fleet", "render_files"})),
    ("larry/records/guards_on_*.py", None),
)
"""Modules that are one interface in several languages, and the names they may share (None: any)."""


def find_long_modules(root: Path) -> Iterator[str]:
    for module in list_modules(root, "larry", "tests"):
        if module.lines > MODULE_CEILING and not module.is_migration:
            yield f"{module.place}: {module.lines} lines, {MODULE_CEILING} are the ceiling"


def find_long_functions(root: Path) -> Iterator[str]:
    for module in list_modules(root, "larry", "tests"):
        if module.is_migration:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, Function):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length >= FUNCTION_CEILING:
                    yield f"{module.place}:{node.lineno}: {node.name} has {length} lines, not under {FUNCTION_CEILING}"


def find_drawers(root: Path) -> Iterator[str]:
    for module in list_modules(root, "larry", "tests"):
        for part in (*module.place.parts[:-1], module.place.stem):
            if part.strip("_").lower() in DRAWERS:
                yield f"{module.place}: {part} is a drawer; call the module after what it is about"


def find_missing_docstrings(root: Path) -> Iterator[str]:
    """A docstring opens with a sentence that can be read aloud: it has an end."""
    for module in list_modules(root, "larry", "tests"):
        if module.is_migration:
            continue
        opening = (ast.get_docstring(module.tree) or "").split("\n\n")[0].rstrip()
        if not opening:
            yield f"{module.place}: the module does not say what it is"
        elif not opening.endswith((".", "!", "?", ":")):
            yield f"{module.place}: the docstring does not open with a whole sentence: {opening[-40:]!r}"


def find_twins(root: Path) -> Iterator[str]:
    """Public names defined at the top of more than one module below the faces, siblings of one interface apart."""
    homes: dict[str, list[PurePosixPath]] = defaultdict(list)
    for module in list_modules(root, *(f"larry/{floor}" for floor in FLOORS)):
        if not module.is_migration:
            for name in _public_names(module):
                homes[name].append(module.place)
    for name, places in sorted(homes.items()):
        if len(places) > 1 and not _are_siblings(name, places):
            yield f"{name} is defined in {' and '.join(map(str, places))}; a name has one home"


def _are_siblings(name: str, places: list[PurePosixPath]) -> bool:
    return any(
        (shared is None or name in shared) and all(place.match(pattern) for place in places)
        for pattern, shared in SIBLINGS
    )


def _public_names(module: Module) -> set[str]:
    return {
        name for statement in _statements(module.tree.body) for name in _bound(statement) if not name.startswith("_")
    }


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module's top level, those under a top-level if, try or with among them."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody") if isinstance(statement, ast.If | ast.Try | ast.With) else ():
            yield from _statements(getattr(statement, field, []))
        if isinstance(statement, ast.Try):
            for handler in statement.handlers:
                yield from _statements(handler.body)


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, Function | ast.ClassDef):
        yield statement.name
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    for target in targets:
        yield from (
            node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )


def list_sizes(root: Path) -> Iterator[str]:
    """One line for each top folder or floor: modules, lines, median and largest module."""
    sizes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for module in list_modules(root, "larry", "tests"):
        # A file that only opens a package is no module to measure.
        if not module.is_migration and module.place.name != "__init__.py":
            for group in (
                "/".join(module.place.parts[:2]) if len(module.place.parts) > 2 else module.place.parts[0],
                "all",
            ):
                sizes[group].append((module.lines, str(module.place)))
    for group, entries in sorted(sizes.items()):
        median = statistics.median(lines for lines, _ in entries)
        largest, place = max(entries)
        total = sum(lines for lines, _ in entries)
        yield f"{group:16} {len(entries):4} modules {total:7} lines, median {median:5.0f}, largest {largest:4} {place}"


RULES: tuple[Rule, ...] = (
    Rule("modules-are-short", "a module is read in one sitting", find_long_modules),
    Rule("functions-are-short", "a function is seen at one glance", find_long_functions),
    Rule("no-drawers", "a drawer takes everything and says nothing", find_drawers),
    Rule(
        "modules-say-what-they-are", "each module opens with a sentence that can be read aloud", find_missing_docstrings
    ),
    Rule("names-have-one-home", "any public name can be grepped to the one place where it is defined", find_twins),
)
