"""The gate opens for one act, which is alone, and no transaction ends with it open."""

from __future__ import annotations

import threading

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, connections, transaction

from larry.records.estate import Estate
from larry.records.gate import keep_gate_shut, opened_gate, take_turn, wait_for_gate
from larry.records.models import Activity
from larry.records.promise import PROMISES, AppendOnly
from tests.records.rows import add_activity

pytestmark = pytest.mark.django_db(transaction=True)

REDACTED = {"larry_activity": {"before", "after"}}
"""The columns that are redacted, by table: every other one is to be kept."""


def test_every_column_that_is_not_redacted_is_kept() -> None:
    models = {model._meta.db_table: model for model in apps.get_app_config("larry").get_models()}
    opened = {promise.table: promise for promise in PROMISES if isinstance(promise, AppendOnly) and promise.kept}
    assert opened.keys() == REDACTED.keys()
    for table, promise in opened.items():
        columns = {field.column for field in models[table]._meta.local_fields}
        assert set(promise.kept) == columns - REDACTED[table]


def test_no_transaction_ends_with_the_gate_open() -> None:
    row = add_activity(before={"token": 1})

    def leave_it_open() -> None:
        with transaction.atomic():
            Estate.objects.filter(pk=1).update(redacting=0)
            Activity.objects.filter(pk=row.pk).update(before={})

    with pytest.raises(IntegrityError):
        leave_it_open()
    assert Estate.objects.get().redacting_id is None
    assert Activity.objects.get().before == {"token": 1}


def test_an_error_inside_shuts_the_gate_with_the_transaction() -> None:
    row = add_activity(before={"token": 1})

    def fail() -> None:
        with transaction.atomic(), opened_gate():
            Activity.objects.filter(pk=row.pk).update(before={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert Estate.objects.get().redacting_id is None
    assert Activity.objects.get().before == {"token": 1}


def test_what_is_redacted_stays_so_when_the_gate_is_shut_again() -> None:
    row = add_activity(before={"token": 1})
    with transaction.atomic(), opened_gate():
        Activity.objects.filter(pk=row.pk).update(before={})
    assert Activity.objects.get().before == {}
    with pytest.raises(IntegrityError, match="activity_is_append_only"):
        Activity.objects.filter(pk=row.pk).update(before={"token": 2})


@pytest.mark.skipif(connection.vendor == "sqlite", reason="on SQLite there is one writer at a time")
def test_who_opens_the_gate_waits_for_those_who_keep_it_shut_and_edits_do_not() -> None:
    kept, told = threading.Event(), threading.Event()
    order: list[str] = []

    def keep() -> None:
        with transaction.atomic():
            keep_gate_shut()
            kept.set()
            told.wait(10)
            order.append("kept shut")
        connections.close_all()

    def open_it() -> None:
        with transaction.atomic():
            wait_for_gate()
            order.append("opened")
        connections.close_all()

    keeper, opener = threading.Thread(target=keep), threading.Thread(target=open_it)
    keeper.start()
    assert kept.wait(10)
    with transaction.atomic():
        take_turn()
        order.append("edited")
    opener.start()
    opener.join(0.2)
    assert order == ["edited"]
    told.set()
    keeper.join(10)
    opener.join(10)
    assert order == ["edited", "kept shut", "opened"]
