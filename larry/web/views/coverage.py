"""Coverage: which deployed services have the auditors that their snapshots ask for, and who audits what from where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from larry.core.document import Json
from larry.queries.coverage import CoverageFilter, CoverageRow, list_coverage
from larry.queries.coverage_page import CoveragePage, CoverageRequest, page_coverage
from larry.queries.reader import NotFound
from larry.web.export import EXPORTS, export
from larry.web.frame import read_frame
from larry.web.list_pages import PAGE_SIZE, make_pages, page_href, read_begin
from larry.web.page import look_only, make_page, write_sentence
from larry.web.views.instance_services import tell_where

FILTERS = ("customer", "app", "instance", "host", "service")
STATES: Mapping[str, bool | None] = {"all": None, "uncovered": False, "covered": True}
LONGEST_WORD = 300
NOTHING_COVERED = CoveragePage((), 0, 0, ())


@dataclass(frozen=True, slots=True)
class CoverageLine:
    row: CoverageRow
    where: str


@look_only
def answer_coverage(request: HttpRequest) -> HttpResponse:
    """As of the moment, of all or of what the address names, by ``state`` and ``auditor``; in pages, or all as CSV
    or JSON. About 14 SQL statements, and 1 for each name.
    """
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    said = {word: request.GET.get(word, "").strip()[:LONGEST_WORD] for word in (*FILTERS, "auditor")}
    state = request.GET.get("state", "")
    state = state if state in STATES else "all"
    which = CoverageFilter(**{word: said[word] or None for word in FILTERS})
    asked = CoverageRequest(which, STATES[state], said["auditor"], read_begin(request), PAGE_SIZE)
    form = request.GET.get("format", "")
    fault, page = "", NOTHING_COVERED
    try:
        if form in EXPORTS:
            every = sorted(list_coverage(which, reader, at), key=lambda row: row.by is not None)
            return _export(filter(asked.takes, every), form)
        page = page_coverage(asked, reader, at)
    except NotFound as missing:
        fault = write_sentence(str(missing))
    given = {word: text for word, text in said.items() if text}
    values = {
        "said": said,
        "filters": [(word, said[word]) for word in FILTERS],
        "given": given,
        "fault": fault,
        "state": state,
        "tabs": [(each, f"{request.path}?{urlencode({**given, 'state': each})}", each == state) for each in STATES],
        "lines": [CoverageLine(row, tell_where(row.where)) for row in page.rows],
        "auditors": page.auditors,
        "total": sum(each.total for each in page.auditors),
        "uncovered": sum(each.lacking for each in page.auditors),
        "pages": make_pages(page.begin, len(page.rows), page.found, page_href(request)),
        "path": request.path,
        "csv": f"{request.path}?{urlencode({**given, 'state': state, 'format': 'csv'})}",
        "json": f"{request.path}?{urlencode({**given, 'state': state, 'format': 'json'})}",
    }
    return make_page(request, "coverage.html", values, title="Coverage", status=404 if fault else 200)


def _export(rows: Iterable[CoverageRow], form: str) -> HttpResponse:
    documents: list[dict[str, Json]] = [row.document for row in rows]
    return export(documents, "coverage", form)
