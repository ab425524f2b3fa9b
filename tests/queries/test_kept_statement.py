"""A statement that is kept finds what Django's own would, whatever values it is asked with and whoever asks."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.query import QuerySet
from django.test.utils import CaptureQueriesContext

from larry.core.rights import PersonRole as Role
from larry.core.rights import Right, ScopeKind, rights_of
from larry.queries.reader import LOCAL, Reader, restrict
from larry.queries.statement import KeptStatement
from larry.records.deployment import DeployedService
from larry.records.host import Host
from tests.actions.estate import LIVE, SMALL, TEST, author, day, lay, put

pytestmark = pytest.mark.django_db


def query(reader: Reader, hosts: Any, paths: Any, service: Any, now: Any) -> QuerySet[Any, Any]:
    rows = restrict(reader, DeployedService.objects.filter(host__in=hosts, deployment__instance__path__in=paths))
    return (
        rows.exclude(end__lte=now)
        .exclude(service_key=service)
        .filter(start__lte=now, deployment__deactivated_at=None)
        .order_by("id")
        .values_list("host__name", "start", "end", "deactivated", "subjects", "deployment__place", "service_key")
    )


@pytest.fixture
def estate() -> dict[str, int]:
    lay(SMALL)
    for number, (path, host) in enumerate(((LIVE, "web1"), (TEST, "web2"), (LIVE, "web2"), (TEST, "web1"))):
        put(path, host, now=number, end=20 + number)
    return dict(Host.objects.values_list("name", "id"))


def test_it_finds_what_django_finds(estate: dict[str, int]) -> None:
    chance, statement, found = random.Random(1), KeptStatement(query), set()
    for _ in range(60):
        hosts = chance.sample(sorted(estate.values()), chance.randrange(len(estate) + 1)) + [0] * chance.randrange(3)
        paths = set(chance.sample((LIVE, TEST, "no/such/one's"), chance.randrange(1, 4)))
        values = {
            "hosts": hosts,
            "paths": paths,
            "service": chance.choice(("app", "%s", "watch")),
            "now": day(chance.randrange(25)) + timedelta(microseconds=chance.randrange(2)),
        }
        rows = statement.ask(LOCAL, **values)
        assert list(rows) == list(query(LOCAL, **values))
        found.add(len(rows))
    assert len(found) > 3


def test_what_was_written_is_not_written_again(estate: dict[str, int]) -> None:
    written: list[Reader] = []

    def write(reader: Reader, **later: Any) -> QuerySet[Any, Any]:
        written.append(reader)
        return query(reader, **later)

    statement = KeptStatement(write)
    values = {"hosts": list(estate.values()), "service": "x", "now": day(5)}
    for paths in ([LIVE], (LIVE, TEST), {TEST}, ["no/such/one"]):
        with CaptureQueriesContext(connection) as captured:
            statement.ask(LOCAL, paths=paths, **values)
        assert len(captured) == 1
    assert len(written) == 1
    with CaptureQueriesContext(connection) as captured:
        assert statement.ask(LOCAL, paths=[], **values) == []
    assert len(captured) == 0


def test_who_does_not_see_everything_finds_what_they_see(estate: dict[str, int]) -> None:
    statement = KeptStatement(query)
    values = {"hosts": list(estate.values()), "paths": [LIVE], "service": "x", "now": day(5)}
    assert statement.ask(LOCAL, **values)
    of_another = Reader("eve", rights_of([Right(Role.VIEWER, ScopeKind.CUSTOMER, 10**6)]))
    for reader in (of_another, Reader("nobody")):
        assert not statement.ask(reader, **values)


def test_many_values_are_one_statement(estate: dict[str, int]) -> None:
    named = KeptStatement(lambda reader, ids: restrict(reader, Host.objects.filter(id__in=ids)).values_list("id"))
    assert len(named.ask(LOCAL, ids=range(-50_000, 50_000))) == len(estate)


def test_it_sees_what_its_own_transaction_wrote(estate: dict[str, int]) -> None:
    named = KeptStatement(lambda reader, name: restrict(reader, Host.objects.filter(name=name)).values_list("key"))
    assert not named.ask(LOCAL, name="new")
    Host.objects.filter(name="web1").update(name="new")
    assert named.ask(LOCAL, name="new") == list(Host.objects.filter(name="new").values_list("key"))
    assert author(0).reader.rights == LOCAL.rights
