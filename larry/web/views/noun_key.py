"""Changing the key of a noun: an act of its own, because tools know things by keys; all that follows is shown first."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from larry.actions.author import GroundMoved, Refused
from larry.actions.rename_key import KeyChange, Soiled, rename_key
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries.moment import Moment
from larry.queries.noun import get_item
from larry.queries.reader import NotFound
from larry.web.address import noun_path
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.noun_page import list_crumbs
from larry.web.page import look_or_act, make_page, make_problem, redirect_after, write_sentence

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class KeyChangeView:
    """What `noun_key.html` shows of a change; ``digest`` is what the act then expects."""

    digest: str
    before: str
    after: str
    moved: tuple[tuple[str, str, str], ...]
    more_moved: int
    references: tuple[tuple[str, str, str, str], ...]
    more_references: int
    dirty: tuple[Soiled, ...]
    more_dirty: int
    clean: tuple[str, ...]


@look_or_act
def answer_noun_key(request: HttpRequest, noun: str, address: str) -> HttpResponse:
    """Asked for, the form; sent, what would follow; sent again, done. A write costs what `rename_key` costs."""
    spec, frame = NOUNS[noun], read_frame(request)
    try:
        item = get_item(noun, address[:300], frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    key = request.POST.get("key", "").strip()[:300]
    expected = request.POST.get("expect", "") if request.POST.get("step") == "save" else ""
    preview: KeyChangeView | None = None
    fault_text, note, status = "", "", 200
    if request.method == "POST":
        try:
            change = _rename(request, frame, item, key, expected)
            if expected:
                page = noun_path(spec.plural, change.address[1])
                return redirect_after(request, page, f"The key is {change.key[1]} now; {change.key[0]} stays its own.")
            preview = _view(change)
        except GroundMoved:
            note, status = "What this changes is no longer what you saw. Look again.", 409
        except (Refused, NotFound) as refused:
            fault_text, status = write_sentence(str(refused)), 422
    name = str(item.values["name"])
    values = {
        "noun": spec,
        "key": key or str(item.values["key"]),
        "present": str(item.values["key"]),
        "preview": preview,
        "fault": fault_text,
        "note": note,
        "reason": request.POST.get("reason", "").strip(),
        "cancel": noun_path(spec.plural, item.address),
    }
    crumbs = (*list_crumbs(item), Crumb(name, noun_path(spec.plural, item.address)))
    return make_page(request, "noun_key.html", values, title=f"Key of {name}", crumbs=crumbs, status=status)


def _rename(request: HttpRequest, frame: Frame, item: Item, key: str, expected: str) -> KeyChange:
    author = frame.visitor.author(request.POST.get("reason", "").strip())
    return rename_key(item.noun, item.address, key, author, dry_run=not expected, expect=expected or None)


def _view(change: KeyChange) -> KeyChangeView:
    references = tuple(
        (noun, address, field, noun_path(NOUNS[noun].plural, address)) for noun, address, field in change.references
    )
    return KeyChangeView(
        change.digest,
        change.key[0],
        change.key[1],
        change.moved[:MOST_SHOWN],
        len(change.moved[MOST_SHOWN:]),
        references[:MOST_SHOWN],
        len(references[MOST_SHOWN:]),
        change.dirty[:MOST_SHOWN],
        len(change.dirty[MOST_SHOWN:]),
        change.clean[:MOST_SHOWN],
    )
