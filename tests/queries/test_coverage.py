"""Coverage as of any moment: which auditors stand where, which do not and why, by what the snapshots ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from larry.actions.deploy import deploy
from larry.queries import coverage
from larry.queries.coverage import EVERYTHING, CoverageFilter, CoverageRow, list_coverage
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound
from tests.actions.estate import BK1, BK2, BLOG, FULL, LIVE, MON1, TEST, WEB1, WEB2, ask, author, change, day, lay, put

pytestmark = pytest.mark.django_db

PAGER = "nobody has named a host for pager: place it on one"


def show(as_of: float, which: CoverageFilter = EVERYTHING) -> list[tuple[str, str, str, str, str | None]]:
    rows = list_coverage(which, LOCAL, Moment(day(as_of)))
    return [(row.instance, row.service, row.host, row.auditor, row.by) for row in rows]


def test_each_policy_is_told_with_the_host_that_audits() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    rows = list_coverage(EVERYTHING, LOCAL, Moment(day(0)))
    told = {(row.service, row.host, row.auditor): (str(row.where.kind), row.where.name, row.by) for row in rows}
    assert told == {
        ("linux", WEB1, "monitoring"): ("host", MON1, MON1),
        ("postgres", WEB1, "backup"): ("role", "backup", BK1),
        ("rails", WEB1, "logship"): ("same-host", None, WEB1),
    }
    assert {(row.why, row.is_placed) for row in rows} == {("", False)}


def test_nobody_has_placed_it_until_somebody_does() -> None:
    lay(FULL)
    put(BLOG, WEB1)
    deploy(ask(BLOG, WEB1, start=5, place={"pager": MON1}), author(1))
    of_pager = [row for day_ in (0, 5) for row in list_coverage(EVERYTHING, LOCAL, Moment(day(day_)))]
    told = [(row.by, row.is_placed, row.why) for row in of_pager if row.auditor == "pager"]
    assert told == [(None, False, PAGER), (MON1, True, "")]


def test_what_two_deployments_place_on_one_host_is_told_once() -> None:
    """One postgres stands on web2 for both, and has one backup."""
    lay(FULL)
    deploy(ask(LIVE, WEB1, place={"postgres": WEB2}), author(0))
    deploy(ask(LIVE, BK2, place={"postgres": WEB2}), author(0))
    assert [row for row in show(0) if row[1] == "postgres"] == [(LIVE, "postgres", WEB2, "backup", BK1)]
    assert Counter(row[1] for row in show(0)) == {"postgres": 1, "rails": 2, "linux": 3}


def test_instances_are_looked_at_some_after_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """And of a host or a service those alone that have something there."""
    lay(FULL)
    deploy(ask(LIVE, WEB1, place={"postgres": WEB2}), author(0))
    deploy(ask(LIVE, BK2, place={"postgres": WEB2}), author(0))
    put(TEST, BK1)
    put(BLOG, WEB1)
    at = Moment(day(0))
    every = list_coverage(EVERYTHING, LOCAL, at)
    looked_at: list[set[str]] = []
    of_some = coverage._list_of

    def note(deployments: Collection[str], *rest: Any) -> Iterator[CoverageRow]:
        looked_at.append({row.instance for row in every if row.deployment in deployments})
        return of_some(deployments, *rest)

    monkeypatch.setattr(coverage, "_list_of", note)
    monkeypatch.setattr(coverage, "_AT_ONCE", 1)
    assert list_coverage(EVERYTHING, LOCAL, at) == every
    assert sorted(looked_at, key=min) == [{each} for each in sorted({row.instance for row in every})]
    looked_at.clear()
    assert list_coverage(CoverageFilter(host=WEB2), LOCAL, at) == tuple(row for row in every if row.host == WEB2)
    assert looked_at == [{LIVE}]
    for service in {row.service for row in every}:
        of_one = tuple(row for row in every if row.service == service)
        assert list_coverage(CoverageFilter(service=service), LOCAL, at) == of_one


def test_it_is_covered_where_one_of_its_deployments_brings_the_auditor() -> None:
    """And where two bring one each, both are told."""
    lay(FULL)
    change("service", "pager", -1, audits=[{"service": "postgres", "where": "manual"}])
    deploy(ask(LIVE, WEB1, place={"postgres": WEB2}), author(0))
    assert [by for *_, auditor, by in show(0) if auditor == "pager"] == [None]
    deploy(ask(LIVE, BK2, place={"postgres": WEB2, "pager": MON1}), author(1))
    assert [by for *_, auditor, by in show(1) if auditor == "pager"] == [MON1]
    deploy(ask(LIVE, BK1, place={"postgres": WEB2, "pager": WEB1}), author(2))
    assert sorted(by for *_, auditor, by in show(2) if auditor == "pager" and by) == [MON1, WEB1]
    assert [by for *_, auditor, by in show(0.5) if auditor == "pager"] == [None]


def test_a_role_without_a_host_covers_nothing_and_says_so() -> None:
    lay(FULL)
    for host in ("bk1.example.com", "bk2.example.com"):
        change("host", host, -1, roles=[])
    put(LIVE, WEB1)
    (lack,) = [row for row in list_coverage(EVERYTHING, LOCAL, Moment(day(0))) if row.by is None]
    assert (lack.service, lack.auditor, lack.why) == ("postgres", "backup", "no host has the role backup")


def test_it_is_asked_as_of_any_moment() -> None:
    lay(FULL)
    put(LIVE, WEB1, start=2, end=5)
    assert [len(show(moment)) for moment in (0, 1.999, 2, 4.999, 5)] == [0, 0, 3, 3, 0]


def test_the_snapshot_is_asked_and_not_the_graph_of_today() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    change("service", "pager", 1, audits=[{"service": "rails", "where": "manual"}])
    change("service", "logship", 1, audits=[])
    assert {auditor for *_, auditor, _ in show(2)} == {"monitoring", "backup", "logship"}
    put(LIVE, WEB1, now=3)
    assert {(auditor, by) for *_, auditor, by in show(3)} == {("monitoring", MON1), ("backup", BK1), ("pager", None)}


def test_an_auditor_whose_deployed_service_is_gone_covers_nothing() -> None:
    from larry.records.deployment import DeployedService

    lay(FULL)
    put(LIVE, WEB1)
    DeployedService.objects.filter(service_key="logship").update(deactivated=True)
    (lack,) = [row for row in list_coverage(EVERYTHING, LOCAL, Moment(day(0))) if row.by is None]
    assert (lack.auditor, lack.why.split(":")[0]) == ("logship", "its deployed service is not live at that moment")


@pytest.mark.parametrize(
    "which, count",
    [
        (EVERYTHING, 3 + 3 + 2),
        (CoverageFilter(customer="ACME"), 6),
        (CoverageFilter(app="zeta/blog"), 2),
        (CoverageFilter(instance=LIVE), 3),
        (CoverageFilter(host=WEB2), 5),
        (CoverageFilter(host=BK1), 0),
        (CoverageFilter(service="linux"), 3),
        (CoverageFilter(customer="acme", host=WEB2, service="rails"), 1),
        (CoverageFilter(customer="zeta", instance=LIVE), 0),
    ],
)
def test_filters(which: CoverageFilter, count: int) -> None:
    lay(FULL)
    put(LIVE, WEB1)
    put(TEST, WEB2)
    put(BLOG, WEB2)
    assert len(show(0, which)) == count


def test_a_filter_that_names_nothing_is_refused_with_what_is_near() -> None:
    """An empty answer would read as: all is covered."""
    lay(FULL)
    with pytest.raises(NotFound, match="there is no customer acmee; did you mean 'acme'"):
        show(0, CoverageFilter(customer="acmee"))
    with pytest.raises(NotFound, match="there is no service rail; did you mean 'rails'"):
        show(0, CoverageFilter(service="rail"))
