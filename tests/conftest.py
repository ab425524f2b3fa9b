"""What every test shares: a database in a file, logs that may be emptied in between, and how hard Hypothesis looks."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connection, connections, transaction
from django.test import TransactionTestCase
from django.test.utils import override_settings

from tests.database import SESSION

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

if SESSION not in os.environ:
    raise pytest.UsageError("the tests need their plugin, which lays the database: pytest -p tests.database")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays until the end: nobody looks for circles in it, now or while the tests run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin first: at the end one worker would wait for the other."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file for SQLite, one for each worker: in memory, threads would share one connection."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    settings = connections["default"].settings_dict
    in_file = str(settings["ENGINE"]).endswith("sqlite3")
    name = f"tests_{worker}"
    settings["TEST"]["NAME"] = str(Path(os.environ[SESSION]) / f"{name}.sqlite3") if in_file else name


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_hashed_fast() -> Iterator[None]:
    """What is slow for whoever guesses would be slow for every test that signs in."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied() -> Iterator[None]:
    """After a test with transactions all tables are emptied, which the guards of what is only appended to forbid.

    So they are lifted for it, and laid again. On PostgreSQL Django's way of emptying takes half a second: not here.
    """
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def lift_and_empty(self: Any) -> None:
        from larry.queries import kept_survey

        kept_survey._kept.clear()  # of another history
        if connection.vendor == "postgresql":
            _delete_all_rows()
            return
        from larry.records import guards

        guards.remove(connection)
        empty(self)  # ends with the signal that migrations end with, which lays the guards again

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lift_and_empty)
        yield


def _delete_all_rows() -> None:
    from larry.records import guards

    ours = ("larry_", "django_session")
    tables = [name for name in connection.introspection.table_names() if name.startswith(ours)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger fires, foreign keys among them
        cursor.execute(";".join(f"DELETE FROM {table}" for table in tables))
    guards.install(connection)
