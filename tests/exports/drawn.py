"""A drawn picture taken apart: what an SVG consists of, and whether anything in it was born of somebody's data."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from larry.core.picture import MARKS, PAPER, Condition, show_harmless
from tests.exports import hostile

SVG = "{http://www.w3.org/2000/svg}"

ELEMENTS = frozenset("svg title desc style rect path text g a defs pattern".split())
ATTRIBUTES = frozenset(
    "class role width height viewBox aria-labelledby aria-describedby aria-hidden id d transform x y fill href "
    "patternUnits data-id data-source data-target data-head data-deployment".split()
)
HOSTILE: tuple[str, ...] = (
    *hostile.TEXTS,
    "<script>alert(1)</script>",
    "</title></desc></text></svg><script>alert(1)</script>",
    "<![CDATA[x]]><!--",
    "]]>",
    "-->",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    '" onload="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "url(#x);background:url(https://evil.example/)",
    "</style><style>*{fill:red}",
    "&lt;b&gt;&amp;&#60;",
    "\x00\x01\x1f\x7f\x80\ud800\udfff\ufffe\uffff",
    "..",
    "../../etc",
    "//evil.example",
    "a/b?c#d%2f%zz",
    "\u202egnp.exe",
    "🏴\U000e0067\U000e0062\U000e007f",
    "W" * 5000,
    "e" + "\u0301" * 5000,
)
"""Names that nobody should have."""

_HREF = re.compile(r"/larry(/[A-Za-z0-9._~-]+|/(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+)+")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


class _Elements(HTMLParser):
    """Every element and attribute as a browser's HTML parser sees them, where the picture is inlined."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [(tag, name) for name, _ in attrs] or [(tag, "")]


def parse(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 — our own, without entities


def assert_inert(text: str, *, prefix: bool = True) -> ET.Element:
    """Well-formed, of known elements and attributes only, with no way out of the picture but its links."""
    root = parse(text)
    assert not _FORBIDDEN.search(text)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS, element.tag
        assert set(element.keys()) <= ATTRIBUTES, element.attrib
        assert re.fullmatch(
            rf"url\(#[a-z0-9-]+-({'|'.join(Condition)})\)", element.get("fill", f"url(#x-{Condition.PAST})")
        )
        href = element.get("href")
        assert href is None or (_HREF.fullmatch(href) and "/../" not in f"{href}/"), href
        assert href is None or prefix
    styles = root.findall(f"{SVG}style")
    assert all("url(" not in (style.text or "") and "@import" not in (style.text or "") for style in styles)
    browser = _Elements()
    browser.feed(text)
    assert {tag for tag, _ in browser.seen} <= ELEMENTS
    assert {name.lower() for _, name in browser.seen} <= {name.lower() for name in ATTRIBUTES} | {"xmlns", ""}
    return root


def told(element: ET.Element) -> tuple[str, str]:
    """Title and description."""
    return element.findtext(f"{SVG}title", ""), element.findtext(f"{SVG}desc", "")


def by_class(root: ET.Element, tag: str, look: str) -> list[ET.Element]:
    return [element for element in root.iter(f"{SVG}{tag}") if look in element.get("class", "").split()]


def shown(text: str) -> str:
    """What a reader of XML is told of a text: ends of lines and the like are told as spaces."""
    return show_harmless(text)


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def list_text_pairs(scheme: int) -> list[tuple[str, str, str]]:
    """(what, text, ground) of everything that is written in a scheme, light (0) or dark (1)."""
    paper = {name: colours[scheme] for name, colours in PAPER.items()}
    pairs = [(f"{ink} on {on}", paper[ink], paper[on]) for ink in ("text", "muted") for on in ("paper", "panel")]
    pairs.append(("paper on the flag of now", paper["paper"], paper["text"]))
    for condition, mark in MARKS.items():
        pairs.append((f"{condition}: ink on its fill", mark.ink[scheme], mark.fill[scheme]))
        pairs.append((f"{condition}: ink on its pattern", mark.ink[scheme], mark.line[scheme]))
    return pairs


def list_shape_pairs(scheme: int) -> list[tuple[str, str, str]]:
    """(what, stroke, ground) of everything that must be seen and is not text."""
    paper = {name: colours[scheme] for name, colours in PAPER.items()}
    pairs = [(name, paper[name], paper[on]) for name in ("edge", "accent", "focus") for on in ("paper", "panel")]
    for condition, mark in MARKS.items():
        pairs.append((f"{condition} on paper", mark.strong[scheme], paper["paper"]))
        pairs.append((f"{condition} on a panel", mark.strong[scheme], paper["panel"]))
        pairs.append((f"{condition} on its fill", mark.strong[scheme], mark.fill[scheme]))
    return pairs
