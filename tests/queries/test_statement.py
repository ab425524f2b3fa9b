"""A statement that was written once tells what its queryset would tell, whatever it is told later and whoever reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, Q, QuerySet
from django.test.utils import CaptureQueriesContext

from larry.core.rights import PersonRole, Right, Rights, ScopeKind
from larry.queries.listing import ListingRequest, get_listing
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, Reader
from larry.queries.statement import Later, LaterMany, Prepared
from larry.records.host import Host
from tests.records.rows import add_host

NOW = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
AT = Moment(NOW)

pytestmark = pytest.mark.django_db


@pytest.fixture
def hosts() -> QuerySet[Host]:
    for number in range(4):
        age = timedelta(days=number)
        add_host(
            name=f"web{number}.example.com", created_at=NOW - age, labels={"n": number}, data={"deep": [1, {"a": None}]}
        )
    return Host.objects.order_by("id")


def test_every_column_is_read_as_a_queryset_reads_it(hosts: QuerySet[Host]) -> None:
    columns = [field.attname for field in Host._meta.concrete_fields]
    assert Prepared.of(hosts.values_list(*columns)).ask() == list(hosts.values_list(*columns))


def test_values_are_told_when_it_is_asked(hosts: QuerySet[Host]) -> None:
    moment = Later("moment", DateTimeField())
    statement = Prepared.of(hosts.filter(created_at__lte=moment).values_list("name"))
    for age in range(4):
        told = NOW - timedelta(days=age)
        assert statement.ask(moment=told) == list(hosts.filter(created_at__lte=told).values_list("name"))


def test_ids_are_as_many_as_one_likes(hosts: QuerySet[Host]) -> None:
    statement = Prepared.of(hosts.filter(id__in=LaterMany("ids", BigIntegerField())).values_list("id"))
    ids = list(hosts.values_list("id", flat=True))
    for some in ([], ids[:1], {*ids[1:3]}, [*ids, 10**12, *range(-5000, 0)]):
        assert [id_ for (id_,) in statement.ask(ids=some)] == [id_ for id_ in ids if id_ in some]


def test_one_value_may_be_told_twice(hosts: QuerySet[Host]) -> None:
    id_ = Later("id", BigIntegerField())
    statement = Prepared.of(hosts.filter(Q(id=id_) | Q(grade=id_)).values_list("name"))
    first = hosts[0]
    assert statement.ask(id=first.id) == [(first.name,)]


def test_it_counts_what_the_queryset_counts(hosts: QuerySet[Host]) -> None:
    assert Prepared.count_of(hosts.filter(name__contains="web")).ask() == [(4,)]
    assert Prepared.count_of(hosts.filter(name__contains="db")).ask() == [(0,)]


def test_what_finds_nothing_is_not_asked(hosts: QuerySet[Host]) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert Prepared.of(hosts.filter(id__in=[]).values_list("id")).ask() == []
        assert Prepared.count_of(hosts.filter(id__in=[])).ask() == []
    assert len(asked) == 0


def test_statements_are_kept_and_rows_are_not(hosts: QuerySet[Host]) -> None:
    request = ListingRequest("host")
    assert get_listing(request, LOCAL, AT).total == 4
    add_host(name="new.example.com")
    assert "new.example.com" in {item.address for item in get_listing(request, LOCAL, AT).items}
    assert get_listing(request, LOCAL, AT).total == 5


def test_nobody_is_told_by_the_statement_of_another(hosts: QuerySet[Host]) -> None:
    """Also of the same name, and with fewer rights than a moment ago."""
    viewer, of_pool = Right(PersonRole.VIEWER), Right(PersonRole.VIEWER, ScopeKind.POOL, 1)
    request = ListingRequest("host")
    for rights, seen in ((Rights(frozenset({viewer})), 4), (Rights(frozenset({of_pool})), 0), (Rights(), 0)):
        listing = get_listing(request, Reader("eve", rights), AT)
        assert (listing.total, len(listing.items)) == (seen, seen)
