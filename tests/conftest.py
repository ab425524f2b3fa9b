"""What every test shares: a database in a file, logs that may be emptied in between, and how hard Hypothesis looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connections
from django.test import TransactionTestCase

from tests.database import SESSION

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

if SESSION not in os.environ:
    raise pytest.UsageError("the tests need their plugin, which lays the database: pytest -p tests.database")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file for SQLite, one for each worker: in memory, threads would share one connection."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    settings = connections["default"].settings_dict
    in_file = str(settings["ENGINE"]).endswith("sqlite3")
    name = f"tests_{worker}"
    settings["TEST"]["NAME"] = str(Path(os.environ[SESSION]) / f"{name}.sqlite3") if in_file else name


@pytest.fixture(scope="session", autouse=True)
def _log_may_be_emptied() -> Iterator[None]:
    """Django empties all tables after a test with transactions; the guards of what is only appended to forbid that.

    So they are lifted for it. Emptying ends with the signal that migrations end with, which lays them again.
    """
    from larry.records import guards
    from larry.records.promise import PROMISES, AppendOnly

    logs = [promise.name for promise in PROMISES if isinstance(promise, AppendOnly)]
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def lift_and_empty(self: Any) -> None:
        for connection in connections.all():
            guards.remove(connection, *logs)
        empty(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lift_and_empty)
        yield
