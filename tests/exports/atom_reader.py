"""Reads Atom as strictly as RFC 4287 is written, without anything of Larry's: what it demands, and what it forbids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from xml.dom.minidom import Element, Node, parseString

ATOM = "http://www.w3.org/2005/Atom"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")  # section 3.3
_IRI = re.compile(r"(urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|https?://[^\s<>\"]+)")

_FEED = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "author": (0, 9), "link": (0, 9), "generator": (0, 1),
         "entry": (0, 10_000)}  # fmt: skip
_ENTRY = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "author": (1, 9), "link": (0, 9), "content": (1, 1)}
"""How often each element stands in another (sections 4.1.1 and 4.1.2); others do not."""


@dataclass(frozen=True, slots=True)
class ReadEntry:
    id: str
    title: str
    author: str
    updated: datetime
    content: str
    page: str | None


@dataclass(frozen=True, slots=True)
class ReadFeed:
    id: str
    title: str
    updated: datetime
    links: dict[str, str]
    entries: tuple[ReadEntry, ...]


def read_atom(body: str | bytes) -> ReadFeed:
    """The feed; fails on what a feed must not be."""
    root = parseString(body).documentElement  # noqa: S318 — of Larry's own
    assert root is not None
    assert (root.namespaceURI, root.localName) == (ATOM, "feed")
    _count(root, _FEED)
    entries = tuple(map(_read_entry, _of(root, "entry")))
    ids = [entry.id for entry in entries]
    assert len(ids) == len(set(ids)), "the ids of entries are their own"
    links = _links(root)
    assert "self" in links, "section 4.1.1: a feed should tell where it is"
    return ReadFeed(_iri(root), _text(root, "title"), _moment(root), links, entries)


def _read_entry(entry: Element) -> ReadEntry:
    _count(entry, _ENTRY)
    (content,) = _of(entry, "content")
    assert content.getAttribute("type") == "text"
    author = _text(_of(entry, "author")[0], "name")
    assert author, "section 3.2.1: a person has a name"
    page = _links(entry).get("alternate")
    return ReadEntry(_iri(entry), _text(entry, "title"), author, _moment(entry), _plain(content), page)


def _count(parent: Element, allowed: dict[str, tuple[int, int]]) -> None:
    names = [child.localName for child in _children(parent)]
    assert set(names) <= set(allowed), names
    for name, (least, most) in allowed.items():
        assert least <= names.count(name) <= most, (name, names.count(name))


def _children(parent: Element) -> list[Element]:
    found = [child for child in parent.childNodes if isinstance(child, Element)]
    assert all(child.namespaceURI == ATOM for child in found)
    return found


def _of(parent: Element, name: str) -> list[Element]:
    return [child for child in _children(parent) if child.localName == name]


def _plain(element: Element) -> str:
    """Section 3.1.1.1: text has no child elements."""
    assert all(child.nodeType == Node.TEXT_NODE for child in element.childNodes), "plain text is not markup"
    return "".join(str(child.nodeValue) for child in element.childNodes)


def _text(parent: Element, name: str) -> str:
    (element,) = _of(parent, name)
    return _plain(element)


def _iri(parent: Element) -> str:
    text = _text(parent, "id")
    assert _IRI.fullmatch(text), text
    return text


def _moment(parent: Element) -> datetime:
    text = _text(parent, "updated")
    assert _MOMENT.fullmatch(text), text
    return datetime.fromisoformat(text)


def _links(parent: Element) -> dict[str, str]:
    found = {link.getAttribute("rel"): link.getAttribute("href") for link in _of(parent, "link")}
    assert len(found) == len(_of(parent, "link")), "section 4.1.1: one link of a relation and type"
    assert all(_IRI.fullmatch(href) for href in found.values()), found
    return found
