"""A query costs the same number of statements however much there is: none hides a loop of them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

import larry.queries
from larry.queries import deployable, kept_node
from tests.queries.census import QUERIES, WITHOUT_STATEMENTS, grow, take_census

SMALL, LARGE = 2, 5


def find_public() -> dict[str, Callable[..., object]]:
    """Every public function defined in a module of the queries that asks who reads."""
    found: dict[str, Callable[..., object]] = {}
    for module in pkgutil.iter_modules(larry.queries.__path__, "larry.queries."):
        functions = inspect.getmembers(importlib.import_module(module.name), inspect.isfunction)
        homemade = [(name, of) for name, of in functions if of.__module__ == module.name and not name.startswith("_")]
        found.update((name, of) for name, of in homemade if "reader" in inspect.signature(of).parameters)
    return found


PUBLIC = find_public()


def test_every_public_query_is_counted() -> None:
    assert PUBLIC.keys() == QUERIES.keys() | WITHOUT_STATEMENTS, "add it to tests/queries/census.py"


def count_all(size: int) -> dict[str, list[str]]:
    """The statements of each query in an estate of a size."""
    grow(size)
    statements: dict[str, list[str]] = {}
    census = take_census()
    for name, query in QUERIES.items():
        deployable._parsed.clear()  # what is remembered between calls is no part of the count
        kept_node._kept.clear()
        with CaptureQueriesContext(connection) as captured:
            assert query(census), name
        statements[name] = [each["sql"] for each in captured.captured_queries]
    return statements


@pytest.mark.django_db
def test_no_query_costs_more_statements_where_there_is_more() -> None:
    counted: list[dict[str, int]] = []
    for size in (SMALL, LARGE):
        with transaction.atomic():
            counted.append({name: len(statements) for name, statements in count_all(size).items()})
            transaction.set_rollback(True)
    small, large = counted
    assert {name: (small[name], large[name]) for name in small if small[name] != large[name]} == {}
    assert {name: count for name, count in small.items() if count != promised(name, count)} == {}


def promised(name: str, count: int) -> int:
    """What the docstring says where it gives one exact number, else what was counted."""
    found = re.match(r"[^;]*; (\d+) SQL statements?[.,]", " ".join((inspect.getdoc(PUBLIC[name]) or "").split()))
    return int(found[1]) if found else count
