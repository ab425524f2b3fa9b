"""Prints a feed as Atom (RFC 4287): titles and contents are plain text, and nothing in them is markup."""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from hashlib import sha256

from larry.core.feed import Feed, FeedEntry, feed_path
from larry.core.interval import iso
from larry.core.picture import find_href, show_harmless

ATOM_TYPE = "application/atom+xml; charset=utf-8"

_ATOM = "http://www.w3.org/2005/Atom"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed that tells nothing was updated."""


def atom_text(feed: Feed, *, front: str, whose: str) -> str:
    """The feed as XML. ``front`` is Larry's own address without a path, ``whose`` says what tells this feed from those
    of others; neither is ever a token. Raises `UnsafePrefix` for a front that is no address."""
    root = ET.Element("feed", xmlns=_ATOM)
    _add(root, "id", _urn(f"feed {feed.name} {front} {whose}"))
    _add(root, "title", feed.title)
    _add(root, "updated", iso(max((entry.updated for entry in feed.entries), default=_NEVER)))
    _add(ET.SubElement(root, "author"), "name", "Larry")
    _add(root, "generator", "Larry")
    own = f"{front}{feed_path(feed.name)}"
    _link(root, "self", own, "application/atom+xml")
    if feed.older:
        _link(root, "next", f"{own}?{feed.older}", "application/atom+xml")
    for entry in feed.entries:
        _print_entry(ET.SubElement(root, "entry"), entry, front)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _print_entry(element: ET.Element, entry: FeedEntry, front: str) -> None:
    _add(element, "id", _urn(entry.key))
    _add(element, "title", entry.title)
    _add(element, "updated", iso(entry.updated))
    _add(ET.SubElement(element, "author"), "name", entry.author or "Larry")
    href = find_href(entry.page, front)
    if href is not None:
        _link(element, "alternate", href, "text/html")
    content = ET.SubElement(element, "content", type="text")
    content.text = "\n".join(_show(line) for text in entry.lines for line in text.splitlines())


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = _show(text)


def _link(parent: ET.Element, rel: str, href: str, media_type: str) -> None:
    ET.SubElement(parent, "link", rel=rel, type=media_type, href=href)


def _urn(key: str) -> str:
    """The same for the same key, as RFC 9562 section 5.8 has it: 122 bits of a digest."""
    digits = list(sha256(f"larry {key}".encode(errors="surrogatepass")).hexdigest()[:32])
    digits[12], digits[16] = "8", "89ab"[int(digits[16], 16) % 4]
    text = "".join(digits)
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _show(text: str) -> str:
    """In one line; what XML cannot say, or what is not to be seen, is spelled out."""
    return text if text.isprintable() else show_harmless("".join(map(_spell, text)))


def _spell(char: str) -> str:
    is_unsaid = unicodedata.category(char) in {"Cc", "Cs"} or ord(char) & 0xFFFE == 0xFFFE
    return f"\\u{ord(char):04x}" if is_unsaid and char not in "\t\n\r" else char
