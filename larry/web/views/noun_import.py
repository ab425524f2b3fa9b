"""Many nouns from CSV: read and tried first, with every fault by line; then written, showing how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.apply import apply
from larry.actions.author import GroundMoved, Refused
from larry.nouns.csv_text import parse_csv
from larry.nouns.estate import EstateFaults
from larry.nouns.fault import Fault
from larry.nouns.field import Noun
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries.moment import Moment
from larry.queries.noun import get_estate
from larry.web.change_view import ChangeView, view_change
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.page import look_or_act, make_page, make_piece, redirect_after

LARGEST_UPLOAD = 8 * 2**20
MOST_FAULTS = 200
STEP = 250


@dataclass(frozen=True, slots=True)
class Import:
    """What was sent: the text, from where, and what came of trying it."""

    text: str
    file: str
    reason: str
    faults: tuple[Fault, ...] = ()
    preview: ChangeView | None = None
    note: str = ""
    lines: int = 0

    @property
    def digest(self) -> str:
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@look_or_act
def answer_noun_import(request: HttpRequest, noun: str) -> HttpResponse:
    """The form; sent, what it would change or every fault; sent again, done: at once, or a step at a time by htmx."""
    spec, frame = NOUNS[noun], read_frame(request)
    if request.method != "POST":
        return _show(request, spec, Import("", "pasted", ""))
    sent = _read(request)
    step = request.POST.get("step", "")
    is_reviewed = request.POST.get("reviewed") == sent.digest
    try:
        items = _parse(spec, sent, frame)
        if step == "save" and is_reviewed and "HX-Request" in request.headers:
            return _write_part(request, spec, sent, items, frame)
        if step == "save" and is_reviewed:
            change = apply(items, frame.visitor.author(sent.reason), expect=request.POST.get("expect", ""))
            return redirect_after(
                request, reverse(spec.plural), f"{len(change.changes):,} {spec.plural} were imported."
            )
        return _show(request, spec, _try(sent, items, frame))
    except EstateFaults as refused:
        return _refuse(request, spec, replace(sent, faults=refused.faults))
    except GroundMoved:
        note = "What this changes is no longer what you saw: review it again."
        return _refuse(request, spec, replace(sent, note=note), 409)
    except Refused as refused:
        return _refuse(request, spec, replace(sent, note=str(refused)))


def _read(request: HttpRequest) -> Import:
    """The file if there is one, else what was pasted."""
    reason = request.POST.get("reason", "").strip()
    upload = request.FILES.get("file")
    if upload is None or upload.size is None:
        return Import(request.POST.get("text", "").replace("\r\n", "\n"), "pasted", reason)
    name = (upload.name or "file")[:100]
    if upload.size > LARGEST_UPLOAD:
        text = f"the file has {upload.size:,} bytes; at most {LARGEST_UPLOAD:,} are read: divide it"
        return Import("", name, reason, (Fault(text),))
    content = upload.read()
    try:
        return Import(content.decode("utf-8-sig").replace("\r\n", "\n"), name, reason)
    except UnicodeDecodeError:
        return Import("", name, reason, (Fault(f"{name} is not UTF-8: save the file as CSV UTF-8"),))


def _parse(spec: Noun, sent: Import, frame: Frame) -> tuple[Item, ...]:
    if sent.faults:
        raise EstateFaults(sent.faults)
    reader, at = frame.visitor.reader, Moment(frame.asked.now)
    content = sent.text.encode("utf-8", "surrogatepass")
    return parse_csv(spec, sent.file, content, largest=LARGEST_UPLOAD, existing=lambda: get_estate(reader, at))


def _try(sent: Import, items: tuple[Item, ...], frame: Frame) -> Import:
    change = apply(items, frame.visitor.author(sent.reason), dry_run=True)
    return replace(sent, preview=view_change(change), lines=len(items))


def _write_part(request: HttpRequest, spec: Noun, sent: Import, items: tuple[Item, ...], frame: Frame) -> HttpResponse:
    """The next lines, all or none of them, and how far that is; the piece that says so asks for the rest."""
    told = request.POST.get("from", "")
    start = int(told) if told.isascii() and told.isdigit() and len(told) < 8 else 0
    part = items[start : start + STEP]
    author = frame.visitor.author(sent.reason)
    if part and "from" in request.POST:
        apply(part, author)
        start += len(part)
    values = {"done": start, "total": len(items), "noun": spec, "path": reverse(f"{spec.plural}-import")}
    return make_piece(request, "import_progress.html", {**values, "list": reverse(spec.plural)})


def _refuse(request: HttpRequest, spec: Noun, sent: Import, status: int = 422) -> HttpResponse:
    if "HX-Request" in request.headers:
        told = request.POST.get("from", "0")
        texts = [sent.note, *map(str, sent.faults[:10])]
        values = {"faults": [text for text in texts if text], "done": told if told.isdigit() else "0", "noun": spec}
        return make_piece(request, "import_stopped.html", values)
    return _show(request, spec, sent, status)


def _show(request: HttpRequest, spec: Noun, sent: Import, status: int = 200) -> HttpResponse:
    shown = [(str(f.position or ""), f.text if not f.path else f"{f.path[0]}: {f.text}") for f in sent.faults]
    values: Mapping[str, Any] = {
        "noun": spec,
        "sent": sent,
        "faults": shown[:MOST_FAULTS],
        "more_faults": len(shown[MOST_FAULTS:]),
        "preview": sent.preview,
        "columns": ", ".join((*((spec.parent,) if spec.parent else ()), *spec.by_name)),
        "path": reverse(f"{spec.plural}-import"),
        "cancel": reverse(spec.plural),
    }
    crumbs = (Crumb(spec.plural.capitalize(), reverse(spec.plural)),)
    return make_page(request, "noun_import.html", values, title=f"Import {spec.plural}", crumbs=crumbs, status=status)
