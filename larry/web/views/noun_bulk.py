"""Many nouns changed at once: one field set for all that were chosen, shown first as the changes it makes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from types import MappingProxyType

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from larry.actions.apply import EstateChange, apply
from larry.actions.author import GroundMoved, Refused
from larry.core.document import Json
from larry.nouns.csv_text import parse_csv
from larry.nouns.estate import EstateFaults
from larry.nouns.field import Field, Noun
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries.listing import get_listing
from larry.queries.moment import Moment
from larry.web.change_view import ChangeView, view_change
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.listing_address import read_asking
from larry.web.page import look_or_act, make_page, redirect_after

MOST_CHOSEN = 10_000
MOST_NAMED = 30
_OWN = frozenset({"name", "key"})
"""What no two nouns can have in common."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: which nouns, which field, what it becomes (nothing: as if never said)."""

    addresses: tuple[str, ...]
    field: Field | None
    text: str
    reason: str
    expected: str


@look_or_act
def answer_noun_bulk(request: HttpRequest, noun: str) -> HttpResponse:
    """The chosen nouns with the question what to set; sent, the changes; sent again, done in one transaction."""
    spec, frame = NOUNS[noun], read_frame(request)
    if request.method != "POST":
        return HttpResponseRedirect(reverse(spec.plural))
    sent = _read(request, spec, frame)
    if not sent.addresses:
        return redirect_after(request, reverse(spec.plural), f"Choose some {spec.plural} first.", kind="note")
    if request.POST.get("step") == "choose" or sent.field is None:
        return _show(request, spec, sent)
    try:
        change = _apply(spec, sent.field, sent, frame, expect=sent.expected or None)
    except EstateFaults as refused:
        return _show(request, spec, sent, faults=tuple(fault.text for fault in refused.faults[:MOST_NAMED]), status=422)
    except GroundMoved:
        return _show(
            request, spec, sent, faults=("What this changes is no longer what you saw: review it again.",), status=409
        )
    except Refused as refused:
        return _show(request, spec, sent, faults=(str(refused),), status=422)
    if sent.expected:
        done = f"The field {sent.field.label} was set for {len(change.changes)} {spec.plural}."
        return redirect_after(request, reverse(spec.plural), done)
    return _show(request, spec, sent, preview=view_change(change))


def _read(request: HttpRequest, spec: Noun, frame: Frame) -> Sent:
    if request.POST.get("all"):
        asking = read_asking(spec, reverse(spec.plural), request.POST)
        found = get_listing(asking.everything(), frame.visitor.reader, Moment(frame.asked.now)).items
        addresses = [item.address for item in found]
    else:
        addresses = [str(address) for address in request.POST.getlist("chosen")]
    field = spec.by_name.get(request.POST.get("field", ""))
    expected = request.POST.get("expect", "") if request.POST.get("step") == "save" else ""
    return Sent(
        tuple(dict.fromkeys(addresses))[:MOST_CHOSEN],
        field if field is not None and field.name not in _OWN else None,
        request.POST.get("value", "").replace("\r\n", "\n"),
        request.POST.get("reason", "").strip(),
        expected,
    )


def _apply(spec: Noun, field: Field, sent: Sent, frame: Frame, *, expect: str | None) -> EstateChange:
    stated: dict[str, Json] = {field.name: _read_value(spec, field, sent.text)}
    items = [Item(spec.name, address, MappingProxyType(stated)) for address in sent.addresses]
    return apply(items, frame.visitor.author(sent.reason), dry_run=expect is None, expect=expect)


def _read_value(spec: Noun, field: Field, text: str) -> Json:
    """What the text states, written as in a cell of CSV."""
    if not text.strip():
        return field.default
    written = io.StringIO()
    parent = [spec.parent] if spec.parent else []
    owner = "/".join("x" for _ in range(1 if spec.parent == "customer" else 2))
    csv.writer(written).writerows([["name", *parent, field.name], ["x", *([owner] if parent else []), text]])
    (item,) = parse_csv(spec, "value", written.getvalue().encode())
    return item.values[field.name]


def _show(
    request: HttpRequest,
    spec: Noun,
    sent: Sent,
    *,
    preview: ChangeView | None = None,
    faults: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    values = {
        "noun": spec,
        "sent": sent,
        "named": sent.addresses[:MOST_NAMED],
        "more": len(sent.addresses[MOST_NAMED:]),
        "fields": [field for field in spec.fields if field.name not in _OWN],
        "preview": preview,
        "faults": faults,
        "cancel": reverse(spec.plural),
    }
    title = f"Change {len(sent.addresses):,} {spec.plural if len(sent.addresses) > 1 else spec.name}"
    crumbs = (Crumb(spec.plural.capitalize(), reverse(spec.plural)),)
    return make_page(request, "noun_bulk.html", values, title=title, crumbs=crumbs, status=status)
