"""Pictures: what depends on what, and what was, is and will be live, drawn or as JSON; and where a value came from."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from pydantic import Field

from larry.api.asked import Address, AsOfQuery, HostPath, Line, MomentText
from larry.api.operation import Answer, Call, expose, say_moment
from larry.api.problem import FieldFault, Problem, make_json, make_json_text
from larry.core.interval import EndsBeforeItStarts
from larry.core.moment_text import show_moment
from larry.core.picture import UnsafePrefix, find_href
from larry.exports import graph_dot, graph_json, graph_svg, interval_json, interval_svg
from larry.queries.explanation import get_explanation
from larry.queries.interval_map import get_interval_map
from larry.queries.picture import get_graph
from larry.queries.subject import find_subject

TAG = "pictures"
GRAPH_KINDS = ("service", "instance", "host", "app", "customer")
TIMELINE_KINDS = ("host", "instance", "customer", "pool")
SVG, DOT = "image/svg+xml", "text/vnd.graphviz"
_TYPES = {"json": "application/json", "svg": SVG, "dot": DOT}


class PictureQuery(AsOfQuery):
    subject: Address = Field(description="An address: what the picture is of.", examples=["acme/shop/production"])
    kind: Line | None = Field(None, description="Which is meant, where a name may be several.")
    form: Line = Field("json", alias="format", description="json, svg; of graphs dot too.")
    link_prefix: Line = Field("", description="What stands before every link's path.")


class TimelineQuery(PictureQuery):
    since: MomentText | None = Field(None, description="Where the map begins.")
    until: MomentText | None = Field(None, description="Where the map ends.")
    width: int = Field(1200, ge=320, le=10_000, description="Pixels, of the SVG.")


class ExplainQuery(AsOfQuery):
    service: Address
    parameter: Line


@expose(
    "GET",
    "/graph",
    tag=TAG,
    answers={200: Answer("Graph", "The picture.", ("Larry-As-Of",), (SVG, DOT))},
    problems=("not-found",),
)
def answer_graph(call: Call, asked: PictureQuery) -> HttpResponse:
    """Draw what depends on what: around a service, an instance, a host, an app or a customer."""
    printers = {"svg": graph_svg.render, "dot": graph_dot.render, "json": graph_json.render}
    printer = _choose(asked, printers)
    at = call.at(asked.as_of)
    found = find_subject(asked.subject, _kinds(asked, GRAPH_KINDS), call.reader, at)
    text = printer(get_graph(*found, call.reader, at), prefix=asked.link_prefix)
    return make_json_text(text, media_type=_TYPES[asked.form], headers=say_moment(at.as_of))


@expose(
    "GET",
    "/timeline",
    tag=TAG,
    answers={200: Answer("IntervalMap", "The map.", ("Larry-As-Of",), (SVG,))},
    problems=("not-found",),
)
def answer_timeline(call: Call, asked: TimelineQuery) -> HttpResponse:
    """Draw what was, is and will be live: on a host or the hosts of a pool, of an instance or a customer."""
    _choose(asked, {"json": interval_json.render, "svg": interval_svg.render})
    at = call.at(asked.as_of)
    since, until = call.find_moment(asked.since, "since"), call.find_moment(asked.until, "until")
    found = find_subject(asked.subject, _kinds(asked, TIMELINE_KINDS), call.reader, at)
    try:
        drawn = get_interval_map(*found, call.reader, at, since=since, until=until)
    except EndsBeforeItStarts as fault:
        raise _refuse("until", str(fault)) from None
    if asked.form == "json":
        text = interval_json.render(drawn, prefix=asked.link_prefix)
    else:
        moment = show_moment(at.as_of.replace(second=0, microsecond=0), call.zone)
        name = "now" if asked.as_of is None else f"as of {moment}"
        text = interval_svg.render(drawn, zone=call.zone, width=asked.width, now_name=name, prefix=asked.link_prefix)
    return make_json_text(text, media_type=_TYPES[asked.form], headers=say_moment(at.as_of))


@expose(
    "GET",
    "/hosts/{host}/explain",
    tag="hosts",
    answers={200: Answer("Explanation", "Entry by entry, secrets masked.", ("Larry-As-Of",))},
    problems=("not-found",),
)
def answer_explanation(call: Call, path: HostPath, asked: ExplainQuery) -> HttpResponse:
    """Tell where the value of a parameter of a service on a host came from, through every layer and snapshot."""
    at = call.at(asked.as_of)
    told = get_explanation(path.host, asked.service, asked.parameter, call.reader, at)
    return make_json(told.document, headers=say_moment(at.as_of))


def _choose(asked: PictureQuery, printers: dict[str, Callable[..., str]]) -> Callable[..., str]:
    """How it is printed. Raises `Problem` for a form that there is not, or a prefix of links that is none."""
    if asked.form not in printers:
        raise _refuse("format", f"must be one of {', '.join(printers)}")
    try:
        find_href(("hosts",), asked.link_prefix)
    except UnsafePrefix as fault:
        raise _refuse("link_prefix", str(fault)) from None
    return printers[asked.form]


def _kinds(asked: PictureQuery, known: tuple[str, ...]) -> tuple[str, ...]:
    if asked.kind is None:
        return known
    if asked.kind not in known:
        raise _refuse("kind", f"must be one of {', '.join(known)}")
    return (asked.kind,)


def _refuse(field: str, text: str) -> Problem:
    return Problem("invalid", f"{field}: {text}", faults=[FieldFault("query", field, text)])
