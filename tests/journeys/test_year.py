"""A year of boundaries: between them not a byte of a node changes, and each is announced by the node before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from pytest_django import DjangoDbBlocker

from larry.core.interval import iso
from larry.exports.dialect import DIALECTS, find_dialect
from tests.journeys.played import NOW, all_hosts, boundaries, deployments, host, node, playing

pytestmark = pytest.mark.django_db

INSTANT = timedelta(microseconds=1)
YEARS = {"the year behind us": (NOW - timedelta(days=365), NOW), "the year to come": (NOW, NOW + timedelta(days=365))}


@pytest.fixture(scope="module", autouse=True)
def _demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with playing(django_db_blocker):
        yield


def _bytes(name: str, as_of: datetime, dialect: str = "json") -> bytes:
    return find_dialect(dialect).render(node(name, as_of)).encode()


def _candidates(since: datetime, until: datetime) -> list[datetime]:
    """Every moment at which anything in the company starts, ends or is called off: no host can change at another one.

    It is read from the deployments, and knows nothing of segments.
    """
    moments = {
        moment for row in deployments() for moment in (row.start, row.end, row.deactivated) if moment is not None
    }
    return sorted(moment for moment in moments if since < moment <= until)


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("short", ["web1", "web3", "db2", "cache1", "mon1", "spare1"])
def test_next_change_is_exactly_the_next_moment_at_which_a_byte_changes(short: str, year: str) -> None:
    name, (since, until) = host(short), YEARS[year]
    text, announced = _bytes(name, since), node(name, since).next_change
    changed: list[datetime] = []
    for moment in _candidates(since, until):
        assert _bytes(name, moment - INSTANT) == text, f"{name} changed before {iso(moment)}, and nothing happened"
        now_text = _bytes(name, moment)
        assert (now_text != text) == (moment == announced), f"{name} at {iso(moment)}"
        if now_text != text:
            changed.append(moment)
            text, announced = now_text, node(name, moment).next_change
    assert _bytes(name, until) == text
    assert announced is None or announced > until
    assert tuple(changed) == boundaries(name, since, until)


@pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])
def test_between_two_boundaries_every_dialect_prints_the_same_bytes(dialect: str) -> None:
    since, until = YEARS["the year to come"]
    for name in all_hosts():
        edges = (since, *boundaries(name, since, until), until)
        for start, end in pairwise(edges):
            moments = (start, start + INSTANT, start + (end - start) / 2, end - INSTANT)
            texts = {_bytes(name, moment, dialect) for moment in moments}
            assert len(texts) == 1, f"{name} in {dialect} between {iso(start)} and {iso(end)}"


def test_the_years_of_the_demonstration_are_eventful() -> None:
    for since, until in YEARS.values():
        assert len(boundaries(host("web1"), since, until)) >= 2
        assert len(boundaries(host("mon1"), since, until)) > 5
        assert boundaries(host("spare1"), since, until) == ()


@pytest.mark.parametrize("year", YEARS)
def test_an_auditor_on_another_host_changes_at_the_boundaries_of_its_subjects(year: str) -> None:
    """Monitoring on mon1 watches a server of every instance: it changes when any of them does, and at no other time."""
    since, until = YEARS[year]
    of_others = {moment for name in all_hosts() if name != host("mon1") for moment in boundaries(name, since, until)}
    assert set(boundaries(host("mon1"), since, until)) == of_others


def test_a_subject_leaves_its_auditor_at_the_moment_it_ends_and_not_before() -> None:
    (row,) = deployments("acme/shop/ci")
    assert row.end is not None
    assert row.end > NOW

    def watched(as_of: datetime) -> set[str]:
        (entry,) = (entry for entry in node(host("mon1"), as_of).node.services if entry.key == "monitoring")
        return {path for subject in entry.audits for path in subject.paths}

    assert "acme/shop/ci" in watched(row.end - INSTANT)
    assert "acme/shop/ci" not in watched(row.end)
    assert watched(row.end - INSTANT) - watched(row.end) == {"acme/shop/ci"}
