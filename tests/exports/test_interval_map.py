"""Interval maps as SVG and JSON: every bar in its place, open ends open, an axis from minutes to ages."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from larry.core.interval import Interval, iso
from larry.core.picture import Bar, BoxKind, Condition, IntervalMap, MapLane, UnsafePrefix
from larry.core.svg_text import MARGIN, picture_style
from larry.core.time_axis import MONTHS, Tick, list_ticks
from larry.exports import interval_json, interval_svg
from larry.exports.interval_svg import BEYOND, DEPTH, LABELS, NARROW, WIDTH
from tests.core.budget import dice
from tests.exports.drawn import HOSTILE, SVG, assert_inert, by_class, shown, told

NOW = datetime(2026, 11, 22, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)
PREFIX = "/larry"
PLOT = WIDTH - 2 * MARGIN - LABELS
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (UTC, BERLIN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia"))


def bar(start: float, end: float | None, *conditions: Condition, **more: Any) -> Bar:
    """Days from now."""
    interval = Interval(NOW + start * DAY, None if end is None else NOW + end * DAY)
    stated: dict[str, Any] = {"deployment": f"d{start}", "instance": "acme/shop/live", "host": "web1", "track": "t"}
    stated |= {"label": "why", "reason": "the reason", "link": ("deployments", f"d{start}"), "snapshot": "ab" * 32}
    return Bar(interval=interval, conditions=conditions, **{**stated, **more})


def lane(*bars: Bar, name: str = "live", **more: Any) -> MapLane:
    return MapLane(BoxKind.INSTANCE, name, "acme/shop", ("instances", "acme", "shop", name), bars, **more)


def interval_map(*lanes: MapLane, days: tuple[float, float] = (-50, 50), **more: Any) -> IntervalMap:
    during = Interval(NOW + days[0] * DAY, NOW + days[1] * DAY)
    stated: dict[str, Any] = {"kind": "host", "address": "web1", "title": "Host web1", "as_of": NOW, "boundaries": ()}
    return IntervalMap(during=during, lanes=lanes, **{**stated, **more})


SIX = interval_map(
    lane(*(bar(-30 + 10 * number, -20 + 10 * number, condition) for number, condition in enumerate(Condition)))
)


def shapes(root: ET.Element) -> dict[str, str]:
    """The path of each bar by its deployment."""
    links = (part for part in root.iter() if part.get("data-deployment") is not None)
    return {link.get("data-deployment", ""): link.find(f"{SVG}path").get("d", "") for link in links}  # type: ignore[union-attr]


def across(path: str) -> tuple[int, int]:
    """Where a closed bar begins and ends."""
    found = re.fullmatch(r"M(-?\d+) \d+H(-?\d+)V\d+H\1Z", path)
    assert found is not None, path
    return int(found[1]), int(found[2])


def test_bars_stand_where_their_time_is() -> None:
    root = assert_inert(interval_svg.render(SIX, prefix=PREFIX))
    for number, path in enumerate(shapes(root).values()):
        start, end = across(path)
        assert start == pytest.approx((20 + 10 * number) / 100 * PLOT, abs=1)
        assert end == pytest.approx((30 + 10 * number) / 100 * PLOT, abs=1)


def test_each_condition_has_its_look_in_bars_and_legend() -> None:
    root = assert_inert(interval_svg.render(SIX, prefix=PREFIX))
    for condition in Condition:
        (link,) = [a for a in by_class(root, "a", f"lp-{condition}") if a.get("data-deployment")]
        assert condition in told(link)[0]
        assert len(by_class(link, "path", "lp-sign")) == 1
        patterned = [path.get("fill") for path in link.iter(f"{SVG}path") if path.get("fill")]
        assert patterned == ([] if condition is Condition.CURRENT else [f"url(#larry-{condition})"])
        assert any((text.text or "").startswith(f"{condition}: ") for text in root.iter(f"{SVG}text"))
    assert {pattern.get("id") for pattern in root.iter(f"{SVG}pattern")} == {
        f"larry-{condition}" for condition in Condition if condition is not Condition.CURRENT
    }
    calm = assert_inert(interval_svg.render(interval_map(lane(bar(-1, 1, Condition.CURRENT))), prefix=PREFIX))
    assert "conflict" not in "".join(text.text or "" for text in calm.iter(f"{SVG}text"))


def test_the_gravest_condition_colours_and_every_one_has_its_sign() -> None:
    findings = (Condition.UNCOVERED, Condition.DIRTY, Condition.CURRENT)
    root = assert_inert(interval_svg.render(interval_map(lane(bar(-10, 10, *reversed(findings)))), prefix=PREFIX))
    (link,) = [a for a in root.iter(f"{SVG}a") if a.get("data-deployment")]
    assert link.get("class") == "lp-plain lp-uncovered"
    assert [sign.get("class") for sign in by_class(link, "path", "lp-sign")] == [f"lp-sign lp-{c}" for c in findings]


def test_every_bar_says_all_about_itself() -> None:
    told_of = bar(
        -10,
        None,
        Condition.UNCOVERED,
        Condition.CURRENT,
        services=("rails", "postgres"),
        lacks=("rails lacks pager: nobody",),
    )
    (link,) = [
        a
        for a in assert_inert(interval_svg.render(interval_map(lane(told_of)), zone=BERLIN, prefix=PREFIX)).iter(
            f"{SVG}a"
        )
        if a.get("data-deployment")
    ]
    assert link.get("href") == "/larry/deployments/d-10"
    assert told(link) == (
        "acme/shop/live on web1: uncovered, current",
        (
            "From 2026-11-12 12:20+01:00 with an open end. the reason. rails lacks pager: nobody. "
            "services: rails, postgres. deployment d-10, snapshot abababababab"
        ),
    )


def test_an_open_end_is_drawn_open() -> None:
    drawn = shapes(assert_inert(interval_svg.render(interval_map(lane(bar(-10, None), bar(-20, -10))), prefix=PREFIX)))
    assert re.fullmatch(rf"M\d+ \d+H{PLOT - 10}L{PLOT - 1} [\d.]+L{PLOT - 10} \d+H\d+Z", drawn["d-10"])
    across(drawn["d-20"])
    assert "open end" in interval_svg.render(interval_map(lane(bar(-10, None))))
    assert "open end" not in interval_svg.render(SIX)


def test_what_goes_on_outside_shows_no_end() -> None:
    drawn = shapes(assert_inert(interval_svg.render(interval_map(lane(bar(-400, 400))), prefix=PREFIX)))
    assert across(drawn["d-400"]) == (-BEYOND, PLOT + BEYOND)
    root = assert_inert(interval_svg.render(interval_map(lane(bar(-400, 400))), prefix=PREFIX))
    plot = next(svg for svg in root.iter(f"{SVG}svg") if svg.get("width") == str(PLOT) and svg is not root)
    assert plot.find(f"{SVG}a") is not None, "bars stand in a viewport, which clips them"


def test_the_shortest_bar_is_seen_all_the_same() -> None:
    start, end = across(
        shapes(assert_inert(interval_svg.render(interval_map(lane(bar(0, 1e-6))), prefix=PREFIX)))["d0"]
    )
    assert end - start >= 3


def test_the_line_of_now_is_where_now_is_or_nowhere() -> None:
    root = assert_inert(interval_svg.render(SIX, prefix=PREFIX))
    (line,) = by_class(root, "path", "lp-now")
    assert line.get("d", "").startswith(f"M{MARGIN + LABELS + round(PLOT / 2)} ")
    assert "as of 2027" in interval_svg.render(SIX, now_name="as of 2027")
    past = interval_svg.render(replace(SIX, as_of=NOW + 400 * DAY), prefix=PREFIX)
    assert by_class(assert_inert(past), "path", "lp-now") == []


@pytest.mark.parametrize("minutes", [1, 7, 90, 3_000, 40_000, 900_000, 9_000_000, 3_000_000_000])
def test_every_stretch_can_be_drawn_from_a_minute_to_ages(minutes: int) -> None:
    asked = interval_map(lane(bar(0, None)), days=(-0.1, minutes / 1440))
    for width in (320, WIDTH, 9000):
        root = assert_inert(interval_svg.render(asked, width=width, zone=BERLIN, prefix=PREFIX))
        assert len(by_class(root, "text", "lp-small")) > 4


def test_boundaries_at_one_pixel_are_one_mark() -> None:
    moments = tuple(NOW + timedelta(seconds=number) for number in range(7))
    root = assert_inert(interval_svg.render(interval_map(boundaries=(*moments, NOW + 20 * DAY)), prefix=PREFIX))
    marks = [told(mark)[0] for mark in by_class(root, "path", "lp-boundary") if mark.find(f"{SVG}title") is not None]
    assert len(marks) == 2
    assert marks[0].endswith("2026-11-22 11:20:04+00:00 and 2 more")
    assert marks[1] == "boundary 2026-12-12 11:20+00:00"


def test_bars_that_overlap_stand_in_rows_and_a_track_keeps_its_row() -> None:
    bars = [bar(-40, -20, track="a"), bar(-30, None, track="b"), bar(-20, 10, track="a"), bar(12, 20, track="c")]
    drawn = shapes(assert_inert(interval_svg.render(interval_map(lane(*bars)), prefix=PREFIX)))
    rows = {key: int(path.split("H")[0].split(" ")[1]) for key, path in drawn.items()}
    assert rows["d-40"] == rows["d-20"] == rows["d12"]
    assert rows["d-30"] >= rows["d-40"] + DEPTH


def test_a_lane_without_bars_and_a_map_without_lanes_say_so() -> None:
    assert ">nothing<" in interval_svg.render(interval_map(lane()))
    assert "Nothing was, is or will be live here" in interval_svg.render(interval_map())


def test_a_map_without_links_is_an_image_and_its_bars_are_too() -> None:
    root = assert_inert(interval_svg.render(SIX, prefix=None), prefix=False)
    assert root.get("role") == "img"
    assert {g.get("role") for g in root.iter(f"{SVG}g") if g.get("data-deployment")} == {"img"}
    assert assert_inert(interval_svg.render(SIX, prefix=PREFIX)).get("role") == "group"


def test_inlined_it_brings_no_style() -> None:
    assert picture_style() in interval_svg.render(SIX)
    inlined = interval_svg.render(SIX, standalone=False, prefix=PREFIX, name="map-1")
    assert assert_inert(inlined).find(f"{SVG}style") is None
    assert "style=" not in inlined
    with pytest.raises(UnsafePrefix):
        interval_svg.render(SIX, prefix="javascript:alert(1)")


@pytest.mark.parametrize("width", [1, 320, 360, NARROW, WIDTH, 5000])
def test_hostile_names_are_inert_and_stay_inside(width: int) -> None:
    bars = [
        bar(n / 9, n / 9 + 3, Condition.CURRENT, deployment=text, instance=text, host=text, label=text, reason=text,
            services=(text,), lacks=(text,), link=("deployments", text), track=str(n), snapshot=text)
        for n, text in enumerate(HOSTILE)
    ]  # fmt: skip
    lanes = [
        MapLane(BoxKind.HOST, text, text, ("hosts", text), (each,)) for text, each in zip(HOSTILE, bars, strict=True)
    ]
    nasty = interval_map(*lanes, title=" ".join(HOSTILE), address=HOSTILE[0])
    root = assert_inert(interval_svg.render(nasty, width=width, prefix=PREFIX, now_name=HOSTILE[-3]))
    drawn = float(root.get("width", ""))
    assert drawn == max(width, 320)
    titles = [told(part)[0] for part in root.iter() if part.get("data-deployment") is not None]
    assert titles == [shown(f"{text} on {text}: current") for text in HOSTILE]
    holders = [part for part in root.iter(f"{SVG}svg") if part is not root and part.find(f"{SVG}text") is not None]
    assert all(float(part.get("x", "")) + float(part.get("width", "")) <= drawn for part in holders)
    assert all(len(text.text or "") <= 201 for text in root.iter(f"{SVG}text"))
    document = json.loads(interval_json.render(nasty, prefix=PREFIX))
    assert [each["bars"][0]["reason"] for each in document["lanes"]] == list(HOSTILE)


def test_json_is_the_same_data() -> None:
    asked = interval_map(lane(bar(-10, None, Condition.DIRTY, Condition.CURRENT)), boundaries=(NOW,))
    document = json.loads(interval_json.render(asked, prefix=PREFIX))
    assert document["from"] == iso(asked.during.start)
    assert document["boundaries"] == [iso(NOW)]
    (drawn,) = document["lanes"]
    assert drawn["link"] == "/larry/instances/acme/shop/live"
    assert drawn["bars"][0] == {
        "deployment": "d-10", "instance": "acme/shop/live", "host": "web1", "start": iso(NOW - 10 * DAY), "end": None,
        "conditions": ["dirty", "current"], "label": "why", "snapshot": "ab" * 32, "reason": "the reason",
        "services": [], "lacks": [], "link": "/larry/deployments/d-10",
    }  # fmt: skip


def test_two_hundred_lanes_of_fifty_bars_are_drawn_soon() -> None:
    days = [(number, number + 1) for number in range(-25, 25)]
    lanes = [lane(*(bar(*pair, Condition.CURRENT) for pair in days), name=f"live{number}") for number in range(200)]
    started = time.process_time()
    text = interval_svg.render(interval_map(*lanes))
    assert time.process_time() - started < 1.5
    assert text.count("<text") > 200
    axis = [part.text for part in ET.fromstring(text).iter(f"{SVG}text") if part.text == "Nov 2026"]  # noqa: S314
    assert len(axis) == 2, "a long map has its axis once more at the bottom"


def labels(ticks: tuple[Tick, ...]) -> list[str]:
    return [f"{tick.group}|{tick.label}" if tick.group else tick.label for tick in ticks]


def between(start: str, end: str) -> Interval:
    return Interval(*(datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (start, end)))


def test_the_axis_speaks_of_minutes_hours_days_weeks_months_and_years() -> None:
    stretches = {
        ("2026-11-22T09:58", "2026-11-22T10:03"): ["22 Nov 2026|09:58", "09:59", "10:00", "10:01", "10:02"],
        ("2026-11-22T20:10", "2026-11-23T02:10"): [
            "22 Nov 2026|21:00",
            "22:00",
            "23:00",
            "23 Nov 2026|00:00",
            "01:00",
            "02:00",
        ],
        ("2026-11-28", "2026-12-04"): ["Nov 2026|28", "29", "30", "Dec 2026|1", "2", "3"],
        ("2026-11-20", "2026-12-25"): ["Nov 2026|23", "30", "Dec 2026|7", "14", "21"],
        ("2026-10-20", "2027-03-20"): ["2026|Nov", "Dec", "2027|Jan", "Feb", "Mar"],
        ("2024-05-01", "2029-01-02"): ["2025", "2026", "2027", "2028", "2029"],
        ("1900-01-01", "2900-01-01"): ["2000", "2200", "2400", "2600", "2800"],
    }
    for (start, end), expected in stretches.items():
        assert labels(list_ticks(between(start, end), UTC, 6)) == expected


def test_hours_that_clocks_skip_are_no_marks_and_hours_that_come_twice_are_one() -> None:
    spring = list_ticks(between("2026-03-28T23:00", "2026-03-29T04:00"), BERLIN, 6)
    assert [tick.label for tick in spring] == ["00:00", "01:00", "03:00", "04:00", "05:00"]
    autumn = list_ticks(between("2026-10-24T22:00", "2026-10-25T03:00"), BERLIN, 6)
    assert [tick.label for tick in autumn] == ["00:00", "01:00", "02:00", "03:00"]


def test_marks_are_few_rise_and_stand_at_round_local_times() -> None:
    for seed, random in dice(150):
        start = datetime(random.randrange(1900, 8000), random.randrange(1, 13), 5, tzinfo=UTC) + random.random() * DAY
        span = timedelta(minutes=10 ** random.uniform(0.5, 8))
        zone, most = random.choice(ZONES), random.randrange(2, 30)
        during = Interval(start, min(start + span, datetime(9000, 1, 1, tzinfo=UTC)))
        ticks = list_ticks(during, zone, most)
        assert len(ticks) <= most * 1.3 + 2, seed
        assert all(one.moment < other.moment for one, other in pairwise(ticks))
        assert all(tick.moment in during for tick in ticks)
        for tick in ticks:
            local = tick.moment.astimezone(zone)
            assert local.second == local.microsecond == 0
            assert tick.label in {f"{local:%H:%M}", str(local.day), MONTHS[local.month - 1], str(local.year)}
        assert all(one.label != other.label or other.group for one, other in pairwise(ticks))
    assert list_ticks(Interval(NOW), UTC, 5) == ()


def test_every_stretch_has_marks_to_go_by() -> None:
    random = Random(3)
    for _ in range(300):
        span = timedelta(minutes=10 ** random.uniform(0.5, 8))
        during = Interval(
            datetime(2026, 1, 1, tzinfo=UTC),
            min(datetime(2026, 1, 1, tzinfo=UTC) + span, datetime(9000, 1, 1, tzinfo=UTC)),
        )
        assert len(list_ticks(during, UTC, 16)) >= 4, during
