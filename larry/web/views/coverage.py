"""Coverage: which deployed services have the auditors that their snapshots ask for, and who audits what from where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from larry.core.document import Json
from larry.queries.coverage import CoverageFilter, CoverageRow, list_coverage
from larry.queries.reader import NotFound
from larry.web.export import EXPORTS, export
from larry.web.frame import read_frame
from larry.web.list_pages import PAGE_SIZE, make_pages, page_href, read_begin
from larry.web.page import look_only, make_page
from larry.web.views.instance_services import tell_where

FILTERS = ("customer", "app", "instance", "host", "service")
STATES = ("all", "uncovered", "covered")
LONGEST_WORD = 300


@dataclass(frozen=True, slots=True)
class CoverageLine:
    row: CoverageRow
    where: str


@dataclass(frozen=True, slots=True)
class AuditorLine:
    """An auditor: how many it is to audit, and how many of them it does not."""

    auditor: str
    total: int
    lacking: int


@look_only
def answer_coverage(request: HttpRequest) -> HttpResponse:
    """As of the moment, of all or of what the address names, by ``state`` and ``auditor``; in pages, or all as CSV
    or JSON. About 6 SQL statements, and 1 for each name.
    """
    frame = read_frame(request)
    said = {word: request.GET.get(word, "").strip().replace("\0", "")[:LONGEST_WORD] for word in (*FILTERS, "auditor")}
    state = request.GET.get("state", STATES[0])
    state = state if state in STATES else STATES[0]
    fault = ""
    every: tuple[CoverageRow, ...] = ()
    try:
        which = CoverageFilter(**{word: said[word] or None for word in FILTERS})
        every = list_coverage(which, frame.visitor.reader, frame.asked.at)
    except NotFound as missing:
        fault = f"{str(missing)[:1].upper()}{str(missing)[1:]}."
    found = sorted((r for r in every if _is_asked(r, state, said["auditor"])), key=lambda r: r.by is not None)
    form = request.GET.get("format", "")
    if form in EXPORTS and not fault:
        return _export(found, form)
    given = {word: text for word, text in said.items() if text}
    begin = min(read_begin(request), max(len(found) - 1, 0) // PAGE_SIZE * PAGE_SIZE)
    shown = found[begin : begin + PAGE_SIZE]
    values = {
        "said": said,
        "filters": [(word, said[word]) for word in FILTERS],
        "given": given,
        "fault": fault,
        "state": state,
        "tabs": [(each, f"{request.path}?{urlencode({**given, 'state': each})}", each == state) for each in STATES],
        "lines": [CoverageLine(row, tell_where(row.where)) for row in shown],
        "auditors": _count(every),
        "total": len(every),
        "uncovered": sum(row.by is None for row in every),
        "pages": make_pages(begin, len(shown), len(found), page_href(request)),
        "path": request.path,
        "csv": f"{request.path}?{urlencode({**given, 'state': state, 'format': 'csv'})}",
        "json": f"{request.path}?{urlencode({**given, 'state': state, 'format': 'json'})}",
    }
    return make_page(request, "coverage.html", values, title="Coverage", status=404 if fault else 200)


def _is_asked(row: CoverageRow, state: str, auditor: str) -> bool:
    return state in ("all", "uncovered" if row.by is None else "covered") and auditor in ("", row.auditor)


def _count(rows: Iterable[CoverageRow]) -> tuple[AuditorLine, ...]:
    every = tuple(rows)
    totals, lacking = Counter(r.auditor for r in every), Counter(r.auditor for r in every if r.by is None)
    return tuple(AuditorLine(key, totals[key], lacking[key]) for key in sorted(totals))


def _export(rows: Iterable[CoverageRow], form: str) -> HttpResponse:
    documents: list[dict[str, Json]] = [row.document for row in rows]
    return export(documents, "coverage", form)
