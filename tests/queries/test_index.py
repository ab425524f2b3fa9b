"""What is asked of one of many is found by an index that leads to it, not by one that leads to all."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.listing import list_related
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.actions.estate import FULL, LIVE, TEST, WEB1, WEB2, day, lay, put

pytestmark = pytest.mark.django_db


def explain(asked: CaptureQueriesContext, table: str) -> list[str]:
    """The steps that SQLite takes for the statements from a table; none on another database."""
    if connection.vendor != "sqlite":
        return []
    steps: list[str] = []
    with connection.cursor() as cursor:
        for statement in (each["sql"] for each in asked.captured_queries if f'FROM "{table}"' in each["sql"]):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            steps += (step for *_, step in cursor.fetchall())
    assert steps
    return steps


@pytest.mark.parametrize("which", [ActivityFilter(instance=LIVE), ActivityFilter(customer="acme")])
def test_the_rollouts_of_an_owner_are_found_by_their_numbers(which: ActivityFilter) -> None:
    lay(FULL)
    put(LIVE, WEB1)
    put(TEST, WEB2)
    with CaptureQueriesContext(connection) as asked:
        rows = list_activity(LOCAL, Moment(day(1)), which)
    told = {row.noun: row for row in reversed(rows)}
    every = list_activity(LOCAL, Moment(day(1)), ActivityFilter(noun="rollout"))
    of_owner = [row for row in every if row.rollout == told["deployment"].rollout or which.customer]
    assert [row for row in rows if row.noun == "rollout"] == of_owner
    assert not [step for step in explain(asked, "larry_activity") if "activity_by_noun (" in step]


def test_followers_are_found_by_their_template() -> None:
    lay(FULL)
    with CaptureQueriesContext(connection) as asked:
        list_related("instance", LIVE, LOCAL, Moment(day(1)))
    steps = explain(asked, "larry_instance")
    assert not [step for step in steps if re.search(r"SCAN|FOR IN-OPERATOR", step)]
