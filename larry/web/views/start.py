"""The home page: what changes next, what was done lately, what is strange, and the estate in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.interval import iso
from larry.core.moment_text import EARLIEST, LATEST
from larry.exports.dialect import DIALECTS
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.estate_map import get_estate_map
from larry.queries.tally import Boundary, Tally, get_tally, list_boundaries
from larry.web.activity_view import list_activity_lines
from larry.web.address import find_route, with_moment
from larry.web.frame import Frame, read_frame
from larry.web.interval_picture import draw_map
from larry.web.page import look_only, make_page
from larry.web.when import Asked, When

SPANS = {
    "week": (timedelta(days=2), timedelta(days=7)),
    "month": (timedelta(days=7), timedelta(days=30)),
    "year": (timedelta(days=90), timedelta(days=365)),
}
"""How much before and after the moment the map shows."""

MOST_LANES = 16
MOST_HOSTS_OF_ONE = 4
MOST_MOMENTS = 6
MOST_EVENTS = 5
MOST_HOSTS = 3
MOST_ACTIVITY = 10


@dataclass(frozen=True, slots=True)
class EventLine:
    """What happens to an instance at a moment, and on which hosts."""

    word: str
    kind: str
    instance: str
    hosts: tuple[str, ...]
    more: int
    reason: str


@dataclass(frozen=True, slots=True)
class MomentLine:
    """A moment at which something changes: its page is the home page as of then."""

    when: When
    href: str
    events: tuple[EventLine, ...]
    more: int
    hosts: int


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do first in an empty estate."""

    text: str
    label: str
    href: str
    is_done: bool


@look_only
def answer_start(request: HttpRequest) -> HttpResponse:
    """The page as of the moment asked for, its map over ``span``. About 25 SQL statements; strange
    situations come as a piece of their own, for they take a look at every instance.
    """
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    tally = get_tally(reader, at)
    span = request.GET.get("span", "month")
    before, after = SPANS.get(span, SPANS["month"])
    drawn = get_estate_map(
        reader, at, since=max(at.as_of - before, EARLIEST), until=min(at.as_of + after, LATEST), most=MOST_LANES,
        most_hosts=MOST_HOSTS_OF_ONE,
    )  # fmt: skip
    values = {
        "tally": tally,
        "map": draw_map(drawn, frame, left_out=drawn.left_out) if drawn.lanes or drawn.left_out else None,
        "spans": [(name, f"/?{urlencode({'span': name})}", name == span) for name in SPANS],
        "left_out": drawn.left_out,
        "steps": _list_steps(tally) if not tally.current and not tally.future else (),
        "moments": _list_moments(list_boundaries(reader, at), frame),
        "activity": list_activity_lines(list_activity(reader, at, ActivityFilter(whole=True), limit=MOST_ACTIVITY)),
        "situations": find_route("situation-counts"),
    }
    return make_page(request, "start.html", values, title=_TITLES[frame.asked.is_now, frame.asked.is_past])


_TITLES = {
    (True, False): "What runs where, now",
    (False, True): "What ran where",
    (False, False): "What will run where",
}


def link_dialects(host: str, asked: Asked) -> tuple[tuple[str, str], ...]:
    """(name, address) of a host's configuration in every dialect, as of the moment asked for."""
    return tuple(
        (dialect.name, reverse("configuration", args=[f"{host}.{dialect.suffix}"]) + asked.query)
        for dialect in DIALECTS
    )


def _list_moments(boundaries: Sequence[Boundary], frame: Frame) -> tuple[MomentLine, ...]:
    """The next moments; configurations may change at others too, with what is audited from elsewhere."""
    lines: list[MomentLine] = []
    for moment, group in groupby(boundaries, key=lambda each: each.moment):
        if len(lines) == MOST_MOMENTS:
            break
        at_once = list(group)
        events = _list_events(at_once)
        hosts = len({each.host for each in at_once})
        href = with_moment(frame.here, iso(moment))
        lines.append(MomentLine(frame.asked.show(moment), href, events[:MOST_EVENTS], len(events[MOST_EVENTS:]), hosts))
    return tuple(lines)


def _list_events(at_once: Sequence[Boundary]) -> tuple[EventLine, ...]:
    """What starts, what changes because another takes over, and what ends for good."""
    taken_over = {(each.instance, each.host) for each in at_once if each.follows}
    found: dict[tuple[str, str], list[Boundary]] = {}
    for each in at_once:
        if not each.follows:
            changes = (each.instance, each.host) in taken_over
            found.setdefault(("changes" if changes else "starts" if each.starts else "ends", each.instance), []).append(
                each
            )
    return tuple(
        EventLine(
            word, _KINDS[word], instance, tuple(each.host for each in of_one[:MOST_HOSTS]), len(of_one[MOST_HOSTS:]),
            of_one[0].reason if word != "ends" else "",
        )
        for (word, instance), of_one in found.items()
    )  # fmt: skip


_KINDS = {"starts": "future", "changes": "current", "ends": "past"}


def _list_steps(tally: Tally) -> tuple[Step, ...]:
    return (
        Step("A service is what runs: a web server, a database.", "Describe a service", "/services/-/new",
             bool(tally.services)),
        Step("A customer owns apps.", "Describe a customer", "/customers/-/new", bool(tally.customers)),
        Step("An app is what you run for a customer.", "Describe an app", "/apps/-/new", bool(tally.apps)),
        Step("An instance of an app requires services: production, staging.", "Describe an instance",
             "/instances/-/new", bool(tally.instances)),
        Step("A host is where instances are deployed.", "Describe a host", "/hosts/-/new", bool(tally.hosts)),
        Step("Deploy an instance to a host, now or later.", "Deploy", find_route("deploy"), False),
    )  # fmt: skip
