"""Pictures, explanations and comparisons, asked of a remote Larry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from larry.cli.commands import diff as comparing
from larry.cli.commands import graph as graphs
from larry.cli.commands import timeline as timelines
from larry.cli.remote.table import stands_for
from larry.cli.remote.value import find_at, read_at, read_difference, read_origin
from larry.client.remote import RemoteLarry
from larry.core.document import freeze
from larry.core.interval import Interval
from larry.core.parameters import Merge, Part
from larry.queries import explanation
from larry.queries.activity import ActivityRow
from larry.queries.moment import Moment
from larry.queries.provenance import Provenance
from larry.queries.reader import Reader


@stands_for(comparing.compare_kept)
def compare_kept(
    larry: RemoteLarry, path: str, digests: Sequence[str], reader: Reader, at: Moment
) -> comparing.Compared:
    """The same."""
    told = larry.diff(path, *digests, as_of=at.as_of)
    return comparing.Compared(
        told["instance"], told["old"], told["new"], tuple(read_difference(each) for each in told["differences"])
    )


@stands_for(graphs.draw_graph)
def draw_graph(larry: RemoteLarry, asked: graphs.AskedGraph, reader: Reader, at: Moment) -> str:
    """The same, drawn there."""
    return larry.graph(asked.subject, asked.form, kind=asked.kind, link_prefix=asked.prefix, as_of=at.as_of)


@stands_for(timelines.draw_timeline)
def draw_timeline(larry: RemoteLarry, asked: timelines.AskedTimeline, reader: Reader, at: Moment) -> str:
    """The same, drawn there."""
    since, until = asked.since, asked.until
    if since is not None and until is not None:
        Interval(since, until)  # refuses an end before its start
    return larry.timeline(
        asked.subject, asked.form, kind=asked.kind, since=since, until=until, width=asked.width,
        link_prefix=asked.prefix, as_of=None if asked.is_now else at.as_of,
    )  # fmt: skip


@stands_for(explanation.get_explanation)
def get_explanation(
    larry: RemoteLarry, host: str, service: str, parameter: str, reader: Reader, at: Moment
) -> explanation.Explanation:
    """The same."""
    told = larry.explain(host, service, parameter, as_of=at.as_of)
    valid = told["valid"]
    return explanation.Explanation(
        told["host"], told["service"], told["parameter"], read_at(valid["from"]), find_at(valid["until"]),
        tuple(
            explanation.ExplainedEntry(
                each["key"], tuple(each["for"]), each["carries"], freeze(each["value"]), each["is_declared_default"],
                tuple(_read_source(one) for one in each["sources"]),
            )
            for each in told["entries"]
        ),
    )  # fmt: skip


def _read_source(told: Any) -> explanation.Source:
    parts = tuple(Part(each["path"], freeze(each["value"]), read_origin(each["from"])) for each in told["parts"])
    merge = Merge(told["merge"]) if told["merge"] is not None else None
    chain = tuple(read_origin(each) for each in told["layers"])
    today = told["today"]
    return explanation.Source(
        told["deployment"],
        told["instance"],
        read_at(told["start"]),
        find_at(told["end"]),
        told["reason"],
        told["rollout"],
        told["snapshot"],
        read_at(told["taken_at"]),
        freeze(told["value"]),
        Provenance(chain, parts, merge, told["recorded"]),
        tuple((each["service"], each["host"]) for each in told["about"]),
        explanation.Today(freeze(today["value"]), today["gone"] or "", today["dirty"], _read_line(told["touched"])),
    )


def _read_line(told: Any) -> ActivityRow | None:
    """As much of a line of activity as an explanation tells."""
    if told is None:
        return None
    moment: datetime = read_at(told["at"])
    return ActivityRow(told["activity"], moment, told["actor"], "", "", "", told["reason"], None, None, None)
