"""The guards refuse what they promise to refuse, nothing else, and are missed when they are gone."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from larry.records import guards
from larry.records.promise import PROMISES
from tests.records.faults import FAULTS, Fault, plant
from tests.records.probes import find_holes, has_a_hole, list_probes
from tests.records.rows import add_activity, add_deployment

pytestmark = pytest.mark.django_db

NAMES = tuple(promise.name for promise in PROMISES)


@pytest.mark.parametrize("guard", NAMES)
def test_a_guard_has_no_hole(guard: str) -> None:
    probes = list_probes(guard)
    assert {probe.refuses for probe in probes} == {True, False}
    assert find_holes(guard) == ()


@pytest.mark.parametrize("guard", NAMES)
def test_without_its_guard_every_breach_goes_through(guard: str) -> None:
    guards.remove(connection, guard)
    refused = {probe.name for probe in list_probes(guard) if probe.refuses}
    assert set(find_holes(guard)) >= refused


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.vendor == connection.vendor], ids=str)
def test_a_planted_fault_is_found_by_a_probe_and_by_its_text_and_repaired(fault: Fault) -> None:
    plant(connection, fault)
    assert has_a_hole(fault.guard)
    assert guards.missing(connection) == (fault.guard,)
    guards.install(connection)
    assert guards.missing(connection) == ()


def test_there_are_enough_planted_faults_for_either_database() -> None:
    for vendor in ("sqlite", "postgresql"):
        assert len([fault for fault in FAULTS if fault.vendor == vendor]) >= 30
        assert {fault.guard for fault in FAULTS if fault.vendor == vendor} == set(NAMES)


@pytest.mark.parametrize("guard", NAMES)
def test_a_guard_that_is_gone_is_missed_by_its_name(guard: str) -> None:
    guards.remove(connection, guard)
    assert guards.missing(connection) == (guard,)


def test_all_guards_can_be_gone_and_come_back() -> None:
    guards.remove(connection)
    assert guards.missing(connection) == NAMES
    guards.install(connection)
    assert guards.missing(connection) == ()


def test_laying_guards_again_changes_nothing() -> None:
    written = []

    def watch(execute: object, sql: str, *rest: object) -> object:
        if sql.lstrip().split()[0].upper() not in {"SELECT", "SAVEPOINT", "RELEASE"}:
            written.append(sql)
        return execute(sql, *rest)  # type: ignore[operator]

    with connection.execute_wrapper(watch):
        guards.install(connection)
    assert [sql for sql in written if "ON CONFLICT DO NOTHING" not in sql] == []


def test_a_refusal_carries_the_name_of_its_guard_and_leaves_the_transaction_usable() -> None:
    first = add_deployment(0, 10)
    with pytest.raises(IntegrityError, match="live_deployments_of_a_lane_do_not_overlap"), transaction.atomic():
        add_deployment(5, 15, instance=first.instance, host=first.host, deployable=first.deployable)
    activity = add_activity()
    with pytest.raises(IntegrityError, match="activity_is_append_only"), transaction.atomic():
        activity.delete()
    add_deployment(10, 15, instance=first.instance, host=first.host, deployable=first.deployable)
