"""The head start: what the first who asks would wait for is found out before, and nothing depends on it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext

from larry.outside import clock
from larry.queries import dirty, kept_survey
from larry.queries.dirty import list_dirty_causes
from larry.queries.kept_survey import get_kept_faults
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from larry.queries.view import read_view
from larry.site import head_start
from tests.actions.estate import LIVE, SMALL, change, day, lay, put


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "now", lambda: day(3))
    for kept in (kept_survey._kept, dirty._kept):
        kept.clear()
    yield
    for kept in (kept_survey._kept, dirty._kept):
        kept.clear()


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="larry.head_start")
    return caplog


@pytest.mark.django_db(transaction=True)
def test_the_first_who_asks_finds_everything_kept(told: pytest.LogCaptureFixture) -> None:
    lay(SMALL)
    put(LIVE, "web1")
    change("instance", LIVE, 1, parameters={"size": 2})
    head_start.take_head_start().join(60)
    assert [record.getMessage() for record in told.records] == ["looked through all instances, before anybody asks"]
    assert dirty._kept.keys() == {LIVE}
    with read_view(), CaptureQueriesContext(connection) as asked:
        assert get_kept_faults(LOCAL, Moment(day(3))) is not None
    assert len([each for each in asked if "larry_" in each["sql"]]) == 1
    assert [each.path for each in list_dirty_causes(LOCAL, Moment(day(3)))] == [LIVE]


@pytest.mark.django_db(transaction=True)
def test_it_leaves_no_connection_behind(monkeypatch: pytest.MonkeyPatch, told: pytest.LogCaptureFixture) -> None:
    lay(SMALL)
    left: list[bool] = []
    close = connections.close_all

    def close_and_look() -> None:
        left.append(connection.connection is not None)
        close()
        left.append(connection.connection is not None)

    monkeypatch.setattr(connections, "close_all", close_and_look)
    head_start.take_head_start().join(60)
    assert left == [True, False]


@pytest.mark.parametrize("failure", [OperationalError("the database is away"), RuntimeError("a defect")])
def test_a_server_without_a_head_start_serves(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, told: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise failure

    monkeypatch.setattr(head_start, "read_view", fail)
    head_start.take_head_start().join(60)
    assert [(record.levelname, record.getMessage()) for record in told.records] == [("WARNING", "no head start")]
    assert not kept_survey._kept
