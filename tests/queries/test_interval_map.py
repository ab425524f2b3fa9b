"""Interval maps of many lanes: the first are shown, the others counted."""

from __future__ import annotations

import pytest

from larry.queries.interval_map import get_interval_map
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.actions.estate import LIVE, day, lay, put

pytestmark = pytest.mark.django_db

HOSTS = [f"h{number}.example.com" for number in range(5)]
LINES = ", ".join(f"{{name: {host}, roles: [web]}}" for host in HOSTS)
ESTATE = f"larry: 1\nroles: [{{key: web, name: Web}}, {{key: idle, name: Idle}}]\nhosts: [{LINES}]\n"
SHOP = """
services: [{name: linux}]
customers: [{name: Acme, apps: [{name: Shop, instances: [{name: Live, copies: 9, requires: [linux]}]}]}]
"""


@pytest.mark.parametrize("most, shown, left_out", [(None, 5, 0), (6, 5, 0), (5, 5, 0), (4, 4, 1), (1, 1, 4)])
def test_the_first_lanes_are_shown_and_the_others_counted(most: int | None, shown: int, left_out: int) -> None:
    lay(ESTATE)
    drawn = get_interval_map("role", "web", LOCAL, Moment(day(0)), most=most)
    assert [lane.link[-1] for lane in drawn.lanes] == HOSTS[:shown]
    assert drawn.left_out == left_out
    empty = get_interval_map("role", "idle", LOCAL, Moment(day(0)), most=most)
    assert (empty.lanes, empty.left_out) == ((), 0)


def test_lanes_go_on_where_those_before_ended() -> None:
    lay(ESTATE)
    at = Moment(day(0))
    drawn = get_interval_map("role", "web", LOCAL, at, most=2, passed=2)
    assert [lane.link[-1] for lane in drawn.lanes] == HOSTS[2:4]
    assert (drawn.passed, drawn.left_out) == (2, 1)
    last = get_interval_map("role", "web", LOCAL, at, most=2, passed=4)
    assert ([lane.link[-1] for lane in last.lanes], last.left_out) == (HOSTS[4:], 0)
    beyond = get_interval_map("role", "web", LOCAL, at, most=2, passed=9)
    assert (beyond.lanes, beyond.left_out) == ((), 0)


def test_many_lanes_have_together_no_more_bars_than_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out comes after what is shown, and nothing is shown of it; a lane of too many is shown alone."""
    lay(ESTATE + SHOP)
    put(LIVE, HOSTS[0], start=0, end=1)
    for host in HOSTS[:4]:
        put(LIVE, host, start=2)
    at = Moment(day(3))
    for most, shown in ((1, 1), (2, 1), (3, 2), (4, 3), (5, 5), (9, 5)):
        monkeypatch.setattr("larry.queries.interval_map.MOST_BARS", most)
        monkeypatch.setattr("larry.queries.interval_map.MANY_LANES", 0)
        drawn = get_interval_map("role", "web", LOCAL, at, most=5)
        assert [lane.link[-1] for lane in drawn.lanes] == HOSTS[:shown], most
        assert drawn.left_out == 5 - shown
        assert [len(lane.bars) for lane in drawn.lanes] == [2, 1, 1, 1, 0][:shown]
