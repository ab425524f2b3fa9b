"""A page of coverage shows what the whole list would show there, and counts what is in it."""

from __future__ import annotations

from itertools import product

import pytest

from larry.actions.deploy import deploy
from larry.queries.coverage import CoverageFilter, CoverageRow, list_coverage
from larry.queries.coverage_page import CoveragePage, CoverageRequest, page_coverage
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound
from tests.actions.estate import BLOG, FULL, LIVE, MON1, TEST, WEB1, WEB2, ask, author, change, day, lay, put

pytestmark = pytest.mark.django_db
NOTHING = CoveragePage((), 0, 0, ())


def settle() -> None:
    """Audits that are covered, placed by hand, and not covered, of several instances."""
    lay(FULL)
    put(LIVE, WEB1, WEB2)
    put(TEST, WEB2)
    put(BLOG, WEB2)
    deploy(ask(BLOG, WEB1, place={"pager": MON1}), author(0.5))
    change("service", "logship", 0.6, audits=[])
    put(TEST, WEB1, now=0.7)


@pytest.mark.parametrize(
    "which",
    [
        CoverageFilter(),
        CoverageFilter(customer="acme"),
        CoverageFilter(app="acme/shop"),
        CoverageFilter(instance=BLOG),
        CoverageFilter(host=WEB2),
        CoverageFilter(customer="acme", service="rails"),
    ],
)
def test_all_pages_together_are_the_whole_list(which: CoverageFilter) -> None:
    settle()
    at = Moment(day(1))
    every = list_coverage(which, LOCAL, at)
    if which == CoverageFilter():
        assert {row.by is None for row in every} == {True, False}
        assert len({row.instance for row in every}) == 3
    for covered, auditor, size in product((None, True, False), ("", "backup", "pager", "nobody"), (1, 2, 5, 50)):
        request = CoverageRequest(which, covered, auditor, 0, size)
        wanted = sorted(filter(request.takes, every), key=lambda row: row.by is not None)
        shown: list[CoverageRow] = []
        page = NOTHING
        for begin in range(0, max(len(wanted), 1), size):
            page = page_coverage(CoverageRequest(which, covered, auditor, begin, size), LOCAL, at)
            assert (page.begin, page.found) == (begin, len(wanted))
            shown += page.rows
        assert shown == wanted
        told = {each.auditor: (each.total, each.lacking) for each in page.auditors}
        assert told == {
            key: (
                sum(row.auditor == key for row in every),
                sum(row.auditor == key and row.by is None for row in every),
            )
            for key in {row.auditor for row in every}
        }


def test_beyond_the_last_page_is_the_last_page() -> None:
    settle()
    page = page_coverage(CoverageRequest(CoverageFilter(), begin=1000, size=4), LOCAL, Moment(day(1)))
    assert page.begin == (page.found - 1) // 4 * 4
    assert len(page.rows) == page.found - page.begin


def test_what_is_named_has_to_be_there() -> None:
    settle()
    with pytest.raises(NotFound):
        page_coverage(CoverageRequest(CoverageFilter(customer="nobody")), LOCAL, Moment(day(1)))
