"""Pictures as values: graphs of boxes and bonds, interval maps of lanes and bars, and the one look they all have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from larry.core.interval import Interval

Link: TypeAlias = tuple[str, ...]
"""The segments of a path under Larry's pages, such as ("hosts", "web1.example.com"); () is no link."""


class Condition(StrEnum):
    """The six states that have one colour and one mark each, everywhere. The gravest first."""

    CONFLICT = "conflict"
    UNCOVERED = "uncovered"
    DIRTY = "dirty"
    FUTURE = "future"
    CURRENT = "current"
    PAST = "past"


class BoxKind(StrEnum):
    SERVICE = "service"
    INSTANCE = "instance"
    HOST = "host"
    APP = "app"
    CUSTOMER = "customer"


class BondKind(StrEnum):
    """How the source of a bond stands to its target; as a sentence: source, kind, target."""

    NEEDS = "needs"
    AUDITS = "audits"
    REQUIRES = "requires"
    AFTER = "starts after"
    RUNS_ON = "runs on"
    HAS = "has"


@dataclass(frozen=True, slots=True)
class Box:
    """One node of a graph. ``detail`` is its second line, ``about`` what else a reader is told; ``order`` its place in
    the start order, from 1.
    """

    id: str
    kind: BoxKind
    name: str
    detail: str = ""
    about: str = ""
    link: Link = ()
    conditions: tuple[Condition, ...] = ()
    order: int | None = None
    is_focus: bool = False


@dataclass(frozen=True, slots=True)
class Bond:
    """One edge of a graph, from the id of a box to the id of another; ``note`` says more of it."""

    source: str
    target: str
    kind: BondKind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph. ``in_order``: what starts first stands left; else what owns stands left of what it owns."""

    kind: BoxKind
    address: str
    title: str
    about: str
    as_of: datetime
    boxes: tuple[Box, ...]
    bonds: tuple[Bond, ...]
    in_order: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One deployment in one lane. Bars of one ``track`` never overlap; ``label`` is what stands on the bar."""

    deployment: str
    instance: str
    host: str
    interval: Interval
    conditions: tuple[Condition, ...]
    label: str
    track: str
    snapshot: str = ""
    reason: str = ""
    services: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    link: Link = ()


@dataclass(frozen=True, slots=True)
class MapLane:
    """One line of an interval map: an instance on a host's map, a host on an instance's or a pool's."""

    kind: BoxKind
    name: str
    detail: str
    link: Link
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class IntervalMap:
    """What is live when: ``during`` is the stretch of time that is drawn, its end never open; ``passed`` counts lanes
    that there are before those asked for, ``left_out`` those beyond.
    """

    kind: str
    address: str
    title: str
    as_of: datetime
    during: Interval
    lanes: tuple[MapLane, ...]
    boundaries: tuple[datetime, ...]
    _: KW_ONLY
    passed: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """The look of a condition: a letter for lists, a sign of strokes in a square of 12, a pattern in a tile of 8.

    Colours are (light, dark): the fill, the lines of the pattern on it, what is strong enough to stand on paper, and
    the ink of text on the fill.
    """

    letter: str
    says: str
    sign: str
    pattern: str
    fill: tuple[str, str]
    line: tuple[str, str]
    strong: tuple[str, str]
    ink: tuple[str, str]


MARKS: Mapping[Condition, Mark] = MappingProxyType(
    {
        Condition.PAST: Mark(
            "P", "has ended", "M3 3H9V9H3Z", "M0 2H8M0 6H8",
            ("#eceff2", "#2a2f35"), ("#dfe4e8", "#343a41"), ("#66707a", "#a3afb8"), ("#24292f", "#e6eaee"),
        ),
        Condition.CURRENT: Mark(
            "C", "is live", "M3.5 2L10 6L3.5 10Z", "",
            ("#d9f0df", "#12351d"), ("#d9f0df", "#12351d"), ("#2a7548", "#5cbd84"), ("#0c3d1a", "#d5f5de"),
        ),
        Condition.FUTURE: Mark(
            "F", "has not begun", "M6 1.5A4.5 4.5 0 1 1 5.99 1.5M6 3.5V6L8 7.5", "M1.5 2H2.5M5.5 6H6.5",
            ("#dfecfd", "#10305a"), ("#a9cbf5", "#2f5f9c"), ("#2a70ac", "#6fb3ea"), ("#06305f", "#e6f1ff"),
        ),
        Condition.DIRTY: Mark(
            "D", "differs from a snapshot taken now", "M2 4.5H10M2 7.5H10M8 1.5L4 10.5",
            "M-2 10L10 -2M-2 2L2 -2M6 10L10 6",
            ("#fdf0c9", "#40320a"), ("#f3d98a", "#5c4a13"), ("#8a6100", "#e0b13a"), ("#453000", "#fff3d2"),
        ),
        Condition.UNCOVERED: Mark(
            "U", "lacks an auditor it should have", "M6 1.5A4.5 4.5 0 1 1 5.99 1.5M2.8 9.2L9.2 2.8",
            "M2 0V8M6 0V8",
            ("#f1e4fc", "#381f52"), ("#e0c9f6", "#4e2f70"), ("#7a3cb5", "#c794f5"), ("#3f1863", "#f5eafe"),
        ),
        Condition.CONFLICT: Mark(
            "X", "wants something that another denies it", "M2.5 2.5L9.5 9.5M9.5 2.5L2.5 9.5", "M0 0L8 8M8 0L0 8",
            ("#fde3e1", "#4d1614"), ("#f6beb9", "#6e2521"), ("#bd221a", "#ff8079"), ("#5f0d08", "#ffeae8"),
        ),
    }
)  # fmt: skip

KIND_SIGNS: Mapping[BoxKind, str] = MappingProxyType(
    {
        BoxKind.SERVICE: "M6 1L10.5 3.5V8.5L6 11L1.5 8.5V3.5Z",
        BoxKind.INSTANCE: "M6 1L11 3.5L6 6L1 3.5ZM1 6L6 8.5L11 6M1 8.5L6 11L11 8.5",
        BoxKind.HOST: "M1.5 1.5H10.5V5H1.5ZM1.5 7H10.5V10.5H1.5ZM3 3.25H4M3 8.75H4",
        BoxKind.APP: "M1.5 2H10.5V10H1.5ZM1.5 4.5H10.5",
        BoxKind.CUSTOMER: "M6 1.5A2 2 0 1 1 5.99 1.5M2 10.5C2 7 10 7 10 10.5",
    }
)
"""What a box or a lane is of, drawn in strokes in a square of 12."""

PAPER: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "paper": ("#ffffff", "#14181b"),
        "panel": ("#f5f7f8", "#1e2529"),
        "edge": ("#7a858e", "#7d8993"),
        "grid": ("#dfe3e6", "#333c43"),
        "text": ("#1c2227", "#e6eaed"),
        "muted": ("#59636c", "#a3afb8"),
        "accent": ("#1b5f8f", "#84c1ee"),
        "focus": ("#b35c00", "#ffb15c"),
    }
)
"""Everything else: paper, panels on it, the edges of boxes, the grid, text, lesser text, the accent, keyboard focus."""


class UnsafePrefix(ValueError):
    """Links may only lead to a path or to a web address."""


def gravest(conditions: Iterable[Condition]) -> Condition | None:
    """The condition that gives a bar or a box its colour: the first of the six that it has."""
    had = set(conditions)
    return next((condition for condition in Condition if condition in had), None)


def find_href(link: Link, prefix: str = "") -> str | None:
    """The address of a link under a prefix, each segment percent-encoded (RFC 3986); None where there is nothing to
    link to. Raises `UnsafePrefix` for what is neither a path nor http(s).
    """
    base = _read_prefix(prefix)
    if not link or any(segment in {"", ".", ".."} for segment in link):
        return None
    return base + "".join([f"/{_percent(segment)}" for segment in link])


@lru_cache(maxsize=16)
def _read_prefix(prefix: str) -> str:
    """The prefix without a slash at its end; looked at once, for a picture has thousands of links."""
    given = prefix.casefold()
    is_path = not given or (given.startswith("/") and not given.startswith("//"))
    if not (is_path or given.startswith(("http://", "https://"))) or not _URL_OF_PREFIX.issuperset(prefix):
        raise UnsafePrefix(
            f"{show_harmless(prefix)!r} is no prefix of links: write a path like /larry or https://larry.example"
        )
    return prefix.rstrip("/")


_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
"""Of those alone, as most addresses are."""

_URL_OF_PREFIX = frozenset(map(chr, _UNRESERVED)) | frozenset("/:%[]")


def _percent(segment: str) -> str:
    if _PLAIN.fullmatch(segment):
        return segment
    return "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in segment.encode("utf-8", errors="replace"))


_DIRECTING = frozenset(
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
    "\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\ufeff\ufff9\ufffa\ufffb"
)
_TAGS = range(0xE0000, 0xE0080)
_LINE_ENDS = frozenset("\t\n\r\x0b\x0c\x85\u2028\u2029")


def show_harmless(text: str) -> str:
    """The text in one line without what XML 1.0 forbids or what commands a reader: ends of lines become spaces, what
    turns the direction of text is spelled out.
    """
    return text if text.isprintable() else "".join(map(_harmless, text))


def _harmless(char: str) -> str:
    if char in _LINE_ENDS:
        return " "
    if char in _DIRECTING:
        return f"\\u{ord(char):04x}"
    # Control characters, lone surrogates, the two non-characters of every plane, and tags, which nobody sees.
    is_nothing = unicodedata.category(char) in {"Cc", "Cs"} or ord(char) & 0xFFFE == 0xFFFE or ord(char) in _TAGS
    return "" if is_nothing else char


def escape_xml(text: str) -> str:
    """The text as XML content or as a quoted attribute, harmless in both."""
    if _MARKUP.search(text):
        for char, entity in _ENTITIES:
            text = text.replace(char, entity)
    return show_harmless(text)


_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))
_MARKUP = re.compile("[&<>\"']")


LONGEST_LABEL = 200
"""However little room a text takes: marks that stand above others take none."""


def fit_text(text: str, width: float, size: float) -> str:
    """As much of the (harmless) text as surely fits into a width at a size of type, with an ellipsis where it is cut.

    System fonts differ, so widths are estimated on the large side.
    """
    text = show_harmless(text)
    if len(text) <= LONGEST_LABEL and _width_of(text) * size <= width:
        return text
    room = width / size - _width_of("…")
    kept = 0
    for char in text[:LONGEST_LABEL]:
        room -= _width_of(char)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip(" \u200d\ufe0f") + "…" if kept else ""


def _width_of(text: str) -> float:
    """In units of the size of type."""
    return sum(map(_width_of_one, text))


@lru_cache(4096)
def _width_of_one(char: str) -> float:
    if char in "iljtfrI.,:;'|!()[] /-":
        return 0.4
    if char in "mwMW@%&…—":
        return 0.98
    if unicodedata.east_asian_width(char) in "WF" or ord(char) > 0x1F000:
        return 1.4 if ord(char) > 0x1F000 else 1.1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0.0
    if char.isdigit():
        return 0.64
    return 0.74 if char.isupper() or not char.isascii() else 0.62
