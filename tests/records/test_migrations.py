"""The tables come from one line of migrations, and the guards are there after each of them."""

from __future__ import annotations

import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations import Migration

from larry.records import guards
from larry.records.models import Deployment, Edge, Estate, Instance, NodeSegment
from larry.records.promise import PROMISES
from tests.records.probes import find_holes

NAMES = tuple(promise.name for promise in PROMISES)
TABLES = {model._meta.db_table: model for model in apps.get_app_config("larry").get_models()}
GUARDED = sorted({promise.table for promise in PROMISES})


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "larry", check=True, dry_run=True, skip_checks=True, stdout=io.StringIO())


@pytest.mark.django_db
def test_all_guards_and_the_one_estate_are_there_after_migrating() -> None:
    assert guards.missing(connection) == ()
    assert Estate.objects.get().pk == 1


@pytest.mark.django_db(transaction=True)
def test_the_whole_line_can_be_walked_back_and_forth() -> None:
    call_command("migrate", "larry", "zero", verbosity=0, skip_checks=True)
    assert [name for name in connection.introspection.table_names() if name.startswith("larry_")] == []
    assert guards.missing(connection) == NAMES
    guards.install(connection)  # has nothing to lay hands on
    call_command("migrate", verbosity=0, skip_checks=True)
    assert guards.missing(connection) == ()
    assert Estate.objects.get().graph_version == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite remakes tables")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", GUARDED)
def test_a_table_that_is_remade_loses_its_guards_until_the_migration_ends(table: str) -> None:
    _remake(table)
    lost = tuple(promise.name for promise in PROMISES if promise.table == table)
    assert guards.missing(connection) == lost
    emit_post_migrate_signal(0, False, "default")
    assert guards.missing(connection) == ()
    for guard in lost:
        assert find_holes(guard) == ()


@pytest.mark.django_db(transaction=True)
def test_a_migration_may_remake_every_table() -> None:
    """Also one that the triggers of others speak of, which SQLite refuses while they are there."""
    plan = [(Migration("0002_test", "larry"), False)]
    emit_pre_migrate_signal(0, False, "default", plan=plan)
    if connection.vendor == "sqlite":
        assert guards.missing(connection) == NAMES
        for table in TABLES:
            _remake(table)
    else:
        assert guards.missing(connection) == ()  # PostgreSQL changes a table where it is
    emit_post_migrate_signal(0, False, "default", plan=plan)
    assert guards.missing(connection) == ()
    assert Estate.objects.count() == 1


@pytest.mark.django_db
def test_migrating_where_nothing_is_to_be_done_lifts_no_guard() -> None:
    emit_pre_migrate_signal(0, False, "default", plan=[])
    emit_pre_migrate_signal(0, False, "default", plan=[(Migration("0001_initial", "sessions"), False)])
    assert guards.missing(connection) == ()


def _remake(table: str) -> None:
    with connection.schema_editor() as editor:
        editor._remake_table(TABLES[table])  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_flushing_brings_the_estate_back() -> None:
    """Without its row the guards of graphs would refuse every edge."""
    guards.remove(connection)
    call_command("flush", verbosity=0, interactive=False, skip_checks=True)
    assert guards.missing(connection) == ()
    assert Estate.objects.count() == 1


def test_every_promise_is_about_a_table_that_is_there() -> None:
    assert {promise.table for promise in PROMISES} <= set(TABLES)
    assert {Deployment, NodeSegment, Edge, Instance} <= {TABLES[promise.table] for promise in PROMISES}
