"""A bar of intervals as SVG: what has passed, what is, what comes, with marks for now and for the moment asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH = 1000
HEIGHT = 46
TOP, DEPTH = 12, 22


def draw_bar(
    intervals: Sequence[tuple[datetime, datetime | None]],
    since: datetime,
    until: datetime,
    *,
    now: datetime,
    as_of: datetime,
) -> SafeString:
    """The picture, as wide as its place; hidden from readers aloud, because a table beside it says the same."""

    def across(moment: datetime) -> float:
        part = (min(max(moment, since), until) - since) / (until - since)
        return round(part * WIDTH, 1)

    def state(start: datetime, end: datetime | None) -> str:
        if start > now:
            return "future"
        return "past" if end is not None and end <= now else "current"

    rows = (
        (state(start, end), across(start), TOP, max(across(end or until) - across(start) - 1, 1), DEPTH)
        for start, end in intervals
    )
    bars = format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>', rows)
    marks = [("mark-now", across(now))] + ([("mark-asked", across(as_of))] if as_of != now else [])
    lines = format_html_join("", '<path class="{}" d="M{} 4V42"/>', marks)
    return format_html(
        '<svg class="bar" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}{}</svg>',
        WIDTH,
        HEIGHT,
        bars,
        lines,
    )
