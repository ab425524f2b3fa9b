"""Prints an interval map as SVG: lanes of bars, the line of now, boundaries, and a time axis that can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from math import inf

from larry.core.layout import stack
from larry.core.moment_text import show_moment
from larry.core.picture import Bar, Condition, IntervalMap, MapLane, escape_xml, find_href, gravest
from larry.core.svg_text import (
    MARGIN,
    Frame,
    link_or_group,
    list_marks,
    put_kind,
    put_legend,
    put_patterns,
    put_shape,
    put_sign,
    put_text,
)
from larry.core.time_axis import Tick, list_ticks, name_of_day

WIDTH = 1200
NARROWEST = 320
LABELS = 190
"""What the names of lanes take beside the bars; a narrow map has them above."""

NARROW = 640
ROW, DEPTH, GAP = 25, 21, 5
LEAST_LANE = 36
"""What two lines of a lane's name take."""

ABOVE = 20
AXIS = 62
TIP = 9
BEYOND = 6
"""A bar that goes on outside is drawn so far beyond the edge that no end of it is seen."""

SIGN = 15
LEAST_BAR = 3
LEAST_LABEL = 24
_PER_TICK = 58
_PER_LETTER = 8
_FEWEST_FOR_TWO_AXES = 16


def render(
    interval_map: IntervalMap,
    *,
    zone: tzinfo = UTC,
    width: int = WIDTH,
    now_name: str = "now",
    prefix: str | None = "",
    standalone: bool = True,
    name: str = "larry",
) -> str:
    """The map in a width of pixels, its times in a zone; ``now_name`` is what the line at its moment is called.

    ``prefix`` stands before the path of every link (None: no links), ``name`` begins every id. Raises `UnsafePrefix`
    and `NotAnIdentifier`.
    """
    frame = Frame(interval_map.title, _summary(interval_map, zone), name, standalone, prefix is not None)
    return _Drawing(interval_map, frame, zone, max(width, NARROWEST), prefix).draw(now_name)


@dataclass(frozen=True, slots=True)
class _Lane:
    """A lane in its place: ``top`` and ``height`` from the top of the plot, and the row of each bar."""

    lane: MapLane
    top: int
    height: int
    rows: tuple[int, ...]


class _Drawing:
    def __init__(self, interval_map: IntervalMap, frame: Frame, zone: tzinfo, width: int, prefix: str | None) -> None:
        self.map, self.frame, self.zone, self.width, self.prefix = interval_map, frame, zone, width, prefix
        self.is_narrow = width < NARROW
        self.left = MARGIN + (0 if self.is_narrow else LABELS)
        self.plot = width - MARGIN - self.left
        self.top = frame.heading + AXIS
        self.start = interval_map.during.start
        self.span = (interval_map.during.end or self.start) - self.start
        self.ticks: tuple[Tick, ...] = list_ticks(interval_map.during, zone, self.plot // _PER_TICK)
        self.lanes = tuple(self._place_lanes())
        self.depth = self.lanes[-1].top + self.lanes[-1].height if self.lanes else LEAST_LANE

    def draw(self, now_name: str) -> str:
        bottom = self.top + self.depth
        axes = [*self._grid(), *self._labels(self.top - 8)]
        if len(self.lanes) >= _FEWEST_FOR_TWO_AXES:
            axes += self._labels(bottom + 32)
            bottom += 36
        conditions = {condition for lane in self.map.lanes for bar in lane.bars for condition in bar.conditions}
        legend, height = put_legend(self._legend(conditions), bottom + GAP, self.width)
        parts = [
            put_patterns(conditions, self.frame.name),
            '<g aria-hidden="true">', *axes, *self._boundaries(), "</g>",
            *map(self._name, self.lanes),
            f'<svg x="{self.left}" y="{self.top}" width="{self.plot}" height="{self.depth}">', *self._bars(), "</svg>",
            '<g aria-hidden="true">', *self._now(now_name), *legend, "</g>",
        ]  # fmt: skip
        return self.frame.wrap(parts, self.width, bottom + GAP + height)

    def _place_lanes(self) -> Iterator[_Lane]:
        top, above = 0, ABOVE if self.is_narrow else 0
        for lane in self.map.lanes:
            rows, count = self._rows(lane.bars)
            height = max(above + max(count, 1) * ROW + 2 * GAP, LEAST_LANE)
            yield _Lane(lane, top, height, rows)
            top += height

    def _rows(self, bars: tuple[Bar, ...]) -> tuple[tuple[int, ...], int]:
        """Bars of one track stay in one row, and no two bars in a row overlap."""
        tracks: dict[str, list[tuple[float, float]]] = {}
        for bar in bars:
            end = bar.interval.end.timestamp() if bar.interval.end else inf
            tracks.setdefault(bar.track, []).append((bar.interval.start.timestamp(), end))
        rows, count = stack(tuple(tracks.values()))
        row_of = dict(zip(tracks, rows, strict=True))
        return tuple(row_of[bar.track] for bar in bars), count

    def _x(self, moment: datetime) -> int:
        """Pixels from the left side of the plot; what is outside stays just outside."""
        return round(min(max((moment - self.start) / self.span * self.plot, -BEYOND), self.plot + BEYOND))

    def _grid(self) -> Iterator[str]:
        for tick in self.ticks:
            up = 30 if tick.group else 4
            at = f"M{self.left + self._x(tick.moment)}.5 {self.top - 2 - up}"
            yield f'<path class="lp-rule" d="{at}v{self.depth + up + 2}"/>'
        for y in (0, *(lane.top + lane.height for lane in self.lanes)):
            yield f'<path class="lp-rule" d="M{MARGIN} {self.top + y}.5H{self.width - MARGIN}"/>'

    def _labels(self, y: int) -> Iterator[str]:
        """The marks' labels, and above them what they are of; a group has room until the next one begins."""
        places = [self._x(tick.moment) for tick in self.ticks]
        for tick, x, following in zip(self.ticks, places, [*places[1:], self.plot], strict=False):
            if following - x > _PER_LETTER * len(tick.label):
                yield put_text(self.left + x + 3, y, following - x - 3, 11, tick.label, "lp-small")
        groups = [(x, tick.group) for tick, x in zip(self.ticks, places, strict=True) if tick.group]
        for (x, group), (end, _) in zip(groups, [*groups[1:], (self.plot, "")], strict=False):
            if end - x > _PER_LETTER * len(group):
                yield put_text(self.left + x + 3, y - 15, end - x - 3, 11, group, "lp-small lp-muted")
        if not self.is_narrow:
            yield put_text(MARGIN, y, LABELS - 12, 11, str(self.zone), "lp-small lp-muted")

    def _boundaries(self) -> Iterator[str]:
        """One small mark on the axis for each pixel at which something changes."""
        at: dict[int, list[datetime]] = {}
        for moment in self.map.boundaries:
            at.setdefault(self._x(moment), []).append(moment)
        for x, moments in at.items():
            told = ", ".join(show_moment(moment, self.zone) for moment in moments[:5])
            more = f" and {len(moments) - 5} more" if len(moments) > 5 else ""
            shape = f"M{self.left + x} {self.top}l-3.5 -6h7Z"
            yield f'<path class="lp-boundary" d="{shape}"><title>{escape_xml(f"boundary {told}{more}")}</title></path>'

    def _now(self, name: str) -> Iterator[str]:
        if self.map.as_of not in self.map.during:
            return
        x, y = self.left + self._x(self.map.as_of), self.top - AXIS + 1
        wide = min(round(len(name) * 8 + 14), self.plot)
        flag = min(max(x - wide // 2, self.left), self.left + self.plot - wide)
        yield f'<path class="lp-now" d="M{x} {y + 17}V{self.top + self.depth}"/>'
        yield f'<path class="lp-flag" d="M{flag} {y}h{wide}v17h-{wide}Z"/>'
        yield put_text(flag, y + 13, wide, 11, name, "lp-small lp-middle lp-on-flag")

    def _name(self, placed: _Lane) -> str:
        lane, y = placed.lane, self.top + placed.top
        parts = [put_kind(lane.kind, MARGIN, y + 6)]
        if self.is_narrow:
            wide, high, text = self.plot, ABOVE, f"{lane.name} · {lane.detail}"
            parts.append(put_text(MARGIN + 18, y + 16, wide - 18, 12, text, "lp-underlined"))
        else:
            wide, high = LABELS - 8, 32
            parts.append(put_text(MARGIN + 18, y + 16, wide - 18, 13, lane.name, "lp-name lp-underlined"))
            parts.append(put_text(MARGIN + 18, y + 30, wide - 18, 11, lane.detail, "lp-small lp-muted"))
        parts.append(f'<path class="lp-bare" d="M{MARGIN - 4} {y + 2}h{wide + 4}v{high}h-{wide + 4}Z"/>')
        href = find_href(lane.link, self.prefix) if self.prefix is not None else None
        told = f"{lane.kind} {'/'.join(lane.link[1:]) or lane.name}"
        return link_or_group(href, "lp-lane", told, _count(len(lane.bars), "deployment"), "".join(parts))

    def _bars(self) -> Iterator[str]:
        above = ABOVE if self.is_narrow else 0
        for placed in self.lanes:
            top = placed.top + above + GAP + 2
            for bar, row in zip(placed.lane.bars, placed.rows, strict=True):
                yield self._bar(bar, top + row * ROW)
            if not placed.lane.bars:
                yield put_text(4, top + 15, self.plot - 8, 11, "nothing", "lp-small lp-muted")
        if not self.lanes:
            yield put_text(4, 22, self.plot - 8, 12, "Nothing was, is or will be live here in this time.", "lp-muted")

    def _bar(self, bar: Bar, y: int) -> str:
        is_open = bar.interval.end is None
        x = self._x(bar.interval.start)
        end = max(self._x(bar.interval.end) if bar.interval.end else self.plot - 1, x + (TIP if is_open else LEAST_BAR))
        shape = f"M{x} {y}H{end}V{y + DEPTH}H{x}Z"
        if is_open:
            shape = f"M{x} {y}H{end - TIP}L{end} {y + DEPTH / 2}L{end - TIP} {y + DEPTH}H{x}Z"
        begin, room = max(x, 0) + 5, min(end, self.plot) - max(x, 0) - 9 - (TIP if is_open else 0)
        conditions = [condition for condition in Condition if condition in bar.conditions]
        signs = conditions[: max(room // SIGN, 0)]
        parts = [put_shape(shape, gravest(conditions), self.frame.name)]
        parts += [put_sign(sign, begin + SIGN * number, y + 5) for number, sign in enumerate(signs)]
        told = SIGN * len(signs) + 3
        if room - told > LEAST_LABEL:
            parts.append(put_text(begin + told, y + 15, room - told, 11, bar.label, "lp-small lp-ink"))
        look = " ".join(["lp-plain", *(f"lp-{condition}" for condition in conditions[:1])])
        href = find_href(bar.link, self.prefix) if self.prefix is not None else None
        title = f"{bar.instance} on {bar.host}: {', '.join(conditions)}"
        more = f' data-deployment="{escape_xml(bar.deployment)}"'
        return link_or_group(href, look, title, self._tell(bar), "".join(parts), more)

    def _tell(self, bar: Bar) -> str:
        """All about a bar in sentences; nothing that is drawn is only drawn."""
        end = f"until {show_moment(bar.interval.end, self.zone)}" if bar.interval.end else "with an open end"
        told = [f"From {show_moment(bar.interval.start, self.zone)} {end}", bar.reason, *bar.lacks]
        told.append(f"services: {', '.join(bar.services)}" if bar.services else "")
        told.append(f"deployment {bar.deployment}, snapshot {bar.snapshot[:12]}")
        return ". ".join(part for part in told if part)

    def _legend(self, conditions: set[Condition]) -> list[tuple[str, str]]:
        entries = list_marks(conditions, self.frame.name)
        if any(bar.interval.end is None for lane in self.map.lanes for bar in lane.bars):
            entries.append((_OPEN, "open end"))
        if self.map.boundaries:
            word = "its configuration changes" if self.map.kind == "host" else "something starts or ends"
            entries.append((_BOUNDARY, f"boundary: {word}"))
        return entries


_OPEN = '<g class="lp-plain"><path class="lp-shape" d="M0 -6H26L34 1L26 8H0Z"/></g>'
_BOUNDARY = '<path class="lp-boundary" d="M17 5l-3.5 -6h7Z"/>'


def _summary(interval_map: IntervalMap, zone: tzinfo) -> str:
    """Stretch and counts in a sentence."""
    bars = {bar.deployment: bar for lane in interval_map.lanes for bar in lane.bars}
    counts = Counter(condition for bar in bars.values() for condition in bar.conditions)
    told = ", ".join(f"{counts[condition]} {condition}" for condition in reversed(Condition) if counts[condition])
    first, last = interval_map.during.start, interval_map.during.end or interval_map.during.start
    return (
        f"{name_of_day(first, zone)} to {name_of_day(last, zone)}: {_count(len(bars), 'deployment')} in "
        f"{_count(len(interval_map.lanes), 'lane')}" + (f", {told}" if told else "")
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
