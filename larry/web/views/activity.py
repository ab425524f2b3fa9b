"""Activity: who did what to what, when and why; narrowed by its address, in pages, or as CSV or JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.document import Json, freeze
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, read_moment
from larry.core.node_text import mask_sealed
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, ActivityRow, list_activity
from larry.queries.reader import NotFound
from larry.web.activity_view import list_activity_lines
from larry.web.export import EXPORTS, export
from larry.web.frame import Frame, read_frame
from larry.web.page import look_only, make_page

PAGE_SIZE = 50
MOST_EXPORTED = 50_000
LONGEST_WORD = 300

WORDS = ("noun", "address", "actor", "verb", "text", "customer", "app", "instance", "since", "until")
KINDS = (*NOUNS, "deployment", "rollout", "edge", "user")
VERBS = ("create", "update", "retire", "rename-key", "snapshot", "deploy", "redeploy", "undeploy", "edit", "delete",
         "undo", "adopt", "reveal", "redact", "connect", "disconnect")  # fmt: skip
"""Offered while one types; any other may be typed."""


@dataclass(frozen=True, slots=True)
class _Wrong(Exception):
    """A word of the address that cannot be read."""

    field: str
    text: str


@look_only
def answer_activity(request: HttpRequest) -> HttpResponse:
    """The lines that the address asks for, the latest first; 1 SQL statement, a few more for an owner or an address."""
    frame = read_frame(request)
    said = {word: request.GET.get(word, "").strip()[:LONGEST_WORD] for word in WORDS}
    fault, more = "", False
    rows: tuple[ActivityRow, ...] = ()
    form = request.GET.get("format", "")
    try:
        which = _read(said, request.GET.get("before", ""), frame)
        most = MOST_EXPORTED if form in EXPORTS else PAGE_SIZE
        found = list_activity(frame.visitor.reader, frame.asked.at, which, limit=most + 1)
        rows, more = found[:most], len(found) > most
    except _Wrong as wrong:
        fault = f"{wrong.field.capitalize()}: {wrong.text}"
    except NotFound as missing:
        fault = str(missing)
    if form in EXPORTS and not fault:
        return _export(rows, form)
    given = {word: value for word, value in said.items() if value}
    path = reverse("activity")
    values = {
        "said": said,
        "given": given,
        "fault": fault,
        "activity": list_activity_lines(rows),
        "kinds": KINDS,
        "verbs": VERBS,
        "path": path,
        "older": f"{path}?{urlencode({**given, 'before': rows[-1].id})}" if more else "",
        "newest": f"{path}?{urlencode(given)}" if given else path,
        "is_first": not request.GET.get("before"),
        "csv": f"{path}?{urlencode({**given, 'format': 'csv'})}",
        "json": f"{path}?{urlencode({**given, 'format': 'json'})}",
    }
    return make_page(request, "activity.html", values, title="Activity", status=400 if fault else 200)


def _read(said: dict[str, str], before: str, frame: Frame) -> ActivityFilter:
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    plain = {word: said[word] or None for word in ("noun", "address", "actor", "verb", "text", "customer", "app",
                                                  "instance")}  # fmt: skip
    since, until = _moment("since", said, frame), _moment("until", said, frame)
    return ActivityFilter(**plain, since=since, until=until, before=number)  # type: ignore[arg-type]  # texts, by name


def _moment(field: str, said: dict[str, str], frame: Frame) -> datetime | None:
    zone: ZoneInfo = frame.asked.zone
    try:
        return read_moment(said[field], now=frame.asked.now, zone=zone) if said[field] else None
    except NotAMoment as fault:
        raise _Wrong(field, str(fault)) from None


def _export(rows: tuple[ActivityRow, ...], form: str) -> HttpResponse:
    """All that is asked for, as `larry activity` prints it; secrets masked."""
    documents: list[dict[str, Json]] = [
        {
            "id": row.id, "at": iso(row.at), "actor": row.actor, "verb": row.verb, "noun": row.noun,
            "address": row.address, "reason": row.reason, "rollout": row.rollout,
            "before": mask_sealed(freeze(row.before)), "after": mask_sealed(freeze(row.after)),
        }
        for row in rows
    ]  # fmt: skip
    return export(documents, "activity", form)
