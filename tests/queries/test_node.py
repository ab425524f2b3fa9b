"""Nodes of hosts as of any moment: what was delivered then, and one clear line where nothing was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from larry.core.node import keep_leaving
from larry.queries.moment import Moment
from larry.queries.node import get_node, get_open_node, get_stored_node, list_timeline
from larry.queries.presence import list_hosts_beside
from larry.queries.reader import LOCAL, NotFound
from tests.actions.estate import FULL, LIVE, SMALL, TEST, WEB1, change, day, lay, put

pytestmark = pytest.mark.django_db


def test_an_unknown_host() -> None:
    lay(SMALL)
    for query in (get_node, get_stored_node, get_open_node, list_timeline):
        with pytest.raises(NotFound) as missing:
            query("nope", LOCAL, Moment(day(0)))
        assert str(missing.value) == "there is no host nope"


def test_a_moment_before_the_host_was_known() -> None:
    lay(SMALL, now=-3)
    just_before = Moment(day(-3) - timedelta(microseconds=1))
    with pytest.raises(NotFound) as missing:
        get_node("web1", LOCAL, just_before)
    assert str(missing.value) == "web1 is known from 2026-10-29T12:00:00Z on, not at 2026-10-29T11:59:59.999999Z"
    assert get_node("WEB1", LOCAL, Moment(day(-3))).start == day(-3)
    assert [each.start for each in list_timeline("web1", LOCAL, just_before)] == [day(-3)]


def test_a_renamed_host_is_asked_for_by_its_name_of_today() -> None:
    lay(SMALL)
    change("host", "web1", 0, name="new", was="web1")
    with pytest.raises(NotFound, match="there is no host web1"):
        get_node("web1", LOCAL, Moment(day(-1)))
    assert get_node("new", LOCAL, Moment(day(-1))).node.facts.name == "web1", "it was delivered under that name"


def test_a_node_holds_from_its_start_until_just_before_its_end() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=2, end=5)
    tick = timedelta(microseconds=1)
    empty, full = get_node("web1", LOCAL, Moment(day(2) - tick)), get_node("web1", LOCAL, Moment(day(2)))
    assert (empty.end, full.start, full.end) == (day(2), day(2), day(5))
    assert get_node("web1", LOCAL, Moment(day(5) - tick)) == full
    after = get_node("web1", LOCAL, Moment(day(5)))
    assert (after.start, after.end, after.digest) == (day(5), None, empty.digest)


@pytest.mark.parametrize(
    "since, until, starts",
    [
        (-100.0, None, [-30, 2, 5, 9]),
        (0.0, None, [-30, 2, 5, 9]),
        (2.0, None, [2, 5, 9]),
        (3.0, 9.0, [2, 5]),
        (3.0, 9.1, [2, 5, 9]),
        (50.0, None, [9]),
    ],
)
def test_the_timeline_between_two_moments(since: float, until: float | None, starts: list[float]) -> None:
    lay(SMALL)
    put(LIVE, "web1", start=2, end=5)
    put(LIVE, "web1", start=9)
    found = list_timeline("web1", LOCAL, Moment(day(since)), None if until is None else day(until))
    assert [each.start for each in found] == [day(start) for start in starts]


def test_what_leaves_at_a_boundary() -> None:
    lay(SMALL)
    change("service", "app", 0, sharing="instance")
    put(LIVE, "web1", end=5)
    put(TEST, "web1")
    before, after = list_timeline("web1", LOCAL, Moment(day(1)))
    assert [each.key for each in keep_leaving(before.node, after.node).services] == ["acme-shop-live-app"]


def test_secrets_are_masked_kept_sealed_or_opened() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    at = Moment(day(0))
    nodes = [query(WEB1, LOCAL, at) for query in (get_node, get_stored_node, get_open_node)]
    shown = [next(e.parameters["db_password"] for e in each.node.services if e.service == "rails") for each in nodes]
    assert isinstance(shown[0], str)
    assert "hunter2" not in shown[0]
    assert "sealed" in str(shown[1])
    assert shown[2] == "hunter2-live"
    assert len({each.digest for each in nodes}) == 1


def test_hosts_that_may_mention_one_another() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=5)
    at = Moment(day(0))
    assert list_hosts_beside(["web1"], LOCAL, at) == {"web1", "mon"}
    assert list_hosts_beside(["mon"], LOCAL, at) == {"web1", "mon"}
    assert list_hosts_beside(["web2"], LOCAL, at) == {"web2"}
    assert list_hosts_beside(["web1"], LOCAL, Moment(day(5))) == {"web1"}
