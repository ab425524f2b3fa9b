"""The page of a host: its services in start order at one moment, and how it changes over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.document import Json, canonical_text
from larry.core.interval import iso
from larry.core.node import Node, NodeService, entry_digest
from larry.core.node_text import DatedNode
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.interval_map import get_interval_map
from larry.queries.moment import Moment
from larry.queries.node import get_node, list_timeline
from larry.queries.noun import get_item
from larry.queries.reader import NotFound
from larry.web.address import find_route
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.interval_picture import draw_map
from larry.web.noun_cell import make_facts
from larry.web.noun_tab import list_host_tabs
from larry.web.page import look_only, make_page, make_problem
from larry.web.views.start import link_dialects
from larry.web.visitor import read_visitor
from larry.web.when import Asked, When, read_asked

BEFORE = timedelta(days=30)
AFTER = timedelta(days=366)
LONGEST_HOST = 253
LONGEST_VALUE = 200
MOST_SUBJECTS = 50
MOST_ACTIVITY = 12


@dataclass(frozen=True, slots=True)
class ServiceLine:
    number: int
    entry: NodeService
    parameters: tuple[tuple[str, str], ...]
    audits: tuple[str, ...]
    more_audits: int


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """One segment: when, and what it adds to, takes from and changes in the one before."""

    start: When
    end: When | None
    page: str
    is_shown: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@look_only
def answer_host(request: HttpRequest, name: str) -> HttpResponse:
    """The page as of the moment asked for; 404 for a host unknown then. About 25 SQL statements."""
    asked, reader = read_asked(request), read_visitor(request).reader
    if len(name) > LONGEST_HOST or not name.isascii() or not name.isprintable():
        return make_problem(request, 404, "There is no host of such a name.")
    try:
        dated = get_node(name, reader, asked.at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    since, until = min(asked.as_of, asked.now) - BEFORE, max(asked.as_of, asked.now) + AFTER
    timeline = list_timeline(name, reader, Moment(since), until)
    values = {
        **_describe(dated.node.facts.name, read_frame(request)),
        "asked": asked,
        "tabs": list_host_tabs(dated.node.facts.name, "host"),
        "graph_href": reverse("graph", args=["host", dated.node.facts.name]),
        "map_href": reverse("timeline", args=["host", dated.node.facts.name]),
        "facts": dated.node.facts,
        "labels": [(key, _show(value)) for key, value in dated.node.facts.labels.items()],
        "valid_from": asked.show(dated.start),
        "next_change": asked.find(dated.next_change),
        "services": [_service_line(number, entry) for number, entry in enumerate(dated.node.services, start=1)],
        "instances": dated.node.instances,
        **_list_owners(each.path for each in dated.node.instances),
        "digest": dated.digest,
        "links": link_dialects(name, asked),
        "segments": _segment_lines(timeline, dated, asked),
        "edit": reverse("host-edit", args=[dated.node.facts.name]),
        "rename": reverse("host-key", args=[dated.node.facts.name]),
        "retire": reverse("host-retire", args=[dated.node.facts.name]),
        "deploy": f"{reverse('deploy')}?{urlencode({'host': dated.node.facts.name})}",
        "map": draw_map(get_interval_map("host", dated.node.facts.name, reader, asked.at), read_frame(request)),
    }
    crumbs = (Crumb("Hosts", find_route("hosts")),)
    return make_page(request, "host.html", values, title=dated.node.facts.name, crumbs=crumbs)


def _describe(name: str, frame: Frame) -> Mapping[str, Any]:
    """What is described of the host now, and what was done to it; nothing where it has retired. 10 SQL statements."""
    reader, at = frame.visitor.reader, frame.asked.at
    try:
        item = get_item("host", name, reader, at)
    except NotFound:
        return {}
    which = ActivityFilter(noun="host", address=item.address)
    return {
        "description": str(item.values["description"]),
        "facts_of_noun": make_facts(item),
        "activity": list_activity(reader, at, which, limit=MOST_ACTIVITY),
        "is_described": True,
    }


def _list_owners(paths: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Whose instances these are: keys of customers, paths of apps."""
    apps = tuple(dict.fromkeys(path.rpartition("/")[0] for path in paths))
    return {"customers": tuple(dict.fromkeys(path.partition("/")[0] for path in apps)), "apps": apps}


def _service_line(number: int, entry: NodeService) -> ServiceLine:
    subjects = [f"{subject.service} on {subject.host}" for subject in entry.audits[:MOST_SUBJECTS]]
    parameters = tuple((name, _show(value)) for name, value in entry.parameters.items())
    return ServiceLine(number, entry, parameters, tuple(dict.fromkeys(subjects)), len(entry.audits[MOST_SUBJECTS:]))


def _segment_lines(timeline: Sequence[DatedNode], shown: DatedNode, asked: Asked) -> list[SegmentLine]:
    lines: list[SegmentLine] = []
    for index, each in enumerate(timeline):
        before = timeline[index - 1].node if index else each.node
        added, removed, changed = _compare(before, each.node)
        page = f"{reverse('host', args=[each.node.facts.name])}?as_of={iso(each.start)}"
        is_shown = each.start == shown.start
        lines.append(SegmentLine(asked.show(each.start), asked.find(each.end), page, is_shown, added, removed, changed))
    return lines


def _compare(before: Node, after: Node) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Keys of entries that are new, gone and different."""
    old = {entry.key: entry for entry in before.services}
    new = {entry.key: entry for entry in after.services}
    both = [key for key in new if key in old]
    return (
        tuple(key for key in new if key not in old),
        tuple(key for key in old if key not in new),
        tuple(key for key in both if entry_digest(old[key]) != entry_digest(new[key])),
    )


def _show(value: Json) -> str:
    text = value if isinstance(value, str) else canonical_text(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
