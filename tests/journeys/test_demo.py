"""The demonstration is a believable company with a past, a present and a future."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from larry.cli.demo import ACTS, FIRST_DAY
from larry.core.node_text import MASK
from larry.queries.activity import list_activity
from larry.queries.deployment import State
from larry.queries.dirty import list_dirty_causes
from larry.queries.instance import get_standing
from larry.queries.moment import Moment
from larry.queries.noun import list_items
from larry.queries.reader import LOCAL
from tests.journeys.played import FIRST, NOW, all_hosts, deployments, host, node, playing, timeline

pytestmark = pytest.mark.django_db

AT_NOW = Moment(NOW)


@pytest.fixture(scope="module", autouse=True)
def _demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with playing(django_db_blocker):
        yield


def test_it_has_what_a_small_company_has() -> None:
    counts = {noun: len(list_items(noun, LOCAL, AT_NOW)) for noun in ("service", "customer", "app", "instance", "host")}
    assert counts == {"service": 15, "customer": 3, "app": 6, "instance": 12, "host": 12}
    assert {len(list_items(noun, LOCAL, AT_NOW)) for noun in ("role", "grade", "pool")} == {6, 3}


def test_audits_go_where_each_of_the_four_policies_says() -> None:
    services: Any = [item.values for item in list_items("service", LOCAL, AT_NOW)]
    wheres = [audit["where"] for service in services for audit in service["audits"]]
    assert {where if isinstance(where, str) else next(iter(where)) for where in wheres} == {
        "same-host",
        "host",
        "role",
        "manual",
    }


def test_there_are_deployments_of_every_state() -> None:
    states = Counter(row.state for row in deployments())
    assert states == {State.PAST: 8, State.CURRENT: 10, State.FUTURE: 7, State.DEACTIVATED: 1}


def test_one_instance_is_dirty_and_says_by_what() -> None:
    assert [each.path for each in list_dirty_causes(LOCAL, AT_NOW)] == ["gruenwald/bestell_portal/production"]
    (live,) = get_standing("gruenwald/bestell_portal/production", LOCAL, AT_NOW).live
    assert [(each.path, each.old, each.new, each.owner) for each in live.differences] == [
        ("instance.parameters.rotate", "30", "90", "instance"),
        ("services.log_rotation.parameters.rotate", "30", "90", "instance"),
    ]


def test_one_audit_is_uncovered_and_says_what_would_be_enough() -> None:
    live = [row for row in deployments() if row.state in {State.CURRENT, State.FUTURE}]
    lacks = [(row.instance, *lack) for row in live for lack in row.uncovered]
    assert [lack[:4] for lack in lacks] == [("acme/shop/staging", "card_data_scan", "checkout", host("web4"))]
    assert lacks[0][4] == "nobody has named a host for card_data_scan: place it on one"


def test_every_host_has_a_node_at_every_boundary() -> None:
    boundaries = {moment for row in deployments() for moment in (row.start, row.end) if moment is not None}
    days = {NOW + timedelta(days=days) for days in (FIRST_DAY, 0, -FIRST_DAY)}
    within = {moment for moment in boundaries | days if abs(moment - NOW) <= timedelta(days=-FIRST_DAY)}
    assert len(within) > 25
    for name in all_hosts():
        for moment in within:
            dated = node(name, moment)
            assert dated.start <= moment
            assert dated.end is None or moment < dated.end


def test_timelines_have_no_gap_from_the_first_act_on() -> None:
    for name in all_hosts():
        nodes = timeline(name, FIRST, NOW + timedelta(days=400))
        assert nodes[0].start == FIRST
        assert all(earlier.end == later.start for earlier, later in pairwise(nodes))
        assert nodes[-1].end is None or nodes[-1].end > NOW + timedelta(days=400)


def test_every_instance_that_runs_has_all_its_services_somewhere() -> None:
    present = {
        (entry.service, path) for name in all_hosts() for entry in node(name, NOW).node.services for path in entry.paths
    }
    for row in deployments():
        if row.state is State.CURRENT:
            lacking = {auditor for auditor, *_ in row.uncovered}
            closure = {service.key for service in get_standing(row.instance, LOCAL, AT_NOW).snapshot.services}
            assert {key for key in closure if (key, row.instance) not in present} == lacking, row.instance


def test_secrets_are_set_for_instances_and_masked_in_nodes() -> None:
    entries = {entry.key: entry for entry in node(host("db2"), NOW).node.services}
    database = entries["gruenwald-bestell_portal-production-database"]
    assert database.parameters == {
        "dbname": "gruenwald_bestell_portal",
        "user": "gruenwald_bestell_portal",
        "password": MASK,
    }


def test_the_history_was_recorded_while_it_happened() -> None:
    lines = list_activity(LOCAL, AT_NOW, limit=10_000)
    moments = [line.at for line in lines]
    assert moments == sorted(moments, reverse=True)
    assert len(set(moments)) == len(ACTS)
    assert moments[-1] == FIRST
    assert {line.actor for line in lines} == {act.who or "the tests" for act in ACTS}
    assert {line.reason for line in lines} == {act.reason for act in ACTS}


def test_a_bounded_replacement_gives_way_to_what_was_there_before() -> None:
    rows = [row for row in deployments("acme/shop/production", host("web1")) if row.end != row.start]
    before, sale, after, winter, again = (row.snapshot for row in rows)
    assert before == after == again != sale == winter
    assert [row.continues for row in rows] == [None, None, rows[0].id, None, rows[2].id]
