"""Graphs as SVG, DOT and JSON: the same data in each, inert whatever it is, and readable in light and dark."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations, product
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from larry.core.picture import (
    MARKS,
    Bond,
    BondKind,
    Box,
    BoxKind,
    Condition,
    Picture,
    UnsafePrefix,
    find_href,
    fit_text,
    gravest,
    show_harmless,
)
from larry.core.svg_text import NotAnIdentifier, picture_style
from larry.exports import graph_dot, graph_json, graph_svg
from tests.exports.drawn import (
    HOSTILE,
    SVG,
    assert_inert,
    by_class,
    contrast,
    list_shape_pairs,
    list_text_pairs,
    shown,
    told,
)
from tests.tools import require

NOW = datetime(2026, 11, 22, 11, 20, tzinfo=UTC)
PREFIX = "/larry"


def picture(boxes: list[Box], bonds: list[Bond], *, in_order: bool = True) -> Picture:
    return Picture(
        BoxKind.SERVICE, "rails", "Service rails", "All about rails", NOW, tuple(boxes), tuple(bonds), in_order
    )


def service(key: str, **more: Any) -> Box:
    return Box(key, BoxKind.SERVICE, key, "once on each host", "", ("services", key), **more)


RAILS = picture(
    [service("linux"), service("rails", is_focus=True, order=2), service("watch", conditions=(Condition.UNCOVERED,))],
    [Bond("rails", "linux", BondKind.NEEDS), Bond("watch", "rails", BondKind.AUDITS, "on the same host")],
)
NASTY = picture(
    [
        Box(f"{number} {text}", kind, text, text, text, ("hosts", text), tuple(Condition), number, is_focus=True)
        for number, (text, kind) in enumerate(zip(HOSTILE, list(BoxKind) * len(HOSTILE), strict=False))
    ],
    [
        Bond(f"{number} {text}", f"{number // 2} {HOSTILE[number // 2]}", kind, text)
        for number, (text, kind) in enumerate(zip(HOSTILE, list(BondKind) * len(HOSTILE), strict=False))
    ],
)
NASTY = replace(NASTY, title=" ".join(HOSTILE[:90]), about=" ".join(HOSTILE[90:]), address=HOSTILE[0])


def test_a_picture_and_all_its_boxes_have_a_title_and_a_description() -> None:
    root = assert_inert(graph_svg.render(RAILS, prefix=PREFIX))
    assert told(root) == ("Service rails", "All about rails")
    assert root.get("aria-labelledby") == root.find(f"{SVG}title").get("id")  # type: ignore[union-attr]
    links = {link.get("data-id"): link for link in root.iter(f"{SVG}a")}
    assert {key: link.get("href") for key, link in links.items()} == {
        key: f"/larry/services/{key}" for key in ("linux", "rails", "watch")
    }
    assert told(links["rails"]) == ("service rails", "once on each host. starts at place 2")
    assert told(links["watch"])[1].endswith("uncovered: lacks an auditor it should have")
    bonds = by_class(root, "path", "lp-bond")
    assert [told(bond)[0] for bond in bonds if bond.get("data-source")] == [
        "rails needs linux",
        "watch audits rails: on the same host",
    ]


def test_a_picture_without_links_is_an_image_and_one_with_links_is_not() -> None:
    # An image hides what is inside from screen readers, links as well (axe: nested-interactive).
    plain = assert_inert(graph_svg.render(RAILS, prefix=None), prefix=False)
    assert plain.get("role") == "img"
    assert [g.get("role") for g in plain.iter(f"{SVG}g") if g.get("data-id")] == ["img"] * 3
    assert assert_inert(graph_svg.render(RAILS, prefix=PREFIX)).get("role") == "group"


def test_a_picture_to_be_inlined_brings_no_style_and_no_heading() -> None:
    standalone, inlined = (
        assert_inert(graph_svg.render(RAILS, standalone=alone, prefix=PREFIX)) for alone in (True, False)
    )
    assert standalone.findtext(f"{SVG}style") == picture_style()
    assert inlined.find(f"{SVG}style") is None
    assert "lp-title" in ET.tostring(standalone, "unicode")
    assert "lp-title" not in ET.tostring(inlined, "unicode")
    assert "style=" not in graph_svg.render(RAILS)
    assert "prefers-color-scheme:dark" in picture_style()


def test_ids_begin_with_the_name_of_the_picture() -> None:
    root = assert_inert(graph_svg.render(NASTY, name="hosts-1", prefix=PREFIX))
    assert all(element.get("id", "hosts-1-").startswith("hosts-1-") for element in root.iter())
    for name in ("", "A", "1a", "a b", 'a"', "a" * 101):
        with pytest.raises(NotAnIdentifier):
            graph_svg.render(RAILS, name=name)


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("standalone", [True, False])
def test_hostile_names_are_inert(in_order: bool, standalone: bool) -> None:
    nasty = replace(NASTY, in_order=in_order)
    root = assert_inert(graph_svg.render(nasty, prefix=PREFIX, standalone=standalone))
    titles = {told(part)[0] for part in root.iter() if part.get("data-id") is not None}
    assert titles == {shown(f"{box.kind} {box.name}") for box in nasty.boxes}
    notes = [told(bond)[0] for bond in by_class(root, "path", "lp-bond") if bond.get("data-source") is not None]
    assert len(notes) == len([bond for bond in nasty.bonds if bond.source != bond.target])


def test_no_text_leaves_its_box() -> None:
    root = assert_inert(graph_svg.render(NASTY, prefix=PREFIX))
    holders = [part for part in root.iter(f"{SVG}svg") if part is not root]
    texts = list(root.iter(f"{SVG}text"))
    assert [text for holder in holders for text in holder] == texts, "each text has a place of its own, which clips it"
    assert all(len(text.text or "") <= 201 for text in texts)
    boxes = [part for part in root.iter() if part.get("data-id") is not None]
    for box in boxes:
        for place in box.iter(f"{SVG}svg"):
            x, y, width, height = (float(place.get(name, "")) for name in ("x", "y", "width", "height"))
            assert x >= 0
            assert x + width <= graph_svg.WIDE
            assert y >= 0
            assert y + height <= graph_svg.HIGH
    wide = float(root.get("width", ""))
    assert all(float(place.get("x", "")) + float(place.get("width", "")) <= wide for place in holders)


def test_boxes_show_their_names_details_and_numbers() -> None:
    boxes = [service("linux", order=1), service("rails", order=1000, conditions=(Condition.DIRTY, Condition.CURRENT))]
    root = assert_inert(graph_svg.render(picture(boxes, []), prefix=PREFIX))
    written = {box.get("data-id"): [text.text for text in box.iter(f"{SVG}text")] for box in root.iter(f"{SVG}a")}
    assert written == {
        "linux": ["linux", "once on each host", "1"],
        "rails": ["rails", "once on each host", "1000"],
    }


def test_a_text_is_cut_to_its_width_with_an_ellipsis() -> None:
    assert fit_text("postgres", 200, 13) == "postgres"
    assert fit_text("W" * 100, 100, 10) == "W" * 9 + "…"
    assert fit_text("漢" * 100, 100, 10) == "漢" * 8 + "…"
    assert fit_text("anything", 3, 12) == ""
    assert fit_text("a\u202eb\nc\x00", 200, 10) == "a\\u202eb c"
    assert len(fit_text("\u0301" * 5000, 100, 10)) == 201


def test_what_is_told_by_a_line_is_told_by_its_mark_too() -> None:
    boxes = [service(f"s{number}") for number in range(7)]
    bonds = [Bond(f"s{number + 1}", f"s{number}", kind) for number, kind in enumerate(BondKind)]
    root = assert_inert(graph_svg.render(picture(boxes, bonds), prefix=PREFIX))
    heads = {head.get("class"): head.get("d") for head in by_class(root, "path", "lp-head")}
    assert len(heads) == len(set(heads.values())) == len(BondKind)
    dashes = dict(
        re.findall(r"\.lp-bond\.(lp-[a-z-]+)\{[^}]*?(?:stroke-dasharray:([^;}]*)|stroke-width:2\.6)", picture_style())
    )
    assert set(dashes) == {"lp-audits", "lp-requires", "lp-starts-after", "lp-runs-on"}
    legend = [text.text for text in root.iter(f"{SVG}text")]
    assert all(kind in legend for kind in BondKind)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_everything_written_can_be_read_and_everything_drawn_be_seen(scheme: int) -> None:
    poor = {what: round(contrast(*pair), 2) for what, *pair in list_text_pairs(scheme) if contrast(*pair) < 4.5}
    faint = {what: round(contrast(*pair), 2) for what, *pair in list_shape_pairs(scheme) if contrast(*pair) < 3}
    assert (poor, faint) == ({}, {})


def test_each_condition_has_a_colour_a_sign_a_pattern_and_a_letter_of_its_own() -> None:
    assert set(MARKS) == set(Condition)
    for one, other in combinations(MARKS.values(), 2):
        assert one.letter != other.letter
        assert one.sign != other.sign
        assert one.pattern != other.pattern
        for scheme in (0, 1):
            assert one.fill[scheme] != other.fill[scheme]
            assert one.strong[scheme] != other.strong[scheme]
    assert gravest([Condition.PAST, Condition.DIRTY, Condition.CONFLICT]) is Condition.CONFLICT
    assert gravest([]) is None


def test_links_lead_below_their_prefix_and_nowhere_else() -> None:
    assert find_href(("hosts", "web1.example.com")) == "/hosts/web1.example.com"
    assert (
        find_href(("hosts", "a/b ?#é"), "https://larry.example/x/")
        == "https://larry.example/x/hosts/a%2Fb%20%3F%23%C3%A9"
    )
    assert [find_href(link) for link in ((), ("hosts", ""), ("hosts", ".."), (".", "x"))] == [None] * 4
    for prefix in (
        "javascript:x",
        "//evil.example",
        "data:,",
        "x",
        "/a\nb",
        '/"',
        "https://a b",
        " /x",
        "HTTPS:x",
        "/\\evil",
    ):
        with pytest.raises(UnsafePrefix):
            find_href(("hosts", "web1"), prefix)


def test_an_empty_picture_says_so_and_a_self_tie_is_not_drawn() -> None:
    assert "There is nothing here." in graph_svg.render(picture([], []))
    alone = graph_svg.render(picture([service("a")], [Bond("a", "a", BondKind.NEEDS)]))
    assert "data-source" not in alone


def test_a_thousand_boxes_are_drawn_soon() -> None:
    random = Random(1)
    boxes = [service(f"s{number}") for number in range(1000)]
    pairs = (sorted(random.sample(range(1000), 2)) for _ in range(3000))
    kinds = (BondKind.NEEDS, BondKind.AUDITS)
    big = picture(boxes, [Bond(f"s{after}", f"s{before}", random.choice(kinds)) for before, after in pairs])
    started = time.process_time()
    drawn = graph_svg.render(big)
    assert time.process_time() - started < 1
    assert drawn == graph_svg.render(big)


def test_json_is_the_same_data() -> None:
    document = json.loads(graph_json.render(NASTY, prefix=PREFIX))
    assert [(node["name"], node["order"], node["conditions"]) for node in document["nodes"]] == [
        (box.name, box.order, list(box.conditions)) for box in NASTY.boxes
    ]
    assert [(e["source"], e["kind"], e["target"], e["note"]) for e in document["edges"]] == [
        (bond.source, bond.kind, bond.target, bond.note) for bond in NASTY.bonds
    ]
    root = assert_inert(graph_svg.render(NASTY, prefix=PREFIX))
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == [n["link"] for n in document["nodes"] if n["link"]]
    assert json.loads(graph_json.render(RAILS, prefix=None))["nodes"][0]["link"] is None


# The language of Graphviz (https://graphviz.org/doc/info/lang.html), as much of it as is printed, and not a sign more.
_TOKEN = re.compile(
    r'\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_]*|[0-9.]+)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>->|[{}\[\]=;,]))'
)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        assert found is not None, f"no token at {text[place : place + 40]!r}"
        yield found.lastgroup or "", found[found.lastgroup or ""]
        place = found.end()


def read_dot(text: str) -> tuple[dict[str, dict[str, str]], list[tuple[str, str, dict[str, str]]]]:
    """Nodes and edges with their attributes, by a reader that takes nothing but what the language says."""
    stream = list(tokens(text))
    assert [value for _, value in stream[:3]] == ["digraph", "larry", "{"]
    assert stream.pop() == ("sign", "}")
    nodes: dict[str, dict[str, str]] = {}
    edges = []
    statement: list[tuple[str, str]] = []
    for token in stream[3:]:
        if token != ("sign", ";"):
            statement.append(token)
            continue
        (_, name), *rest = statement
        target = rest[1][1] if rest[0] == ("sign", "->") else None
        attributes = _read_attributes(rest[2 if target else 0 :])
        if target:
            edges.append((name, target, attributes))
        elif name not in {"graph", "node", "edge"}:
            assert name not in nodes
            nodes[name] = attributes
        statement = []
    assert not statement
    return nodes, edges


def _read_attributes(part: list[tuple[str, str]]) -> dict[str, str]:
    assert (part[0], part[-1]) == (("sign", "["), ("sign", "]"))
    attributes: dict[str, str] = {}
    for place in range(1, len(part) - 1, 4):
        (kind, name), equals, (_, value) = part[place : place + 3]
        assert (kind, equals) == ("word", ("sign", "="))
        assert part[place + 3] in {("sign", ","), ("sign", "]")}
        attributes[name] = value
    return attributes


def unquote(text: str) -> list[str]:
    """The lines that a label shows."""
    assert text.startswith('"')
    lines, place, inside = [""], 0, text[1:-1]
    while place < len(inside):
        char = inside[place]
        place += 1
        if char == "\\":
            char, place = inside[place], place + 1
            assert char in {"\\", '"', "n"}, f"an escape of Graphviz's own: {char}"
            if char == "n":
                lines.append("")
                continue
        lines[-1] += char
    assert all(re.search("&(?!amp;)", line) is None for line in lines), "an entity of somebody's own"
    return [line.replace("&amp;", "&") for line in lines]


def test_dot_says_the_same_and_nothing_else() -> None:
    nodes, edges = read_dot(graph_dot.render(NASTY, prefix=PREFIX))
    letters = "".join(f" [{MARKS[condition].letter}]" for condition in Condition)
    for (name, attributes), (number, box) in zip(nodes.items(), enumerate(NASTY.boxes), strict=True):
        assert name == f"n{number}"
        first = f"{number}. {show_harmless(box.name)}{letters}"
        assert unquote(attributes["label"]) == [first, *([show_harmless(box.detail)] if box.detail else [])]
        href = find_href(box.link, PREFIX)
        assert unquote(attributes.get("URL", '""')) == [href or ""]
    assert [(source, target) for source, target, _ in edges] == [
        (f"n{number}", f"n{number // 2}") for number in range(len(NASTY.bonds))
    ]


def test_dot_tells_kinds_apart_by_style_and_by_arrowhead() -> None:
    boxes = [service("a"), service("b")]
    _, edges = read_dot(graph_dot.render(picture(boxes, [Bond("a", "b", kind) for kind in BondKind])))
    looks = [(attributes["style"], attributes["arrowhead"]) for *_, attributes in edges]
    assert len(set(looks)) == len({head for _, head in looks}) == len(BondKind)


def test_graphviz_itself_shows_every_label() -> None:
    dot = require("dot")
    short = replace(NASTY, boxes=tuple(box for box in NASTY.boxes if len(box.name) < 1000), bonds=())
    done = subprocess.run(
        [dot, "-Tsvg"],
        input=graph_dot.render(short, prefix=PREFIX),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    root = ET.fromstring(done.stdout.encode())  # noqa: S314 — Graphviz's own
    drawn = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    letters = "".join(f" [{MARKS[condition].letter}]" for condition in Condition)
    for box in short.boxes:
        expected = " ".join(f"{box.order}. {show_harmless(box.name)}{letters}".split())
        assert any(" ".join(text.replace("\xa0", " ").split()) == expected for text in drawn), box.name
    links = {link.get("{http://www.w3.org/1999/xlink}href") for link in root.iter(f"{SVG}a")}
    assert links - {None} == {find_href(box.link, PREFIX) for box in short.boxes} - {None}


def test_every_kind_of_box_has_a_shape_and_a_sign() -> None:
    boxes = [Box(kind, kind, kind) for kind in BoxKind]
    for in_order, prefix in product((True, False), (PREFIX, None)):
        root = assert_inert(graph_svg.render(picture(boxes, [], in_order=in_order), prefix=prefix))
        shapes = [part.get("d") for part in by_class(root, "path", "lp-shape")]
        signs = [part.get("d") for part in by_class(root, "path", "lp-kind")]
        assert len(set(shapes)) == len(set(signs)) == len(BoxKind)
