"""What a host delivers is compiled from now on: without gaps and overlaps, and what has passed stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest

from larry.actions.author import Refused
from larry.actions.redeploy import redeploy
from larry.actions.undeploy import undeploy
from larry.core.document import canonical_text
from larry.core.node_text import dated_document
from larry.queries.moment import Moment
from larry.queries.node import get_node, list_next_changes, list_timeline
from larry.queries.reader import LOCAL
from larry.records.node import NodeDocument, NodeSegment
from tests.actions.estate import FULL, LIVE, SMALL, TEST, WEB1, WEB2, author, change, day, lay, put, rows
from tests.actions.world import find_faults, find_rewritten_past, read_timelines

pytestmark = pytest.mark.django_db


CONFLICT, RENAME = 4, 6
"""Which of the acts below is refused, and which gives a host's segments another name."""


def test_no_act_rewrites_what_has_passed() -> None:
    lay(SMALL)
    past = read_timelines()
    acts: tuple[Callable[[float], object], ...] = (
        lambda now: put(LIVE, "web1", now=now, end=now + 30),
        lambda now: put(TEST, "web1", "web2", now=now, start=now + 2, end=now + 5),
        lambda now: change("host", "web1", now, addresses=["10.3.3.3"]),
        lambda now: change("instance", LIVE, now, parameters={"size": 3}),
        lambda now: redeploy((LIVE, TEST), author(now)),
        lambda now: undeploy((rows(now)[-1].id,), author(now), at=day(now + 1)),
        lambda now: change("host", "mon", now, name="monitor", was="mon"),
        lambda now: put(LIVE, "web2", now=now),
        lambda now: undeploy(tuple(row.id for row in rows(now) if row.end is None or row.end > day(now)), author(now)),
    )
    for number, act in enumerate(acts):
        with pytest.raises(Refused, match="wants") if number == CONFLICT else nullcontext():
            act(float(number))
        after = read_timelines()
        if number != RENAME:
            assert find_rewritten_past(past, after, day(number)) == []
        assert find_faults(day(number)) == []
        past = after


def test_between_boundaries_not_a_byte_changes_and_the_next_change_is_one() -> None:
    lay(FULL)
    put(LIVE, WEB1, WEB2, start=3, end=40)
    put(TEST, WEB1, start=10, end=20)
    put("zeta/blog/live", WEB2, start=15)
    for host in (WEB1, WEB2, "mon1.example.com", "bk1.example.com"):
        moment = day(0)
        seen = 0
        while True:
            dated = get_node(host, LOCAL, Moment(moment))
            text = canonical_text(dated_document(dated))
            if dated.end is None:
                break
            for share in (0.3, 0.999999):
                between = moment + (dated.end - moment) * share
                assert canonical_text(dated_document(get_node(host, LOCAL, Moment(between)))) == text
            just_before = get_node(host, LOCAL, Moment(dated.end - timedelta(microseconds=1)))
            assert just_before.digest == dated.digest
            assert get_node(host, LOCAL, Moment(dated.end)).digest != dated.digest
            moment, seen = dated.end, seen + 1
        assert seen >= 2


def test_the_same_node_is_stored_once_however_often_it_comes() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=2)
    put(LIVE, "web2", start=5)
    documents = NodeDocument.objects.count()
    digests = NodeSegment.objects.values_list("document_id", flat=True)
    assert documents == len(set(digests)) == 3 + 2 + 2
    empty = NodeSegment.objects.filter(host__name="web1").order_by("start").values_list("document_id", flat=True)
    assert empty[0] == empty[2]


def test_a_document_that_is_no_longer_delivered_is_kept_for_those_who_had_it() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5)
    future = get_node("web1", LOCAL, Moment(day(6))).digest
    undeploy((rows()[0].id,), author(1))
    assert not NodeSegment.objects.filter(document_id=future).exists()
    assert NodeDocument.objects.filter(digest=future).exists()
    assert [dated.end for dated in list_timeline("web1", LOCAL, Moment(day(-10)))] == [None]


def test_an_act_that_changes_a_node_and_takes_it_back_at_the_same_moment_leaves_no_boundary() -> None:
    lay(SMALL)
    before = read_timelines()
    put(LIVE, "web1", now=3)
    undeploy((rows(3)[0].id,), author(3))
    assert read_timelines() == before


def test_the_next_changes_of_all_hosts_are_listed_soonest_first() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5, end=9)
    put(TEST, "web2", start=2)
    changes = list_next_changes(LOCAL, Moment(day(0)))
    assert changes == (
        (day(2), "mon"), (day(2), "web2"), (day(5), "mon"), (day(5), "web1"), (day(9), "mon"), (day(9), "web1"),
    )  # fmt: skip
    assert list_next_changes(LOCAL, Moment(day(5)), limit=1) == ((day(9), "mon"),)
