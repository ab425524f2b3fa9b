"""The interval map at the top of a page: drawn for the width that the visitor has, and told as a table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

from larry.core.picture import Bar, IntervalMap
from larry.exports.interval_svg import render
from larry.web.frame import Frame

MOST_BARS = 200


@dataclass(frozen=True, slots=True)
class InlineMap:
    """What `interval_map.html` shows. ``left_out`` counts lanes that the drawing has no room for,
    ``more_bars`` bars that the table has none for.
    """

    title: str
    drawn: str
    bars: tuple[Bar, ...]
    left_out: int = 0
    more_bars: int = 0


def draw_map(interval_map: IntervalMap, frame: Frame, *, left_out: int = 0, name: str = "map") -> InlineMap:
    """The map without a style of its own, its links as of the page's moment."""
    now_name = "now" if frame.asked.is_now else "as of"
    drawn = render(
        interval_map, zone=frame.asked.zone, width=frame.width, now_name=now_name, standalone=False, name=name
    )
    every = chain.from_iterable(lane.bars for lane in interval_map.lanes)
    bars = tuple({(bar.deployment, bar.host): bar for bar in every}.values())
    more = len(bars[MOST_BARS:])
    return InlineMap(interval_map.title, carry_moment(drawn, frame.asked.query), bars[:MOST_BARS], left_out, more)


def carry_moment(drawn: str, query: str) -> str:
    """A picture of Larry's own with every link as of the page's moment. What it shows cannot be taken for a link: the
    printer escapes it.
    """
    return re.sub(r'(<a href="/[^"?#]*)"', lambda found: f'{found[1]}{query}"', drawn) if query else drawn
