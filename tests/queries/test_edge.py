"""Edges, as they are and as the record had them: who, where, since when and by what."""

from __future__ import annotations

import pytest

from larry.queries.edge import list_edges
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound
from larry.records.activity import Activity
from tests.actions.estate import FULL, change, day, lay

pytestmark = pytest.mark.django_db


def show(known: float | None, service: str | None = None) -> list[tuple[str, str, str, object]]:
    at = Moment(day(9), None if known is None else day(known))
    return [(row.service, row.kind, row.target, row.where) for row in list_edges(LOCAL, at, service=service)]


def test_edges_of_a_service_are_those_from_it_and_to_it() -> None:
    lay(FULL)
    assert show(None, "Postgres") == [
        ("backup", "audits", "postgres", {"role": "backup"}),
        ("postgres", "needs", "linux", None),
        ("rails", "needs", "postgres", None),
    ]
    with pytest.raises(NotFound, match="there is no service postgre; did you mean 'postgres'"):
        show(None, "postgre")


def test_what_the_record_said_then() -> None:
    lay(FULL, now=-9)
    change("service", "backup", -5, audits=[{"service": "postgres", "where": "manual"}])
    change("service", "backup", -2, audits=[])
    assert show(-10) == []
    assert show(-9, "backup") == [("backup", "audits", "postgres", {"role": "backup"})]
    assert show(-5, "backup") == [("backup", "audits", "postgres", "manual")]
    assert show(-2, "backup") == show(None, "backup") == []


def test_each_edge_says_since_when_and_which_activity_drew_it() -> None:
    lay(FULL, now=-9)
    change("service", "backup", -5, audits=[{"service": "postgres", "where": "manual"}], needs=["linux"])
    line = Activity.objects.get(verb="update", address="backup")
    for at in (Moment(day(0)), Moment(day(0), day(0))):
        told = {(row.kind, row.target): row for row in list_edges(LOCAL, at, service="backup")}
        for row in told.values():
            assert (row.since, row.activity, row.actor, row.reason) == (day(-5), line.id, "ada", "because")
    (row,) = list_edges(LOCAL, Moment(day(0), day(-9)), service="backup")
    assert (row.since, row.target) == (day(-9), "postgres")
