"""P9: an estate file is read and applied, against parsing it with libyaml; and what is the least that it could take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.bench.measure import Row, compare
from tests.bench.size import Size


def apply_rows(size: Size) -> Iterator[Row]:
    """Reading an estate file and applying it to an empty database (and undoing that), against libyaml's parser."""
    text, count = _write_file(size)
    mine, theirs = compare(partial(_apply, text, dry_run=True), partial(_parse, text), rounds=3)
    yield Row("P9 apply an estate file", f"{count:,} objects", mine, theirs, "parsing it with libyaml", 3)


def reapply_rows(size: Size) -> Iterator[Row]:
    """The same against plain INSERTs of the rows that it writes; then the file again, where it changes nothing. Leaves
    the estate in the database."""
    text, count = _write_file(size)
    act = partial(_apply, text, dry_run=True)
    _apply(text, dry_run=False)
    written = _read_rows()  # there were next to none before
    total = sum(len(rows) for _, rows in written.values())
    said = f"{count:,} objects"
    mine, theirs = compare(act, partial(_parse, text), rounds=3)
    yield Row("P9 the same file again", said, mine, theirs, "parsing it with libyaml", None)
    mine, theirs = compare(_insert(written), partial(_parse, text), rounds=3)
    yield Row(f"P9 its {total:,} rows by plain INSERTs", said, mine, theirs, "parsing it with libyaml", None)


def _write_file(size: Size) -> tuple[str, int]:
    from larry.exports.estate import write_estate
    from larry.nouns.estate import complete
    from larry.nouns.recipe import Recipe, state_recipe

    items = complete(state_recipe(Recipe(size.objects // 3, size.objects // 3, size.services, 1)), {})
    return write_estate(items), len(items)


def _parse(text: str) -> object:
    import yaml

    return yaml.load(text, yaml.CSafeLoader)


def _apply(text: str, *, dry_run: bool) -> None:
    from larry.actions.apply import apply
    from larry.actions.author import Author
    from larry.nouns.estate import parse_estate
    from larry.outside import clock

    stated = parse_estate([("made-up.yaml", text)], largest=1 << 30)
    apply(stated.items, Author("bench", "measure", clock.now()), dry_run=dry_run)


_Table = tuple[list[str], list[tuple[Any, ...]]]


def _read_rows() -> dict[str, _Table]:
    """Every table of Larry's."""
    from django.apps import apps
    from django.db import connection

    tables: dict[str, _Table] = {}
    with connection.cursor() as cursor:
        for model in apps.get_app_config("larry").get_models(include_auto_created=True):
            name = model._meta.db_table
            cursor.execute(f'SELECT * FROM "{name}"')
            tables[name] = [column[0] for column in cursor.description], cursor.fetchall()
    return tables


def _insert(tables: dict[str, _Table]) -> Callable[[], None]:
    """Rows into tables like theirs without a constraint, index or guard, in one transaction that is undone."""
    from django.db import connection, transaction

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for name, (columns, rows) in tables.items():
                cursor.execute(f'CREATE TABLE "bench_{name}" AS SELECT * FROM "{name}" WHERE 1 = 0')
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f'INSERT INTO "bench_{name}" VALUES ({marks})', rows)
            transaction.set_rollback(True)

    return insert
