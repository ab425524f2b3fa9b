"""Rows over one estate that is kept, however large: part by part, each in a process of its own, on a copy."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import Row
from tests.bench.size import Size

Measure = Callable[[Size, datetime], Iterator[Row]]


def list_parts() -> Mapping[str, Measure]:
    """The parts by name; what writes comes last."""
    from tests.bench.command_rows import command_rows
    from tests.bench.edit_rows import edit_rows
    from tests.bench.estate_rows import deploy_rows, inventory_rows
    from tests.bench.lookup_rows import lookup_rows
    from tests.bench.page_rows import page_rows
    from tests.bench.process_rows import memory_rows
    from tests.bench.served_rows import served_rows
    from tests.bench.survey_rows import kept_survey_rows

    return {
        "survey": kept_survey_rows,
        "inventory": inventory_rows,
        "pages": page_rows,
        "edits": edit_rows,
        "commands": command_rows,
        "lookups": lookup_rows,
        "served": served_rows,
        "memory": memory_rows,
        "deploys": deploy_rows,
    }


def make_estate(size: Size, now: datetime) -> None:
    """The estate of a size, unless there is one."""
    from larry.actions.author import Author
    from larry.actions.generate import generate
    from larry.actions.migrate import migrate
    from larry.nouns.recipe import Recipe
    from larry.records.host import Host

    migrate()
    if not Host.objects.exists():
        recipe = Recipe(size.hosts, size.instances, size.services, size.years)
        generate(recipe, Author("bench", "to measure", now))


@contextmanager
def copied(home: Path) -> Iterator[Path]:
    """A copy of the folder with the estate, beside it: it costs little where the file system shares what is alike."""
    with TemporaryDirectory(dir=home.parent, prefix=f"{home.name}-") as folder:
        subprocess.run(["cp", "-a", "--reflink=auto", f"{home}/.", folder], check=True)
        yield Path(folder)
