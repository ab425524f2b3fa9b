"""A host's configuration in every dialect, to be copied or downloaded; and its history, segment by segment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.interval import iso
from larry.exports import CannotPrint
from larry.exports.dialect import DIALECTS
from larry.queries.history import HostStep, get_host_history
from larry.queries.node import get_node
from larry.queries.reader import NotFound
from larry.web.difference_view import list_lines
from larry.web.frame import Crumb, read_frame
from larry.web.noun_tab import list_host_tabs
from larry.web.page import look_only, make_page, make_problem
from larry.web.when import Asked

LONGEST_HOST = 253
MOST_STEPS, MOST_LINES = 100, 60


@look_only
def answer_host_configuration(request: HttpRequest, name: str) -> HttpResponse:
    """As of the moment, secrets masked, in the dialect that ``as`` names; 2 SQL statements."""
    frame = read_frame(request)
    dialect = next((each for each in DIALECTS if each.name == request.GET.get("as")), DIALECTS[0])
    try:
        dated = get_node(_refuse_odd(name), frame.visitor.reader, frame.asked.at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    text, fault_text = "", ""
    try:
        text = dialect.render(dated)
    except CannotPrint as fault:
        fault_text = str(fault)
    host = dated.node.facts.name
    values = {
        "host": host,
        "tabs": list_host_tabs(host, "host-configuration"),
        "dialects": [(each.name, f"{request.path}?as={each.name}", each is dialect) for each in DIALECTS],
        "dialect": dialect.name,
        "text": text,
        "fault_text": fault_text,
        "digest": dated.digest,
        "next_change": frame.asked.find(dated.next_change),
        "download": reverse("configuration", args=[f"{host}.{dialect.suffix}"]),
        "file": f"{host}.{dialect.suffix}",
    }
    return make_page(request, "host_configuration.html", values, title="Configuration", crumbs=_crumbs(host))


@look_only
def answer_host_history(request: HttpRequest, name: str) -> HttpResponse:
    """What it was, is and will be: each segment with how it differs from the one before. 2 SQL statements."""
    frame = read_frame(request)
    try:
        steps = get_host_history(_refuse_odd(name), frame.visitor.reader, frame.asked.at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    host = name.lower()
    shown = steps[::-1][:MOST_STEPS]
    values = {
        "host": host,
        "tabs": list_host_tabs(host, "host-history"),
        "steps": [_step(each, frame.asked, host) for each in shown],
        "more": len(steps[MOST_STEPS:]),
    }
    return make_page(request, "host_history.html", values, title="History", crumbs=_crumbs(host))


def _step(step: HostStep, asked: Asked, host: str) -> Mapping[str, Any]:
    is_here = step.start <= asked.as_of and (step.end is None or asked.as_of < step.end)
    state = "current" if is_here else "future" if step.start > asked.as_of else "past"
    return {
        "label": f"Differences from {asked.show(step.start).shown} on",
        "start": step.start,
        "end": step.end,
        "state": state,
        "digest": step.digest,
        "href": f"{reverse('host', args=[host])}?as_of={iso(step.start)}",
        "lines": list_lines(step.differences[:MOST_LINES]),
        "total": len(step.differences),
    }


def _refuse_odd(name: str) -> str:
    if len(name) > LONGEST_HOST or not name.isascii() or not name.isprintable():
        raise NotFound("There is no host of such a name.")
    return name


def _crumbs(host: str) -> tuple[Crumb, ...]:
    return Crumb("Hosts", reverse("hosts")), Crumb(host, reverse("host", args=[host]))
