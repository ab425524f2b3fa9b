"""Pictures: graphs of nouns, narrowed to what one box reaches; interval maps from hours to years."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.interval import EndsBeforeItStarts, iso
from larry.core.moment_text import EARLIEST, LATEST, NotAMoment, read_moment
from larry.core.picture import BoxKind
from larry.nouns.table import NOUNS
from larry.queries.interval_map import MAP_KINDS, get_interval_map
from larry.queries.picture import get_graph
from larry.queries.reader import NotFound
from larry.web.address import noun_path
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.graph_part import crop, narrow
from larry.web.graph_picture import draw_graph
from larry.web.interval_picture import draw_map
from larry.web.page import look_only, make_page, make_problem

GRAPH_KINDS = tuple(kind.value for kind in BoxKind)
MOST_LANES = 200
USUAL_BOXES, MOST_BOXES = 150, 2_000
"""More boxes than people take in at a glance are drawn when asked for; more than the second number never are."""

LONGEST_ADDRESS = 300
SPANS = (
    ("Hour", timedelta(hours=1)), ("6 hours", timedelta(hours=6)), ("Day", timedelta(days=1)),
    ("Week", timedelta(days=7)), ("Month", timedelta(days=30)), ("Quarter", timedelta(days=91)),
    ("Year", timedelta(days=365)), ("5 years", timedelta(days=1825)),
)  # fmt: skip


@look_only
def answer_pictures(request: HttpRequest) -> HttpResponse:
    """What can be drawn; goes to the picture that is asked for. No SQL of its own."""
    values = {"graphs": GRAPH_KINDS, "maps": MAP_KINDS, "nouns": [(kind, NOUNS[kind].plural) for kind in MAP_KINDS]}
    return make_page(request, "pictures.html", values, title="Pictures")


@look_only
def answer_graph(request: HttpRequest, kind: str, address: str) -> HttpResponse:
    """The graph as of the moment; ``focus`` names a box, and only what it reaches and what reaches it is drawn. Of a
    large one the nearest boxes are drawn, with ``around=all`` all of them.
    """
    frame = read_frame(request)
    if kind not in GRAPH_KINDS or len(address) > LONGEST_ADDRESS or not address.isprintable():
        return make_problem(request, 404, "There is no such picture.")
    try:
        picture = get_graph(kind, address, frame.visitor.reader, frame.asked.at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    focus = request.GET.get("focus", "")
    names = [(box.id, f"{box.kind.value} {box.name}") for box in picture.boxes]
    is_narrowed = any(focus == id_ for id_, _ in names)
    wanted = narrow(picture, focus) if is_narrowed else picture
    is_whole = request.GET.get("around") == "all"
    drawn = crop(wanted, MOST_BOXES if is_whole else USUAL_BOXES)
    plural = NOUNS[kind].plural
    values = {
        "graph": draw_graph(drawn, frame),
        "boxes": names,
        "focus": focus if is_narrowed else "",
        "map_href": reverse("timeline", args=[kind, address]) if kind in MAP_KINDS else "",
        "total": len(picture.boxes),
        "wanted": len(wanted.boxes),
        "shown": len(drawn.boxes),
        "whole_href": "" if is_whole else f"{request.path}?{urlencode(_present(focus=focus, around='all'))}",
    }
    crumbs = (Crumb("Pictures", reverse("pictures")), Crumb(address, noun_path(plural, address)))
    return make_page(request, "graph_page.html", values, title=picture.title, crumbs=crumbs)


def _present(**words: str) -> dict[str, str]:
    return {word: text for word, text in words.items() if text}


@look_only
def answer_timeline(request: HttpRequest, kind: str, address: str) -> HttpResponse:
    """The interval map between ``since`` and ``until``, by default with room around all there is, of the lanes from the
    ``lane``-th on."""
    frame = read_frame(request)
    if kind not in MAP_KINDS or len(address) > LONGEST_ADDRESS or not address.isprintable():
        return make_problem(request, 404, "There is no such picture.")
    try:
        since, until = _read(request, "since", frame), _read(request, "until", frame)
        reader, at, passed = frame.visitor.reader, frame.asked.at, _read_passed(request)
        drawn = get_interval_map(kind, address, reader, at, since=since, until=until, most=MOST_LANES, passed=passed)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    except (NotAMoment, EndsBeforeItStarts) as fault:
        return make_problem(request, 400, str(fault))
    during = drawn.during
    end = during.end or LATEST
    span = end - during.start

    def to(start: datetime, length: timedelta, lanes: int = passed) -> str:
        first = max(EARLIEST, min(start, LATEST - length))
        words = {"since": iso(first), "until": iso(min(first + length, LATEST))}
        return f"{request.path}?{urlencode({**words, **({'lane': lanes + 1} if lanes else {})})}"

    middle = frame.asked.as_of if during.start <= frame.asked.as_of < end else during.start + span / 2
    values = {
        "map": draw_map(drawn, frame, left_out=drawn.left_out),
        "earlier": to(during.start - span / 2, span) if during.start - EARLIEST > span else "",
        "later": to(during.start + span / 2, span) if LATEST - end > span else "",
        "spans": [
            (label, to(middle - length / 2, length), abs(length - span) < length / 20) for label, length in SPANS
        ],
        "nearer": to(middle - span / 4, span / 2) if span > timedelta(minutes=10) else "",
        "farther": to(middle - span, span * 2) if span * 2 < LATEST - EARLIEST else "",
        "since": during.start,
        "until": end,
        "lanes": (passed + 1, passed + len(drawn.lanes), passed + len(drawn.lanes) + drawn.left_out),
        "first_lanes": to(during.start, span, 0) if passed else "",
        "next_lanes": to(during.start, span, passed + len(drawn.lanes)) if drawn.left_out else "",
        "graph_href": reverse("graph", args=[kind, address]) if kind in GRAPH_KINDS else "",
    }
    crumbs = (Crumb("Pictures", reverse("pictures")), Crumb(address, noun_path(NOUNS[kind].plural, address)))
    return make_page(request, "timeline_page.html", values, title=drawn.title, crumbs=crumbs)


def _read_passed(request: HttpRequest) -> int:
    """How many lanes stand before the one that is asked for, which is counted from 1."""
    text = request.GET.get("lane", "")
    return max(int(text) - 1, 0) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _read(request: HttpRequest, word: str, frame: Frame) -> datetime | None:
    text = request.GET.get(word, "").strip()
    zone: ZoneInfo = frame.asked.zone
    return read_moment(text, now=frame.asked.now, zone=zone) if text else None
